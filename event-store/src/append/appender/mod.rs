//! Group append: one task per process drains a queue into one transaction per batch.
//!
//! There is no artificial delay: what has queued while the last batch was being written is the next batch.
//! The chain is computed here on the head this process knows; the database checks that head under its lock
//! and answers with the true one when another process was faster (decision 15). Under load a batch commits
//! without waiting for the disk, and the [flusher] answers it once it is durable (decision 16).

mod committed_batch;
mod flusher;
mod layout;
mod proofs;
mod repeated;
mod statement;

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::sync::mpsc;

use super::{
    append_key::AppendKey,
    counts::AppendCounters,
    job::{Job, answer_unavailable},
    request::AppendError,
};
use crate::log::durability::DurableHead;
use committed_batch::{CommittedBatch, UnflushedCommands};
use flusher::Flusher;
use layout::{KnownLog, Layout};
use repeated::{repetition, stored_outcomes};
use statement::Verdict;

/// How many commands one transaction takes at most.
const MAX_BATCH: usize = 256;

/// How many commands a batch takes at least, where so many wait, while other batches are being flushed.
const MIN_BATCH_WHILE_FLUSHING: usize = 12;

/// The largest batch that waits for the disk itself: where so few ask they are all in it, and a separate
/// flush would only cost them a round trip.
const MAX_SYNCHRONOUS_BATCH: usize = 8;

/// How long the connection is kept while no command comes.
const KEEP_CONNECTION: Duration = Duration::from_secs(1);

pub(crate) struct Appender {
    pool: PgPool,
    durable: DurableHead,
    key: AppendKey,
    jobs: mpsc::Receiver<Job>,
    queue: VecDeque<Job>,
    committed: mpsc::UnboundedSender<CommittedBatch>,
    unflushed: Arc<UnflushedCommands>,
    known: KnownLog,
    /// Whether new streams are checked too: after a key turned out to exist.
    checks_new_streams: bool,
    /// How many commands the last batch had.
    last_batch: usize,
    /// The connection of the last batch, kept while commands keep coming: its server process has the
    /// log's pages and plans at hand.
    connection: Option<PoolConnection<Postgres>>,
    counters: Arc<AppendCounters>,
}

impl Appender {
    /// Starts it; it runs until the sender of jobs is gone. What it counts is returned.
    pub fn start(
        pool: PgPool,
        durable: DurableHead,
        key: AppendKey,
        jobs: mpsc::Receiver<Job>,
    ) -> Arc<AppendCounters> {
        let (committed, batches) = mpsc::unbounded_channel();
        let unflushed = Arc::<UnflushedCommands>::default();
        let counters = Arc::<AppendCounters>::default();
        tokio::spawn(Flusher::new(pool.clone(), durable.clone(), batches, unflushed.clone()).run());
        let appender = Self {
            pool,
            durable,
            key,
            jobs,
            queue: VecDeque::new(),
            committed,
            unflushed,
            known: KnownLog::new(),
            checks_new_streams: false,
            last_batch: 0,
            connection: None,
            counters: counters.clone(),
        };
        tokio::spawn(appender.run());
        counters
    }

    async fn run(mut self) {
        while !self.queue.is_empty() || self.wait().await {
            self.gather().await;
            let limit = self.batch_limit();
            let batch = take_batch(&mut self.queue, limit);
            let commands = batch.len();
            self.write(batch).await;
            self.last_batch = commands;
        }
    }

    /// Waits for a command; whether one came before every sender was gone.
    async fn wait(&mut self) -> bool {
        let job = match tokio::time::timeout(KEEP_CONNECTION, self.jobs.recv()).await {
            Ok(job) => job,
            Err(_) => {
                self.connection = None;
                self.jobs.recv().await
            }
        };
        self.queue.extend(job);
        !self.queue.is_empty()
    }

    /// Takes what has queued. Callers just answered are about to send their next command: they get their
    /// turn on the executor first, as long as more keep coming and the batch is not full.
    async fn gather(&mut self) {
        self.take_queued();
        while self.queue.len() < self.batch_limit() {
            let before = self.queue.len();
            tokio::task::yield_now().await;
            self.take_queued();
            if self.queue.len() == before {
                return;
            }
        }
    }

    /// How many commands the next batch takes: half of all that wait for an answer, where flushes follow
    /// later. While the database writes the one half, the other is flushed, answered, and decides its next
    /// commands; all in one batch would take turns with the database instead.
    fn batch_limit(&self) -> usize {
        if self.durable.defers_flush() {
            let half = (self.queue.len() + self.unflushed.count()).div_ceil(2);
            half.clamp(MIN_BATCH_WHILE_FLUSHING, MAX_BATCH)
        } else {
            MAX_BATCH
        }
    }

    fn take_queued(&mut self) {
        while self.queue.len() < MAX_BATCH {
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
                self.counters.count_failure();
                self.connection = None;
                self.known.reset(None);
                answer_unavailable(batch.drain(..), error);
            }
        }
    }

    /// Writes a batch. What is left in it was not written, and may yet be.
    async fn try_write(&mut self, batch: &mut Vec<Job>) -> Result<(), sqlx::Error> {
        let durable = self.durable.head();
        let outdated = batch.extract_if(.., |job| job.append.history.is_some_and(|h| h != durable.history));
        answer_unavailable(outdated, "the log is not the one it was decided on");
        let head = self.known.head((durable.position, durable.chain));
        let is_durable = self.waits_for_the_disk(batch.len());
        let Layout { call, conflicts, after } =
            Layout::new(batch, head, &self.key, &mut self.known, self.checks_new_streams);
        if call.is_empty() {
            self.answer_conflicts(take_out(batch, &conflicts));
            return Ok(());
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.pool.acquire().await?),
        };
        let verdict = call.append(connection, head, is_durable).await?;
        if let Verdict::Moved { continues: false, .. } = verdict {
            // A crash or a restore took events back that this process knew of.
            self.durable.catch_up(connection).await?;
        }
        if !self.durable.defers_flush() {
            self.connection = None;
        }
        match verdict {
            Verdict::Appended => {
                let end = after.head;
                self.known.learn(after);
                self.checks_new_streams = false;
                self.answer_conflicts(take_out(batch, &conflicts));
                let jobs = std::mem::take(batch);
                self.counters.count_batch(jobs.len(), end.0 - head.0);
                let command = jobs.last().map(|job| job.append.meta.key());
                let mut committed = CommittedBatch { jobs, before: head, end, command, is_durable };
                if is_durable {
                    committed.answer();
                    self.durable.advance_to(end);
                } else {
                    self.unflushed.add(committed.jobs.len());
                }
                // The flusher outlives this task.
                let _ = self.committed.send(committed);
            }
            Verdict::Moved { head, .. } => self.known.reset(Some(head)),
            Verdict::Conflicts(found) => self.answer_conflicts(take_out(batch, &(&found | &conflicts))),
            Verdict::KeyExists => {
                self.known.reset(Some(head));
                self.answer_repetitions(batch).await?;
            }
        }
        Ok(())
    }

    /// Whether a batch waits for the disk itself.
    fn waits_for_the_disk(&self, commands: usize) -> bool {
        let is_small = commands.max(self.last_batch) <= MAX_SYNCHRONOUS_BATCH;
        !self.durable.defers_flush() || (is_small && self.unflushed.count() == 0)
    }

    /// Answers commands that lost a race: decided before, or to be decided again. The next batch does not
    /// wait for it.
    fn answer_conflicts(&self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let (pool, durable) = (self.pool.clone(), self.durable.clone());
        tokio::spawn(async move {
            // A repetition that is not recognised now is recognised when it is decided again.
            let stored = stored_outcomes(&pool, &durable, &jobs).await.unwrap_or_default();
            for Job { append, reply } in jobs {
                let answer = repetition(&append, &stored).unwrap_or(AppendError::Conflict);
                let _ = reply.send(Err(answer));
            }
        });
    }

    /// A key exists: answers the commands that were decided before, and has new streams checked for the
    /// others, which stay in the batch.
    async fn answer_repetitions(&mut self, batch: &mut Vec<Job>) -> Result<(), sqlx::Error> {
        let stored = stored_outcomes(&self.pool, &self.durable, batch).await?;
        if stored.is_empty() && self.checks_new_streams {
            return Err(sqlx::Error::Protocol("a key exists in the log, and nothing tells why".into()));
        }
        self.checks_new_streams = true;
        for Job { append, reply } in std::mem::take(batch) {
            match repetition(&append, &stored) {
                Some(answer) => drop(reply.send(Err(answer))),
                None => batch.push(Job { append, reply }),
            }
        }
        Ok(())
    }
}

/// Takes the commands with these indices out of a batch.
fn take_out(batch: &mut Vec<Job>, indices: &HashSet<usize>) -> Vec<Job> {
    let mut index = 0..;
    batch.extract_if(.., |_| index.next().is_some_and(|index| indices.contains(&index))).collect()
}

/// Takes at most so many commands for the next batch. One whose id is in it already waits for the next
/// batch, where the command log answers it.
fn take_batch(queue: &mut VecDeque<Job>, limit: usize) -> Vec<Job> {
    let mut seen = HashSet::new();
    let mut later = VecDeque::new();
    let mut batch = Vec::with_capacity(limit.min(queue.len()));
    while batch.len() < limit
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
