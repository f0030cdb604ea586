//! Reading the log for a rebuild: once for all read models that are built together.

use std::sync::Arc;

use portail_event_store::{EventLog, RecordedEvent, Span};
use tokio::sync::mpsc;

use super::RebuildError;

/// How many events are read at once, and folded in one transaction.
const BATCH: u32 = 5_000;

/// How many positions are looked through for them at once, at the most, so that progress is heard of.
const STRETCH: u64 = 250_000;

/// How many batches may wait for a read model that is slower than the others.
pub(super) const AHEAD: usize = 2;

/// Events in order, of all read models' kinds.
pub(super) struct Batch {
    pub(super) events: Vec<RecordedEvent>,
    /// The position everything is read to.
    pub(super) through: u64,
    /// The log's head.
    pub(super) head: u64,
}

/// Reads the events of some aggregate types after a position, up to the log's head as it is then, and
/// hands them to whoever still listens. The last batch reaches the head.
pub(super) async fn read(
    log: EventLog,
    after: u64,
    kinds: Vec<&'static str>,
    readers: Vec<mpsc::Sender<Arc<Batch>>>,
) -> Result<(), RebuildError> {
    let (mut position, mut stretch) = (after, u64::from(BATCH));
    loop {
        let head = log.read_head().await?;
        let span = Span { after: position, through: head.min(position + stretch) };
        let events = log.read_next(span, Some(&kinds), Some(BATCH)).await?;
        // A full batch may end before the span does.
        let last = events.last().filter(|_| events.len() == BATCH as usize);
        position = last.map_or(span.through, |event| event.position);
        // Where events are far between, one query looks further; where they are not, it would read
        // again and again what it may not return.
        let is_sparse = events.len() < BATCH as usize / 2;
        stretch = if is_sparse { STRETCH.min(2 * stretch) } else { BATCH.into() };
        let batch = Arc::new(Batch { events, through: position, head });
        for reader in &readers {
            // One that failed says so itself.
            let _ = reader.send(batch.clone()).await;
        }
        if position >= head {
            return Ok(());
        }
    }
}
