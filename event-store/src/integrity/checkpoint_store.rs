//! The checkpoints of a database: made as the log grows, never changed.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};

use crate::integrity::merkle::{self, MerkleFrontier};
use crate::integrity::proofs::{self, BLOCK};
use crate::integrity::read_trail;
use crate::integrity::signed_checkpoint::{Checkpoint, CheckpointError, CheckpointSigner};
use crate::integrity::signing_keys;
use crate::log::durability::read_head;
use crate::log::hashing::Hash;

/// How many leaves are read at once.
const STRETCH: u64 = 64 * BLOCK;

/// A checkpoint cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] CheckpointError),
    /// The key is not the log's: nothing is signed with it.
    #[error(
        "the signing key {found} is not the log's, which is {expected}: nothing is signed. Put the log's key \
         back, or change it with `portail keys rotate-signing`"
    )]
    NotTheLogsKey {
        /// The log's key, as far as it is known: `name+id+key`, or `name+id`.
        expected: String,
        /// The key that was to sign.
        found: String,
    },
    /// Events are gone that a checkpoint was made of: nothing more is signed.
    #[error("the log ends at {head}, before its checkpoint of {size} events: run `portail audit verify`")]
    Shortened {
        /// The last position.
        head: u64,
        /// The last checkpoint's size.
        size: u64,
    },
}

/// A checkpoint as the database keeps it.
#[derive(Debug, Clone, FromRow)]
pub struct StoredCheckpoint {
    #[sqlx(try_from = "i64")]
    size: u64,
    /// The signed note, to the byte.
    pub note: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

impl StoredCheckpoint {
    /// How many events it is of.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Makes and finds the checkpoints of a log.
#[derive(Debug, Clone)]
pub struct CheckpointStore {
    pool: PgPool,
    signer: CheckpointSigner,
}

impl CheckpointStore {
    /// The checkpoints of a database, signed with a key.
    pub fn new(pool: PgPool, signer: CheckpointSigner) -> Self {
        Self { pool, signer }
    }

    /// Who signs.
    pub fn signer(&self) -> &CheckpointSigner {
        &self.signer
    }

    /// The database they are in.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Why nothing is signed: the key is not the log's. None where it is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn refusal(&self) -> Result<Option<String>, MakeError> {
        match signing_keys::check_signing_key(&self.pool, &self.signer).await {
            Ok(()) => Ok(None),
            Err(error @ MakeError::NotTheLogsKey { .. }) => Ok(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Signs the log's head, unless it was signed already. Of several processes that do so at once
    /// one writes.
    ///
    /// # Errors
    /// The database failed, or the log lost events.
    pub async fn make(&self, now: DateTime<Utc>) -> Result<Option<Checkpoint>, MakeError> {
        let mut tx = self.pool.begin().await?;
        let head = read_head(&mut *tx).await?;
        if head > 0 {
            // Also where nothing is left to sign: whoever asks for a checkpoint hears that the key is wrong.
            signing_keys::claim(&mut tx, head, &self.signer).await?;
        }
        let Some(frontier) = grown_frontier(&mut tx, head).await? else { return Ok(None) };
        self.close_blocks(&mut tx, head / BLOCK).await?;
        let checkpoint = self.signer.sign(head, &frontier.root(), read_trail::tip(&mut tx).await?)?;
        let written = sqlx::query(
            "INSERT INTO log_checkpoint (size, note, subtrees, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(head.cast_signed())
        .bind(&checkpoint.note)
        .bind(frontier.subtrees().concat())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok((written.rows_affected() == 1).then_some(checkpoint))
    }

    /// Keeps the roots of the blocks that are complete.
    async fn close_blocks(&self, connection: &mut PgConnection, whole: u64) -> Result<(), sqlx::Error> {
        let closed: Option<i64> =
            sqlx::query_scalar("SELECT max(number) FROM log_block").fetch_one(&mut *connection).await?;
        for number in closed.map_or(0, |n| n.unsigned_abs() + 1)..whole {
            let leaves = proofs::leaves(connection, number * BLOCK..(number + 1) * BLOCK).await?;
            sqlx::query("INSERT INTO log_block (number, root) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(number.cast_signed())
                .bind(merkle::root(&leaves).as_slice())
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    /// The last one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last(&self) -> Result<Option<StoredCheckpoint>, sqlx::Error> {
        let query = "SELECT size, note, made_at FROM log_checkpoint ORDER BY size DESC LIMIT 1";
        sqlx::query_as(query).fetch_optional(&self.pool).await
    }

    /// The first one that covers a position.
    ///
    /// # Errors
    /// The database failed.
    pub async fn covering(&self, position: u64) -> Result<Option<StoredCheckpoint>, sqlx::Error> {
        let query = "SELECT size, note, made_at FROM log_checkpoint WHERE size >= $1 ORDER BY size LIMIT 1";
        sqlx::query_as(query).bind(position.cast_signed()).fetch_optional(&self.pool).await
    }

    /// The first one that covers a position, made now where none does; none beyond the log's end.
    ///
    /// # Errors
    /// The database failed, or the log lost events.
    pub async fn cover(
        &self,
        position: u64,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredCheckpoint>, MakeError> {
        if let Some(kept) = self.covering(position).await? {
            return Ok(Some(kept));
        }
        self.make(now).await?;
        Ok(self.covering(position).await?)
    }

    /// Those of more events than so many, in order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn after(pool: &PgPool, size: u64, limit: u32) -> Result<Vec<StoredCheckpoint>, sqlx::Error> {
        let query = "SELECT size, note, made_at FROM log_checkpoint WHERE size > $1 ORDER BY size LIMIT $2";
        sqlx::query_as(query).bind(size.cast_signed()).bind(i64::from(limit)).fetch_all(pool).await
    }
}

/// The tree of the whole log, from its last checkpoint on; none where that is of the whole log already.
async fn grown_frontier(
    connection: &mut PgConnection,
    head: u64,
) -> Result<Option<MerkleFrontier>, MakeError> {
    let frontier = frontier(connection, head).await?;
    let signed: Option<i64> =
        sqlx::query_scalar("SELECT max(size) FROM log_checkpoint").fetch_one(connection).await?;
    Ok((signed.unwrap_or(0).unsigned_abs() < head).then_some(frontier))
}

/// The tree of the whole log, from its last checkpoint on.
pub(crate) async fn frontier(connection: &mut PgConnection, head: u64) -> Result<MerkleFrontier, MakeError> {
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT size, subtrees FROM log_checkpoint ORDER BY size DESC LIMIT 1")
            .fetch_optional(&mut *connection)
            .await?;
    let mut frontier = MerkleFrontier::default();
    if let Some((size, subtrees)) = last {
        let roots = subtrees.chunks(32).map(Hash::try_from).collect::<Result<_, _>>();
        let kept = roots.ok().and_then(|roots| MerkleFrontier::from_subtrees(size.unsigned_abs(), roots));
        frontier = kept.ok_or_else(|| sqlx::Error::Decode("the subtrees of a checkpoint".into()))?;
    }
    if head < frontier.size() {
        return Err(MakeError::Shortened { head, size: frontier.size() });
    }
    while frontier.size() < head {
        let from = frontier.size();
        let leaves = proofs::leaves(connection, from..head.min(from + STRETCH)).await?;
        if leaves.is_empty() {
            return Err(MakeError::Shortened { head: from, size: head });
        }
        leaves.into_iter().for_each(|leaf| frontier.push(leaf));
    }
    Ok(frontier)
}
