//! Group flush: while one flush runs, more batches commit, and the next covers them all. Commands are
//! answered and the head is published only then.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::sync::mpsc;

use super::{
    committed_batch::{CommittedBatch, UnflushedCommands},
    proofs::FlushProofs,
};
use crate::{
    append::job::answer_unavailable,
    log::durability::{self, CHANNEL, DurableHead, Place},
};

/// The answer to commands of a batch that a crash took back.
const LOST: &str = "the database lost it in a crash";

/// How many batches one flush covers at most.
const MAX_BATCHES: usize = 64;

/// How often other processes are notified at most: a notification per flush would wake every listener
/// hundreds of times a second. What falls between two is notified after this time.
const NOTIFY_EVERY: Duration = Duration::from_millis(10);

pub(super) struct Flusher {
    pool: PgPool,
    durable: DurableHead,
    committed: mpsc::UnboundedReceiver<CommittedBatch>,
    unflushed: Arc<UnflushedCommands>,
    /// Kept while batches keep coming.
    connection: Option<PoolConnection<Postgres>>,
    notified_at: Instant,
    /// The head that other processes were not notified of.
    pending_notification: Option<Place>,
}

impl Flusher {
    pub fn new(
        pool: PgPool,
        durable: DurableHead,
        committed: mpsc::UnboundedReceiver<CommittedBatch>,
        unflushed: Arc<UnflushedCommands>,
    ) -> Self {
        let notified_at = Instant::now();
        Self {
            pool,
            durable,
            committed,
            unflushed,
            connection: None,
            notified_at,
            pending_notification: None,
        }
    }

    /// Runs until the appender is gone.
    pub async fn run(mut self) {
        let mut batches = Vec::new();
        while self.wait(&mut batches).await {
            let commands = batches.iter().map(|batch| batch.jobs.len()).sum();
            match self.flush(&batches).await {
                Ok(proved) => {
                    for (mut batch, is_proved) in batches.drain(..).zip(proved) {
                        if is_proved {
                            batch.answer();
                        } else {
                            answer_unavailable(batch.jobs.into_iter(), LOST);
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, commands, "flush failed");
                    self.connection = None;
                    answer_unavailable(batches.drain(..).flat_map(|batch| batch.jobs), error);
                }
            }
            self.unflushed.remove(commands);
            if self.may_notify() {
                self.notify().await;
            }
        }
    }

    /// Makes batches durable, publishes the head, and notifies other processes where it is time to. Says
    /// which batches are in the log: a crash may have taken back what was committed and not flushed yet.
    async fn flush(&mut self, batches: &[CommittedBatch]) -> Result<Vec<bool>, sqlx::Error> {
        let Some(last) = batches.last() else { return Ok(vec![]) };
        let proofs = FlushProofs::new(batches);
        let mut pending = self.durable.defers_flush().then_some(last.end);
        let proved = if proofs.is_empty() {
            vec![true; batches.len()]
        } else {
            let notify = pending.take_if(|_| self.may_notify());
            let connection = match &mut self.connection {
                Some(connection) => connection,
                none => none.insert(self.pool.acquire().await?),
            };
            let found = durability::flush_and_prove(connection, proofs.query(batches), notify).await?;
            if notify.is_some() {
                self.notified_at = Instant::now();
            }
            proofs.proved(batches, &found)
        };
        let end =
            batches.iter().zip(&proved).rev().find_map(|(batch, is_proved)| is_proved.then_some(batch.end));
        match end {
            Some(end) => self.durable.advance_to(end),
            None => self.connection = None,
        }
        if proved.iter().all(|is_proved| *is_proved) {
            self.pending_notification = pending;
        } else {
            // Other processes are not notified of an end that is not there.
            tracing::warn!("the database lost what it had not flushed yet: its commands are asked for again");
        }
        Ok(proved)
    }

    /// Waits for batches; whether some came before the appender was gone.
    async fn wait(&mut self, batches: &mut Vec<CommittedBatch>) -> bool {
        let received =
            tokio::time::timeout(NOTIFY_EVERY, self.committed.recv_many(batches, MAX_BATCHES)).await;
        match received {
            Ok(count) => count > 0,
            Err(_) => {
                self.notify().await;
                self.connection = None;
                self.committed.recv_many(batches, MAX_BATCHES).await > 0
            }
        }
    }

    fn may_notify(&self) -> bool {
        self.notified_at.elapsed() >= NOTIFY_EVERY
    }

    /// Notifies other processes of the last head they were not notified of. A failure is no loss: they poll.
    async fn notify(&mut self) {
        if let Some(end) = self.pending_notification.take() {
            let text = durability::notification(end);
            let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(text);
            if let Err(error) = notify.execute(&self.pool).await {
                tracing::debug!(%error, "other processes were not notified");
            }
            self.notified_at = Instant::now();
        }
    }
}
