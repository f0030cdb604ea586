//! Hashing passwords: argon2id, with a bounded number of slots, for each takes 19 MiB and a processor.

use std::sync::{Arc, LazyLock};

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString, rand_core::OsRng},
};
use tokio::sync::Semaphore;

use super::AccessError;

/// The slots of hashing.
#[derive(Debug, Clone)]
pub struct Hashing {
    slots: Arc<Semaphore>,
    /// Those who are in a slot or wait for one.
    places: Arc<Semaphore>,
}

impl Hashing {
    /// So many at once, and so many more who wait.
    pub fn new(slots: usize, queue: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(slots)), places: Arc::new(Semaphore::new(slots + queue)) }
    }

    /// The hash of a password.
    ///
    /// # Errors
    /// Too many wait already, or hashing failed.
    pub async fn hash(&self, password: &str) -> Result<String, AccessError> {
        let password = password.to_owned();
        let hash = self.run(move || hash_of(&password)).await?;
        hash.map_err(|e| AccessError::Hashing(e.to_string()))
    }

    /// Whether a password is the hashed one; none is as long compared as any, so that nobody can tell.
    ///
    /// # Errors
    /// Too many wait already, or hashing failed.
    pub async fn fits(&self, password: &str, hash: Option<String>) -> Result<bool, AccessError> {
        let password = password.to_owned();
        let is_known = hash.is_some();
        let fits = move || {
            let hash = hash.as_deref().or(NOBODYS.as_deref());
            let hash = hash.and_then(|hash| PasswordHash::new(hash).ok());
            hash.is_some_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        };
        Ok(self.run(fits).await? && is_known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccessError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| AccessError::Busy)?;
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| AccessError::Busy)?;
        // Who asks may leave; the slot is free when the work is done.
        let work = move || {
            let done = work();
            drop((place, slot));
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| AccessError::Hashing(e.to_string()))
    }
}

fn hash_of(password: &str) -> Result<String, argon2::password_hash::Error> {
    let salt = SaltString::generate(&mut OsRng);
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

/// The hash of a password nobody has.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash_of("a password nobody has").ok());

/// Makes what takes time the first time, so that the first unknown login does not stand out.
pub(crate) fn warm_up() {
    LazyLock::force(&NOBODYS);
}
