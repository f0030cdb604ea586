//! What is asked of régies, runs and cash desks.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::shared::ids::RegieId;
use sqlx::PgPool;
use uuid::Uuid;

use super::rows::{Closing, DebitBatchRow, KnownRegie, RunRow};
use crate::decode::{json, parsed};

/// Every régie, by its code.
///
/// # Errors
/// The database failed.
pub async fn regies(pool: &PgPool) -> Result<Vec<(RegieId, KnownRegie)>, sqlx::Error> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT id, settings, series FROM rm_regies.regie ORDER BY id")
            .fetch_all(pool)
            .await?;
    let read = |(id, settings, series): (String, String, String)| {
        Ok((parsed(&id)?, KnownRegie { settings: json(&settings)?, series: json(&series)? }))
    };
    rows.into_iter().map(read).collect()
}

/// Every régie by its code.
///
/// # Errors
/// The database failed.
pub async fn by_code(pool: &PgPool) -> Result<HashMap<String, KnownRegie>, sqlx::Error> {
    Ok(regies(pool).await?.into_iter().map(|(id, regie)| (id.to_string(), regie)).collect())
}

const RUN: &str = "SELECT id, regie, first_day, last_day, date, due, stage, invoices, last_family, prepared, ended \
    FROM rm_regies.run";

/// The billing runs, the newest first.
///
/// # Errors
/// The database failed.
pub async fn runs(pool: &PgPool, most: i64) -> Result<Vec<RunRow>, sqlx::Error> {
    sqlx::query_as(&format!("{RUN} ORDER BY line DESC LIMIT $1")).bind(most).fetch_all(pool).await
}

/// A billing run.
///
/// # Errors
/// The database failed.
pub async fn run(pool: &PgPool, id: Uuid) -> Result<Option<RunRow>, sqlx::Error> {
    sqlx::query_as(&format!("{RUN} WHERE id = $1")).bind(id).fetch_optional(pool).await
}

/// The runs that are not finished.
///
/// # Errors
/// The database failed.
pub async fn open_runs(pool: &PgPool) -> Result<Vec<RunRow>, sqlx::Error> {
    sqlx::query_as(&format!("{RUN} WHERE stage IN ('PREPARED', 'ISSUING') ORDER BY line"))
        .fetch_all(pool)
        .await
}

/// A batch of direct debits.
///
/// # Errors
/// The database failed.
pub async fn debit_batch(pool: &PgPool, id: Uuid) -> Result<Option<DebitBatchRow>, sqlx::Error> {
    type Row = (String, NaiveDate, Option<String>, String, DateTime<Utc>);
    let row: Option<Row> = sqlx::query_as(
        "SELECT regie, date, issuer, left_out, ordered FROM rm_regies.debit_batch WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    row.map(|(regie, date, issuer, left_out, ordered)| {
        let issuer = issuer.as_deref().map(json).transpose()?;
        Ok(DebitBatchRow { regie, date, issuer, left_out: json(&left_out)?, ordered })
    })
    .transpose()
}

/// The closed cash desks of a régie, the newest first.
///
/// # Errors
/// The database failed.
pub async fn closings(pool: &PgPool, regie: &str, most: i64) -> Result<Vec<Closing>, sqlx::Error> {
    let rows: Vec<(NaiveDate, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT date, totals, closed FROM rm_regies.closing WHERE regie = $1 ORDER BY date DESC LIMIT $2",
    )
    .bind(regie)
    .bind(most)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|(date, totals, closed)| Ok((date, json(&totals)?, closed))).collect()
}
