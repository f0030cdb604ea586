//! The log's handle: append, read, wait.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::{FromRow, PgExecutor, PgPool, Row, postgres::PgRow};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use crate::append::appender::{Appender, Job};
use crate::append::request::{Append, AppendError, Receipt, StreamId};
use crate::log::durability::{self, Durable, Head};
use crate::log::envelope::Envelope;
use crate::log::hashing::Hash;
use crate::log::streams::{self, DurableStreams};
use crate::log::upcasters::Upcasters;
use crate::postgres::batch_loader::GroupRead;
use crate::postgres::database::Database;

/// How many commands may queue for the appender before callers wait.
const QUEUE: usize = 4096;

/// The log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// An event cannot be decoded.
    #[error(transparent)]
    Decode(#[from] crate::log::upcasters::DecodeError),
}

/// An event as the log keeps it.
#[derive(Debug, Clone)]
pub struct RecordedEvent {
    /// Its place in the log, from 1, without gaps.
    pub position: u64,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream, from 1.
    pub sequence: u64,
    /// Its type.
    pub event_type: String,
    /// The version its payload was written in.
    pub event_version: String,
    /// The payload, to the byte.
    pub payload: Box<RawValue>,
    /// The metadata, to the byte.
    pub metadata: Box<RawValue>,
    /// Its id.
    pub event_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who caused it.
    pub actor: String,
    /// By which command.
    pub command_id: Uuid,
    /// In which conversation.
    pub correlation_id: Uuid,
    /// Caused by what.
    pub causation_id: Option<Uuid>,
    /// Its leaf hash as stored.
    pub leaf: Vec<u8>,
    /// Its place in the chain as stored.
    pub chain: Vec<u8>,
}

impl RecordedEvent {
    /// What its leaf is the hash of.
    pub fn envelope(&self) -> Envelope<'_> {
        Envelope {
            actor: self.actor.as_bytes(),
            aggregate_id: self.stream.id.as_bytes(),
            aggregate_type: self.stream.kind.as_bytes(),
            causation_id: self.causation_id,
            command_id: self.command_id,
            correlation_id: self.correlation_id,
            event_id: self.event_id,
            event_type: self.event_type.as_bytes(),
            event_version: self.event_version.as_bytes(),
            metadata: self.metadata.get().as_bytes(),
            payload: self.payload.get().as_bytes(),
            recorded_at: self.recorded_at,
            sequence: self.sequence,
        }
    }
}

/// The columns of `events` an event is read from, in this order and before any others.
pub const COLUMNS: &str = "position, aggregate_type, aggregate_id, sequence, event_type, \
    event_version, payload::text AS payload, metadata::text AS metadata, event_id, recorded_at, \
    actor, command_id, correlation_id, causation_id, leaf, chain";

impl FromRow<'_, PgRow> for RecordedEvent {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        // By place: looking columns up by name costs as much as reading them.
        let json = |place: usize| -> Result<Box<RawValue>, sqlx::Error> {
            let text: String = row.try_get(place)?;
            RawValue::from_string(text).map_err(|e| sqlx::Error::Decode(e.into()))
        };
        let number = |place: usize| row.try_get(place).map(i64::unsigned_abs);
        let kind: String = row.try_get(1)?;
        Ok(Self {
            position: number(0)?,
            stream: StreamId { kind: kind.into(), id: row.try_get(2)? },
            sequence: number(3)?,
            event_type: row.try_get(4)?,
            event_version: row.try_get(5)?,
            payload: json(6)?,
            metadata: json(7)?,
            event_id: row.try_get(8)?,
            recorded_at: row.try_get(9)?,
            actor: row.try_get(10)?,
            command_id: row.try_get(11)?,
            correlation_id: row.try_get(12)?,
            causation_id: row.try_get(13)?,
            leaf: row.try_get(14)?,
            chain: row.try_get(15)?,
        })
    }
}

/// A span of positions, `after` excluded, `through` included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The last position before the span.
    pub after: u64,
    /// The last position of the span.
    pub through: u64,
}

/// The event log.
#[derive(Debug, Clone)]
pub struct EventLog {
    database: Database,
    jobs: mpsc::Sender<Job>,
    streams: GroupRead<DurableStreams>,
    head: watch::Receiver<Head>,
    upcasters: Arc<Upcasters>,
}

impl EventLog {
    /// Opens the log of a migrated database, starts its appender and, where the database serves
    /// several processes, its listener.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open(database: &Database, upcasters: Upcasters) -> Result<Self, LogError> {
        let durable = Durable::new(database.is_shared());
        let head = durable.subscribe();
        durable.catch_up(&mut *database.pool().acquire().await?).await?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        Appender::start(database.pool().clone(), durable.clone(), queue);
        let streams = GroupRead::start(database, DurableStreams(durable.clone()), 1);
        if database.is_shared() {
            tokio::spawn(listen(database.pool().clone(), durable));
        }
        Ok(Self { database: database.clone(), jobs, streams, head, upcasters: Arc::new(upcasters) })
    }

    /// The database the log lives in.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The one decode path.
    pub fn upcasters(&self) -> &Upcasters {
        &self.upcasters
    }

    /// Appends a command's effect: all of it, or nothing.
    ///
    /// # Errors
    /// A conflict, a command decided before, or an unavailable database.
    pub async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        let (reply, answer) = oneshot::channel();
        let gone = || AppendError::Unavailable("the appender has stopped".into());
        self.jobs.send(Job { append, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// The events of a stream after a version.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read_stream(&self, stream: &StreamId, after: u64) -> Result<Vec<RecordedEvent>, LogError> {
        let query = format!(
            "SELECT {COLUMNS} FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 \
             AND sequence > $3 ORDER BY sequence"
        );
        let rows = sqlx::query_as(&query)
            .bind(&*stream.kind)
            .bind(&stream.id)
            .bind(after.cast_signed())
            .fetch_all(self.database.pool())
            .await?;
        Ok(rows)
    }

    /// The events of several streams after their versions, in the log's order, in one query.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read_streams(&self, streams: &[(StreamId, u64)]) -> Result<Vec<RecordedEvent>, LogError> {
        let mut found = streams::read(self.database.pool(), [streams].into_iter()).await?;
        Ok(found.pop().unwrap_or_default())
    }

    /// The same for a decision: those that ask at the same time share a query.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn load_streams(
        &self,
        streams: Vec<(StreamId, u64)>,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(self.streams.ask(streams).await?)
    }

    /// The events of a span, of some aggregate types only (`None`: all), in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read_span(
        &self,
        span: Span,
        kinds: Option<&[&str]>,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        self.read_next(span, kinds, None).await
    }

    /// The same, only the first of them: at most `limit` (`None`: all).
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read_next(
        &self,
        span: Span,
        kinds: Option<&[&str]>,
        limit: Option<u32>,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let query = format!(
            "SELECT {COLUMNS} FROM events WHERE position > $1 AND position <= $2 \
             AND ($3::text[] IS NULL OR aggregate_type || '' = ANY($3)) ORDER BY position LIMIT $4"
        );
        let rows = sqlx::query_as(&query)
            .bind(span.after.cast_signed())
            .bind(span.through.cast_signed())
            .bind(kinds)
            .bind(limit.map(i64::from))
            .fetch_all(self.database.pool())
            .await?;
        Ok(rows)
    }

    /// The last position, read from the database.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read_head(&self) -> Result<u64, LogError> {
        Ok(read_head(self.database.pool()).await?)
    }

    /// The last position this process knows of: never ahead of what is durable.
    pub fn head(&self) -> u64 {
        self.head.borrow().position
    }

    /// How often the log turned out not to go on from what this process knew of it.
    pub(crate) fn history(&self) -> u64 {
        self.head.borrow().history
    }

    /// A receiver that wakes at every append, and when the log turns out to be another one.
    pub fn subscribe(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    /// Waits until the log has reached a position; whether it did in time.
    pub async fn wait_for(&self, position: u64, limit: Duration) -> bool {
        let mut head = self.head.clone();
        let reached = head.wait_for(|at| at.position >= position);
        matches!(tokio::time::timeout(limit, reached).await, Ok(Ok(_)))
    }

    /// The hash of the last event, with its position.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn tip(&self) -> Result<Option<(u64, Hash)>, LogError> {
        let query = "SELECT position, chain FROM events ORDER BY position DESC LIMIT 1";
        let row: Option<(i64, Vec<u8>)> = sqlx::query_as(query).fetch_optional(self.database.pool()).await?;
        Ok(row.and_then(|(p, chain)| Some((p.unsigned_abs(), chain.try_into().ok()?))))
    }
}

/// The last position of a log; 0 while it is empty.
///
/// # Errors
/// The database failed.
pub async fn read_head(executor: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let head: Option<i64> =
        sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(executor).await?;
    Ok(head.unwrap_or(0).unsigned_abs())
}

/// Follows what other processes append: by notification, and by a slow poll as a net.
async fn listen(pool: PgPool, durable: Durable) {
    const NET: Duration = Duration::from_secs(1);
    loop {
        if durable.is_closed() {
            return;
        }
        let connected = async {
            let mut listener = sqlx::postgres::PgListener::connect_with(&pool).await?;
            listener.listen("portail_log").await?;
            let mut net = tokio::time::interval(NET);
            net.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                if durable.is_closed() {
                    return Ok(());
                }
                tokio::select! {
                    notification = listener.recv() => {
                        if let Some(end) = durability::heard(notification?.payload()) {
                            durable.raise(end);
                        }
                    }
                    // Also looks whether the log still goes on from what is known of it.
                    _ = net.tick() => durable.catch_up(&mut *pool.acquire().await?).await?,
                }
            }
        };
        let ended: Result<(), sqlx::Error> = connected.await;
        if let Err(error) = ended {
            tracing::debug!(%error, "listener lost its connection");
            tokio::time::sleep(NET).await;
        }
    }
}
