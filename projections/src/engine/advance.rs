//! Advancing a projection over events, in one transaction with its position.

use std::collections::HashSet;

use portail_event_store::{RecordedEvent, StreamId};
use sqlx::PgConnection;

use super::{
    Shared,
    handle::{Handle, Standing},
};
use crate::engine::{
    fold::{FoldOutcome, Patience, Poison, fold},
    projection::{FoldContext, Projection, enter, live_schema},
};

impl Shared {
    /// Advances a projection over read events; whether it moved.
    pub(super) async fn advance(&self, handle: &Handle, read: &[RecordedEvent]) -> Result<bool, sqlx::Error> {
        let (projection, at) = (&*handle.projection, handle.position());
        let new: Vec<&RecordedEvent> = read.iter().filter(|event| event.position > at).collect();
        let Some(last) = new.last() else { return Ok(false) };
        let concerns = |event: &&&RecordedEvent| projection.reads().contains(&&*event.stream.kind);
        let concerned: Vec<&RecordedEvent> = new.iter().filter(concerns).copied().collect();
        if concerned.is_empty() {
            let moved = pass_by(projection, at, last, self.pool()).await?;
            if moved {
                handle.advance(last.position, false);
            } else {
                self.refresh().await?;
            }
            return Ok(moved);
        }
        let mut tx = self.pool().begin().await?;
        if !take(projection, at, &mut tx).await? {
            // Another node is on it, has been here, or it does not go on from there.
            tx.rollback().await?;
            self.refresh().await?;
            return Ok(false);
        }
        let mut aside = streams_aside(projection.name(), projection.version(), &mut tx).await?;
        enter(&live_schema(projection), &mut tx).await?;
        let patience = handle.patience();
        match fold(projection, &concerned, &mut aside, patience, &self.context, &mut tx).await? {
            FoldOutcome::All(found) => {
                put_aside(projection.name(), projection.version(), &found, &mut tx).await?;
                if !stand(projection, last, None, &mut tx).await? {
                    tx.rollback().await?;
                    return Ok(false);
                }
                tx.commit().await?;
                tell(projection, &found);
                handle.set_aside(aside);
                handle.advance(last.position, true);
                Ok(true)
            }
            FoldOutcome::Until(poison, found) => {
                put_aside(projection.name(), projection.version(), &found, &mut tx).await?;
                let before = new.iter().rev().find(|event| event.position < poison.position);
                let waits = poison.is_newer;
                let error = (!waits).then(|| poison.text());
                let stands = match before {
                    Some(before) => stand(projection, before, error.as_deref(), &mut tx).await?,
                    None => stay(projection, error.as_deref(), &mut tx).await?,
                };
                if !stands {
                    tx.rollback().await?;
                    return Ok(false);
                }
                tx.commit().await?;
                tell(projection, &found);
                let position = before.map_or(at, |before| before.position);
                let standing = if waits { Standing::Back(poison.text()) } else { Standing::Stopped };
                let was = handle.at.borrow().standing.clone();
                handle.set_aside(aside);
                handle.set(position, standing.clone(), before.is_some());
                handle.note_trouble(false);
                if was != standing {
                    let name = projection.name();
                    let text = poison.text();
                    match waits {
                        true => tracing::error!(projection = name, text, "waits for a newer program"),
                        false => tracing::error!(projection = name, text, "stopped"),
                    }
                }
                Ok(before.is_some())
            }
        }
    }
}

/// Moves a projection past events that do not concern it, if it goes on from where it stands and the log
/// still has the last of them.
async fn pass_by(
    projection: &dyn Projection,
    at: u64,
    last: &RecordedEvent,
    pool: &sqlx::PgPool,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE projection SET position = $4, updated_at = now() WHERE name = $1 AND version = $2 \
         AND position = $3 AND status = 'live' AND log_has(position, chain) AND log_has($4, $5)",
    )
    .bind(projection.name())
    .bind(projection.version())
    .bind(at.cast_signed())
    .bind(last.position.cast_signed())
    .bind(&last.chain)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a projection for this transaction, if it goes on from a position.
async fn take(
    projection: &dyn Projection,
    at: u64,
    connection: &mut PgConnection,
) -> Result<bool, sqlx::Error> {
    let held: Option<(i64, String, bool)> = sqlx::query_as(
        "SELECT position, status, log_has(position, chain) FROM projection \
         WHERE name = $1 AND version = $2 FOR UPDATE SKIP LOCKED",
    )
    .bind(projection.name())
    .bind(projection.version())
    .fetch_optional(connection)
    .await?;
    let goes_on = |(position, status, fits): (i64, String, bool)| {
        position.unsigned_abs() == at && status == "live" && fits
    };
    Ok(held.is_some_and(goes_on))
}

/// Notes that a projection has folded up to an event; with an error, that it stopped there. Whether the
/// log has that event: what was folded is otherwise of another log.
async fn stand(
    projection: &dyn Projection,
    event: &RecordedEvent,
    error: Option<&str>,
    connection: &mut PgConnection,
) -> Result<bool, sqlx::Error> {
    let noted = sqlx::query(
        "UPDATE public.projection SET position = $3, updated_at = now(), error = $5, \
            status = CASE WHEN $5::text IS NULL THEN status ELSE 'failed' END \
         WHERE name = $1 AND version = $2 AND public.log_has($3, $4)",
    )
    .bind(projection.name())
    .bind(projection.version())
    .bind(event.position.cast_signed())
    .bind(&event.chain)
    .bind(error)
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Notes that a projection stopped where it stands, if there is an error.
async fn stay(
    projection: &dyn Projection,
    error: Option<&str>,
    connection: &mut PgConnection,
) -> Result<bool, sqlx::Error> {
    if let Some(error) = error {
        sqlx::query(
            "UPDATE public.projection SET status = 'failed', error = $3, updated_at = now() \
             WHERE name = $1 AND version = $2",
        )
        .bind(projection.name())
        .bind(projection.version())
        .bind(error)
        .execute(connection)
        .await?;
    }
    Ok(true)
}

/// The streams a projection has set aside.
pub(crate) async fn streams_aside(
    name: &str,
    version: i32,
    connection: &mut PgConnection,
) -> Result<HashSet<StreamId>, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT aggregate_type, aggregate_id FROM public.projection_quarantine WHERE name = $1 AND version = $2",
    )
    .bind(name)
    .bind(version)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(kind, id)| StreamId { kind: kind.into(), id }).collect())
}

/// Sets streams aside from these events on.
pub(crate) async fn put_aside(
    name: &str,
    version: i32,
    found: &[Poison],
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    for poison in found {
        sqlx::query(
            "INSERT INTO public.projection_quarantine (name, version, aggregate_type, aggregate_id, position, error) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .bind(version)
        .bind(&*poison.stream.kind)
        .bind(&poison.stream.id)
        .bind(poison.position.cast_signed())
        .bind(&poison.reason)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn tell(projection: &dyn Projection, found: &[Poison]) {
    for poison in found {
        tracing::error!(projection = projection.name(), event = poison.text(), "its stream is set aside");
    }
}

/// Whether an event can be folded as things are: nothing is kept of the attempt.
pub(super) async fn can_fold(
    projection: &dyn Projection,
    event: &RecordedEvent,
    context: &FoldContext,
) -> Result<bool, sqlx::Error> {
    let mut tx = context.log.database().pool().begin().await?;
    enter(&live_schema(projection), &mut tx).await?;
    let patience = Patience { with_errors: false, with_newer: false };
    let folded = fold(projection, &[event], &mut HashSet::new(), patience, context, &mut tx).await?;
    tx.rollback().await?;
    Ok(matches!(folded, FoldOutcome::All(found) if found.is_empty()))
}
