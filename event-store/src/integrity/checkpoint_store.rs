//! The signed checkpoints a database stores: added as the log grows, never changed.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};

use super::{
    frontier::{SigningError, frontier},
    merkle::{self, MerkleFrontier},
    proofs::{self, BLOCK},
    read_trail,
    signed_checkpoint::{Checkpoint, CheckpointSigner},
    signing_keys,
};
use crate::log::durability::read_head;

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
    /// How many events it covers.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Signs, stores and finds the checkpoints of a log.
#[derive(Debug, Clone)]
pub struct CheckpointStore {
    pool: PgPool,
    signer: CheckpointSigner,
}

impl CheckpointStore {
    /// The checkpoints in a database; new ones are signed by this signer.
    pub fn new(pool: PgPool, signer: CheckpointSigner) -> Self {
        Self { pool, signer }
    }

    /// The signer of new checkpoints.
    pub fn signer(&self) -> &CheckpointSigner {
        &self.signer
    }

    /// The database they are in.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The reason why nothing is signed: the key is not the log's. None where it is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn refusal(&self) -> Result<Option<String>, SigningError> {
        match signing_keys::check_signing_key(&self.pool, &self.signer).await {
            Ok(()) => Ok(None),
            Err(error @ SigningError::NotTheLogsKey { .. }) => Ok(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Signs the log's head, unless a checkpoint of it is stored already. Of several processes that do so at
    /// once, one writes.
    ///
    /// # Errors
    /// The database failed, or the log lost events.
    pub async fn sign_head(&self, now: DateTime<Utc>) -> Result<Option<Checkpoint>, SigningError> {
        let mut tx = self.pool.begin().await?;
        let head = read_head(&mut *tx).await?;
        if head > 0 {
            // Also where nothing is left to sign: the caller is told that the key is wrong.
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

    /// Stores the roots of the blocks that are complete.
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

    /// The checkpoint of the most events.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last(&self) -> Result<Option<StoredCheckpoint>, sqlx::Error> {
        let query = "SELECT size, note, made_at FROM log_checkpoint ORDER BY size DESC LIMIT 1";
        sqlx::query_as(query).fetch_optional(&self.pool).await
    }

    /// The first checkpoint that covers a position.
    ///
    /// # Errors
    /// The database failed.
    pub async fn covering(&self, position: u64) -> Result<Option<StoredCheckpoint>, sqlx::Error> {
        let query = "SELECT size, note, made_at FROM log_checkpoint WHERE size >= $1 ORDER BY size LIMIT 1";
        sqlx::query_as(query).bind(position.cast_signed()).fetch_optional(&self.pool).await
    }

    /// The first checkpoint that covers a position, signed now where none does; none beyond the log's end.
    ///
    /// # Errors
    /// The database failed, or the log lost events.
    pub async fn covering_or_signed(
        &self,
        position: u64,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredCheckpoint>, SigningError> {
        if let Some(kept) = self.covering(position).await? {
            return Ok(Some(kept));
        }
        self.sign_head(now).await?;
        Ok(self.covering(position).await?)
    }

    /// Checkpoints of more events than `size`, in order.
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
) -> Result<Option<MerkleFrontier>, SigningError> {
    let frontier = frontier(connection, head).await?;
    let signed: Option<i64> =
        sqlx::query_scalar("SELECT max(size) FROM log_checkpoint").fetch_one(connection).await?;
    Ok((signed.unwrap_or(0).unsigned_abs() < head).then_some(frontier))
}
