//! What of the log is sure to survive. Appends commit without waiting for the disk, one flush follows for
//! all of them: what is read in the database may be ahead of the disk for a moment.

use sqlx::{PgExecutor, PgPool};
use tokio::sync::watch;

/// The log's durable end.
#[derive(Debug, Clone)]
pub(crate) struct Durable {
    /// None where every commit waits for the disk.
    flushed_by: Option<PgPool>,
    end: watch::Sender<u64>,
}

impl Durable {
    /// Of a log whose end is not known yet.
    pub fn new(flushed_by: Option<PgPool>) -> Self {
        Self { flushed_by, end: watch::Sender::new(0) }
    }

    /// Whether appends leave the flush to later.
    pub fn is_behind(&self) -> bool {
        self.flushed_by.is_some()
    }

    /// A receiver that wakes whenever the end moves.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    /// Whether nobody asks for it any more.
    pub fn is_closed(&self) -> bool {
        self.end.is_closed()
    }

    /// What a flush has covered.
    pub fn raise(&self, position: u64) {
        self.end.send_if_modified(|end| {
            let ahead = *end < position;
            *end = position.max(*end);
            ahead
        });
    }

    /// Waits until what was read in the database is durable, up to a position.
    ///
    /// # Errors
    /// The database failed, and may lose what was read.
    pub async fn reach(&self, position: u64) -> Result<(), sqlx::Error> {
        if *self.end.borrow() < position {
            self.flush().await?;
            self.raise(position);
        }
        Ok(())
    }

    /// Waits until everything that was read in the database is durable.
    ///
    /// # Errors
    /// The database failed, and may lose what was read.
    pub async fn flush(&self) -> Result<(), sqlx::Error> {
        match &self.flushed_by {
            Some(pool) => flush(pool, None).await,
            None => Ok(()),
        }
    }
}

/// Makes everything durable that a connection can see, and tells other processes of an end of the log.
///
/// A transaction that wrote to the write-ahead log waits for it up to its own end, and so for every
/// commit before. A message nobody reads is the smallest thing to write.
///
/// # Errors
/// The database failed, and may lose what was visible.
pub(crate) async fn flush(executor: impl PgExecutor<'_>, tell: Option<u64>) -> Result<(), sqlx::Error> {
    const FLUSH: &str = "SELECT pg_logical_emit_message(true, 'portail', '')";
    const FLUSH_AND_TELL: &str =
        "SELECT pg_logical_emit_message(true, 'portail', ''), pg_notify('portail_log', $1)";
    let query = match tell {
        Some(position) => sqlx::query(FLUSH_AND_TELL).bind(position.to_string()),
        None => sqlx::query(FLUSH),
    };
    query.execute(executor).await?;
    Ok(())
}
