//! Readying a projection at start: its tables, and what the last start left to be mended.

use portail_event_store::Span;
use sqlx::Executor;

use super::{EngineError, advance::can_fold, handle::Standing};
use crate::engine::{
    projection::{FoldContext, Projection, install_indexes, install_tables, live_schema},
    rebuild::RebuildError,
};

/// Makes the tables of a new projection, builds those of a new version, of one that stands ahead of the
/// log, and of one that had set streams aside which can be folded now. Where it stands then.
pub(super) async fn prepare(
    projection: &dyn Projection,
    context: &FoldContext,
) -> Result<(u64, Standing), EngineError> {
    let pool = context.log.database().pool();
    let (name, version) = (projection.name(), projection.version());
    let mut tx = pool.begin().await?;
    // Nodes that start together prepare one after the other, as long as it takes.
    tx.execute("SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO 0").await?;
    sqlx::query("SELECT pg_advisory_xact_lock(5843923847262)").execute(&mut *tx).await?;
    let rows: Vec<(i32, i64, bool)> =
        sqlx::query_as("SELECT version, position, log_has(position, chain) FROM projection WHERE name = $1")
            .bind(name)
            .fetch_all(&mut *tx)
            .await?;
    if let Some((newer, position, ..)) = rows.iter().find(|(v, ..)| *v > version) {
        tx.commit().await?;
        tracing::error!(projection = name, version, newer, "a newer program keeps it: this one stands back");
        return Ok((position.unsigned_abs(), Standing::Newer));
    }
    match rows.iter().find(|(v, ..)| *v == version) {
        Some((_, position, fits)) => {
            // What stopped it may be mended: it is tried again.
            sqlx::query(
                "UPDATE projection SET status = 'live', error = NULL \
                 WHERE name = $1 AND version = $2 AND status = 'failed'",
            )
            .bind(name)
            .bind(version)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            if !fits {
                tracing::error!(
                    projection = name,
                    position,
                    "it stands where the log has no such event: it is built anew"
                );
                return build(projection, context).await;
            }
            if is_mended(projection, context).await? {
                tracing::warn!(
                    projection = name,
                    "streams that were set aside can be folded: it is built anew"
                );
                return build(projection, context).await;
            }
            Ok((position.unsigned_abs(), Standing::Live))
        }
        None if rows.is_empty() => {
            let schema = live_schema(projection);
            install_tables(projection, &schema, &mut tx).await?;
            install_indexes(projection, &schema, &mut tx).await?;
            sqlx::query("INSERT INTO public.projection (name, version, status) VALUES ($1, $2, 'live')")
                .bind(name)
                .bind(version)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok((0, Standing::Live))
        }
        None => {
            tx.commit().await?;
            build(projection, context).await
        }
    }
}

async fn build(projection: &dyn Projection, context: &FoldContext) -> Result<(u64, Standing), EngineError> {
    match crate::engine::rebuild::rebuild(projection, context, |_, _| ()).await {
        Ok(rebuilt) => Ok((rebuilt.position, Standing::Live)),
        Err(RebuildError::Database(error)) => Err(EngineError::Database(error)),
        Err(RebuildError::Log(error)) => Err(EngineError::Log(error)),
        Err(error @ RebuildError::Poison { .. }) => Err(EngineError::Unbuilt(error.to_string())),
    }
}

/// Whether an event can be folded now for which its stream was set aside: by this program, or since the
/// data were mended.
async fn is_mended(projection: &dyn Projection, context: &FoldContext) -> Result<bool, EngineError> {
    let positions: Vec<i64> =
        sqlx::query_scalar("SELECT position FROM projection_quarantine WHERE name = $1 AND version = $2")
            .bind(projection.name())
            .bind(projection.version())
            .fetch_all(context.log.database().pool())
            .await?;
    for position in positions.into_iter().map(i64::unsigned_abs) {
        let span = Span { after: position.saturating_sub(1), through: position };
        for event in context.log.read_span(span, None).await? {
            if can_fold(projection, &event, context).await? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
