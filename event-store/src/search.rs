//! Searching the log.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::log::{COLUMNS, RecordedEvent};

/// Which events; what is none does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Of streams of this type.
    pub stream_type: Option<String>,
    /// Of the stream with this id.
    pub stream_id: Option<String>,
    /// Of one of these types.
    pub event_types: Option<Vec<String>>,
    /// Caused by this actor.
    pub actor: Option<String>,
    /// Of this command.
    pub command: Option<Uuid>,
    /// Of this correlation.
    pub correlation: Option<Uuid>,
    /// Caused by this event or command.
    pub causation: Option<Uuid>,
    /// Recorded at or after.
    pub since: Option<DateTime<Utc>>,
    /// Recorded before.
    pub until: Option<DateTime<Utc>>,
    /// Of the stream with this id, or with the id in the payload: a family's number, a child's id.
    pub about: Option<String>,
}

/// The events after a position that a search matches, in the order of the log.
///
/// A search by stream reads its stream; every other one reads the log from the position on until it
/// has found as many as asked.
///
/// # Errors
/// The database failed.
pub async fn search(
    pool: &PgPool,
    search: &Search,
    after: u64,
    limit: u32,
) -> Result<Vec<RecordedEvent>, sqlx::Error> {
    let query = format!(
        "SELECT {COLUMNS} FROM events WHERE position > $1 AND ($2::text IS NULL OR aggregate_type = $2) \
         AND ($3::text IS NULL OR aggregate_id = $3) AND ($4::text[] IS NULL OR event_type = ANY($4)) \
         AND ($5::text IS NULL OR actor = $5) AND ($6::uuid IS NULL OR command_id = $6) \
         AND ($7::uuid IS NULL OR correlation_id = $7) AND ($8::timestamptz IS NULL OR recorded_at >= $8) \
         AND ($9::timestamptz IS NULL OR recorded_at < $9) \
         AND ($10::text IS NULL OR aggregate_id = $10 OR strpos(payload::text, '\"' || $10 || '\"') > 0) \
         AND ($12::uuid IS NULL OR causation_id = $12) ORDER BY position LIMIT $11"
    );
    sqlx::query_as(&query)
        .bind(after.cast_signed())
        .bind(&search.stream_type)
        .bind(&search.stream_id)
        .bind(&search.event_types)
        .bind(&search.actor)
        .bind(search.command)
        .bind(search.correlation)
        .bind(search.since)
        .bind(search.until)
        .bind(&search.about)
        .bind(i64::from(limit))
        .bind(search.causation)
        .fetch_all(pool)
        .await
}
