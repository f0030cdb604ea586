//! Group read: the streams that decisions ask for while a query runs are the next query.

use sqlx::{FromRow, PgPool, Row, postgres::PgRow};
use tokio::sync::{mpsc, oneshot};

use crate::{
    append::StreamId,
    durable::Durable,
    log::{COLUMNS, RecordedEvent},
};

/// How many decisions one query serves at the most.
const BATCH: usize = 64;

/// What a decision asks for: the events of streams after their versions.
pub(crate) struct Ask {
    pub streams: Vec<(StreamId, u64)>,
    /// Hears them in the log's order; an error is for who runs the query.
    pub reply: oneshot::Sender<Result<Vec<RecordedEvent>, sqlx::Error>>,
}

/// Answers until every sender is gone.
pub(crate) async fn run(pool: PgPool, durable: Durable, mut asks: mpsc::Receiver<Ask>) {
    let mut batch = Vec::new();
    while asks.recv_many(&mut batch, BATCH).await > 0 {
        let streams = batch.iter().map(|ask| ask.streams.as_slice());
        match read_durable(&pool, &durable, streams).await {
            Ok(found) => {
                for (ask, events) in batch.drain(..).zip(found) {
                    // Nobody may be waiting any more.
                    let _ = ask.reply.send(Ok(events));
                }
            }
            Err(error) if batch.len() == 1 => {
                if let Some(ask) = batch.pop() {
                    let _ = ask.reply.send(Err(error));
                }
            }
            // Each by itself: what failed for one need not fail for all, and each hears its own error. All
            // at once, or in an outage they would wait for a connection one after the other.
            Err(_) => {
                for Ask { streams, reply } in batch.drain(..) {
                    let (pool, durable) = (pool.clone(), durable.clone());
                    tokio::spawn(async move {
                        let found = read_durable(&pool, &durable, [streams.as_slice()].into_iter()).await;
                        let _ = reply.send(found.map(|mut found| found.pop().unwrap_or_default()));
                    });
                }
            }
        }
    }
}

/// The same once it is durable: states made of it are kept, and a crash must not take back what they
/// rest on.
async fn read_durable<'a>(
    pool: &PgPool,
    durable: &Durable,
    lists: impl Iterator<Item = &'a [(StreamId, u64)]>,
) -> Result<Vec<Vec<RecordedEvent>>, sqlx::Error> {
    let found = read(pool, lists).await?;
    durable.reach(found.iter().flatten().map(|event| event.position).max().unwrap_or(0)).await?;
    Ok(found)
}

/// The events of lists of streams after their versions, list by list in the log's order, in one query of
/// one index look-up per stream.
///
/// # Errors
/// The database failed.
pub(crate) async fn read<'a>(
    pool: &PgPool,
    lists: impl Iterator<Item = &'a [(StreamId, u64)]>,
) -> Result<Vec<Vec<RecordedEvent>>, sqlx::Error> {
    let query = format!("SELECT {COLUMNS}, list FROM stream_events($1, $2, $3, $4)");
    let (mut kinds, mut ids, mut versions, mut numbers) = (vec![], vec![], vec![], vec![]);
    let mut found = vec![];
    for (number, streams) in (0i32..).zip(lists) {
        for (stream, version) in streams {
            kinds.push(&*stream.kind);
            ids.push(stream.id.as_str());
            versions.push(version.cast_signed());
            numbers.push(number);
        }
        found.push(vec![]);
    }
    let rows: Vec<PgRow> =
        sqlx::query(&query).bind(kinds).bind(ids).bind(versions).bind(numbers).fetch_all(pool).await?;
    for row in rows {
        let number: i32 = row.try_get("list")?;
        if let Some(events) = usize::try_from(number).ok().and_then(|number| found.get_mut(number)) {
            events.push(RecordedEvent::from_row(&row)?);
        }
    }
    Ok(found)
}
