//! The key in force: the only one that may sign the log's next checkpoint.

use sqlx::{PgConnection, PgPool};

use super::change_event::STREAM;
use crate::{
    integrity::{
        signed_checkpoint::{self, CheckpointSigner},
        signing_error::SigningError,
    },
    log::durability::read_head,
};

/// Only one process binds a log to its first key at a time.
const LOCK: i64 = 5_843_923_847_265;

/// How far the key in force is known.
pub(super) enum InForce {
    /// Its public key.
    Known(String),
    /// Its name and id only, from a checkpoint it signed.
    Signed(String),
    /// Nothing was signed yet.
    None,
}

/// The key that signs a log of so many events.
pub(super) async fn in_force(connection: &mut PgConnection, size: u64) -> Result<InForce, sqlx::Error> {
    let known: Option<String> = sqlx::query_scalar(
        "SELECT coalesce((SELECT payload ->> 'key' FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 \
            AND position <= $3 ORDER BY sequence DESC LIMIT 1), (SELECT public_key FROM first_signing_key))",
    )
    .bind(STREAM.0)
    .bind(STREAM.1)
    .bind(size.cast_signed())
    .fetch_one(&mut *connection)
    .await?;
    if let Some(key) = known {
        return Ok(InForce::Known(key));
    }
    let note: Option<String> =
        sqlx::query_scalar("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
            .fetch_optional(connection)
            .await?;
    Ok(note.map_or(InForce::None, |note| {
        InForce::Signed(signed_checkpoint::signed_by(&note).unwrap_or_else(|| "another".into()))
    }))
}

/// Checks that a key is the log's. A log that has none yet is bound to this one.
///
/// # Errors
/// It is another key, or the database failed.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    size: u64,
    signer: &CheckpointSigner,
) -> Result<(), SigningError> {
    if is_bound_to(in_force(&mut *connection, size).await?, signer)? {
        return Ok(());
    }
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    if !is_bound_to(in_force(&mut *connection, size).await?, signer)? {
        sqlx::query("INSERT INTO first_signing_key (public_key) VALUES ($1)")
            .bind(signer.public_key())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Whether a log is bound to a key; none is bound yet where nothing, or only this key, signed it.
fn is_bound_to(in_force: InForce, signer: &CheckpointSigner) -> Result<bool, SigningError> {
    match in_force {
        InForce::Known(key) if key == signer.public_key() => Ok(true),
        InForce::Signed(by) if by == signer.name_and_id() => Ok(false),
        InForce::None => Ok(false),
        InForce::Known(expected) | InForce::Signed(expected) => {
            Err(SigningError::NotTheLogsKey { expected, found: signer.public_key().to_owned() })
        }
    }
}

/// Checks that a key is the log's, and writes nothing.
///
/// # Errors
/// It is another key, or the database failed.
pub(crate) async fn check_signing_key(pool: &PgPool, signer: &CheckpointSigner) -> Result<(), SigningError> {
    let mut connection = pool.acquire().await?;
    let head = read_head(&mut *connection).await?;
    is_bound_to(in_force(&mut connection, head).await?, signer)?;
    Ok(())
}

/// Binds a log that has no key yet to this one.
///
/// # Errors
/// It is another key, or the database failed.
pub async fn claim_signing_key(pool: &PgPool, signer: &CheckpointSigner) -> Result<(), SigningError> {
    let mut tx = pool.begin().await?;
    let head = read_head(&mut *tx).await?;
    claim(&mut tx, head, signer).await?;
    tx.commit().await?;
    Ok(())
}

/// The key that signs the log now: its public key, or its name and id where no more is known; none while
/// nothing was signed.
///
/// # Errors
/// The database failed.
pub async fn signing_key_in_force(pool: &PgPool) -> Result<Option<String>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let head = read_head(&mut *connection).await?;
    Ok(match in_force(&mut connection, head).await? {
        InForce::Known(key) | InForce::Signed(key) => Some(key),
        InForce::None => None,
    })
}
