//! Folding the events of régies.

use chrono::{DateTime, Utc};
use portail_domain::money::regie::{RegieEvent, Series};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::Stage;
use crate::{
    decode::json,
    engine::projection::{FoldContext, FoldError},
};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    for event in events {
        of_event(event, context.decode(event)?, connection).await?;
    }
    Ok(())
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
            sqlx::query("INSERT INTO run VALUES ($1, $2, $3, $4, $5, $6, $7, $9, 0, NULL, $8)")
                .bind(run.0)
                .bind(event.position.cast_signed())
                .bind(regie)
                .bind(from)
                .bind(to)
                .bind(date)
                .bind(due)
                .bind(received)
                .bind(Stage::Prepared)
                .execute(connection)
                .await?;
        }
        RegieEvent::BillingRunStarted { run, .. } => stage(run.0, Stage::Issuing, None, connection).await?,
        RegieEvent::BillingRunCompleted { run, received } => {
            stage(run.0, Stage::Completed, Some(received), connection).await?;
        }
        RegieEvent::BillingRunAbandoned { run, received } => {
            stage(run.0, Stage::Abandoned, Some(received), connection).await?;
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
    stage: Stage,
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
