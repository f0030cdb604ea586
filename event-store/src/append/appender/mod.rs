//! Group append: one task per process drains a queue into one transaction per batch.
//!
//! No artificial delay: what has queued while the last batch was being written is the next batch.
//! The chain is computed here on the head this process knows; the database checks that head under
//! the lock and answers with the true one when another process was faster. Under load a batch commits
//! without waiting for the disk: the [flusher] answers it once the disk has it.

mod flusher;
mod layout;
mod proofs;
mod statement;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::value::RawValue;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::append::request::{Append, AppendError, Receipt};
use crate::log::durability::Durable;
use flusher::{Flusher, Unflushed, Written};
use layout::{Known, Layout};
use statement::{Decided, Verdict};

/// How many commands one transaction takes at the most.
const BATCH: usize = 256;

pub(crate) struct Job {
    pub append: Append,
    pub reply: oneshot::Sender<Result<Receipt, AppendError>>,
}

pub(crate) struct Appender {
    pool: PgPool,
    durable: Durable,
    jobs: mpsc::Receiver<Job>,
    queue: VecDeque<Job>,
    written: mpsc::UnboundedSender<Written>,
    unflushed: Arc<Unflushed>,
    known: Known,
    /// Whether new streams are looked up too: after a key turned out to exist.
    doubtful: bool,
    /// How many commands the last batch had.
    last: usize,
    /// The connection of the last batch, kept while commands keep coming: its server process has the
    /// log's pages and plans at hand.
    connection: Option<PoolConnection<Postgres>>,
}

/// How many commands are worth a batch of their own, whatever their share.
const FEW: usize = 12;

/// Up to how many commands a batch is taken for all that wait.
const ALL: usize = 8;

/// How long a connection is kept that no command came for.
const KEPT: Duration = Duration::from_secs(1);

impl Appender {
    /// Starts it; it runs until the sender of jobs is gone.
    pub fn start(pool: PgPool, durable: Durable, jobs: mpsc::Receiver<Job>) {
        let (written, batches) = mpsc::unbounded_channel();
        let unflushed = Arc::<Unflushed>::default();
        tokio::spawn(Flusher::new(pool.clone(), durable.clone(), batches, unflushed.clone()).run());
        let appender = Self {
            pool,
            durable,
            jobs,
            queue: VecDeque::new(),
            written,
            unflushed,
            known: Known::nothing(),
            doubtful: false,
            last: 0,
            connection: None,
        };
        tokio::spawn(appender.run());
    }

    async fn run(mut self) {
        while !self.queue.is_empty() || self.wait().await {
            self.gather().await;
            let most = self.share();
            let batch = take_batch(&mut self.queue, most);
            let commands = batch.len();
            self.write(batch).await;
            self.last = commands;
        }
    }

    /// Waits for a command; whether one came before every sender was gone.
    async fn wait(&mut self) -> bool {
        let job = match tokio::time::timeout(KEPT, self.jobs.recv()).await {
            Ok(job) => job,
            Err(_) => {
                self.connection = None;
                self.jobs.recv().await
            }
        };
        self.queue.extend(job);
        !self.queue.is_empty()
    }

    /// Takes what has queued. Those just answered are about to send their next command: they get their
    /// turn on the executor first, as long as more keep coming and the batch is not full.
    async fn gather(&mut self) {
        self.take_queued();
        while self.queue.len() < self.share() {
            let before = self.queue.len();
            tokio::task::yield_now().await;
            self.take_queued();
            if self.queue.len() == before {
                return;
            }
        }
    }

    /// How many commands are a batch: half of all that wait for an answer, where flushes follow later.
    /// While the database writes the one half, the other is flushed, answered, and decides what comes
    /// next; all in one batch would take turns with the database instead.
    fn share(&self) -> usize {
        if self.durable.is_behind() {
            (self.queue.len() + self.unflushed.count()).div_ceil(2).clamp(FEW, BATCH)
        } else {
            BATCH
        }
    }

    fn take_queued(&mut self) {
        while self.queue.len() < BATCH {
            match self.jobs.try_recv() {
                Ok(job) => self.queue.push_back(job),
                Err(_) => break,
            }
        }
    }

    async fn write(&mut self, mut batch: Vec<Job>) {
        while !batch.is_empty() {
            if let Err(error) = self.try_write(&mut batch).await {
                tracing::warn!(%error, commands = batch.len(), "append failed");
                self.connection = None;
                self.known.forget(None);
                leave_unknown(batch.drain(..), error);
            }
        }
    }

    /// Writes a batch. What is left in it was not written, and may yet be.
    async fn try_write(&mut self, batch: &mut Vec<Job>) -> Result<(), sqlx::Error> {
        let durable = self.durable.end();
        let outdated = batch.extract_if(.., |job| job.append.history.is_some_and(|h| h != durable.history));
        leave_unknown(outdated, "the log is not the one it was decided on");
        let head = self.known.tip((durable.position, durable.chain));
        let is_durable = self.waits_for_the_disk(batch.len());
        let Layout { columns, conflicts, after } = Layout::new(batch, head, &mut self.known, self.doubtful);
        if columns.is_empty() {
            self.settle(take_out(batch, &conflicts));
            return Ok(());
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.pool.acquire().await?),
        };
        let verdict = columns.append(connection, head, is_durable).await?;
        if let Verdict::Moved { continues: false, .. } = verdict {
            // Only what had not been flushed, or what this process took for the log's past.
            self.durable.catch_up(connection).await?;
        }
        if !self.durable.is_behind() {
            self.connection = None;
        }
        match verdict {
            Verdict::Appended => {
                let end = after.end;
                self.known.learn(after);
                self.doubtful = false;
                self.settle(take_out(batch, &conflicts));
                let jobs = std::mem::take(batch);
                let command = jobs.last().map(|job| job.append.meta.proof());
                let mut written = Written { jobs, after: head, end, command, is_durable };
                if is_durable {
                    written.answer();
                    self.durable.raise(end);
                } else {
                    self.unflushed.add(written.jobs.len());
                }
                // The flusher outlives this.
                let _ = self.written.send(written);
            }
            Verdict::Moved { end, .. } => self.known.forget(Some(end)),
            Verdict::Conflicts(found) => self.settle(take_out(batch, &(&found | &conflicts))),
            Verdict::Exists => {
                self.known.forget(Some(head));
                self.explain(batch).await?;
            }
        }
        Ok(())
    }

    /// Whether a batch waits for the disk itself: where few ask, they all are in it, and leaving the flush
    /// to later would only cost them a round trip.
    fn waits_for_the_disk(&self, commands: usize) -> bool {
        !self.durable.is_behind() || (commands.max(self.last) <= ALL && self.unflushed.count() == 0)
    }

    /// Answers the commands that lost a race: decided before, or to be decided again. The next batch does
    /// not wait for it.
    fn settle(&self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let (pool, durable) = (self.pool.clone(), self.durable.clone());
        tokio::spawn(async move {
            // What cannot be found out now is, when it is decided again.
            let decided = statement::decided(&pool, &durable, ids(&jobs)).await.unwrap_or_default();
            for Job { append, reply } in jobs {
                let answer = repeated(&append, &decided).unwrap_or(AppendError::Conflict);
                let _ = reply.send(Err(answer));
            }
        });
    }

    /// A key exists: answers the commands that were decided before; the others leave nothing to chance
    /// the next time.
    async fn explain(&mut self, batch: &mut Vec<Job>) -> Result<(), sqlx::Error> {
        let decided = statement::decided(&self.pool, &self.durable, ids(batch)).await?;
        if decided.is_empty() && self.doubtful {
            return Err(sqlx::Error::Protocol("a key exists in the log, and nothing tells why".into()));
        }
        self.doubtful = true;
        for Job { append, reply } in std::mem::take(batch) {
            match repeated(&append, &decided) {
                Some(answer) => drop(reply.send(Err(answer))),
                None => batch.push(Job { append, reply }),
            }
        }
        Ok(())
    }
}

/// Answers commands of which nobody knows whether they were written, or will last.
fn leave_unknown(jobs: impl Iterator<Item = Job>, error: impl std::fmt::Display) {
    let error = AppendError::Unavailable(error.to_string());
    for Job { reply, .. } in jobs {
        let _ = reply.send(Err(error.clone()));
    }
}

fn ids(batch: &[Job]) -> Vec<Uuid> {
    batch.iter().map(|job| job.append.meta.command_id).collect()
}

/// The answer to a command that was decided before.
fn repeated(append: &Append, decided: &HashMap<Uuid, Decided>) -> Option<AppendError> {
    let Decided { request_hash, outcome, position } = decided.get(&append.meta.command_id)?;
    if *request_hash != append.meta.request_hash {
        return Some(AppendError::CommandReused);
    }
    Some(match RawValue::from_string(outcome.clone()) {
        Ok(outcome) => AppendError::AlreadyDecided { outcome, position: position.unsigned_abs() },
        Err(error) => AppendError::Unavailable(error.to_string()),
    })
}

/// Takes the commands of these numbers out of a batch.
fn take_out(batch: &mut Vec<Job>, numbers: &HashSet<usize>) -> Vec<Job> {
    let mut number = 0..;
    batch.extract_if(.., |_| number.next().is_some_and(|number| numbers.contains(&number))).collect()
}

/// Takes at most so many commands for the next batch. One whose id is in it already waits for the next,
/// where the command log answers it.
fn take_batch(queue: &mut VecDeque<Job>, most: usize) -> Vec<Job> {
    let mut seen = HashSet::new();
    let mut later = VecDeque::new();
    let mut batch = Vec::with_capacity(most.min(queue.len()));
    while batch.len() < most
        && let Some(job) = queue.pop_front()
    {
        if seen.insert(job.append.meta.command_id) {
            batch.push(job);
        } else {
            later.push_back(job);
        }
    }
    later.append(queue);
    *queue = later;
    batch
}
