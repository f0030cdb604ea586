//! The vault: seals values with a key per subject and purpose, wrapped by the master key.
//!
//! Destroying a subject's key makes what the log holds of it unreadable, while the hashes, which
//! run over the sealed form, stay valid.

mod binding;
mod error;
mod master_key;
mod rotation;
mod sealing;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chacha20poly1305::{KeyInit, XChaCha20Poly1305, aead::OsRng};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};
use tokio::sync::watch;

use crate::{append::append_key::AppendKey, event_log::EventLog, log::durability::Head};

pub use binding::{Binding, OpenableKeys, binding};
pub use error::VaultError;
pub use master_key::MasterKey;
use master_key::fingerprint;
pub use rotation::rotate_master_key;
pub use sealing::SealedBytes;
use sealing::{open_with, seal_with, unwrap, wrapping};

/// A key that was destroyed.
#[derive(Debug, Clone, FromRow)]
pub struct DestroyedKey {
    /// The person or family whose data it sealed.
    pub subject: String,
    /// The purpose of those data.
    pub purpose: String,
    /// When it was destroyed.
    pub destroyed_at: DateTime<Utc>,
}

/// How long a cached key is used before the database is asked whether another process has destroyed it.
const CACHE_FOR: Duration = Duration::from_secs(60);

/// The place of the append key among the subjects' keys: no family and no child is called so.
const APPEND_KEY: (&str, &str) = ("log", "append");

/// Cached keys by subject and purpose, each with when it was read and in which history of the log: a database
/// that was restored lacks keys that were made since.
type CachedKeys = HashMap<(String, String), (Instant, u64, Arc<XChaCha20Poly1305>)>;

/// Seals and opens values.
#[derive(Clone)]
pub struct Vault {
    pool: PgPool,
    master: MasterKey,
    keys: Arc<Mutex<CachedKeys>>,
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

    /// The same vault, which drops its cached keys when the log turns out to be another one.
    #[must_use]
    pub fn following(self, log: &EventLog) -> Self {
        Self { head: Some(log.subscribe()), ..self }
    }

    fn history(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.borrow().history)
    }

    /// Counts the database's keys that the master key opens.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_openable_keys(&self) -> Result<OpenableKeys, sqlx::Error> {
        binding::open_all(&mut *self.pool.acquire().await?, &self.master).await
    }

    /// The key that proves who appended to the log; made for a database that has none.
    ///
    /// # Errors
    /// It cannot be opened with this master key, or the database failed.
    pub async fn append_key(&self) -> Result<AppendKey, VaultError> {
        let mut connection = self.pool.acquire().await?;
        let secret = self.secret(&mut connection, APPEND_KEY.0, APPEND_KEY.1, true).await?;
        AppendKey::new(&secret).ok_or(VaultError::Cannot)
    }

    /// The same, of a database that has one: nothing is written.
    ///
    /// # Errors
    /// It cannot be opened with this master key, or the database failed.
    pub async fn known_append_key(&self) -> Result<Option<AppendKey>, VaultError> {
        let mut connection = self.pool.acquire().await?;
        match self.secret(&mut connection, APPEND_KEY.0, APPEND_KEY.1, false).await {
            Ok(secret) => Ok(Some(AppendKey::new(&secret).ok_or(VaultError::Cannot)?)),
            Err(VaultError::Destroyed) => Ok(None),
            Err(error) => Err(error),
        }
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
        (since.elapsed() < CACHE_FOR && *history == self.history()).then(|| key.clone())
    }

    /// The reason why a subject's key cannot be opened or made: the database was bound to another master key
    /// since, or this one is damaged.
    async fn refusal(&self, connection: &mut PgConnection) -> Result<VaultError, sqlx::Error> {
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
        let key = self.secret(connection, subject, purpose, make).await?;
        let key = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| VaultError::Cannot)?;
        let key = Arc::new(key);
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(name, (Instant::now(), history, key.clone()));
        Ok(key)
    }

    /// A key's bytes, unwrapped; made where there is none and `make` says so.
    async fn secret(
        &self,
        connection: &mut PgConnection,
        subject: &str,
        purpose: &str,
        make: bool,
    ) -> Result<Vec<u8>, VaultError> {
        let master = self.master.cipher();
        let select = "SELECT wrapped_key FROM public.subject_key WHERE subject = $1 AND purpose = $2";
        let find = || sqlx::query_scalar::<_, Option<Vec<u8>>>(select).bind(subject).bind(purpose);
        let mut found = find().fetch_optional(&mut *connection).await?;
        if found.is_none() && make {
            let fresh = XChaCha20Poly1305::generate_key(&mut OsRng);
            let wrapped = seal_with(&master, &wrapping(subject, purpose), &fresh)?;
            // Only as long as the database is bound to this master key: another process may change it.
            let insert = "WITH bound AS (SELECT 1 FROM public.master_key_check WHERE check_value = $4 FOR KEY SHARE) \
                INSERT INTO public.subject_key (subject, purpose, wrapped_key) SELECT $1, $2, $3 FROM bound \
                ON CONFLICT DO NOTHING";
            sqlx::query(insert)
                .bind(subject)
                .bind(purpose)
                .bind(wrapped.joined())
                .bind(self.master.check_value().as_slice())
                .execute(&mut *connection)
                .await?;
            found = find().fetch_optional(&mut *connection).await?;
            if found.is_none() {
                return Err(self.refusal(connection).await?);
            }
        }
        let wrapped = found.flatten().ok_or(VaultError::Destroyed)?;
        match unwrap(&master, subject, purpose, &wrapped) {
            Ok(key) => Ok(key),
            Err(_) => Err(self.refusal(connection).await?),
        }
    }
}
