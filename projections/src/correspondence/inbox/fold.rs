//! Folding the events of conversations.

use portail_domain::{
    correspondence::conversation::ConversationEvent as V,
    shared::sealed::{Place, Purpose},
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    engine::projection::{FoldContext, FoldError},
    families::family::open,
    privacy::erased_data::ErasedData,
};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    for event in events {
        if let Some(erased) = ErasedData::from_event(event, context)? {
            if let Some(family) = erased.family().filter(|_| erased.is_of(Purpose::Message)) {
                forget(family, connection).await?;
            }
            continue;
        }
        let id: Uuid = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
        fold_one(id, event, context, connection).await?;
    }
    Ok(())
}

async fn forget(family: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for query in [
        "UPDATE message SET body = NULL WHERE conversation IN (SELECT id FROM conversation WHERE family = $1)",
        "UPDATE conversation SET subject = NULL WHERE family = $1",
    ] {
        sqlx::query(query).bind(family).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn fold_one(
    id: Uuid,
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let side = <&str>::from;
    match context.decode(event)? {
        V::ConversationOpened { family, structure, subject, received } => {
            let subject = open(&subject, Place::Message, event, context, connection).await?;
            sqlx::query(
                "INSERT INTO conversation (id, family, structure, subject, last, last_at) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(id)
            .bind(family.as_str())
            .bind(structure.as_str())
            .bind(subject)
            .bind(event.position.cast_signed())
            .bind(received)
            .execute(connection)
            .await?;
        }
        V::MessageSent { message, from, author, body, attachments, received } => {
            let body = open(&body, Place::Message, event, context, connection).await?;
            let attachments = serde_json::to_string(&attachments).map_err(|e| FoldError::poison(event, e))?;
            sqlx::query("INSERT INTO message VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8)")
                .bind(message.0)
                .bind(id)
                .bind(event.position.cast_signed())
                .bind(side(from))
                .bind(author)
                .bind(body)
                .bind(attachments)
                .bind(received)
                .execute(&mut *connection)
                .await?;
            let (own, other) = (side(from), side(from.other()));
            let update = format!(
                "UPDATE conversation SET last = $2, last_at = $3, {own}_sent = {own}_sent + 1, \
                    {other}_unread = {other}_unread + 1, family_deleted = false, structure_deleted = false \
                 WHERE id = $1"
            );
            sqlx::query(&update)
                .bind(id)
                .bind(event.position.cast_signed())
                .bind(received)
                .execute(connection)
                .await?;
        }
        V::ConversationRead { by, received } => {
            sqlx::query(
                "UPDATE message SET read = $2 WHERE conversation = $1 AND sender = $3 AND read IS NULL",
            )
            .bind(id)
            .bind(received)
            .bind(side(by.other()))
            .execute(&mut *connection)
            .await?;
            let update = format!("UPDATE conversation SET {}_unread = 0 WHERE id = $1", side(by));
            sqlx::query(&update).bind(id).execute(connection).await?;
        }
        V::ConversationDeleted { by, .. } => {
            let update = format!("UPDATE conversation SET {}_deleted = true WHERE id = $1", side(by));
            sqlx::query(&update).bind(id).execute(connection).await?;
        }
        V::ConversationRestored { by, .. } => {
            let update = format!("UPDATE conversation SET {}_deleted = false WHERE id = $1", side(by));
            sqlx::query(&update).bind(id).execute(connection).await?;
        }
        V::ConversationAssigned { to, .. } => {
            sqlx::query("UPDATE conversation SET assigned = $2 WHERE id = $1")
                .bind(id)
                .bind(to)
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}
