//! Verification: recompute every leaf and the chain from what the log holds.

use futures::TryStreamExt;
use sqlx::PgPool;

use crate::{
    hashing::{self, GENESIS, Hash},
    log::{COLUMNS, RecordedEvent},
    merkle::MerkleFrontier,
};

/// The log as far as it verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many events were checked: the last position.
    pub events: u64,
    /// The chain's end.
    pub tip: Hash,
    /// The Merkle root of the leaves.
    pub root: Hash,
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
    let mut tree = MerkleFrontier::default();
    let mut verified = Verification { events: 0, tip: *GENESIS, root: tree.root() };
    while let Some(event) = rows.try_next().await? {
        let position = verified.events + 1;
        if event.position != position {
            return Err(VerifyError::Gap { expected: position, found: event.position });
        }
        let leaf = hashing::leaf(&event.envelope());
        if leaf.ok().as_ref().map(|l| l.as_slice()) != Some(&event.leaf) {
            return Err(VerifyError::Leaf { position });
        }
        let leaf = leaf_array(&event.leaf).ok_or(VerifyError::Leaf { position })?;
        let chain = hashing::chain(&verified.tip, position, &leaf);
        if chain.as_slice() != event.chain {
            return Err(VerifyError::Chain { position });
        }
        tree.push(leaf);
        verified.events = position;
        verified.tip = chain;
        progress(position);
    }
    verified.root = tree.root();
    Ok(verified)
}

fn leaf_array(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok()
}
