//! What of the log is sure to survive. Appends commit without waiting for the disk, one flush follows for
//! all of them: what is read in the database may be ahead of the disk for a moment.
//!
//! What was read is flushed on the connection that read it. A crash of the database ends every connection;
//! one that was opened after its recovery would flush, with success, what the crash took back.

use sqlx::{PgConnection, PgPool, Postgres, Row, pool::PoolConnection};
use tokio::sync::watch;

use crate::log::hashing::{GENESIS, Hash};

/// An end of the log that survives whatever befalls the database, short of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last position.
    pub position: u64,
    /// The chain's end there.
    pub chain: Hash,
    /// How often the log turned out not to go on from what this process knew of it. What was remembered
    /// of another history is worth nothing.
    pub history: u64,
}

/// The log's durable end.
#[derive(Debug, Clone)]
pub(crate) struct Durable {
    /// Whether commits leave the flush to later.
    is_behind: bool,
    end: watch::Sender<Head>,
}

impl Durable {
    /// Of a log whose end is not known yet.
    pub fn new(is_behind: bool) -> Self {
        Self { is_behind, end: watch::Sender::new(Head { position: 0, chain: *GENESIS, history: 0 }) }
    }

    /// Whether appends leave the flush to later.
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// A receiver that wakes whenever the end moves.
    pub fn subscribe(&self) -> watch::Receiver<Head> {
        self.end.subscribe()
    }

    /// Whether nobody asks for it any more.
    pub fn is_closed(&self) -> bool {
        self.end.is_closed()
    }

    /// The end.
    pub fn end(&self) -> Head {
        *self.end.borrow()
    }

    /// What a flush has covered, or another process says its flush has.
    pub fn raise(&self, (position, chain): (u64, Hash)) {
        self.end.send_if_modified(|end| {
            let ahead = end.position < position;
            if ahead {
                *end = Head { position, chain, ..*end };
            }
            ahead
        });
    }

    /// Waits until what was read on a connection is durable, up to a position with its place in the chain.
    ///
    /// # Errors
    /// The database failed, and may lose what was read.
    pub async fn reach(&self, connection: &mut PgConnection, last: (u64, Hash)) -> Result<(), sqlx::Error> {
        if self.end().position < last.0 {
            self.flush(connection).await?;
            self.raise(last);
        }
        Ok(())
    }

    /// Waits until everything that a connection has read is durable.
    ///
    /// # Errors
    /// The database failed, and may lose what was read.
    pub async fn flush(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.is_behind { flush(connection).await } else { Ok(()) }
    }

    /// Learns where the log ends, and whether it still goes on from the end known so far: after a restore
    /// to an earlier point, or a failover to a server that was behind, it does not.
    ///
    /// # Errors
    /// The database failed.
    pub async fn catch_up(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        const LOOK: &str = "SELECT position, chain, \
               coalesce((SELECT e.chain = $2 FROM events e WHERE e.position = $1), false) \
             FROM events ORDER BY position DESC LIMIT 1";
        let known = self.end();
        let found: Option<(i64, Vec<u8>, bool)> = sqlx::query_as(LOOK)
            .bind(known.position.cast_signed())
            .bind(known.chain)
            .fetch_optional(&mut *connection)
            .await?;
        let (head, goes_on) = match found {
            Some((position, chain, goes_on)) => ((position.unsigned_abs(), hash(chain)?), goes_on),
            None => ((0, *GENESIS), false),
        };
        if head == (known.position, known.chain) {
            return Ok(());
        }
        self.flush(connection).await?;
        if goes_on || known.position == 0 {
            self.raise(head);
        } else {
            self.replace(known, head);
        }
        Ok(())
    }

    /// The log is another one than was known: it ends here.
    fn replace(&self, known: Head, (position, chain): (u64, Hash)) {
        let replaced = self.end.send_if_modified(|end| {
            let first = end.history == known.history;
            if first {
                *end = Head { position, chain, history: known.history + 1 };
            }
            first
        });
        if replaced {
            tracing::error!(
                known = known.position,
                position,
                "the log does not go on from where it was: it was restored to an earlier point, or lost events"
            );
        }
    }
}

/// A place in the chain, as the database has it.
pub(crate) fn hash(bytes: Vec<u8>) -> Result<Hash, sqlx::Error> {
    bytes.try_into().map_err(|_| sqlx::Error::Decode("a place in the chain has 32 bytes".into()))
}

/// What is to be proved to be in the log, and made durable.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    /// Positions with their places in the chain.
    pub positions: Vec<i64>,
    pub chains: Vec<Hash>,
    /// Commands without an event, with their time.
    pub commands: Vec<uuid::Uuid>,
    pub times: Vec<chrono::DateTime<chrono::Utc>>,
}

/// Which of them are: numbers, from 1.
#[derive(Debug)]
pub(crate) struct Proved {
    pub places: Vec<i32>,
    pub commands: Vec<i32>,
}

/// Makes everything durable that the log holds of what is to be proved, says what that is, and tells other
/// processes of an end if it is everything: all in one transaction.
///
/// A transaction that wrote to the write-ahead log waits for it up to its own end, and so for every
/// commit before. A message nobody reads is the smallest thing to write.
///
/// # Errors
/// The database failed: nothing is proved.
pub(crate) async fn prove(
    connection: &mut PgConnection,
    proofs: Proofs,
    tell: Option<(u64, Hash)>,
) -> Result<Proved, sqlx::Error> {
    let row = sqlx::query("SELECT places, commands FROM flush_log($1, $2, $3, $4, $5)")
        .bind(proofs.positions)
        .bind(proofs.chains)
        .bind(proofs.commands)
        .bind(proofs.times)
        .bind(tell.map(told))
        .fetch_one(connection)
        .await?;
    Ok(Proved { places: row.try_get("places")?, commands: row.try_get("commands")? })
}

/// Makes everything durable that a connection has read.
///
/// # Errors
/// The database failed, and may lose what was read.
pub(crate) async fn flush(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_logical_emit_message(true, 'portail', '')").execute(connection).await?;
    Ok(())
}

/// The last position of a log, durable, on a connection on which what is read is durable too.
///
/// # Errors
/// The database failed.
pub(crate) async fn head(pool: &PgPool) -> Result<(u64, PoolConnection<Postgres>), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let head = crate::event_log::read_head(&mut *connection).await?;
    flush(&mut connection).await?;
    Ok((head, connection))
}

/// What other processes are notified of: an end of the log.
pub(crate) fn told((position, chain): (u64, Hash)) -> String {
    format!("{position} {}", crate::log::hashing::hex(&chain))
}

/// An end of the log of a notification.
pub(crate) fn heard(text: &str) -> Option<(u64, Hash)> {
    let (position, chain) = text.split_once(' ')?;
    Some((position.parse().ok()?, crate::log::hashing::of_hex(chain)?))
}
