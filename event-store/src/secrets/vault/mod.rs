//! The vault: seals values with a key per subject and purpose, wrapped by the master key.
//!
//! Destroying a subject's key makes what the log holds of it unreadable, while the hashes, which
//! run over the sealed form, stay valid.

mod binding;
mod master_key;
mod rotation;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chacha20poly1305::{
    AeadCore, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, OsRng, Payload},
};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};
use tokio::sync::watch;

use crate::{event_log::EventLog, log::durability::Head};

pub use binding::{Binding, OpenableKeys, binding};
pub use master_key::MasterKey;
use master_key::fingerprint;
pub use rotation::rotate_master_key;

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
    /// The master key is not the database's.
    #[error(
        "the master key {found} is not the one this database is sealed with{}",
        expected.as_ref().map_or_else(String::new, |key| format!(": that is {key}"))
    )]
    WrongMasterKey {
        /// The fingerprint of the database's key, where it is known.
        expected: Option<String>,
        /// The fingerprint of the key that was given.
        found: String,
    },
    /// A subject's key was wrapped with a master key that is not given.
    #[error("the key {subject}/{purpose} was wrapped with yet another master key: nothing was changed")]
    Foreign {
        /// Whose.
        subject: String,
        /// For what.
        purpose: String,
    },
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

/// Keys with when they were looked up, and in which history of the log: one that was put back lacks keys
/// that were made since.
type Keys = HashMap<(String, String), (Instant, u64, Arc<XChaCha20Poly1305>)>;

/// Seals and opens values.
#[derive(Clone)]
pub struct Vault {
    pool: PgPool,
    master: MasterKey,
    keys: Arc<Mutex<Keys>>,
    head: Option<watch::Receiver<Head>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// The vault of a database; a database that has no key yet is bound to this one.
    ///
    /// # Errors
    /// The database is bound to another key, or failed.
    pub async fn unlock(pool: PgPool, master: MasterKey) -> Result<Self, VaultError> {
        binding::bind(&pool, &master).await?;
        Ok(Self { pool, master, keys: Arc::default(), head: None })
    }

    /// The same vault, which lets go of the keys it remembers when the log turns out to be another one.
    #[must_use]
    pub fn following(self, log: &EventLog) -> Self {
        Self { head: Some(log.subscribe()), ..self }
    }

    fn history(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.borrow().history)
    }

    /// Tries the master key on every key of the database.
    ///
    /// # Errors
    /// The database failed.
    pub async fn try_all(&self) -> Result<OpenableKeys, sqlx::Error> {
        binding::open_all(&mut *self.pool.acquire().await?, &self.master).await
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
        let (since, history, key) = keys.get(name)?;
        (since.elapsed() < FRESH && *history == self.history()).then(|| key.clone())
    }

    /// Why a subject's key cannot be opened or made: the database was bound to another master key since, or
    /// this one is damaged.
    async fn why_not(&self, connection: &mut PgConnection) -> Result<VaultError, sqlx::Error> {
        let known = binding::known(connection).await?.unwrap_or_default();
        Ok(if known == self.master.check_value() {
            VaultError::Cannot
        } else {
            let (expected, found) = (Some(fingerprint(&known)), self.master.fingerprint());
            VaultError::WrongMasterKey { expected, found }
        })
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
        let history = self.history();
        let master = self.master.cipher();
        let select = "SELECT wrapped_key FROM public.subject_key WHERE subject = $1 AND purpose = $2";
        let find = || sqlx::query_scalar::<_, Option<Vec<u8>>>(select).bind(subject).bind(purpose);
        let mut found = find().fetch_optional(&mut *connection).await?;
        if found.is_none() && make {
            let fresh = XChaCha20Poly1305::generate_key(&mut OsRng);
            let SealedBytes { nonce, ciphertext } = seal_with(&master, &wrapping(subject, purpose), &fresh)?;
            // Only as long as the database is bound to this master key: another process may change it.
            let insert = "WITH bound AS (SELECT 1 FROM public.master_key_check WHERE check_value = $4 FOR KEY SHARE) \
                INSERT INTO public.subject_key (subject, purpose, wrapped_key) SELECT $1, $2, $3 FROM bound \
                ON CONFLICT DO NOTHING";
            sqlx::query(insert)
                .bind(subject)
                .bind(purpose)
                .bind([nonce, ciphertext].concat())
                .bind(self.master.check_value().as_slice())
                .execute(&mut *connection)
                .await?;
            found = find().fetch_optional(&mut *connection).await?;
            if found.is_none() {
                return Err(self.why_not(connection).await?);
            }
        }
        let wrapped = found.flatten().ok_or(VaultError::Destroyed)?;
        let Ok(key) = unwrap(&master, subject, purpose, &wrapped) else {
            return Err(self.why_not(connection).await?);
        };
        let key = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| VaultError::Cannot)?;
        let key = Arc::new(key);
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(name, (Instant::now(), history, key.clone()));
        Ok(key)
    }
}

/// What binds a wrapped key to its place.
fn wrapping(subject: &str, purpose: &str) -> String {
    format!("subject-key/{subject}/{purpose}")
}

fn unwrap(
    master: &XChaCha20Poly1305,
    subject: &str,
    purpose: &str,
    wrapped: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let (nonce, ciphertext) = wrapped.split_at_checked(24).ok_or(VaultError::Cannot)?;
    let sealed = SealedBytes { nonce: nonce.into(), ciphertext: ciphertext.into() };
    open_with(master, &wrapping(subject, purpose), &sealed)
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
