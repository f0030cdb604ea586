//! Verification: recompute every leaf and the chain from what the log holds.

use futures::TryStreamExt;
use sqlx::PgPool;

use crate::{
    hashing::{self, Envelope, GENESIS, Hash},
    log::{COLUMNS, RecordedEvent},
};

/// The log as far as it verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many events were checked: the last position.
    pub events: u64,
    /// The chain's end.
    pub tip: Hash,
}

/// The first thing wrong.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A position is missing or comes twice.
    #[error("position {expected} is missing: {found} follows")]
    Gap {
        /// What had to come.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// An event is not what was hashed.
    #[error("event {position} was altered: its leaf does not match")]
    Leaf {
        /// Where.
        position: u64,
    },
    /// An event does not follow from the one before.
    #[error("event {position} breaks the chain")]
    Chain {
        /// Where.
        position: u64,
    },
}

/// Recomputes the log; `progress` hears each verified position.
///
/// # Errors
/// The first thing wrong.
pub async fn verify(pool: &PgPool, mut progress: impl FnMut(u64)) -> Result<Verification, VerifyError> {
    let query = format!("SELECT {COLUMNS} FROM events ORDER BY position");
    let mut rows = sqlx::query_as::<_, RecordedEvent>(&query).fetch(pool);
    let mut verified = Verification { events: 0, tip: *GENESIS };
    while let Some(event) = rows.try_next().await? {
        let position = verified.events + 1;
        if event.position != position {
            return Err(VerifyError::Gap { expected: position, found: event.position });
        }
        let leaf = hashing::leaf(&Envelope {
            actor: &event.actor,
            aggregate_id: &event.stream.id,
            aggregate_type: &event.stream.kind,
            causation_id: event.causation_id,
            command_id: event.command_id,
            correlation_id: event.correlation_id,
            event_id: event.event_id,
            event_type: &event.event_type,
            event_version: &event.event_version,
            metadata: &event.metadata,
            payload: &event.payload,
            recorded_at: event.recorded_at,
            sequence: event.sequence,
        });
        if leaf.ok().as_ref().map(|l| l.as_slice()) != Some(&event.leaf) {
            return Err(VerifyError::Leaf { position });
        }
        let leaf = leaf_array(&event.leaf).ok_or(VerifyError::Leaf { position })?;
        let chain = hashing::chain(&verified.tip, position, &leaf);
        if chain.as_slice() != event.chain {
            return Err(VerifyError::Chain { position });
        }
        verified = Verification { events: position, tip: chain };
        progress(position);
    }
    Ok(verified)
}

fn leaf_array(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok()
}
