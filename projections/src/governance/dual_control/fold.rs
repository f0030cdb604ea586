//! Folding what was proposed and seconded.

use portail_domain::governance::dual_control::DualControlEvent;
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    for event in events {
        match context.decode(event)? {
            DualControlEvent::ActionProposed { action, by, received } => {
                let text = serde_json::to_string(&action).map_err(|e| FoldError::poison(event, e))?;
                sqlx::query(
                    "INSERT INTO proposal VALUES ($1, $2, $3, $4, $5) ON CONFLICT (family, slot) DO UPDATE \
                     SET action = EXCLUDED.action, proposed_by = EXCLUDED.proposed_by, proposed = EXCLUDED.proposed",
                )
                .bind(&event.stream.id)
                .bind(action.slot())
                .bind(text)
                .bind(by)
                .bind(received)
                .execute(&mut *connection)
                .await?;
            }
            DualControlEvent::ActionSeconded { slot, .. } => {
                sqlx::query("DELETE FROM proposal WHERE family = $1 AND slot = $2")
                    .bind(&event.stream.id)
                    .bind(slot)
                    .execute(&mut *connection)
                    .await?;
            }
        }
    }
    Ok(())
}
