//! Folding the events of notices.

use portail_domain::{
    correspondence::notice::{Audience, NoticeEvent, NoticeText},
    shared::sealed::{Place, Purpose},
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::AudienceKind;
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
                let query = "UPDATE notice SET said = NULL WHERE audience = 'FAMILY' AND target = $1";
                sqlx::query(query).bind(family).execute(&mut *connection).await?;
            }
            continue;
        }
        let id: Uuid = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
        match context.decode(event)? {
            NoticeEvent::NoticePublished { audience, content, from, to, received } => {
                let said = match &content.text {
                    NoticeText::Plain(text) => Some(text.clone()),
                    NoticeText::Sealed(sealed) => {
                        open(sealed, Place::Notice, event, context, connection).await?
                    }
                };
                let form = content.form.as_ref().map(serde_json::to_string).transpose();
                let (kind, target) = match &audience {
                    Audience::Town => (AudienceKind::Town, None),
                    Audience::Structure(id) => (AudienceKind::Structure, Some(id.to_string())),
                    Audience::Family(number) => (AudienceKind::Family, Some(number.to_string())),
                };
                sqlx::query(
                    "INSERT INTO notice VALUES ($1, $2, $3, $4, $5::json, $6, $7::json, $8, $9, $10)",
                )
                .bind(id)
                .bind(event.position.cast_signed())
                .bind(kind)
                .bind(target)
                .bind(said)
                .bind(content.link)
                .bind(form.map_err(|e| FoldError::poison(event, e))?)
                .bind(from)
                .bind(to)
                .bind(received)
                .execute(&mut *connection)
                .await?;
            }
            NoticeEvent::NoticeWithdrawn { received } => {
                sqlx::query("UPDATE notice SET withdrawn = $2 WHERE id = $1")
                    .bind(id)
                    .bind(received)
                    .execute(&mut *connection)
                    .await?;
            }
        }
    }
    Ok(())
}
