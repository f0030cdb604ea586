//! Where every projection stands, for staff and health checks.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// Where a projection stands.
#[derive(Debug, Clone)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i32,
    /// The last position it has folded.
    pub position: u64,
    /// How many events it is behind.
    pub lag_events: u64,
    /// How old the first event it has not folded is, in seconds; 0 when it is up to date.
    pub lag_seconds: i64,
    /// `live`, `building`, `failed`, `retired`; `ahead` where the log has no such event at its position.
    pub status: String,
    /// Why it failed.
    pub error: Option<String>,
    /// The streams that are set aside, the first of them first.
    pub aside: Vec<SetAside>,
}

impl ProjectionStatus {
    /// Whether it does not go on by itself.
    pub fn is_stopped(&self) -> bool {
        matches!(self.status.as_str(), "failed" | "ahead")
    }
}

/// A stream that a projection has set aside.
#[derive(Debug, Clone)]
pub struct SetAside {
    /// The stream's aggregate type and id.
    pub stream: String,
    /// The event that could not be folded.
    pub position: u64,
    /// What was wrong, in words.
    pub error: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Where every projection stands.
///
/// # Errors
/// The database failed.
pub async fn status(pool: &PgPool) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
    type Row = (String, i32, i64, String, Option<String>, i64, Option<DateTime<Utc>>, bool);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT p.name, p.version, p.position, p.status, p.error, h.head, \
            (SELECT recorded_at FROM events WHERE position = p.position + 1), log_has(p.position, p.chain) \
         FROM projection p, (SELECT coalesce(max(position), 0) AS head FROM events) h \
         ORDER BY p.name, p.version",
    )
    .fetch_all(pool)
    .await?;
    type Aside = (String, i32, String, i64, String, DateTime<Utc>);
    let aside: Vec<Aside> = sqlx::query_as(
        "SELECT name, version, aggregate_type || '/' || aggregate_id, position, error, since \
         FROM projection_quarantine ORDER BY position",
    )
    .fetch_all(pool)
    .await?;
    let now = Utc::now();
    let of_row = |(name, version, position, status, error, head, oldest, fits): Row| {
        let of_it = aside.iter().filter(|(n, v, ..)| *n == name && *v == version);
        let aside = of_it
            .map(|(_, _, stream, position, error, since)| SetAside {
                stream: stream.clone(),
                position: position.unsigned_abs(),
                error: error.clone(),
                since: *since,
            })
            .collect();
        let ahead = || format!("it stands at {position}, which is not in the log (it ends at {head})");
        ProjectionStatus {
            position: position.unsigned_abs(),
            lag_events: (head - position).max(0).unsigned_abs(),
            lag_seconds: oldest.map_or(0, |at| (now - at).num_seconds().max(0)),
            status: if fits { status } else { "ahead".into() },
            error: if fits { error } else { Some(ahead()) },
            name,
            version,
            aside,
        }
    };
    Ok(rows.into_iter().map(of_row).collect())
}
