//! Commands that were decided before: they are answered with their first outcome.

use std::collections::HashMap;

use serde_json::value::RawValue;
use sqlx::{FromRow, PgPool, Row};
use uuid::Uuid;

use crate::{
    append::{
        job::Job,
        request::{Append, AppendError},
    },
    log::durability::DurableHead,
};

/// A command decided before, as the command log keeps it.
#[derive(FromRow)]
pub(super) struct StoredOutcome {
    request_hash: Vec<u8>,
    /// JSON.
    outcome: String,
    position: i64,
}

/// What the command log holds of these commands, durably.
///
/// # Errors
/// The database failed.
pub(super) async fn stored_outcomes(
    pool: &PgPool,
    durable: &DurableHead,
    jobs: &[Job],
) -> Result<HashMap<Uuid, StoredOutcome>, sqlx::Error> {
    let query = "SELECT command_id, request_hash, outcome::text, position FROM command_log \
         WHERE command_id = ANY($1)";
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.append.meta.command_id).collect();
    let mut connection = pool.acquire().await?;
    let rows = sqlx::query(query).bind(ids).fetch_all(&mut *connection).await?;
    if !rows.is_empty() {
        durable.flush(&mut connection).await?;
    }
    rows.into_iter().map(|row| Ok((row.try_get("command_id")?, StoredOutcome::from_row(&row)?))).collect()
}

/// The answer to a command that was decided before; none to one that was not.
pub(super) fn repetition(append: &Append, stored: &HashMap<Uuid, StoredOutcome>) -> Option<AppendError> {
    let StoredOutcome { request_hash, outcome, position } = stored.get(&append.meta.command_id)?;
    if *request_hash != append.meta.request_hash {
        return Some(AppendError::CommandReused);
    }
    Some(match RawValue::from_string(outcome.clone()) {
        Ok(outcome) => AppendError::AlreadyDecided { outcome, position: position.unsigned_abs() },
        Err(error) => AppendError::Unavailable(error.to_string()),
    })
}
