//! Group append: one task per process drains a queue into one transaction per batch.
//!
//! No artificial delay: what has queued while the last batch was being written is the next batch.
//! The chain is computed here on the head this process knows; the database checks that head under
//! the lock and answers with the true one when another process was faster.

mod batch;
mod statement;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use crate::append::{Append, AppendError, Receipt};
use batch::{Known, Layout};
use statement::{Decided, Verdict};

/// How many commands one transaction takes at the most.
const BATCH: usize = 256;

pub(crate) struct Job {
    pub append: Append,
    pub reply: oneshot::Sender<Result<Receipt, AppendError>>,
}

pub(crate) struct Appender {
    pool: PgPool,
    jobs: mpsc::Receiver<Job>,
    queue: VecDeque<Job>,
    published: watch::Sender<u64>,
    known: Known,
    /// Whether new streams are looked up too: after a key turned out to exist.
    doubtful: bool,
    /// Whether other processes may listen, and the database has connections to spare.
    shared: bool,
    /// The connection of the last batch, kept while commands keep coming: its server process has the
    /// log's pages and plans at hand.
    connection: Option<PoolConnection<Postgres>>,
    notified: Instant,
    /// Whether batches were written that nobody was notified of.
    untold: bool,
}

/// How often other processes are notified at the most: a notification per batch would wake every
/// listener hundreds of times a second. What falls between two is told a moment later.
const NOTIFY_EVERY: Duration = Duration::from_millis(10);

impl Appender {
    pub fn new(pool: PgPool, shared: bool, jobs: mpsc::Receiver<Job>, published: watch::Sender<u64>) -> Self {
        Self {
            pool,
            jobs,
            queue: VecDeque::new(),
            published,
            known: Known::nothing(),
            doubtful: false,
            shared,
            connection: None,
            notified: Instant::now(),
            untold: false,
        }
    }

    /// Runs until every sender is gone.
    pub async fn run(mut self) {
        while !self.queue.is_empty() || self.wait().await {
            self.drain().await;
            let batch = take_batch(&mut self.queue);
            self.write(batch).await;
        }
    }

    /// Waits for a command; whether one came before every sender was gone.
    async fn wait(&mut self) -> bool {
        let job = match tokio::time::timeout(NOTIFY_EVERY, self.jobs.recv()).await {
            Ok(job) => job,
            Err(_) => {
                self.tell().await;
                self.connection = None;
                self.jobs.recv().await
            }
        };
        self.queue.extend(job);
        !self.queue.is_empty()
    }

    fn is_time_to_notify(&self) -> bool {
        self.shared && self.notified.elapsed() >= NOTIFY_EVERY
    }

    /// Notifies other processes of what they were not told yet. A failure is no loss: they poll.
    async fn tell(&mut self) {
        if self.untold {
            let head = *self.published.borrow();
            let notify = sqlx::query("SELECT pg_notify('portail_log', $1)").bind(head.to_string());
            if let Err(error) = notify.execute(&self.pool).await {
                tracing::debug!(%error, "other processes were not notified");
            }
            self.notified = Instant::now();
            self.untold = false;
        }
    }

    /// Takes what has queued. Those answered by the last batch are about to send their next
    /// command: they get their turn on the executor first, as long as more keep coming. Without it
    /// every second batch would be one command and the rest would wait a flush longer.
    async fn drain(&mut self) {
        tokio::task::yield_now().await;
        loop {
            let before = self.queue.len();
            while self.queue.len() < BATCH {
                match self.jobs.try_recv() {
                    Ok(job) => self.queue.push_back(job),
                    Err(_) => break,
                }
            }
            if self.queue.len() == before || self.queue.len() >= BATCH {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn write(&mut self, mut batch: Vec<Job>) {
        while !batch.is_empty() {
            if let Err(error) = self.try_write(&mut batch).await {
                tracing::warn!(%error, commands = batch.len(), "append failed");
                self.connection = None;
                self.known.forget(None);
                let error = AppendError::Unavailable(error.to_string());
                for Job { reply, .. } in batch.drain(..) {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    /// Writes a batch. What is left in it was not written, and may yet be.
    async fn try_write(&mut self, batch: &mut Vec<Job>) -> Result<(), sqlx::Error> {
        let (head, tip) = self.known.tip();
        let notify = self.is_time_to_notify();
        let Layout { columns, conflicts, after } = Layout::new(batch, &mut self.known, self.doubtful);
        if columns.is_empty() {
            self.settle(take_out(batch, &conflicts));
            return Ok(());
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.pool.acquire().await?),
        };
        let verdict = columns.append(connection, head, notify).await?;
        if !self.shared {
            self.connection = None;
        }
        match verdict {
            Verdict::Appended => {
                self.known.learn(after);
                self.doubtful = false;
                self.untold = self.shared && !notify;
                if notify {
                    self.notified = Instant::now();
                }
                self.settle(take_out(batch, &conflicts));
                self.acknowledge(batch.drain(..), head);
            }
            Verdict::Moved(position, chain) => self.known.forget(Some((position, chain))),
            Verdict::Conflicts(found) => self.settle(take_out(batch, &(&found | &conflicts))),
            Verdict::Exists => {
                self.known.forget(Some((head, tip)));
                self.explain(batch).await?;
            }
        }
        Ok(())
    }

    /// Answers commands that were appended after `position`.
    fn acknowledge(&mut self, batch: impl Iterator<Item = Job>, mut position: u64) {
        for Job { append, reply } in batch {
            position += append.events.len() as u64;
            let event_ids = append.events.iter().map(|e| e.event_id).collect();
            // Nobody may be waiting any more.
            let _ = reply.send(Ok(Receipt { position, event_ids }));
        }
        self.published.send_if_modified(|head| {
            let ahead = *head < position;
            *head = position.max(*head);
            ahead
        });
    }

    /// Answers the commands that lost a race: decided before, or to be decided again. The next batch does
    /// not wait for it.
    fn settle(&self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let pool = self.pool.clone();
        tokio::spawn(async move {
            // What cannot be found out now is, when it is decided again.
            let decided = statement::decided(&pool, ids(&jobs)).await.unwrap_or_default();
            for Job { append, reply } in jobs {
                let answer = repeated(&append, &decided).unwrap_or(AppendError::Conflict);
                let _ = reply.send(Err(answer));
            }
        });
    }

    /// A key exists: answers the commands that were decided before; the others leave nothing to chance
    /// the next time.
    async fn explain(&mut self, batch: &mut Vec<Job>) -> Result<(), sqlx::Error> {
        let decided = statement::decided(&self.pool, ids(batch)).await?;
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

/// Takes the commands of the next batch; one whose id is in it already waits for the next, where
/// the command log answers it.
fn take_batch(queue: &mut VecDeque<Job>) -> Vec<Job> {
    let mut seen = HashSet::new();
    let mut later = VecDeque::new();
    let mut batch = Vec::with_capacity(queue.len());
    for job in queue.drain(..) {
        if seen.insert(job.append.meta.command_id) {
            batch.push(job);
        } else {
            later.push_back(job);
        }
    }
    *queue = later;
    batch
}
