//! Files beside the log: sealed piece by piece as they arrive, so that an upload can be resumed
//! where it broke off, and named in events by their hash only.

use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::log::hashing::hex;
use crate::secrets::vault::{SealedBytes, Vault, VaultError};

/// The largest file, in bytes.
pub const MAX_ATTACHMENT_SIZE: u64 = 10 * 1024 * 1024;

/// A file cannot be taken or given.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It cannot be sealed or opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// No such upload, or it is finished.
    #[error("no such upload")]
    Unknown,
    /// The piece does not begin where the upload stands.
    #[error("the upload stands at {0}")]
    Offset(u64),
    /// Larger than announced, or than allowed.
    #[error("too large")]
    TooLarge,
    /// Empty.
    #[error("empty")]
    Empty,
}

/// An unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: Uuid,
    /// The family it belongs to, or the town.
    pub subject: String,
    /// The purpose of the subject's key that seals it.
    pub purpose: String,
    /// Its whole size.
    pub size: u64,
    /// How much has arrived.
    pub received: u64,
}

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAttachment {
    /// Its id.
    pub id: Uuid,
    /// The family it belongs to, or the town.
    pub subject: String,
    /// What it is, by its content.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

#[derive(FromRow)]
struct AttachmentRow {
    id: Uuid,
    subject: String,
    purpose: String,
    name: Vec<u8>,
    size: i64,
    received: i64,
    media_type: Option<String>,
    sha256: Option<String>,
}

impl AttachmentRow {
    fn stored(self) -> Option<StoredAttachment> {
        Some(StoredAttachment {
            id: self.id,
            subject: self.subject,
            media_type: self.media_type?,
            size: self.size.unsigned_abs(),
            sha256: self.sha256?,
        })
    }
}

const COLUMNS: &str = "id, subject, purpose, name, size, received, media_type, sha256";

/// The files of a database.
#[derive(Debug, Clone)]
pub struct Attachments {
    pool: PgPool,
    vault: Vault,
}

impl Attachments {
    /// The files of a database, sealed by a vault.
    pub fn new(pool: PgPool, vault: Vault) -> Self {
        Self { pool, vault }
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// Empty, too large, or the database failed.
    pub async fn begin(
        &self,
        (subject, purpose): (&str, &str),
        name: &str,
        size: u64,
        uploaded_by: &str,
    ) -> Result<Upload, AttachmentError> {
        if size == 0 {
            return Err(AttachmentError::Empty);
        }
        if size > MAX_ATTACHMENT_SIZE {
            return Err(AttachmentError::TooLarge);
        }
        let id = Uuid::now_v7();
        let sealed =
            self.vault.seal(subject, purpose, &format!("attachment/{id}/name"), name.as_bytes()).await?;
        sqlx::query(
            "INSERT INTO attachment (id, subject, name, size, uploaded_by, purpose) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id)
        .bind(subject)
        .bind(sealed.joined())
        .bind(size.cast_signed())
        .bind(uploaded_by)
        .bind(purpose)
        .execute(&self.pool)
        .await?;
        let (subject, purpose) = (subject.to_owned(), purpose.to_owned());
        Ok(Upload { id, subject, purpose, size, received: 0 })
    }

    /// An unfinished upload.
    ///
    /// # Errors
    /// There is none.
    pub async fn upload(&self, id: Uuid) -> Result<Upload, AttachmentError> {
        let row = self.row(id).await?.filter(|r| r.sha256.is_none()).ok_or(AttachmentError::Unknown)?;
        let (size, received) = (row.size.unsigned_abs(), row.received.unsigned_abs());
        Ok(Upload { id, subject: row.subject, purpose: row.purpose, size, received })
    }

    /// Takes the next piece; how the upload stands then. A piece is kept whole or not at all; an empty one
    /// changes nothing.
    ///
    /// # Errors
    /// It begins elsewhere than where the upload stands, or goes beyond its size.
    pub async fn append(
        &self,
        upload: &Upload,
        offset: u64,
        piece: &[u8],
    ) -> Result<Upload, AttachmentError> {
        let end = offset.saturating_add(piece.len() as u64);
        if end > upload.size {
            return Err(AttachmentError::TooLarge);
        }
        let context = format!("attachment/{}/{offset}", upload.id);
        let sealed = self.vault.seal(&upload.subject, &upload.purpose, &context, piece).await?;
        let mut tx = self.pool.begin().await?;
        let at: Option<i64> =
            sqlx::query_scalar("SELECT received FROM attachment WHERE id = $1 AND sha256 IS NULL FOR UPDATE")
                .bind(upload.id)
                .fetch_optional(&mut *tx)
                .await?;
        let at = at.ok_or(AttachmentError::Unknown)?.unsigned_abs();
        if at != offset {
            return Err(AttachmentError::Offset(at));
        }
        if piece.is_empty() {
            return Ok(Upload { received: at, ..upload.clone() });
        }
        // An upload can have an empty piece here from when that was kept.
        sqlx::query(
            "INSERT INTO attachment_piece VALUES ($1, $2, $3) \
             ON CONFLICT (attachment, at) DO UPDATE SET sealed = EXCLUDED.sealed",
        )
        .bind(upload.id)
        .bind(offset.cast_signed())
        .bind(sealed.joined())
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE attachment SET received = $2, touched_at = now() WHERE id = $1")
            .bind(upload.id)
            .bind(end.cast_signed())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Upload { received: end, ..upload.clone() })
    }

    /// Finishes a complete upload: `recognise` says what the content is, or refuses it, and then
    /// nothing of it is left.
    ///
    /// # Errors
    /// It is not complete, or the database failed.
    pub async fn finish(
        &self,
        upload: &Upload,
        recognise: impl FnOnce(&[u8]) -> Option<&'static str>,
    ) -> Result<Option<StoredAttachment>, AttachmentError> {
        if upload.received != upload.size {
            return Err(AttachmentError::Offset(upload.received));
        }
        let content = self.content(upload.id, &upload.subject, &upload.purpose).await?;
        let Some(media_type) = recognise(&content) else {
            sqlx::query("DELETE FROM attachment WHERE id = $1").bind(upload.id).execute(&self.pool).await?;
            return Ok(None);
        };
        let sha256 = hex(&Sha256::digest(&content));
        sqlx::query("UPDATE attachment SET media_type = $2, sha256 = $3, touched_at = now() WHERE id = $1 AND sha256 IS NULL")
            .bind(upload.id)
            .bind(media_type)
            .bind(&sha256)
            .execute(&self.pool)
            .await?;
        Ok(Some(StoredAttachment {
            id: upload.id,
            subject: upload.subject.clone(),
            media_type: media_type.to_owned(),
            size: upload.size,
            sha256,
        }))
    }

    /// Several finished files that a command names; unknown and unfinished ones are left out. From now on
    /// none of them is deleted until the command has long been decided.
    ///
    /// # Errors
    /// The database failed.
    pub async fn named(&self, ids: &[Uuid]) -> Result<Vec<StoredAttachment>, AttachmentError> {
        let query = format!(
            "UPDATE attachment SET named_at = now() WHERE id = ANY($1) AND sha256 IS NOT NULL RETURNING {COLUMNS}"
        );
        let rows: Vec<AttachmentRow> = sqlx::query_as(&query).bind(ids).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().filter_map(AttachmentRow::stored).collect())
    }

    /// The finished files of a subject, in the order they were sent.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ids_of_subject(&self, subject: &str) -> Result<Vec<Uuid>, sqlx::Error> {
        let query =
            "SELECT id FROM attachment WHERE subject = $1 AND sha256 IS NOT NULL ORDER BY started_at, id";
        sqlx::query_scalar(query).bind(subject).fetch_all(&self.pool).await
    }

    /// A finished file with its name and content.
    ///
    /// # Errors
    /// There is none, its key was destroyed, or the database failed.
    pub async fn read(&self, id: Uuid) -> Result<(StoredAttachment, String, Vec<u8>), AttachmentError> {
        let row = self.row(id).await?.ok_or(AttachmentError::Unknown)?;
        let context = format!("attachment/{id}/name");
        let name =
            self.vault.unseal(&row.subject, &row.purpose, &context, &SealedBytes::split(&row.name)?).await?;
        let purpose = row.purpose.clone();
        let stored = row.stored().ok_or(AttachmentError::Unknown)?;
        let content = self.content(id, &stored.subject, &purpose).await?;
        Ok((stored, String::from_utf8_lossy(&name).into_owned(), content))
    }

    async fn row(&self, id: Uuid) -> Result<Option<AttachmentRow>, sqlx::Error> {
        let query = format!("SELECT {COLUMNS} FROM attachment WHERE id = $1");
        sqlx::query_as(&query).bind(id).fetch_optional(&self.pool).await
    }

    async fn content(&self, id: Uuid, subject: &str, purpose: &str) -> Result<Vec<u8>, AttachmentError> {
        let pieces: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT at, sealed FROM attachment_piece WHERE attachment = $1 ORDER BY at")
                .bind(id)
                .fetch_all(&self.pool)
                .await?;
        let mut content = Vec::new();
        for (at, sealed) in pieces {
            let context = format!("attachment/{id}/{at}");
            content
                .extend(self.vault.unseal(subject, purpose, &context, &SealedBytes::split(&sealed)?).await?);
        }
        Ok(content)
    }
}
