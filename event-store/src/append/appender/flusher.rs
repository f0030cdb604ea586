//! Group flush: while one runs, more batches commit, and the next covers them all. Commands are answered
//! and the log's end is told only then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Job, leave_unknown, proofs::Unproved};
use crate::append::request::Receipt;
use crate::log::durability::{self, Durable};
use crate::log::hashing::Hash;

/// Why commands of a batch that a crash took back are of unknown fate.
const LOST: &str = "the database lost it in a crash";

/// How many batches one flush covers at the most.
const BATCHES: usize = 64;

/// How often other processes are notified at the most: a notification per flush would wake every
/// listener hundreds of times a second. What falls between two is told a moment later.
const NOTIFY_EVERY: Duration = Duration::from_millis(10);

/// A batch in the log.
pub(super) struct Written {
    pub jobs: Vec<Job>,
    /// The log's end before it.
    pub after: (u64, Hash),
    /// The log's end with it.
    pub end: (u64, Hash),
    /// A command of it, with its time: what proves a batch without an event.
    pub command: Option<(Uuid, DateTime<Utc>)>,
    /// Whether its commit waited for the disk, and with it for all before.
    pub is_durable: bool,
}

impl Written {
    /// Answers its commands.
    pub fn answer(&mut self) {
        let (mut position, _) = self.after;
        for Job { append, reply } in self.jobs.drain(..) {
            position += append.events.len() as u64;
            let event_ids = append.events.iter().map(|e| e.event_id).collect();
            // Nobody may be waiting any more.
            let _ = reply.send(Ok(Receipt { position, event_ids }));
        }
    }
}

/// How many commands are written and not answered yet.
#[derive(Default)]
pub(super) struct Unflushed(AtomicUsize);

impl Unflushed {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    pub fn add(&self, commands: usize) {
        self.0.fetch_add(commands, Ordering::AcqRel);
    }

    fn remove(&self, commands: usize) {
        self.0.fetch_sub(commands, Ordering::AcqRel);
    }
}

pub(super) struct Flusher {
    pool: PgPool,
    durable: Durable,
    written: mpsc::UnboundedReceiver<Written>,
    unflushed: Arc<Unflushed>,
    /// Kept while batches keep coming.
    connection: Option<PoolConnection<Postgres>>,
    told: Instant,
    /// What other processes were not notified of.
    untold: Option<(u64, Hash)>,
}

impl Flusher {
    pub fn new(
        pool: PgPool,
        durable: Durable,
        written: mpsc::UnboundedReceiver<Written>,
        unflushed: Arc<Unflushed>,
    ) -> Self {
        Self { pool, durable, written, unflushed, connection: None, told: Instant::now(), untold: None }
    }

    /// Runs until the appender is gone.
    pub async fn run(mut self) {
        let mut batches = Vec::new();
        while self.wait(&mut batches).await {
            let commands = batches.iter().map(|batch| batch.jobs.len()).sum();
            match self.cover(&batches).await {
                Ok(proved) => batches.drain(..).zip(proved).for_each(|(mut batch, proved)| {
                    if proved { batch.answer() } else { leave_unknown(batch.jobs.into_iter(), LOST) }
                }),
                Err(error) => {
                    tracing::warn!(%error, commands, "flush failed");
                    self.connection = None;
                    leave_unknown(batches.drain(..).flat_map(|batch| batch.jobs), error);
                }
            }
            self.unflushed.remove(commands);
            if self.is_time_to_tell() {
                self.tell().await;
            }
        }
    }

    /// Makes batches durable, and tells of them where it is time to. Which of them are in the log: a crash
    /// may have taken back what was committed and not flushed yet.
    async fn cover(&mut self, batches: &[Written]) -> Result<Vec<bool>, sqlx::Error> {
        let Some(last) = batches.last() else { return Ok(vec![]) };
        let unproved = Unproved::of(batches);
        let mut untold = self.durable.is_behind().then_some(last.end);
        let proved = if unproved.is_empty() {
            vec![true; batches.len()]
        } else {
            let tell = untold.take_if(|_| self.is_time_to_tell());
            let connection = match &mut self.connection {
                Some(connection) => connection,
                none => none.insert(self.pool.acquire().await?),
            };
            let found = durability::prove(connection, unproved.proofs(batches), tell).await?;
            if tell.is_some() {
                self.told = Instant::now();
            }
            unproved.proved(batches, &found)
        };
        // An end that is not there is nothing to tell of.
        let end = batches.iter().zip(&proved).rev().find_map(|(batch, proved)| proved.then_some(batch.end));
        match end {
            Some(end) => self.durable.raise(end),
            None => self.connection = None,
        }
        if proved.iter().all(|proved| *proved) {
            self.untold = untold;
        } else {
            tracing::warn!("the database lost what it had not flushed yet: its commands are asked for again");
        }
        Ok(proved)
    }

    /// Waits for batches; whether some came before the appender was gone.
    async fn wait(&mut self, batches: &mut Vec<Written>) -> bool {
        let received = tokio::time::timeout(NOTIFY_EVERY, self.written.recv_many(batches, BATCHES)).await;
        match received {
            Ok(count) => count > 0,
            Err(_) => {
                self.tell().await;
                self.connection = None;
                self.written.recv_many(batches, BATCHES).await > 0
            }
        }
    }

    fn is_time_to_tell(&self) -> bool {
        self.told.elapsed() >= NOTIFY_EVERY
    }

    /// Notifies other processes of what they were not told yet. A failure is no loss: they poll.
    async fn tell(&mut self) {
        if let Some(end) = self.untold.take() {
            let notify = sqlx::query("SELECT pg_notify('portail_log', $1)").bind(durability::told(end));
            if let Err(error) = notify.execute(&self.pool).await {
                tracing::debug!(%error, "other processes were not notified");
            }
            self.told = Instant::now();
        }
    }
}
