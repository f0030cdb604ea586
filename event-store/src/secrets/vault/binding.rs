//! A database is bound to its master key: it knows the right one from any other, and nothing is sealed
//! with another.

use chacha20poly1305::XChaCha20Poly1305;
use futures::TryStreamExt;
use sqlx::{FromRow, PgConnection, PgPool};

use super::{
    error::VaultError,
    master_key::{MasterKey, fingerprint},
    sealing::unwrap,
};

/// Only one process binds a database at a time.
const LOCK: i64 = 5_843_923_847_264;

/// What a database knows of its master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// Nothing was ever recorded in it: any key may become its own, a new one too.
    New,
    /// It is bound to the key of this fingerprint.
    Bound(String),
    /// It was in use before databases were bound to keys: the key that opens what it holds is its own.
    Unproved,
}

/// What a database knows of its master key.
///
/// # Errors
/// The database failed.
pub async fn binding(pool: &PgPool) -> Result<Binding, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if let Some(known) = known(&mut connection).await? {
        return Ok(Binding::Bound(fingerprint(&known)));
    }
    let used: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM public.events) OR EXISTS (SELECT FROM public.subject_key)",
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(if used { Binding::Unproved } else { Binding::New })
}

/// The check value of the database's key.
pub(super) async fn known(connection: &mut PgConnection) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("SELECT check_value FROM public.master_key_check").fetch_optional(connection).await
}

/// Holds a key against the database's; binds a database to it that has none yet.
///
/// # Errors
/// It is another key, or the database failed.
pub(super) async fn bind(pool: &PgPool, master: &MasterKey) -> Result<(), VaultError> {
    let mut tx = pool.begin().await?;
    if let Some(known) = known(&mut tx).await? {
        return check(&known, master);
    }
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await?;
    if let Some(known) = known(&mut tx).await? {
        return check(&known, master);
    }
    let OpenableKeys { ours, others } = open_all(&mut tx, master).await?;
    if ours == 0 && others > 0 {
        return Err(VaultError::WrongMasterKey { expected: None, found: master.fingerprint() });
    }
    if others > 0 {
        tracing::error!(
            others,
            "keys of the database were wrapped with another master key: `portail keys rotate-master --also FILE` \
             takes them over"
        );
    }
    sqlx::query("INSERT INTO public.master_key_check (check_value) VALUES ($1)")
        .bind(master.check_value().as_slice())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Binds a database to another key.
pub(super) async fn rebind(connection: &mut PgConnection, master: &MasterKey) -> Result<(), sqlx::Error> {
    let update = "UPDATE public.master_key_check SET check_value = $1, since = now()";
    sqlx::query(update).bind(master.check_value().as_slice()).execute(connection).await?;
    Ok(())
}

fn check(known: &[u8], master: &MasterKey) -> Result<(), VaultError> {
    if known == master.check_value() {
        return Ok(());
    }
    Err(VaultError::WrongMasterKey { expected: Some(fingerprint(known)), found: master.fingerprint() })
}

/// A subject's key as it is kept.
#[derive(Debug, FromRow)]
pub(super) struct WrappedKey {
    pub(super) subject: String,
    pub(super) purpose: String,
    pub(super) wrapped_key: Vec<u8>,
}

impl WrappedKey {
    /// Its key, by the master key that opens it.
    pub(super) fn open(&self, master: &XChaCha20Poly1305) -> Option<Vec<u8>> {
        unwrap(master, &self.subject, &self.purpose, &self.wrapped_key).ok()
    }
}

/// How many of the database's keys a master key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenableKeys {
    /// Those it opens.
    pub ours: u64,
    /// Those it does not.
    pub others: u64,
}

pub(super) async fn open_all(
    connection: &mut PgConnection,
    master: &MasterKey,
) -> Result<OpenableKeys, sqlx::Error> {
    let cipher = master.cipher();
    let mut opened = OpenableKeys::default();
    let query = "SELECT subject, purpose, wrapped_key FROM public.subject_key WHERE wrapped_key IS NOT NULL";
    let mut rows = sqlx::query_as::<_, WrappedKey>(query).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        *(if row.open(&cipher).is_some() { &mut opened.ours } else { &mut opened.others }) += 1;
    }
    Ok(opened)
}
