//! A change of the signing key as the log holds it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

/// The stream of the changes, and their event.
pub(super) const STREAM: (&str, &str) = ("SigningKey", "log");
pub(super) const EVENT: (&str, &str) = ("SigningKeyChanged", "1.0");

/// A change of keys, as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SigningKeyChanged {
    /// The public key before; none where nothing was signed with it.
    pub(super) previous: Option<String>,
    /// The public key from here on.
    pub(super) key: String,
    /// A checkpoint of the log before this event that names the new key, signed by both keys; by the new one
    /// alone where the one before is lost.
    pub(super) note: String,
    /// Whether the one before is lost.
    pub(super) lost: bool,
}

/// A change of keys, with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// Checkpoints of as many events, or more, are signed by the new key.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The public key before; none where nothing was signed with it.
    pub previous: Option<String>,
    /// The public key from here on.
    pub key: String,
    /// Whether the key before was lost: it did not sign the change.
    pub lost: bool,
    /// A checkpoint of the log before the change that names the new key, signed by both keys; by the new one
    /// alone where the one before is lost.
    pub note: String,
}

/// All changes of keys, in order.
///
/// # Errors
/// The database failed, or one is not what it should be.
pub async fn key_changes(pool: &PgPool) -> Result<Vec<KeyChange>, sqlx::Error> {
    let rows: Vec<(i64, DateTime<Utc>, String)> = sqlx::query_as(
        "SELECT position, recorded_at, payload::text FROM events \
         WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY sequence",
    )
    .bind(STREAM.0)
    .bind(STREAM.1)
    .fetch_all(pool)
    .await?;
    let change = |(position, recorded_at, payload): (i64, DateTime<Utc>, String)| {
        let SigningKeyChanged { previous, key, note, lost } =
            serde_json::from_str(&payload).map_err(|e| sqlx::Error::Decode(e.into()))?;
        Ok(KeyChange { position: position.unsigned_abs(), recorded_at, previous, key, lost, note })
    };
    rows.into_iter().map(change).collect()
}
