//! The keys the log's checkpoints are signed with, one after the other. Each change is an event of the log:
//! whoever trusts one key follows the signatures to the others.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::append::request::{Append, AppendError, CommandMeta, NewEvent, StreamAppend};
use crate::event_log::EventLog;
use crate::integrity::checkpoint_store::{self, MakeError};
use crate::integrity::diagnosis::IntegrityViolation;
use crate::integrity::signed_checkpoint::{self, CheckpointError, CheckpointSigner, TrustedKeys};
use crate::log::canonical::canonical_json;
use crate::log::durability::read_head;
use crate::log::event::StreamId;

/// The stream of the changes, and their event.
const STREAM: (&str, &str) = ("SigningKey", "log");
const EVENT: (&str, &str) = ("SigningKeyChanged", "1.0");

/// Who changes a key, as the log names them.
const ACTOR: &str = "operator:command-line";

/// Whoever binds a log to its first key, alone.
const LOCK: i64 = 5_843_923_847_265;

/// A change of keys, as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    /// The public key before; none where nothing was signed with it.
    previous: Option<String>,
    /// The public key from here on.
    key: String,
    /// A checkpoint of the log before this event that names the new key, signed by both keys; by the new one
    /// alone where the one before is lost.
    note: String,
    /// Whether the one before is lost.
    lost: bool,
}

/// A change of keys and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// Checkpoints of as many events, or more, are signed by the new key.
    pub position: u64,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// The public key before; none where nothing was signed with it.
    pub previous: Option<String>,
    /// The public key from here on.
    pub key: String,
    /// Whether the key before was lost: it did not sign the change.
    pub lost: bool,
    /// A checkpoint of the log before the change that names the new key, signed by both keys; by the new one
    /// alone where the one before is lost.
    pub note: String,
}

/// A key cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The log cannot be read or signed, or the key is not the log's.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// It cannot be recorded.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A change cannot be serialised.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The new key has another name than the log.
    #[error("the new key is of {found}, the log is {expected}: a key has the log's name")]
    Origin {
        /// The log's name.
        expected: String,
        /// The key's.
        found: String,
    },
    /// The public key of the lost one is not known, and is needed to verify what it signed.
    #[error(
        "give the public key of the lost one, {0}: it stands in log.pub beside the copies of the checkpoints"
    )]
    Unknown(String),
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Make(error.into())
    }
}

impl From<CheckpointError> for ChangeError {
    fn from(error: CheckpointError) -> Self {
        Self::Make(error.into())
    }
}

/// What is known of the key in force.
enum InForce {
    /// Its public key.
    Known(String),
    /// No more than its name and id, from what it signed.
    Signed(String),
    /// Nothing was signed yet.
    None,
}

/// All changes of keys, in order.
///
/// # Errors
/// The database failed, or one is not what it should be.
pub async fn key_changes(pool: &PgPool) -> Result<Vec<KeyChange>, sqlx::Error> {
    let rows: Vec<(i64, DateTime<Utc>, String)> = sqlx::query_as(
        "SELECT position, recorded_at, payload::text FROM events \
         WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY sequence",
    )
    .bind(STREAM.0)
    .bind(STREAM.1)
    .fetch_all(pool)
    .await?;
    let change = |(position, recorded_at, payload): (i64, DateTime<Utc>, String)| {
        let Changed { previous, key, note, lost } =
            serde_json::from_str(&payload).map_err(|e| sqlx::Error::Decode(e.into()))?;
        Ok(KeyChange { position: position.unsigned_abs(), recorded_at, previous, key, lost, note })
    };
    rows.into_iter().map(change).collect()
}

/// The key that signs a log of so many events.
async fn in_force(connection: &mut PgConnection, size: u64) -> Result<InForce, sqlx::Error> {
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

/// Holds a key against the log's. A log that has none yet is bound to this one.
///
/// # Errors
/// It is another key, or the database failed.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    size: u64,
    signer: &CheckpointSigner,
) -> Result<(), MakeError> {
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
fn is_bound_to(in_force: InForce, signer: &CheckpointSigner) -> Result<bool, MakeError> {
    match in_force {
        InForce::Known(key) if key == signer.public_key() => Ok(true),
        InForce::Signed(by) if by == signer.name_and_id() => Ok(false),
        InForce::None => Ok(false),
        InForce::Known(expected) | InForce::Signed(expected) => {
            Err(MakeError::NotTheLogsKey { expected, found: signer.public_key().to_owned() })
        }
    }
}

/// Holds a key against the log's, and writes nothing.
///
/// # Errors
/// It is another key, or the database failed.
pub(crate) async fn check_signing_key(pool: &PgPool, signer: &CheckpointSigner) -> Result<(), MakeError> {
    let mut connection = pool.acquire().await?;
    let head = read_head(&mut *connection).await?;
    is_bound_to(in_force(&mut connection, head).await?, signer)?;
    Ok(())
}

/// Binds a log that has no key yet to this one.
///
/// # Errors
/// It is another key, or the database failed.
pub async fn claim_signing_key(pool: &PgPool, signer: &CheckpointSigner) -> Result<(), MakeError> {
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

/// Who vouches for a new key.
#[derive(Debug, Clone, Copy)]
pub enum PreviousKey<'a> {
    /// The key before signs the change.
    Signs(&'a CheckpointSigner),
    /// It is lost; its public key, where the database does not know it.
    Lost(Option<&'a str>),
}

/// Records that another key signs from here on. Done again after it came to its end, it changes nothing.
///
/// # Errors
/// The key before is not the log's, the new one is of another log, or the database failed.
pub async fn change_signing_key(
    log: &EventLog,
    before: PreviousKey<'_>,
    new: &CheckpointSigner,
    now: DateTime<Utc>,
) -> Result<Option<KeyChange>, ChangeError> {
    let pool = log.database().pool();
    let changes = key_changes(pool).await?;
    let mut tx = pool.begin().await?;
    let head = read_head(&mut *tx).await?;
    let in_force = in_force(&mut tx, head).await?;
    if matches!(&in_force, InForce::Known(key) if key == new.public_key()) {
        return Ok(None);
    }
    let root = checkpoint_store::frontier(&mut tx, head).await?.root();
    let (previous, note, lost) = match before {
        PreviousKey::Signs(old) => {
            claim(&mut tx, head, old).await?;
            same_origin(old.origin(), new)?;
            let note = old.hand_over(new, head, &root)?.note;
            (Some(old.public_key().to_owned()), note, false)
        }
        PreviousKey::Lost(given) => {
            let previous = match in_force {
                InForce::Known(key) => Some(key),
                InForce::Signed(by) => {
                    let given = given.filter(|key| key.starts_with(&format!("{by}+")));
                    Some(given.ok_or(ChangeError::Unknown(by))?.to_owned())
                }
                InForce::None => None,
            };
            if let Some(key) = &previous {
                same_origin(key.split('+').next().unwrap_or_default(), new)?;
            }
            (previous, new.take_over(head, &root)?.note, true)
        }
    };
    tx.commit().await?;
    let changed = Changed { previous, key: new.public_key().to_owned(), note, lost };
    let position = record(log, &changed, changes.len() as u64, now).await?;
    let Changed { previous, key, note, lost } = changed;
    Ok(Some(KeyChange { position, recorded_at: now, previous, key, lost, note }))
}

fn same_origin(origin: &str, new: &CheckpointSigner) -> Result<(), ChangeError> {
    if origin == new.origin() {
        return Ok(());
    }
    Err(ChangeError::Origin { expected: origin.to_owned(), found: new.origin().to_owned() })
}

async fn record(
    log: &EventLog,
    changed: &Changed,
    expected: u64,
    now: DateTime<Utc>,
) -> Result<u64, ChangeError> {
    let payload = canonical_json(changed)?;
    let event =
        NewEvent { event_type: EVENT.0.into(), event_version: EVENT.1.into(), payload: payload.clone() };
    let id = Uuid::new_v4();
    let meta = CommandMeta {
        command_id: id,
        request_hash: crate::log::hashing::leaf(payload.get().as_bytes()),
        actor: ACTOR.into(),
        correlation_id: id,
        causation_id: None,
        received_at: now,
    };
    let empty = canonical_json(&serde_json::json!({}))?;
    let stream = StreamId { kind: Cow::Borrowed(STREAM.0), id: STREAM.1.to_owned() };
    let streams = vec![StreamAppend { stream, expected, events: vec![event] }];
    Ok(log.append(Append::new(meta, empty.clone(), vec![], streams, &empty)?).await?.position)
}

/// The keys that are believed once the changes were followed from those that are trusted, each for the
/// checkpoints that were its own to sign; a trusted key the changes do not name is believed everywhere.
///
/// A new key is believed where the one before signed the change, an older one where the newer did.
///
/// # Errors
/// A change is not what it should be (`IntegrityViolation::SigningKey`), or a trusted key is none.
pub fn follow_keys(trusted: &[String], changes: &[KeyChange]) -> Result<TrustedKeys, FollowError> {
    let first = changes.first().and_then(|change| change.previous.as_deref());
    let chain: Vec<Option<&str>> =
        std::iter::once(first).chain(changes.iter().map(|change| Some(change.key.as_str()))).collect();
    let mut believed: Vec<bool> = chain
        .iter()
        .map(|key| key.is_some_and(|key| trusted.iter().any(|known| known.trim() == key)))
        .collect();
    for (number, change) in changes.iter().enumerate() {
        check(change, chain[number])?;
        believed[number + 1] |= believed[number] && !change.lost;
    }
    for number in (0..changes.len()).rev() {
        believed[number] |= believed[number + 1] && chain[number].is_some();
    }
    let begins = |number: usize| number.checked_sub(1).map_or(0, |before| changes[before].position);
    let ends = |number: usize| changes.get(number).map_or(u64::MAX, |change| change.position - 1);
    let mut keys = vec![];
    for (number, key) in chain.iter().enumerate() {
        if let (Some(key), true) = (key, believed[number]) {
            keys.push((*key, begins(number)..=ends(number)));
        }
    }
    for key in trusted.iter().map(|key| key.trim()) {
        if !chain.contains(&Some(key)) && keys.iter().all(|(known, _)| *known != key) {
            keys.push((key, 0..=u64::MAX));
        }
    }
    Ok(TrustedKeys::with_sizes(keys)?)
}

/// The keys cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A change is not what it should be.
    #[error(transparent)]
    Violation(#[from] IntegrityViolation),
    /// A trusted key is none.
    #[error(transparent)]
    Key(#[from] CheckpointError),
}

/// A change is signed by who had to sign it, and says what its event says.
fn check(change: &KeyChange, previous: Option<&str>) -> Result<(), FollowError> {
    let wrong = |reason: String| IntegrityViolation::SigningKey { position: change.position, reason };
    if change.previous.as_deref() != previous {
        return Err(wrong("it does not follow from the key before".into()).into());
    }
    let signers = [Some(change.key.as_str()), previous.filter(|_| !change.lost)];
    if signers[1].is_none() && !change.lost {
        return Err(wrong("nobody signed it but the new key".into()).into());
    }
    for signer in signers.into_iter().flatten() {
        let read = TrustedKeys::new([signer])?.read(&change.note);
        let note = read.map_err(|e| wrong(format!("{signer} did not sign it: {e}")))?;
        if note.next_key.as_ref() != Some(&change.key) || note.size >= change.position {
            return Err(wrong("what was signed is another change".into()).into());
        }
    }
    Ok(())
}
