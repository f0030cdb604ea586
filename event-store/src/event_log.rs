//! The log's handle: append, read, wait.

use std::{sync::Arc, time::Duration};

use cqrs_es::persist::EventUpcaster;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    append::{
        append_key::AppendKey,
        appender::Appender,
        counts::{AppendCounters, AppendCounts},
        job::Job,
        request::{Append, AppendError, Receipt},
    },
    log::{
        durability::{self, DurableHead, Head},
        event::{EVENT_COLUMNS, RecordedEvent, StreamId},
        hashing::Hash,
        listener,
        streams::{DurableStreams, read_streams},
        upcasters::{DecodeError, Upcasters},
    },
    postgres::{batch_loader::BatchLoader, database::Database},
};

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
    Decode(#[from] DecodeError),
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
    streams: BatchLoader<DurableStreams>,
    head: watch::Receiver<Head>,
    upcasters: Arc<Upcasters>,
    appended: Arc<AppendCounters>,
}

impl EventLog {
    /// Opens the log of a migrated database, starts its appender and, where the database serves
    /// several processes, its listener. `upcasters` are those of every event the log may hold; `key` seals
    /// what is appended.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open(
        database: &Database,
        upcasters: Vec<Box<dyn EventUpcaster>>,
        key: AppendKey,
    ) -> Result<Self, LogError> {
        let durable = DurableHead::new(database.is_shared());
        let head = durable.subscribe();
        durable.catch_up(&mut *database.pool().acquire().await?).await?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let appended = Appender::start(database.pool().clone(), durable.clone(), key, queue);
        let streams = BatchLoader::start(database, DurableStreams(durable.clone()), 1);
        if database.is_shared() {
            tokio::spawn(listener::follow(database.pool().clone(), durable));
        }
        Ok(Self {
            database: database.clone(),
            jobs,
            streams,
            head,
            upcasters: Arc::new(Upcasters::new(upcasters)),
            appended,
        })
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
        let stopped = || AppendError::Unavailable("the appender has stopped".into());
        self.jobs.send(Job { append, reply }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// What this process has appended since it opened the log.
    pub fn appended(&self) -> AppendCounts {
        self.appended.read()
    }

    /// The events of a stream after a version.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read_stream(&self, stream: &StreamId, after: u64) -> Result<Vec<RecordedEvent>, LogError> {
        let query = format!(
            "SELECT {EVENT_COLUMNS} FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 \
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
        let mut found = read_streams(self.database.pool(), [streams].into_iter()).await?;
        Ok(found.pop().unwrap_or_default())
    }

    /// The same for a decision: durable events only, and decisions that load at the same time share a query.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn load_streams(
        &self,
        streams: Vec<(StreamId, u64)>,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(self.streams.load(streams).await?)
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
            "SELECT {EVENT_COLUMNS} FROM events WHERE position > $1 AND position <= $2 \
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
        Ok(durability::read_head(self.database.pool()).await?)
    }

    /// The last position this process knows of: never ahead of what is durable.
    pub fn head(&self) -> u64 {
        self.head.borrow().position
    }

    /// How often the log turned out not to continue what this process knew of it.
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

    /// The position and chain hash of the last event; none while the log is empty.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn tip(&self) -> Result<Option<(u64, Hash)>, LogError> {
        let query = "SELECT position, chain FROM events ORDER BY position DESC LIMIT 1";
        let row: Option<(i64, Vec<u8>)> = sqlx::query_as(query).fetch_optional(self.database.pool()).await?;
        Ok(row.and_then(|(p, chain)| Some((p.unsigned_abs(), chain.try_into().ok()?))))
    }
}
