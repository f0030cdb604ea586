//! Merkle proofs over the stored log, from the stored roots of whole blocks and the leaves of two.

use std::{collections::HashMap, ops::Range};

use sqlx::PgConnection;

use crate::{integrity::merkle, log::hashing::Hash};

/// How many leaves a block has.
pub const BLOCK: u64 = 1024;

/// The parts of the Merkle tree of one size that a proof needs.
#[derive(Debug)]
pub struct ProofTree {
    size: u64,
    blocks: Vec<Hash>,
    leaves: HashMap<u64, Vec<Hash>>,
}

impl ProofTree {
    /// Reads the tree of a size, so far as proofs about the given indices of leaves need it.
    ///
    /// # Errors
    /// The database failed, or holds no tree of this size.
    pub async fn read(
        connection: &mut PgConnection,
        size: u64,
        indices: &[u64],
    ) -> Result<Self, sqlx::Error> {
        let whole = size / BLOCK;
        let blocks = "SELECT root FROM log_block WHERE number < $1 ORDER BY number";
        let blocks: Vec<Vec<u8>> =
            sqlx::query_scalar(blocks).bind(whole.cast_signed()).fetch_all(&mut *connection).await?;
        let blocks = hashes(blocks)?;
        // Blocks that no checkpoint has closed yet are read as leaves.
        let known = blocks.len() as u64;
        let mut tree = Self { size, blocks, leaves: HashMap::new() };
        let open = known..=whole;
        for number in indices.iter().map(|i| i / BLOCK).filter(|n| *n < known).chain(open) {
            let span = number * BLOCK..size.min((number + 1) * BLOCK);
            let leaves = leaves(connection, span.clone()).await?;
            if leaves.len() as u64 != span.end - span.start {
                return Err(sqlx::Error::Decode("the log is shorter than its tree".into()));
            }
            tree.leaves.insert(number, leaves);
        }
        Ok(tree)
    }

    /// Its root.
    pub fn root(&self) -> Hash {
        self.hash(0..self.size)
    }

    /// The inclusion proof of the leaf at an index, with the leaf.
    pub fn inclusion(&self, index: u64) -> Option<(Hash, Vec<Hash>)> {
        let proof = merkle::inclusion_proof(self.size, index, &mut |range| self.hash(range))?;
        Some((self.hash(index..index + 1), proof))
    }

    /// The consistency proof from its first `old` leaves, with their root.
    pub fn consistency(&self, old: u64) -> Option<(Hash, Vec<Hash>)> {
        let proof = merkle::consistency_proof(self.size, old, &mut |range| self.hash(range))?;
        Some((self.hash(0..old), proof))
    }

    /// The hash of a subtree, all of whose blocks are whole or were read.
    fn hash(&self, range: Range<u64>) -> Hash {
        let (first, last) = (range.start / BLOCK, (range.end - 1) / BLOCK);
        if let Some(leaves) = self.leaves.get(&first).filter(|_| first == last) {
            let at = |index: u64| usize::try_from(index - first * BLOCK).unwrap_or(usize::MAX);
            return leaves.get(at(range.start)..at(range.end)).map(merkle::root).unwrap_or_default();
        }
        if range == (first * BLOCK..(first + 1) * BLOCK) {
            let block = usize::try_from(first).ok().and_then(|n| self.blocks.get(n));
            return block.copied().unwrap_or_default();
        }
        let middle = range.start + merkle::split(range.end - range.start);
        merkle::node(&self.hash(range.start..middle), &self.hash(middle..range.end))
    }
}

/// The leaves of a range of indices, from 0.
pub(crate) async fn leaves(
    connection: &mut PgConnection,
    range: Range<u64>,
) -> Result<Vec<Hash>, sqlx::Error> {
    let query = "SELECT leaf FROM events WHERE position > $1 AND position <= $2 ORDER BY position";
    let stored: Vec<Vec<u8>> = sqlx::query_scalar(query)
        .bind(range.start.cast_signed())
        .bind(range.end.cast_signed())
        .fetch_all(connection)
        .await?;
    hashes(stored)
}

fn hashes(stored: Vec<Vec<u8>>) -> Result<Vec<Hash>, sqlx::Error> {
    let hash =
        |bytes: Vec<u8>| bytes.try_into().map_err(|_| sqlx::Error::Decode("a hash of 32 bytes".into()));
    stored.into_iter().map(hash).collect()
}
