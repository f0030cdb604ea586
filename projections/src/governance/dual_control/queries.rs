//! What is asked of proposals.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::rows::ProposalRow;
use crate::decode::json;

/// What waits for another person, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn open(pool: &PgPool, limit: i64) -> Result<Vec<ProposalRow>, sqlx::Error> {
    let rows: Vec<(String, String, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT family, action, proposed_by, proposed FROM rm_proposals.proposal ORDER BY proposed, family, slot LIMIT $1",
    )
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let row = |(family, action, by, proposed): (String, String, String, DateTime<Utc>)| {
        Ok(ProposalRow { family, action: json(&action)?, by, proposed })
    };
    rows.into_iter().map(row).collect()
}
