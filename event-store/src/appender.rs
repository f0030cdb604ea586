//! Group append: one task per process drains a queue into one transaction per batch.
//!
//! No artificial delay: what has queued while the last batch was being written is the next batch.
//! The chain is computed here on the head this process knows; the database checks that head under
//! the lock and answers with the true one when another process was faster.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use sqlx::{PgPool, Row};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    append::{Append, AppendError, Receipt, StreamId},
    hashing::{self, GENESIS, Hash},
};

/// How many commands one transaction takes at the most.
const BATCH: usize = 256;

pub(crate) struct Job {
    pub append: Append,
    pub reply: oneshot::Sender<Result<Receipt, AppendError>>,
}

pub(crate) struct Appender {
    pool: PgPool,
    jobs: mpsc::Receiver<Job>,
    published: watch::Sender<u64>,
    /// The last known end of the log; none until the database told.
    tip: Option<(u64, Hash)>,
    /// Whether other processes may listen.
    shared: bool,
    notified: Instant,
    /// Whether batches were written that nobody was notified of.
    untold: bool,
}

/// How often other processes are notified at the most: a notification per batch would wake every
/// listener hundreds of times a second. What falls between two is told a moment later.
const NOTIFY_EVERY: Duration = Duration::from_millis(10);

enum Verdict {
    Appended,
    Moved(u64, Hash),
    Rejected { conflicts: HashSet<usize>, duplicates: HashSet<usize> },
}

impl Appender {
    pub fn new(pool: PgPool, shared: bool, jobs: mpsc::Receiver<Job>, published: watch::Sender<u64>) -> Self {
        Self { pool, jobs, published, tip: None, shared, notified: Instant::now(), untold: false }
    }

    /// Runs until every sender is gone.
    pub async fn run(mut self) {
        let mut queue = VecDeque::new();
        loop {
            if queue.is_empty() {
                match tokio::time::timeout(NOTIFY_EVERY, self.jobs.recv()).await {
                    Ok(Some(job)) => queue.push_back(job),
                    Ok(None) => return,
                    Err(_) => {
                        self.tell().await;
                        match self.jobs.recv().await {
                            Some(job) => queue.push_back(job),
                            None => return,
                        }
                    }
                }
            }
            self.drain(&mut queue).await;
            let batch = take_batch(&mut queue);
            self.write(batch).await;
        }
    }

    fn is_time_to_notify(&self) -> bool {
        self.shared && self.notified.elapsed() >= NOTIFY_EVERY
    }

    /// Notifies other processes of what they were not told yet. A failure is no loss: they poll.
    async fn tell(&mut self) {
        if let (true, Some((head, _))) = (self.untold, self.tip) {
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
    async fn drain(&mut self, queue: &mut VecDeque<Job>) {
        tokio::task::yield_now().await;
        loop {
            let before = queue.len();
            while queue.len() < BATCH {
                match self.jobs.try_recv() {
                    Ok(job) => queue.push_back(job),
                    Err(_) => break,
                }
            }
            if queue.len() == before || queue.len() == BATCH {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn write(&mut self, mut batch: Vec<Job>) {
        while !batch.is_empty() {
            match self.try_write(&batch).await {
                Ok(Verdict::Appended) => {
                    if self.is_time_to_notify() {
                        self.notified = Instant::now();
                        self.untold = false;
                    } else {
                        self.untold = self.shared;
                    }
                    self.acknowledge(batch);
                    return;
                }
                Ok(Verdict::Moved(position, chain)) => self.tip = Some((position, chain)),
                Ok(Verdict::Rejected { conflicts, duplicates }) => {
                    batch = self.reject(batch, &conflicts, &duplicates).await;
                }
                Err(error) => {
                    tracing::warn!(%error, commands = batch.len(), "append failed");
                    self.tip = None;
                    let error = AppendError::Unavailable(error.to_string());
                    for job in batch {
                        let _ = job.reply.send(Err(error.clone()));
                    }
                    return;
                }
            }
        }
    }

    async fn try_write(&self, batch: &[Job]) -> Result<Verdict, sqlx::Error> {
        let (head, mut chain) = match self.tip {
            Some(tip) => tip,
            None => (0, *GENESIS),
        };
        let mut columns = Columns::default();
        let mut versions: HashMap<&StreamId, u64> = HashMap::new();
        let mut conflicts = HashSet::new();
        let mut position = head;
        for (index, Job { append, .. }) in batch.iter().enumerate() {
            let mut checks = Vec::new();
            let mut fits = true;
            for (stream, expected) in append.reads.iter().chain(&append.writes) {
                match versions.get(stream) {
                    Some(version) => fits &= version == expected,
                    None => checks.push((stream, *expected)),
                }
            }
            if !fits {
                conflicts.insert(index);
                continue;
            }
            for (stream, expected) in checks {
                columns.check(stream, expected, index);
            }
            for event in &append.events {
                position += 1;
                chain = hashing::chain(&chain, position, &event.leaf);
                versions.insert(&event.stream, event.sequence);
                columns.event(append, event, position, &chain);
            }
            columns.command(append, position);
        }
        if !conflicts.is_empty() {
            return Ok(Verdict::Rejected { conflicts, duplicates: HashSet::new() });
        }
        let row = columns.send(&self.pool, head, self.is_time_to_notify()).await?;
        let verdict: &str = row.try_get("verdict")?;
        Ok(match verdict {
            "ok" => Verdict::Appended,
            "moved" => {
                let head: i64 = row.try_get("head")?;
                let tip: Option<Vec<u8>> = row.try_get("tip")?;
                let tip = tip.and_then(|t| t.try_into().ok()).unwrap_or(*GENESIS);
                Verdict::Moved(head.unsigned_abs(), tip)
            }
            _ => {
                let numbers = |column| -> Result<HashSet<usize>, sqlx::Error> {
                    let numbers: Option<Vec<i32>> = row.try_get(column)?;
                    let index = |n: i32| usize::try_from(n - 1).ok();
                    Ok(numbers.unwrap_or_default().into_iter().filter_map(index).collect())
                };
                Verdict::Rejected { conflicts: numbers("conflicts")?, duplicates: numbers("duplicates")? }
            }
        })
    }

    fn acknowledge(&mut self, batch: Vec<Job>) {
        let (mut position, mut chain) = self.tip.unwrap_or((0, *GENESIS));
        for Job { append, reply } in batch {
            for event in &append.events {
                position += 1;
                chain = hashing::chain(&chain, position, &event.leaf);
            }
            let event_ids = append.events.iter().map(|e| e.event_id).collect();
            let _ = reply.send(Ok(Receipt { position, event_ids }));
        }
        self.tip = Some((position, chain));
        self.published.send_if_modified(|head| {
            let ahead = *head < position;
            *head = position.max(*head);
            ahead
        });
    }

    /// Answers the rejected commands and returns the others.
    async fn reject(
        &self,
        batch: Vec<Job>,
        conflicts: &HashSet<usize>,
        duplicates: &HashSet<usize>,
    ) -> Vec<Job> {
        let mut rest = Vec::with_capacity(batch.len());
        for (index, job) in batch.into_iter().enumerate() {
            if duplicates.contains(&index) {
                let answer = self.first_outcome(&job.append).await;
                let _ = job.reply.send(Err(answer));
            } else if conflicts.contains(&index) {
                let _ = job.reply.send(Err(AppendError::Conflict));
            } else {
                rest.push(job);
            }
        }
        rest
    }

    async fn first_outcome(&self, append: &Append) -> AppendError {
        let query =
            "SELECT request_hash, outcome::text AS outcome, position FROM command_log WHERE command_id = $1";
        let found: Result<(Vec<u8>, String, i64), sqlx::Error> =
            sqlx::query_as(query).bind(append.meta.command_id).fetch_one(&self.pool).await;
        match found {
            Ok((hash, _, _)) if hash != append.meta.request_hash => AppendError::CommandReused,
            Ok((_, outcome, position)) => match serde_json::value::RawValue::from_string(outcome) {
                Ok(outcome) => AppendError::AlreadyDecided { outcome, position: position.unsigned_abs() },
                Err(error) => AppendError::Unavailable(error.to_string()),
            },
            Err(error) => AppendError::Unavailable(error.to_string()),
        }
    }
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

/// The arrays of one call of `append_events`.
#[derive(Default)]
struct Columns<'a> {
    c_id: Vec<uuid::Uuid>,
    c_hash: Vec<&'a [u8]>,
    c_outcome: Vec<&'a str>,
    c_position: Vec<i64>,
    c_at: Vec<chrono::DateTime<chrono::Utc>>,
    s_type: Vec<&'a str>,
    s_id: Vec<&'a str>,
    s_version: Vec<i64>,
    s_command: Vec<i32>,
    e_position: Vec<i64>,
    e_type: Vec<&'a str>,
    e_id: Vec<&'a str>,
    e_sequence: Vec<i64>,
    e_event_type: Vec<&'a str>,
    e_event_version: Vec<&'a str>,
    e_payload: Vec<&'a str>,
    e_metadata: Vec<&'a str>,
    e_event_id: Vec<uuid::Uuid>,
    e_at: Vec<chrono::DateTime<chrono::Utc>>,
    e_actor: Vec<&'a str>,
    e_command: Vec<uuid::Uuid>,
    e_correlation: Vec<uuid::Uuid>,
    e_causation: Vec<Option<uuid::Uuid>>,
    e_leaf: Vec<&'a [u8]>,
    e_chain: Vec<Vec<u8>>,
}

impl<'a> Columns<'a> {
    fn check(&mut self, stream: &'a StreamId, expected: u64, command: usize) {
        self.s_type.push(&stream.kind);
        self.s_id.push(&stream.id);
        self.s_version.push(expected.cast_signed());
        self.s_command.push(i32::try_from(command + 1).unwrap_or(i32::MAX));
    }

    fn command(&mut self, append: &'a Append, position: u64) {
        self.c_id.push(append.meta.command_id);
        self.c_hash.push(&append.meta.request_hash);
        self.c_outcome.push(append.outcome.get());
        self.c_position.push(position.cast_signed());
        self.c_at.push(append.meta.received_at);
    }

    fn event(
        &mut self,
        append: &'a Append,
        event: &'a crate::append::PreparedEvent,
        position: u64,
        chain: &Hash,
    ) {
        self.e_position.push(position.cast_signed());
        self.e_type.push(&event.stream.kind);
        self.e_id.push(&event.stream.id);
        self.e_sequence.push(event.sequence.cast_signed());
        self.e_event_type.push(&event.event.event_type);
        self.e_event_version.push(&event.event.event_version);
        self.e_payload.push(event.event.payload.get());
        self.e_metadata.push(event.metadata.get());
        self.e_event_id.push(event.event_id);
        self.e_at.push(event.recorded_at);
        self.e_actor.push(&append.meta.actor);
        self.e_command.push(append.meta.command_id);
        self.e_correlation.push(append.meta.correlation_id);
        self.e_causation.push(append.meta.causation_id);
        self.e_leaf.push(&event.leaf);
        self.e_chain.push(chain.to_vec());
    }

    async fn send(
        self,
        pool: &PgPool,
        head: u64,
        notify: bool,
    ) -> Result<sqlx::postgres::PgRow, sqlx::Error> {
        const CALL: &str = "SELECT * FROM append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
            $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)";
        sqlx::query(CALL)
            .bind(head.cast_signed())
            .bind(notify)
            .bind(self.c_id)
            .bind(self.c_hash)
            .bind(self.c_outcome)
            .bind(self.c_position)
            .bind(self.c_at)
            .bind(self.s_type)
            .bind(self.s_id)
            .bind(self.s_version)
            .bind(self.s_command)
            .bind(self.e_position)
            .bind(self.e_type)
            .bind(self.e_id)
            .bind(self.e_sequence)
            .bind(self.e_event_type)
            .bind(self.e_event_version)
            .bind(self.e_payload)
            .bind(self.e_metadata)
            .bind(self.e_event_id)
            .bind(self.e_at)
            .bind(self.e_actor)
            .bind(self.e_command)
            .bind(self.e_correlation)
            .bind(self.e_causation)
            .bind(self.e_leaf)
            .bind(self.e_chain)
            .fetch_one(pool)
            .await
    }
}
