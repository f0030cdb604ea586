//! The régies: their settings, billing runs and closed cash desks.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    ids::RegieId,
    regie::{CashTotal, Issuer, LeftOut, Regie, RegieEvent, RegieSettings, Series},
};
use portail_event_store::RecordedEvent;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    decode::{json, parsed},
    engine::projection::{FoldContext, FoldError, Projection},
};

/// Its name.
pub const NAME: &str = "regies";

/// The projection of régies.
#[derive(Debug, Clone, Copy)]
pub struct RegiesProjection;

impl Projection for RegiesProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        2
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE regie (id text PRIMARY KEY, settings text NOT NULL, series text NOT NULL); \
         CREATE TABLE run (id uuid PRIMARY KEY, line bigint NOT NULL, regie text NOT NULL, first_day date NOT NULL, \
            last_day date NOT NULL, date date NOT NULL, due date NOT NULL, stage text NOT NULL, \
            invoices int NOT NULL DEFAULT 0, last_family text, prepared timestamptz NOT NULL, ended timestamptz); \
         CREATE TABLE closing (regie text NOT NULL, date date NOT NULL, totals text NOT NULL, \
            closed timestamptz NOT NULL, PRIMARY KEY (regie, date)); \
         CREATE TABLE debit_batch (id uuid PRIMARY KEY, regie text NOT NULL, date date NOT NULL, issuer text, \
            left_out text NOT NULL, ordered timestamptz NOT NULL)"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Regie::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            for event in events {
                of_event(event, context.decode(event)?, connection).await?;
            }
            Ok(())
        })
    }
}

async fn of_event(
    event: &RecordedEvent,
    change: RegieEvent,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let regie = event.stream.id.as_str();
    let poison = |e: serde_json::Error| FoldError::poison(event, e);
    renumber(event, &change, connection).await?;
    match change {
        RegieEvent::RegieDefined { settings, .. } | RegieEvent::RegieChanged { settings } => {
            sqlx::query("UPDATE regie SET settings = $2 WHERE id = $1")
                .bind(regie)
                .bind(serde_json::to_string(&settings).map_err(poison)?)
                .execute(connection)
                .await?;
        }
        RegieEvent::BillingRunPrepared { run, from, to, date, due, received } => {
            sqlx::query("INSERT INTO run VALUES ($1, $2, $3, $4, $5, $6, $7, 'PREPARED', 0, NULL, $8)")
                .bind(run.0)
                .bind(event.position.cast_signed())
                .bind(regie)
                .bind(from)
                .bind(to)
                .bind(date)
                .bind(due)
                .bind(received)
                .execute(connection)
                .await?;
        }
        RegieEvent::BillingRunStarted { run, .. } => stage(run.0, "ISSUING", None, connection).await?,
        RegieEvent::BillingRunCompleted { run, received } => {
            stage(run.0, "COMPLETED", Some(received), connection).await?;
        }
        RegieEvent::BillingRunAbandoned { run, received } => {
            stage(run.0, "ABANDONED", Some(received), connection).await?;
        }
        RegieEvent::InvoicesNumbered { run, count, last, .. } => {
            sqlx::query("UPDATE run SET invoices = invoices + $2, last_family = $3 WHERE id = $1")
                .bind(run.0)
                .bind(count.cast_signed())
                .bind(last.as_str())
                .execute(connection)
                .await?;
        }
        RegieEvent::CashDayClosed { date, totals, received } => {
            sqlx::query("INSERT INTO closing VALUES ($1, $2, $3, $4)")
                .bind(regie)
                .bind(date)
                .bind(serde_json::to_string(&totals).map_err(poison)?)
                .bind(received)
                .execute(connection)
                .await?;
        }
        RegieEvent::DirectDebitsNumbered { batch, date, issuer, left_out, received, .. } => {
            let issuer = issuer.map(|i| serde_json::to_string(&i)).transpose().map_err(poison)?;
            sqlx::query("INSERT INTO debit_batch VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(batch.0)
                .bind(regie)
                .bind(date)
                .bind(issuer)
                .bind(serde_json::to_string(&left_out).map_err(poison)?)
                .bind(received)
                .execute(connection)
                .await?;
        }
        RegieEvent::CreditNoteNumbered { .. }
        | RegieEvent::PaymentNumbered { .. }
        | RegieEvent::SeriesSetApart { .. }
        | RegieEvent::NumberTakenOver { .. } => {}
    }
    Ok(())
}

/// Keeps how the régie writes its numbers; it changes with few events.
async fn renumber(
    event: &RecordedEvent,
    change: &RegieEvent,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let regie = event.stream.id.as_str();
    let stored: Option<String> = sqlx::query_scalar("SELECT series FROM regie WHERE id = $1")
        .bind(regie)
        .fetch_optional(&mut *connection)
        .await?;
    let mut series: Series = stored.as_deref().map(json).transpose()?.unwrap_or_default();
    let before = series.clone();
    series.evolve(change);
    if series == before {
        return Ok(());
    }
    let text = serde_json::to_string(&series).map_err(|e| FoldError::poison(event, e))?;
    sqlx::query(
        "INSERT INTO regie VALUES ($1, '', $2) ON CONFLICT (id) DO UPDATE SET series = EXCLUDED.series",
    )
    .bind(regie)
    .bind(text)
    .execute(connection)
    .await?;
    Ok(())
}

async fn stage(
    run: Uuid,
    stage: &str,
    ended: Option<DateTime<Utc>>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE run SET stage = $2, ended = $3 WHERE id = $1")
        .bind(run)
        .bind(stage)
        .bind(ended)
        .execute(connection)
        .await?;
    Ok(())
}

/// A régie as it stands: its settings, and how it writes its numbers.
#[derive(Debug, Clone)]
pub struct KnownRegie {
    /// Its settings.
    pub settings: RegieSettings,
    /// How it writes its numbers.
    pub series: Series,
}

impl std::ops::Deref for KnownRegie {
    type Target = RegieSettings;
    fn deref(&self) -> &RegieSettings {
        &self.settings
    }
}

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

/// A billing run.
#[derive(Debug, Clone, FromRow)]
pub struct RunRow {
    /// Its id.
    pub id: Uuid,
    /// Its régie.
    pub regie: String,
    /// The first billed day.
    pub first_day: NaiveDate,
    /// The last billed day.
    pub last_day: NaiveDate,
    /// The date of its invoices.
    pub date: NaiveDate,
    /// Until when they are to be paid.
    pub due: NaiveDate,
    /// `PREPARED`, `ISSUING`, `COMPLETED` or `ABANDONED`.
    pub stage: String,
    /// How many invoices and credit notes it issued so far.
    pub invoices: i32,
    /// The last family invoiced.
    pub last_family: Option<String>,
    /// When it was prepared.
    pub prepared: DateTime<Utc>,
    /// When it was completed or abandoned.
    pub ended: Option<DateTime<Utc>>,
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

/// A batch of direct debits, beside its collections.
#[derive(Debug, Clone)]
pub struct DebitBatchRow {
    /// The régie that collects.
    pub regie: String,
    /// The day the banks collect.
    pub date: NaiveDate,
    /// Who signs its file; none in batches from before it was kept.
    pub issuer: Option<Issuer>,
    /// What was due and could not be collected.
    pub left_out: Vec<LeftOut>,
    /// When it was ordered.
    pub ordered: DateTime<Utc>,
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

/// A closed cash desk: its last day, its totals and when it was closed.
pub type Closing = (NaiveDate, Vec<CashTotal>, DateTime<Utc>);

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
