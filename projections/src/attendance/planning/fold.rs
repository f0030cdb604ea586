//! Folding the events of sessions, children and activities.

use cqrs_es::Aggregate;
use portail_domain::attendance::session::{Session, SessionEvent, parse_stream_id};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use super::{
    cells::{Cells, Decoded},
    ends,
};
use crate::engine::projection::{FoldContext, FoldError};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let mut decoded = Vec::with_capacity(events.len());
    for event in events {
        if event.stream.kind == Session::TYPE {
            let session = parse_stream_id(&event.stream.id)
                .ok_or_else(|| FoldError::poison(event, "not a session's stream id"))?;
            decoded.push((*event, session, context.decode::<SessionEvent>(event)?));
        } else if let Some(change) = ends::change(event, context)? {
            // What ends concerns the cells as they are at that place of the log.
            fold_sessions(&std::mem::take(&mut decoded), connection).await?;
            change.write(event.recorded_at, connection).await?;
        }
    }
    fold_sessions(&decoded, connection).await
}

async fn fold_sessions(decoded: &[Decoded<'_>], connection: &mut PgConnection) -> Result<(), FoldError> {
    if decoded.is_empty() {
        return Ok(());
    }
    let mut cells = Cells::load(decoded, connection).await?;
    for (event, session, change) in decoded {
        cells.fold(event, session, change);
    }
    cells.flush(connection).await
}
