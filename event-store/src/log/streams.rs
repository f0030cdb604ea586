//! The events of streams: those that decisions ask for at the same time are one query.

use futures::{FutureExt, future::BoxFuture};
use sqlx::{FromRow, PgConnection, PgExecutor, Row, postgres::PgRow};

use crate::append::request::StreamId;
use crate::event_log::{COLUMNS, RecordedEvent};
use crate::log::durability::{self, Durable};
use crate::postgres::batch_loader::Lookup;

/// Looks streams up once they are durable: states made of them are kept, and a crash must not take back
/// what they rest on.
pub(crate) struct DurableStreams(pub Durable);

impl Lookup for DurableStreams {
    /// Streams, each with the version after which its events are asked for.
    type Question = Vec<(StreamId, u64)>;
    /// Their events in the log's order.
    type Answer = Vec<RecordedEvent>;
    const MOST: usize = 64;

    fn look_up<'a>(
        &'a self,
        questions: &'a [Self::Question],
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Vec<Self::Answer>, sqlx::Error>> {
        async move {
            let found = read(&mut *connection, questions.iter().map(Vec::as_slice)).await?;
            if let Some(last) = found.iter().flatten().max_by_key(|event| event.position) {
                self.0.reach(connection, (last.position, durability::hash(last.chain.clone())?)).await?;
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
pub(crate) async fn read<'a>(
    executor: impl PgExecutor<'_>,
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
        sqlx::query(&query).bind(kinds).bind(ids).bind(versions).bind(numbers).fetch_all(executor).await?;
    for row in rows {
        let number: i32 = row.try_get("list")?;
        if let Some(events) = usize::try_from(number).ok().and_then(|number| found.get_mut(number)) {
            events.push(RecordedEvent::from_row(&row)?);
        }
    }
    Ok(found)
}
