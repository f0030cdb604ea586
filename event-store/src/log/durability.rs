//! What of the log is durable. Appends commit without waiting for the disk and one flush follows for
//! several of them (decision 16): for about a millisecond the database shows more than the disk holds.
//!
//! What was read is flushed on the connection that read it (decision 22). A crash of the database ends
//! every connection; one that was opened after the recovery would flush, with success, what the crash took
//! back.

use sqlx::{PgConnection, PgExecutor, PgPool, Postgres, Row, pool::PoolConnection};
use tokio::sync::watch;

use super::hashing::{GENESIS, Hash, hex, parse_hex};

/// A position with the chain hash there: what tells this log from another one of the same length.
pub(crate) type Place = (u64, Hash);

/// An end of the log that survives a crash of the database, though not a restore of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last position.
    pub position: u64,
    /// The chain hash there.
    pub chain: Hash,
    /// How often the log turned out not to continue what this process knew of it. What was cached of
    /// another history is not valid.
    pub history: u64,
}

/// The durable head of the log, as this process knows it.
#[derive(Debug, Clone)]
pub(crate) struct DurableHead {
    defers_flush: bool,
    head: watch::Sender<Head>,
}

impl DurableHead {
    /// The head of an empty log; [`Self::catch_up`] reads the true one. `defers_flush`: whether commits
    /// leave the flush to later.
    pub fn new(defers_flush: bool) -> Self {
        let empty = Head { position: 0, chain: *GENESIS, history: 0 };
        Self { defers_flush, head: watch::Sender::new(empty) }
    }

    /// Whether appends commit without waiting for the disk and are flushed later.
    pub fn defers_flush(&self) -> bool {
        self.defers_flush
    }

    /// A receiver that wakes whenever the head moves.
    pub fn subscribe(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// Whether every receiver is gone.
    pub fn is_closed(&self) -> bool {
        self.head.is_closed()
    }

    /// The head.
    pub fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// Moves the head on to what a flush of this process or of another one has covered.
    pub fn advance_to(&self, (position, chain): Place) {
        self.head.send_if_modified(|head| {
            let is_ahead = head.position < position;
            if is_ahead {
                *head = Head { position, chain, ..*head };
            }
            is_ahead
        });
    }

    /// Waits until what was read on a connection, up to a place, is durable.
    ///
    /// # Errors
    /// The database failed, and may lose what was read.
    pub async fn wait_for(&self, connection: &mut PgConnection, last: Place) -> Result<(), sqlx::Error> {
        if self.head().position < last.0 {
            self.flush(connection).await?;
            self.advance_to(last);
        }
        Ok(())
    }

    /// Waits until everything that a connection has read is durable.
    ///
    /// # Errors
    /// The database failed, and may lose what was read.
    pub async fn flush(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.defers_flush { flush(connection).await } else { Ok(()) }
    }

    /// Reads where the log ends, and whether it continues the head known so far: after a restore to an
    /// earlier point, or a failover to a standby that was behind, it does not.
    ///
    /// # Errors
    /// The database failed.
    pub async fn catch_up(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        const LOOK: &str = "SELECT position, chain, \
               coalesce((SELECT e.chain = $2 FROM events e WHERE e.position = $1), false) \
             FROM events ORDER BY position DESC LIMIT 1";
        let known = self.head();
        let found: Option<(i64, Vec<u8>, bool)> = sqlx::query_as(LOOK)
            .bind(known.position.cast_signed())
            .bind(known.chain)
            .fetch_optional(&mut *connection)
            .await?;
        let (head, continues) = match found {
            Some((position, chain, continues)) => ((position.unsigned_abs(), chain_hash(chain)?), continues),
            None => ((0, *GENESIS), false),
        };
        if head == (known.position, known.chain) {
            return Ok(());
        }
        self.flush(connection).await?;
        if continues || known.position == 0 {
            self.advance_to(head);
        } else {
            self.replace(known, head);
        }
        Ok(())
    }

    /// The log does not continue what was known of it: it ends here.
    fn replace(&self, known: Head, (position, chain): Place) {
        let is_replaced = self.head.send_if_modified(|head| {
            let is_first = head.history == known.history;
            if is_first {
                *head = Head { position, chain, history: known.history + 1 };
            }
            is_first
        });
        if is_replaced {
            tracing::error!(
                known = known.position,
                position,
                "the log does not go on from where it was: it was restored to an earlier point, or lost events"
            );
        }
    }
}

/// A chain hash, as the database returns it.
pub(crate) fn chain_hash(bytes: Vec<u8>) -> Result<Hash, sqlx::Error> {
    bytes.try_into().map_err(|_| sqlx::Error::Decode("a place in the chain has 32 bytes".into()))
}

/// What a flush is asked to find in the log and to make durable.
#[derive(Debug, Default)]
pub(crate) struct FlushQuery {
    /// Positions, with the chain hash each must have.
    pub positions: Vec<i64>,
    /// Those chain hashes.
    pub chains: Vec<Hash>,
    /// Commands without an event, with the time each was recorded at.
    pub commands: Vec<uuid::Uuid>,
    /// Those times.
    pub times: Vec<chrono::DateTime<chrono::Utc>>,
}

/// What a flush found: numbers of the query's lists, from 1.
#[derive(Debug)]
pub(crate) struct FlushResult {
    /// The positions with their chain hash.
    pub places: Vec<i32>,
    /// The commands.
    pub commands: Vec<i32>,
}

/// Flushes, says what of the query the log holds, and notifies other processes of a head if it holds all:
/// in one transaction, so that nothing can be lost between the two.
///
/// A transaction that wrote to the write-ahead log waits for it up to its own end, and so for every commit
/// before. A message that nobody reads is the smallest thing to write.
///
/// # Errors
/// The database failed: nothing is proved.
pub(crate) async fn flush_and_prove(
    connection: &mut PgConnection,
    query: FlushQuery,
    notify: Option<Place>,
) -> Result<FlushResult, sqlx::Error> {
    let row = sqlx::query("SELECT places, commands FROM flush_log($1, $2, $3, $4, $5)")
        .bind(query.positions)
        .bind(query.chains)
        .bind(query.commands)
        .bind(query.times)
        .bind(notify.map(notification))
        .fetch_one(connection)
        .await?;
    Ok(FlushResult { places: row.try_get("places")?, commands: row.try_get("commands")? })
}

/// Makes everything durable that a connection has read.
///
/// # Errors
/// The database failed, and may lose what was read.
pub(crate) async fn flush(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_logical_emit_message(true, 'portail', '')").execute(connection).await?;
    Ok(())
}

/// The last position of a log; 0 while it is empty. It may not be durable yet.
///
/// # Errors
/// The database failed.
pub async fn read_head(executor: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let head: Option<i64> =
        sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(executor).await?;
    Ok(head.unwrap_or(0).unsigned_abs())
}

/// The last position of a log, durable, on a connection on which what is read is durable too.
///
/// # Errors
/// The database failed.
pub(crate) async fn durable_head(pool: &PgPool) -> Result<(u64, PoolConnection<Postgres>), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let head = read_head(&mut *connection).await?;
    flush(&mut connection).await?;
    Ok((head, connection))
}

/// The channel on which processes notify each other of the head.
pub(crate) const CHANNEL: &str = "portail_log";

/// The text that notifies other processes of a head.
pub(crate) fn notification((position, chain): Place) -> String {
    format!("{position} {}", hex(&chain))
}

/// The head of a notification.
pub(crate) fn parse_notification(text: &str) -> Option<Place> {
    let (position, chain) = text.split_once(' ')?;
    Some((position.parse().ok()?, parse_hex(chain)?))
}
