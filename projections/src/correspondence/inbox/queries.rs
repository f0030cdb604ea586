//! What is asked of the inbox.

use chrono::{DateTime, Utc};
use portail_domain::correspondence::conversation::Party;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::rows::{ConversationRow, Filter, Folder, MessageRow};
use crate::decode::parsed;

fn columns(side: Party) -> String {
    let side: &str = side.into();
    format!(
        "id, family, structure, subject, assigned, last, last_at, {side}_unread AS unread, \
         {side}_deleted AS deleted"
    )
}

/// A page of conversations, those with the newest message first, before a place.
///
/// # Errors
/// The database failed.
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ConversationRow>, sqlx::Error> {
    let (own, other): (&str, &str) = (filter.side.into(), filter.side.other().into());
    let folder = match filter.folder {
        Some(Folder::Received) => format!("NOT {own}_deleted AND {other}_sent > 0"),
        Some(Folder::Sent) => format!("NOT {own}_deleted AND {own}_sent > 0"),
        Some(Folder::Deleted) => format!("{own}_deleted"),
        None => format!("NOT {own}_deleted"),
    };
    let query = format!(
        "SELECT {} FROM rm_inbox.conversation c WHERE {folder} AND ($1::text IS NULL OR family = $1) \
            AND ($2::text IS NULL OR structure = $2) AND ($3::text IS NULL OR assigned = $3) \
            AND (NOT $4 OR {own}_unread > 0) AND ($5::bigint IS NULL OR last < $5) \
            AND ($6::text IS NULL OR subject ILIKE $6 OR EXISTS (SELECT FROM rm_inbox.message m \
                WHERE m.conversation = c.id AND m.body ILIKE $6)) \
         ORDER BY last DESC LIMIT $7",
        columns(filter.side)
    );
    let pattern = filter.words.as_ref().map(|words| {
        let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        format!("%{escaped}%")
    });
    sqlx::query_as(&query)
        .bind(&filter.family)
        .bind(&filter.structure)
        .bind(&filter.assigned)
        .bind(filter.unread)
        .bind(before)
        .bind(pattern)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// One conversation, from a side.
///
/// # Errors
/// The database failed.
pub async fn conversation(
    pool: &PgPool,
    side: Party,
    id: Uuid,
) -> Result<Option<ConversationRow>, sqlx::Error> {
    let query = format!("SELECT {} FROM rm_inbox.conversation WHERE id = $1", columns(side));
    sqlx::query_as(&query).bind(id).fetch_optional(pool).await
}

/// The messages of several conversations, in order.
///
/// # Errors
/// The database failed.
pub async fn messages(pool: &PgPool, conversations: &[Uuid]) -> Result<Vec<MessageRow>, sqlx::Error> {
    #[derive(FromRow)]
    struct Row {
        id: Uuid,
        conversation: Uuid,
        sender: String,
        author: String,
        body: Option<String>,
        attachments: String,
        sent: DateTime<Utc>,
        read: Option<DateTime<Utc>>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, conversation, sender, author, body, attachments::text AS attachments, sent, read \
         FROM rm_inbox.message WHERE conversation = ANY($1) ORDER BY line",
    )
    .bind(conversations)
    .fetch_all(pool)
    .await?;
    let of_row = |row: Row| {
        Ok(MessageRow {
            id: row.id,
            conversation: row.conversation,
            from: parsed(&row.sender)?,
            author: row.author,
            body: row.body,
            attachments: serde_json::from_str(&row.attachments).map_err(|e| sqlx::Error::Decode(e.into()))?,
            sent: row.sent,
            read: row.read,
        })
    };
    rows.into_iter().map(of_row).collect()
}

/// How many messages a family has not read.
///
/// # Errors
/// The database failed.
pub async fn unread(pool: &PgPool, family: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT coalesce(sum(family_unread), 0) FROM rm_inbox.conversation WHERE family = $1 AND NOT family_deleted",
    )
    .bind(family)
    .fetch_one(pool)
    .await
}
