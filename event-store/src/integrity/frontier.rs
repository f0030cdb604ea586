//! The Merkle tree of the whole log, continued from its last checkpoint: what the next checkpoint signs.

use sqlx::PgConnection;

use super::{
    merkle::MerkleFrontier,
    proofs::{self, BLOCK},
    signed_checkpoint::CheckpointError,
};
use crate::log::hashing::Hash;

/// How many leaves one query reads.
const CHUNK: u64 = 64 * BLOCK;

/// A checkpoint cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] CheckpointError),
    /// The key is not the log's: nothing is signed with it.
    #[error(
        "the signing key {found} is not the log's, which is {expected}: nothing is signed. Put the log's key \
         back, or change it with `portail keys rotate-signing`"
    )]
    NotTheLogsKey {
        /// The log's key, as far as it is known: `name+id+key`, or `name+id`.
        expected: String,
        /// The key that was to sign.
        found: String,
    },
    /// Events are gone that a checkpoint covers: nothing more is signed.
    #[error("the log ends at {head}, before its checkpoint of {size} events: run `portail audit verify`")]
    Shortened {
        /// The last position.
        head: u64,
        /// The last checkpoint's size.
        size: u64,
    },
}

/// The tree over all events, built from the subtrees of the last checkpoint and the leaves since.
///
/// # Errors
/// The database failed, or events are gone that a checkpoint covers.
pub(crate) async fn frontier(
    connection: &mut PgConnection,
    head: u64,
) -> Result<MerkleFrontier, SigningError> {
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT size, subtrees FROM log_checkpoint ORDER BY size DESC LIMIT 1")
            .fetch_optional(&mut *connection)
            .await?;
    let mut frontier = MerkleFrontier::default();
    if let Some((size, subtrees)) = last {
        let roots = subtrees.chunks(32).map(Hash::try_from).collect::<Result<_, _>>();
        let kept = roots.ok().and_then(|roots| MerkleFrontier::from_subtrees(size.unsigned_abs(), roots));
        frontier = kept.ok_or_else(|| sqlx::Error::Decode("the subtrees of a checkpoint".into()))?;
    }
    if head < frontier.size() {
        return Err(SigningError::Shortened { head, size: frontier.size() });
    }
    while frontier.size() < head {
        let from = frontier.size();
        let leaves = proofs::leaves(connection, from..head.min(from + CHUNK)).await?;
        if leaves.is_empty() {
            return Err(SigningError::Shortened { head: from, size: head });
        }
        leaves.into_iter().for_each(|leaf| frontier.push(leaf));
    }
    Ok(frontier)
}
