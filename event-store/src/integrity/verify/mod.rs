//! Verification: recompute every leaf, the chain and the Merkle root from what the log holds, and
//! hold them against the signed checkpoints.

mod copy;

use futures::{StreamExt, stream};
use sqlx::{Executor, PgPool};

use super::{
    diagnosis::{HashedRow, IntegrityViolation, diagnose},
    merkle::MerkleFrontier,
    signed_checkpoint::Checkpoint,
};
use crate::log::{
    durability,
    hashing::{self, GENESIS, Hash},
};

/// How many events one task reads and hashes.
const BLOCK: u64 = 16_384;

/// How many events from a fault on are read to diagnose it.
const DIAGNOSIS_WINDOW: usize = 64;

/// The part of the log that verifies; a later verification may begin at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLog {
    /// The chain hash of the last event.
    pub tip: Hash,
    /// The Merkle tree over the leaves.
    pub tree: MerkleFrontier,
}

impl Default for VerifiedLog {
    fn default() -> Self {
        Self { tip: *GENESIS, tree: MerkleFrontier::default() }
    }
}

impl VerifiedLog {
    /// How many events: the last position.
    pub fn events(&self) -> u64 {
        self.tree.size()
    }
}

/// A checkpoint with where this copy of it is.
#[derive(Debug, Clone)]
pub struct CheckpointCopy {
    /// "the database", or the path of a file.
    pub place: String,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

/// A verification did not come to a good end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database cannot be read: nothing is said about the log.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The log, or what is signed of it, is not what it was.
    #[error(transparent)]
    Violation(#[from] IntegrityViolation),
}

/// Recomputes the log from where it was verified before to its head, and holds it against
/// checkpoints. `progress` hears the verified position and the head.
///
/// Blocks are read and hashed by as many tasks as there are processors and connections; each takes
/// the chain's stored end before it, which the block before has recomputed.
///
/// # Errors
/// The first thing wrong, or that the database cannot be read.
pub async fn verify(
    pool: &PgPool,
    start: VerifiedLog,
    checkpoints: &[CheckpointCopy],
    mut progress: impl FnMut(u64, u64),
) -> Result<VerifiedLog, VerifyError> {
    // A later verification begins where this one ends: what it covers must be durable.
    let (head, connection) = durability::durable_head(pool).await?;
    drop(connection);
    let mut due: Vec<&CheckpointCopy> =
        checkpoints.iter().filter(|h| h.checkpoint.size >= start.events()).collect();
    due.sort_by_key(|held| held.checkpoint.size);
    let mut due = due.into_iter().peekable();
    if head < start.events() {
        let held = "the last verification".to_owned();
        return Err(IntegrityViolation::CutOff { events: head, size: start.events(), held }.into());
    }
    let tasks = std::thread::available_parallelism().map_or(1, usize::from);
    let tasks = tasks.min(usize::try_from(pool.options().get_max_connections()).unwrap_or(1));
    let (after, tip) = (start.events(), start.tip);
    let step = usize::try_from(BLOCK).unwrap_or(usize::MAX);
    let blocks = (after..head).step_by(step).map(|from| {
        let (pool, tip) = (pool.clone(), (from == after).then_some(tip));
        let read = tokio::spawn(async move { read_block(&pool, from, head.min(from + BLOCK), tip).await });
        async { read.await.unwrap_or_else(|e| Err(sqlx::Error::Io(std::io::Error::other(e)).into())) }
    });
    let mut blocks = stream::iter(blocks).buffered(tasks);
    let mut verified = start;
    let mut fits = verified.events();
    let mut check = |tree: &MerkleFrontier| {
        while let Some(held) = due.next_if(|held| held.checkpoint.size == tree.size()) {
            let size = tree.size();
            if tree.root() != held.checkpoint.root {
                return Err(IntegrityViolation::Rewritten { after: fits, size, held: held.place.clone() });
            }
            fits = size;
        }
        Ok(())
    };
    check(&verified.tree)?;
    while let Some(block) = blocks.next().await {
        let block = block?;
        for leaf in block.leaves {
            verified.tree.push(leaf);
            check(&verified.tree)?;
        }
        if let Some(wrong) = block.wrong {
            return Err(wrong.into());
        }
        verified.tip = block.tip;
        progress(verified.events(), head);
    }
    if let Some(held) = due.next() {
        let (size, held) = (held.checkpoint.size, held.place.clone());
        return Err(IntegrityViolation::CutOff { events: head, size, held }.into());
    }
    Ok(verified)
}

struct Block {
    leaves: Vec<Hash>,
    tip: Hash,
    wrong: Option<IntegrityViolation>,
}

/// Recomputes the events after a position through another, up to the first thing wrong. The chain's
/// end before them is read from the log unless it is known.
async fn read_block(
    pool: &PgPool,
    after: u64,
    through: u64,
    tip: Option<Hash>,
) -> Result<Block, VerifyError> {
    let mut connection = pool.begin().await?;
    // In the order of the index: of a log the planner does not know yet, it would sort every block.
    connection.execute("SET LOCAL enable_bitmapscan TO off").await?;
    let stored = if after == 0 {
        *GENESIS
    } else {
        let stored: Vec<u8> = sqlx::query_scalar("SELECT chain FROM events WHERE position = $1")
            .bind(after.cast_signed())
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(IntegrityViolation::Dropped { position: after, events: 1 })?;
        stored.try_into().map_err(|_| IntegrityViolation::Broken { position: after })?
    };
    if tip.is_some_and(|tip| tip != stored) {
        return Err(IntegrityViolation::Rewritten {
            after: 0,
            size: after,
            held: "the last verification".into(),
        }
        .into());
    }
    let leaves = Vec::with_capacity(usize::try_from(through - after).unwrap_or_default());
    let mut block = Block { leaves, tip: stored, wrong: None };
    let mut rows: Vec<HashedRow> = vec![];
    let (mut position, mut fault) = (after, None);
    let mut events = copy::events(&mut connection, after, through).await?;
    while let Some(event) = events.next().await? {
        position += 1;
        if event.position != position && fault.is_none() {
            let events = event.position.saturating_sub(position);
            fault = Some((position, Some(IntegrityViolation::Dropped { position, events })));
        }
        if !event.is_what_was_hashed() && fault.is_none() {
            fault = Some((position, Some(IntegrityViolation::Altered { position })));
        }
        if fault.is_none() {
            let chain = hashing::chain(&block.tip, position, &event.leaf);
            if chain == event.chain {
                block.tip = chain;
                block.leaves.push(event.leaf);
                continue;
            }
            fault = Some((position, None));
        }
        // Past a fault, events are only looked at to tell what happened.
        rows.push(HashedRow { leaf: event.leaf, chain: event.chain });
        if rows.len() == DIAGNOSIS_WINDOW || matches!(fault, Some((_, Some(_)))) {
            break;
        }
    }
    if fault.is_some() {
        events.skip_the_rest().await?;
    }
    block.wrong = fault.map(|(at, wrong)| wrong.unwrap_or_else(|| diagnose(&block.tip, at, &rows)));
    if block.wrong.is_none() && position < through {
        block.wrong =
            Some(IntegrityViolation::Dropped { position: position + 1, events: through - position });
    }
    Ok(block)
}
