//! The vault: seals values with a key per subject and purpose, wrapped by the master key.
//!
//! Destroying a subject's key makes what the log holds of it unreadable, while the hashes, which
//! run over the sealed form, stay valid.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chacha20poly1305::{
    AeadCore, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, OsRng, Payload},
};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};

use crate::{
    hashing::{hex, of_hex},
    secret_file,
};

/// A value cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The key was destroyed: the value is gone for good.
    #[error("the key was destroyed")]
    Destroyed,
    /// The master key does not open this vault, or the value was altered or moved.
    #[error("the value cannot be opened with this master key")]
    Cannot,
    /// The master key file is not usable.
    #[error("master key: {0}")]
    MasterKey(String),
}

/// The key that wraps the subjects' keys; it is kept outside the database.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl MasterKey {
    /// Reads the key's 64 hexadecimal digits.
    ///
    /// # Errors
    /// It is not that.
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let wrong = || VaultError::MasterKey("64 hexadecimal digits are expected".into());
        of_hex(text.trim()).map(Self).ok_or_else(wrong)
    }

    /// Reads the key from a file readable by its owner only; makes both when there is none.
    ///
    /// # Errors
    /// The file cannot be read or made.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        let failed = |e: std::io::Error| VaultError::MasterKey(format!("{}: {e}", path.display()));
        let make = || {
            let key: [u8; 32] = XChaCha20Poly1305::generate_key(&mut OsRng).into();
            hex(&key)
        };
        Self::from_hex(&secret_file::read_or_make(path, make).map_err(failed)?)
    }
}

/// A nonce and a ciphertext with its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBytes {
    /// 24 random bytes.
    pub nonce: Vec<u8>,
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
}

/// A key that was destroyed.
#[derive(Debug, Clone, FromRow)]
pub struct DestroyedKey {
    /// Whose.
    pub subject: String,
    /// For what.
    pub purpose: String,
    /// When.
    pub destroyed_at: DateTime<Utc>,
}

/// How long a key is used without looking whether it was destroyed meanwhile, by another process.
const FRESH: Duration = Duration::from_secs(60);

type Keys = HashMap<(String, String), (Instant, Arc<XChaCha20Poly1305>)>;

/// Seals and opens values.
#[derive(Clone)]
pub struct Vault {
    pool: PgPool,
    master: MasterKey,
    keys: Arc<Mutex<Keys>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// The vault of a database.
    pub fn new(pool: PgPool, master: MasterKey) -> Self {
        Self { pool, master, keys: Arc::default() }
    }

    /// Seals a value for a subject and purpose; `context` binds it to where it will stand.
    ///
    /// # Errors
    /// The subject's key was destroyed, or the database failed.
    pub async fn seal(
        &self,
        subject: &str,
        purpose: &str,
        context: &str,
        value: &[u8],
    ) -> Result<SealedBytes, VaultError> {
        let mut connection = self.pool.acquire().await?;
        let key = self.key(&mut connection, subject, purpose, true).await?;
        seal_with(&key, context, value)
    }

    /// Opens a sealed value, on the caller's connection: a projection opens names in the very
    /// transaction that writes them.
    ///
    /// # Errors
    /// The key was destroyed, the value was altered, or the database failed.
    pub async fn open(
        &self,
        connection: &mut PgConnection,
        subject: &str,
        purpose: &str,
        context: &str,
        sealed: &SealedBytes,
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.key(connection, subject, purpose, false).await?;
        open_with(&key, context, sealed)
    }

    /// Opens a sealed value on a connection of its own: for decisions, which hold none.
    ///
    /// # Errors
    /// The key was destroyed, the value was altered, or the database failed.
    pub async fn unseal(
        &self,
        subject: &str,
        purpose: &str,
        context: &str,
        sealed: &SealedBytes,
    ) -> Result<Vec<u8>, VaultError> {
        let mut connection = self.pool.acquire().await?;
        self.open(&mut connection, subject, purpose, context, sealed).await
    }

    /// Destroys a subject's key of a purpose, on the caller's connection: the sealed values are gone
    /// when its transaction commits. The row stays as the evidence, also where there was no key yet:
    /// nothing is sealed for it any more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn destroy(
        &self,
        connection: &mut PgConnection,
        subject: &str,
        purpose: &str,
        at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO public.subject_key (subject, purpose, wrapped_key, created_at, destroyed_at) \
             VALUES ($1, $2, NULL, $3, $3) ON CONFLICT (subject, purpose) DO UPDATE \
             SET wrapped_key = NULL, destroyed_at = $3 WHERE subject_key.destroyed_at IS NULL",
        )
        .bind(subject)
        .bind(purpose)
        .bind(at)
        .execute(connection)
        .await?;
        let name = (subject.to_owned(), purpose.to_owned());
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        Ok(())
    }

    /// The destroyed keys of a subject, those of its persons (`subject/...`) included.
    ///
    /// # Errors
    /// The database failed.
    pub async fn destroyed(&self, subject: &str) -> Result<Vec<DestroyedKey>, sqlx::Error> {
        sqlx::query_as(
            "SELECT subject, purpose, destroyed_at FROM public.subject_key \
             WHERE split_part(subject, '/', 1) = $1 AND destroyed_at IS NOT NULL ORDER BY destroyed_at, subject, purpose",
        )
        .bind(subject)
        .fetch_all(&self.pool)
        .await
    }

    fn cached(&self, name: &(String, String)) -> Option<Arc<XChaCha20Poly1305>> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, key) = keys.get(name)?;
        (since.elapsed() < FRESH).then(|| key.clone())
    }

    async fn key(
        &self,
        connection: &mut PgConnection,
        subject: &str,
        purpose: &str,
        make: bool,
    ) -> Result<Arc<XChaCha20Poly1305>, VaultError> {
        let name = (subject.to_owned(), purpose.to_owned());
        if let Some(key) = self.cached(&name) {
            return Ok(key);
        }
        let master = XChaCha20Poly1305::new(&self.master.0.into());
        let wrapping = format!("subject-key/{subject}/{purpose}");
        let select = "SELECT wrapped_key FROM public.subject_key WHERE subject = $1 AND purpose = $2";
        let find = || sqlx::query_scalar::<_, Option<Vec<u8>>>(select).bind(subject).bind(purpose);
        let mut found = find().fetch_optional(&mut *connection).await?;
        if found.is_none() && make {
            let fresh = XChaCha20Poly1305::generate_key(&mut OsRng);
            let SealedBytes { nonce, ciphertext } = seal_with(&master, &wrapping, &fresh)?;
            let insert = "INSERT INTO public.subject_key (subject, purpose, wrapped_key) VALUES ($1, $2, $3) \
                ON CONFLICT DO NOTHING";
            let wrapped = [nonce, ciphertext].concat();
            sqlx::query(insert).bind(subject).bind(purpose).bind(wrapped).execute(&mut *connection).await?;
            found = find().fetch_optional(&mut *connection).await?;
        }
        let wrapped = found.flatten().ok_or(VaultError::Destroyed)?;
        let (nonce, ciphertext) = wrapped.split_at_checked(24).ok_or(VaultError::Cannot)?;
        let sealed = SealedBytes { nonce: nonce.into(), ciphertext: ciphertext.into() };
        let key = open_with(&master, &wrapping, &sealed)?;
        let key = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| VaultError::Cannot)?;
        let key = Arc::new(key);
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(name, (Instant::now(), key.clone()));
        Ok(key)
    }
}

fn seal_with(key: &XChaCha20Poly1305, context: &str, value: &[u8]) -> Result<SealedBytes, VaultError> {
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let payload = Payload { msg: value, aad: context.as_bytes() };
    let ciphertext = key.encrypt(&nonce, payload).map_err(|_| VaultError::Cannot)?;
    Ok(SealedBytes { nonce: nonce.to_vec(), ciphertext })
}

fn open_with(key: &XChaCha20Poly1305, context: &str, sealed: &SealedBytes) -> Result<Vec<u8>, VaultError> {
    if sealed.nonce.len() != 24 {
        return Err(VaultError::Cannot);
    }
    let payload = Payload { msg: &sealed.ciphertext, aad: context.as_bytes() };
    key.decrypt(XNonce::from_slice(&sealed.nonce), payload).map_err(|_| VaultError::Cannot)
}
