//! The events of streams: what several decisions load at the same time is one query.

use futures::{FutureExt, future::BoxFuture};
use sqlx::{FromRow, PgConnection, PgExecutor, Row, postgres::PgRow};

use super::{
    durability::{DurableHead, chain_hash},
    event::{EVENT_COLUMNS, RecordedEvent, StreamId},
};
use crate::postgres::batch_loader::BatchQuery;

/// Reads streams for decisions, and waits until what it read is durable: states folded from it are cached,
/// and a crash must not take back the events they rest on.
pub(crate) struct DurableStreams(pub DurableHead);

impl BatchQuery for DurableStreams {
    /// The streams of one decision, each with the version after which its events are asked for.
    type Key = Vec<(StreamId, u64)>;
    /// Their events in the log's order.
    type Value = Vec<RecordedEvent>;
    const MAX_BATCH: usize = 64;

    fn load<'a>(
        &'a self,
        keys: &'a [Self::Key],
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Vec<Self::Value>, sqlx::Error>> {
        async move {
            let found = read_streams(&mut *connection, keys.iter().map(Vec::as_slice)).await?;
            if let Some(last) = found.iter().flatten().max_by_key(|event| event.position) {
                self.0.wait_for(connection, (last.position, chain_hash(last.chain.clone())?)).await?;
            }
            Ok(found)
        }
        .boxed()
    }
}

/// The events of lists of streams after their versions, list by list in the log's order, in one query of
/// one index look-up per stream.
///
/// # Errors
/// The database failed.
pub(crate) async fn read_streams<'a>(
    executor: impl PgExecutor<'_>,
    lists: impl Iterator<Item = &'a [(StreamId, u64)]>,
) -> Result<Vec<Vec<RecordedEvent>>, sqlx::Error> {
    let query = format!("SELECT {EVENT_COLUMNS}, list FROM stream_events($1, $2, $3, $4)");
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
        sqlx::query(&query).bind(kinds).bind(ids).bind(versions).bind(numbers).fetch_all(executor).await?;
    for row in rows {
        let number: i32 = row.try_get("list")?;
        if let Some(events) = usize::try_from(number).ok().and_then(|number| found.get_mut(number)) {
            events.push(RecordedEvent::from_row(&row)?);
        }
    }
    Ok(found)
}
