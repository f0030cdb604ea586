//! Which files the log refers to: all others are nobody's, and are deleted after a while.

use std::time::Duration;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    account::Account, conversation::Conversation, family::Family, notice::Notice, session::Session,
};
use portail_event_store::RecordedEvent;
use serde_json::Value;
use sqlx::{Executor, FromRow, PgConnection, PgPool};
use uuid::Uuid;

use crate::engine::projection::{FoldContext, FoldError, Projection};

/// Its name.
pub const NAME: &str = "attachments";

/// How long a file that a command names is not deleted: longer than any command takes.
const CLAIM: &str = "interval '1 hour'";

/// The projection of files that are attached to something.
#[derive(Debug, Clone, Copy)]
pub struct AttachmentsProjection;

impl Projection for AttachmentsProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        1
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE attached (id uuid PRIMARY KEY)"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Account::TYPE, Conversation::TYPE, Family::TYPE, Notice::TYPE, Session::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        _context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            // Nearly no event refers to a file.
            let texts = events.iter().map(|event| event.payload.get()).filter(|text| text.contains(DIGEST));
            let ids: Vec<Uuid> = texts.flat_map(referred).collect();
            if !ids.is_empty() {
                sqlx::query("INSERT INTO attached SELECT unnest($1) ON CONFLICT DO NOTHING")
                    .bind(ids)
                    .execute(connection)
                    .await?;
            }
            Ok(())
        })
    }
}

/// What an event says of every file it refers to.
const DIGEST: &str = "\"sha256\"";

/// The files an event refers to, wherever in it: whatever has a digest and an id. In this way a kind of
/// event that is added refers to its files without a line here.
fn referred(payload: &str) -> Vec<Uuid> {
    let mut ids = Vec::new();
    let mut values = vec![serde_json::from_str::<Value>(payload).unwrap_or_default()];
    while let Some(value) = values.pop() {
        match value {
            Value::Object(fields) => {
                if fields.contains_key("sha256") {
                    let named = ["id", "attachment"].iter().filter_map(|name| fields.get(*name)?.as_str());
                    ids.extend(named.filter_map(|id| id.parse::<Uuid>().ok()));
                }
                values.extend(fields.into_iter().map(|(_, value)| value));
            }
            Value::Array(items) => values.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    ids
}

/// What somebody has sent that nothing refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Loose {
    /// How many uploads are not finished.
    pub unfinished: i64,
    /// The bytes of these, as announced, and of finished files.
    pub bytes: i64,
}

/// What a login has sent that nothing refers to.
///
/// # Errors
/// The database failed.
pub async fn loose(pool: &PgPool, login: &str) -> Result<Loose, sqlx::Error> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE sha256 IS NULL) AS unfinished, coalesce(sum(size), 0)::bigint AS bytes \
         FROM attachment a WHERE uploaded_by = $1 \
            AND NOT EXISTS (SELECT FROM rm_attachments.attached r WHERE r.id = a.id)",
    )
    .bind(login)
    .fetch_one(pool)
    .await
}

/// A file that nothing refers to.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LooseFile {
    /// Its id.
    pub id: Uuid,
    /// Its whole size.
    pub size: i64,
    /// How much of it has arrived.
    pub received: i64,
    /// Whether it is finished.
    pub complete: bool,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
}

/// Those of a login, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn loose_files(pool: &PgPool, login: &str) -> Result<Vec<LooseFile>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, size, received, sha256 IS NOT NULL AS complete, started_at FROM attachment a \
         WHERE uploaded_by = $1 AND NOT EXISTS (SELECT FROM rm_attachments.attached r WHERE r.id = a.id) \
         ORDER BY started_at, id LIMIT 1000",
    )
    .bind(login)
    .fetch_all(pool)
    .await
}

/// Deletes a file of a login that nothing refers to and no command is naming; whether there was one.
///
/// # Errors
/// The database failed.
pub async fn delete_loose(pool: &PgPool, login: &str, id: Uuid) -> Result<bool, sqlx::Error> {
    let query = format!(
        "DELETE FROM attachment a WHERE id = $1 AND uploaded_by = $2 \
         AND (named_at IS NULL OR named_at < now() - {CLAIM}) AND {NOBODYS}"
    );
    Ok(sqlx::query(&query).bind(id).bind(login).execute(pool).await?.rows_affected() > 0)
}

/// Deletes what nobody has worked at for some time and nothing refers to; how many.
///
/// # Errors
/// The database failed.
pub async fn collect(pool: &PgPool, kept: Duration) -> Result<u64, sqlx::Error> {
    let query = format!(
        "DELETE FROM attachment a WHERE touched_at < now() - make_interval(secs => $1) \
         AND (named_at IS NULL OR named_at < now() - greatest({CLAIM}, make_interval(secs => $1))) AND {NOBODYS}"
    );
    let mut tx = pool.begin().await?;
    // One moment for what the log has and what the read model shows; a file that is named meanwhile ends
    // this in an error, and the next turn sees it.
    tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    let collected = sqlx::query(&query).bind(kept.as_secs_f64()).execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(collected)
}

/// A file nothing refers to: an unfinished upload, one that no command has ever named, or one the log is
/// known, to its end, not to name.
const NOBODYS: &str = "(sha256 IS NULL OR named_at IS NULL OR \
    (EXISTS (SELECT FROM projection p WHERE p.name = 'attachments' AND p.status = 'live' \
        AND p.position >= (SELECT coalesce(max(position), 0) FROM events)) \
     AND NOT EXISTS (SELECT FROM rm_attachments.attached r WHERE r.id = a.id)))";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_wherever_an_event_refers_to_it() {
        let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        let payload = serde_json::json!({ "MessageSent": {
            "attachments": [
                { "id": ids[0], "sha256": "00", "size": 1 },
                { "id": ids[1], "sha256": "00", "size": 1 },
            ],
            "form": { "deep": { "document": "x", "attachment": ids[2], "sha256": "00" } },
            "child": { "id": Uuid::from_u128(9) },
        }});
        let mut found = referred(&payload.to_string());
        found.sort();
        assert_eq!(found, ids);
        assert!(referred("not JSON").is_empty());
    }
}
