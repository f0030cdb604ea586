//! The log verified from its last checkpoints on: what the next checkpoint may be signed of. A server never signs
//! what contradicts what was signed before, in the database or outside it.

use sqlx::PgPool;

use super::{
    append_seals::chain_at,
    checkpoint_folder::CheckpointFolder,
    diagnosis::IntegrityViolation,
    merkle::MerkleFrontier,
    signed_checkpoint::Checkpoint,
    signing_error::SigningError,
    trusted_keys::TrustedKeys,
    verify::{CheckpointCopy, VerifiedLog, verify},
};
use crate::log::hashing::Hash;

/// The place of a checkpoint that is in the database.
pub const DATABASE: &str = "database";

/// A stored checkpoint with what the tree goes on from.
#[derive(Clone)]
struct Stored {
    checkpoint: Checkpoint,
    tree: MerkleFrontier,
}

/// The log up to its durable head, with the checkpoint before it.
pub(crate) struct SignedHead {
    /// The last checkpoint; none where nothing was signed yet.
    pub(crate) last: Option<Checkpoint>,
    /// Where the last checkpoint ends: its position and chain hash.
    pub(crate) from: (u64, Hash),
    /// The log, verified from the oldest of the newest copies on.
    pub(crate) verified: VerifiedLog,
}

impl SignedHead {
    /// Verifies the log from where its newest checkpoints were signed: that of the database, and `copies`, the
    /// newest of each place outside it.
    ///
    /// # Errors
    /// A copy is none, or not in the database; the log does not go on from one; or the database failed.
    pub(crate) async fn of(
        pool: &PgPool,
        keys: &TrustedKeys,
        copies: &[CheckpointCopy],
    ) -> Result<Self, SigningError> {
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT max(size) FROM log_checkpoint").fetch_one(pool).await?;
        let newest = newest.map(i64::unsigned_abs);
        let last = match newest {
            Some(size) => stored(pool, keys, size).await?,
            None => None,
        };
        // Every copy is one of the database's own checkpoints: whatever was signed is stored first.
        let mut oldest = last.clone();
        for CheckpointCopy { place, checkpoint } in copies {
            let size = checkpoint.size;
            let own = stored(pool, keys, size).await?.filter(|own| own.checkpoint.note == checkpoint.note);
            let Some(own) = own else {
                let (held, newest) = (place.clone(), newest.unwrap_or(0));
                return Err(IntegrityViolation::Contradicted { held, size, newest }.into());
            };
            if oldest.as_ref().is_none_or(|oldest| size < oldest.checkpoint.size) {
                oldest = Some(own);
            }
        }
        let start = match oldest {
            Some(Stored { tree, .. }) => VerifiedLog { tip: chain_at(pool, tree.size()).await?, tree },
            None => VerifiedLog::default(),
        };
        let last = last.map(|last| last.checkpoint);
        let own = last.clone().map(|checkpoint| CheckpointCopy { place: DATABASE.into(), checkpoint });
        let held: Vec<CheckpointCopy> = copies.iter().cloned().chain(own).collect();
        let verified = verify(pool, start, &held, |_, _| ()).await?;
        let size = newest.unwrap_or(0);
        Ok(Self { last, from: (size, chain_at(pool, size).await?), verified })
    }
}

/// The newest copy of a folder.
///
/// # Errors
/// It cannot be read, or is not a checkpoint.
pub(crate) fn newest_copy(
    folder: &CheckpointFolder,
    keys: &TrustedKeys,
) -> Result<Option<CheckpointCopy>, SigningError> {
    let Some((_, path)) = folder.files()?.pop() else { return Ok(None) };
    let note = CheckpointFolder::read(&path)?;
    let place = path.display().to_string();
    Ok(Some(keys.read_copy(place, &note)?))
}

/// A checkpoint of the database, held against its signature: whoever may write the table cannot sign.
async fn stored(pool: &PgPool, keys: &TrustedKeys, size: u64) -> Result<Option<Stored>, SigningError> {
    let row: Option<(String, Vec<u8>)> =
        sqlx::query_as("SELECT note, subtrees FROM log_checkpoint WHERE size = $1")
            .bind(size.cast_signed())
            .fetch_optional(pool)
            .await?;
    let Some((note, subtrees)) = row else { return Ok(None) };
    let CheckpointCopy { checkpoint, .. } = keys.read_copy(DATABASE.into(), &note)?;
    let roots = subtrees.chunks(32).map(Hash::try_from).collect::<Result<_, _>>();
    let tree = roots.ok().and_then(|roots| MerkleFrontier::from_subtrees(size, roots));
    match tree.filter(|tree| checkpoint.size == size && tree.root() == checkpoint.root) {
        Some(tree) => Ok(Some(Stored { checkpoint, tree })),
        None => {
            let reason = format!("what is stored beside the checkpoint of {size} events is not of its root");
            Err(IntegrityViolation::Checkpoint { held: DATABASE.into(), reason }.into())
        }
    }
}
