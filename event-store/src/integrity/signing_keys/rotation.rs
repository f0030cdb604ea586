//! Another key signs from here on.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    change_event::{EVENT, KeyChange, STREAM, SigningKeyChanged, key_changes},
    in_force::{InForce, claim, in_force},
    trust::follow_keys,
};
use crate::{
    append::request::{Append, AppendError, CommandMeta, NewEvent, StreamAppend},
    event_log::EventLog,
    integrity::{
        signed_checkpoint::{CheckpointError, CheckpointSigner},
        signed_head::SignedHead,
        signing_error::SigningError,
    },
    log::{canonical::canonical_json, durability::read_head, event::StreamId, hashing},
};

/// The actor of a change of keys, as the log names it.
const ACTOR: &str = "operator:command-line";

/// A key cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The log cannot be read or signed, or the key is not the log's.
    #[error(transparent)]
    Make(#[from] SigningError),
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

/// Which key authorises the new one.
#[derive(Debug, Clone, Copy)]
pub enum PreviousKey<'a> {
    /// The previous key signs the change.
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
    let previous = match before {
        PreviousKey::Signs(old) => {
            claim(&mut tx, head, old).await?;
            Some(old.public_key().to_owned())
        }
        PreviousKey::Lost(given) => match in_force {
            InForce::Known(key) => Some(key),
            InForce::Signed(by) => {
                let given = given.filter(|key| key.starts_with(&format!("{by}+")));
                Some(given.ok_or(ChangeError::Unknown(by))?.to_owned())
            }
            InForce::None => None,
        },
    };
    tx.commit().await?;
    if let Some(key) = &previous {
        same_origin(key.split('+').next().unwrap_or_default(), new)?;
    }
    let trusted = follow_keys(previous.as_slice(), &changes).map_err(SigningError::from)?;
    let SignedHead { verified, .. } = SignedHead::of(pool, &trusted, &[]).await?;
    let (head, root) = (verified.events(), verified.tree.root());
    let (note, lost) = match before {
        PreviousKey::Signs(old) => (old.hand_over(new, head, &root)?.note, false),
        PreviousKey::Lost(_) => (new.take_over(head, &root)?.note, true),
    };
    let changed = SigningKeyChanged { previous, key: new.public_key().to_owned(), note, lost };
    let position = record(log, &changed, changes.len() as u64, now).await?;
    let SigningKeyChanged { previous, key, note, lost } = changed;
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
    changed: &SigningKeyChanged,
    expected: u64,
    now: DateTime<Utc>,
) -> Result<u64, ChangeError> {
    let payload = canonical_json(changed)?;
    let event =
        NewEvent { event_type: EVENT.0.into(), event_version: EVENT.1.into(), payload: payload.clone() };
    let id = Uuid::new_v4();
    let meta = CommandMeta {
        command_id: id,
        request_hash: hashing::leaf(payload.get().as_bytes()),
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
