//! The signed checkpoints a database stores: added as the log grows, never changed.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};

use super::{
    append_seals::sealing,
    checkpoint_folder::CheckpointFolder,
    merkle,
    proofs::{self, BLOCK},
    read_trail,
    signed_checkpoint::{Appends, Checkpoint, CheckpointSigner},
    signed_head::{SignedHead, newest_copy},
    signing_error::SigningError,
    signing_keys::{self, follow_keys, key_changes},
};
use crate::{append::append_key::AppendKey, log::durability::read_head};

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

/// What happens to events of which nothing proves that a server appended them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproved {
    /// Nothing is signed.
    IsRefused,
    /// They are signed, and the checkpoint says which they are: an operator has looked into it.
    IsAccepted,
}

/// Signs, stores and finds the checkpoints of a log.
#[derive(Debug, Clone)]
pub struct CheckpointStore {
    pool: PgPool,
    signer: CheckpointSigner,
    append_key: Option<AppendKey>,
    folder: Arc<OnceLock<CheckpointFolder>>,
    /// Why the last head was not signed: health and metrics say so.
    refused: Arc<Mutex<Option<String>>>,
}

impl CheckpointStore {
    /// The checkpoints in a database; new ones are signed by this signer.
    pub fn new(pool: PgPool, signer: CheckpointSigner) -> Self {
        Self { pool, signer, append_key: None, folder: Arc::default(), refused: Arc::default() }
    }

    /// The same, which signs only what the log's servers appended.
    #[must_use]
    pub fn proving(self, key: AppendKey) -> Self {
        Self { append_key: Some(key), ..self }
    }

    /// From here on nothing is signed that contradicts the copies of a folder.
    pub fn hold_against(&self, folder: CheckpointFolder) {
        // The first one stays: a server has one folder.
        let _ = self.folder.set(folder);
    }

    /// The signer of new checkpoints.
    pub fn signer(&self) -> &CheckpointSigner {
        &self.signer
    }

    /// The database they are in.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The reason why nothing is signed: the key is not the log's, or the log contradicts what was signed. None
    /// where all is well.
    ///
    /// # Errors
    /// The database failed.
    pub async fn refusal(&self) -> Result<Option<String>, SigningError> {
        match signing_keys::check_signing_key(&self.pool, &self.signer).await {
            Ok(()) => Ok(self.last_refusal()),
            Err(error @ SigningError::NotTheLogsKey { .. }) => Ok(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Why this process did not sign the head the last time; none where it did.
    pub fn last_refusal(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs the log's head, unless a checkpoint of it is stored already. Of several processes that do so at
    /// once, one writes.
    ///
    /// # Errors
    /// The database failed, the key is not the log's, or the log is not what was signed or appended.
    pub async fn sign_head(&self, now: DateTime<Utc>) -> Result<Option<Checkpoint>, SigningError> {
        self.sign_head_beside(now, None, Unproved::IsRefused).await
    }

    /// The same, held against one more copy: the newest one that somebody outside has. `unproved` is what happens
    /// to events of which nobody can prove that a server appended them.
    ///
    /// # Errors
    /// As [`Self::sign_head`].
    pub async fn sign_head_beside(
        &self,
        now: DateTime<Utc>,
        outside: Option<(String, String)>,
        unproved: Unproved,
    ) -> Result<Option<Checkpoint>, SigningError> {
        let signed = self.sign_verified(now, outside, unproved).await;
        let refused = match &signed {
            Err(
                error @ (SigningError::Violation(_) | SigningError::NoAppendKey | SigningError::Folder(_)),
            ) => Some(error.to_string()),
            // Whether the database answers is told elsewhere.
            Ok(_)
            | Err(SigningError::Database(_) | SigningError::Sign(_) | SigningError::NotTheLogsKey { .. }) => {
                None
            }
        };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
        signed
    }

    async fn sign_verified(
        &self,
        now: DateTime<Utc>,
        outside: Option<(String, String)>,
        unproved: Unproved,
    ) -> Result<Option<Checkpoint>, SigningError> {
        if read_head(&self.pool).await? == 0 {
            return Ok(None);
        }
        // Also where nothing is left to sign: the caller is told that the key is wrong.
        signing_keys::claim_signing_key(&self.pool, &self.signer).await?;
        let own = [self.signer.public_key().to_owned()];
        let keys = follow_keys(&own, &key_changes(&self.pool).await?)?;
        let mut copies = vec![];
        if let Some(folder) = self.folder.get() {
            copies.extend(newest_copy(folder, &keys)?);
        }
        if let Some((place, note)) = outside {
            copies.push(keys.read_copy(place, &note)?);
        }
        let SignedHead { last, from, verified } = SignedHead::of(&self.pool, &keys, &copies).await?;
        let size = verified.events();
        if size <= from.0 {
            return Ok(None);
        }
        let mut tx = self.pool.begin().await?;
        // The log may have got another key meanwhile.
        signing_keys::claim(&mut tx, size, &self.signer).await?;
        let is_required = last.is_some_and(|last| last.appends.is_sealed());
        let found = match &self.append_key {
            Some(key) => sealing(&mut tx, key, from, size, is_required).await?,
            None if is_required => return Err(SigningError::NoAppendKey),
            None => Appends::Unsealed,
        };
        let appends = match (unproved, found) {
            (Unproved::IsAccepted, Appends::Unproved { first, .. }) => {
                Appends::Unproved { first, last: size }
            }
            (Unproved::IsAccepted | Unproved::IsRefused, found) => found.or_violation()?,
        };
        self.close_blocks(&mut tx, size / BLOCK).await?;
        let checkpoint =
            self.signer.sign(size, &verified.tree.root(), read_trail::tip(&mut tx).await?, appends)?;
        let written = sqlx::query(
            "INSERT INTO log_checkpoint (size, note, subtrees, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(size.cast_signed())
        .bind(&checkpoint.note)
        .bind(verified.tree.subtrees().concat())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        // The signature stands for them from here on.
        sqlx::query("DELETE FROM append_seal WHERE position <= $1")
            .bind(size.cast_signed())
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
    /// As [`Self::sign_head`].
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
