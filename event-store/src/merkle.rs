//! The Merkle tree over the log's leaves (RFC 6962, section 2.1): one hash stands for the whole log,
//! and short proofs show that an event is in it, or that a longer log goes on from a shorter one.

use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::hashing::Hash;

/// The leaves of the log as it is stored, the first at index 0. Those of a million events are 32 MB.
///
/// # Errors
/// The database failed, or a leaf is not a hash.
pub async fn leaves(pool: &PgPool) -> Result<Vec<Hash>, sqlx::Error> {
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT leaf FROM events ORDER BY position").fetch_all(pool).await?;
    let hash = |leaf: Vec<u8>| leaf.try_into().map_err(|_| sqlx::Error::Decode("a leaf of 32 bytes".into()));
    stored.into_iter().map(hash).collect()
}

/// `SHA-256(0x01 || left || right)`.
fn node(left: &Hash, right: &Hash) -> Hash {
    let mut digest = Sha256::new_with_prefix([1u8]);
    digest.update(left);
    digest.update(right);
    digest.finalize().into()
}

/// A growing tree: only the roots of its complete subtrees are kept, one per bit of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MerkleFrontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl MerkleFrontier {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut subtree = leaf;
        let mut complete = self.size;
        while complete & 1 == 1 {
            if let Some(left) = self.subtrees.pop() {
                subtree = node(&left, &subtree);
            }
            complete >>= 1;
        }
        self.subtrees.push(subtree);
        self.size += 1;
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of the tree; of an empty one, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(last) = subtrees.next() else { return Sha256::digest([]).into() };
        subtrees.fold(*last, |right, left| node(left, &right))
    }
}

/// The hash of a tree of leaves.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut tree = MerkleFrontier::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// The largest power of two below a size of two or more: where a tree divides.
fn split(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

/// What shows that the leaf at an index, from 0, is in the tree: the hashes beside its path, from
/// the leaf up. None when there is no such leaf.
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    match leaves {
        [_] if index == 0 => Some(vec![]),
        [_, _, ..] if index < leaves.len() => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            let (mut proof, beside) = if index < left.len() {
                (inclusion_proof(left, index)?, right)
            } else {
                (inclusion_proof(right, index - left.len())?, left)
            };
            proof.push(root(beside));
            Some(proof)
        }
        _ => None,
    }
}

/// Whether a proof shows that a leaf is at an index of the tree of that size and hash.
pub fn includes(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    // Along the way up: the node's number and the number of the last node of its level.
    let (mut number, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in proof {
        if last == 0 {
            return false;
        }
        if number & 1 == 1 || number == last {
            hash = node(beside, &hash);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, beside);
        }
        number >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// What shows that the tree goes on from its first `size` leaves: RFC 6962, section 2.1.2. None when
/// it is shorter, or nothing was there before.
pub fn consistency_proof(leaves: &[Hash], size: usize) -> Option<Vec<Hash>> {
    fn of(leaves: &[Hash], size: usize, whole: bool) -> Vec<Hash> {
        if size == leaves.len() {
            return if whole { vec![] } else { vec![root(leaves)] };
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        let (mut proof, beside) = if size <= left.len() {
            (of(left, size, whole), right)
        } else {
            (of(right, size - left.len(), false), left)
        };
        proof.push(root(beside));
        proof
    }
    (1..=leaves.len()).contains(&size).then(|| of(leaves, size, true))
}

/// Whether a proof shows that a tree of one size and hash goes on as one of another (RFC 9162,
/// section 2.1.4.2).
pub fn continues(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == 0 || old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    let mut path = proof.iter();
    let first = if old_size.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut number, mut last) = (old_size - 1, new_size - 1);
    while number & 1 == 1 {
        number >>= 1;
        last >>= 1;
    }
    let (mut before, mut after) = (*first, *first);
    for beside in path {
        if last == 0 {
            return false;
        }
        if number & 1 == 1 || number == last {
            before = node(beside, &before);
            after = node(beside, &after);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            after = node(&after, beside);
        }
        number >>= 1;
        last >>= 1;
    }
    last == 0 && before == *old_root && after == *new_root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf(content: &[u8]) -> Hash {
        Sha256::new_with_prefix([0u8]).chain_update(content).finalize().into()
    }

    fn hex(hash: &Hash) -> String {
        hash.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The leaves and roots every implementation of RFC 6962 is tested with.
    #[test]
    fn roots_are_those_of_the_published_tree() {
        let contents: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves = contents.map(leaf);
        assert_eq!(hex(&root(&[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (size, expected) in [
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(hex(&root(&leaves[..size])), expected, "{size} leaves");
        }
    }

    fn leaves(size: usize) -> Vec<Hash> {
        (0..size).map(|n| leaf(&n.to_be_bytes())).collect()
    }

    proptest! {
        /// Every leaf has a proof, which shows nothing else.
        #[test]
        fn proofs_of_inclusion_hold_and_no_others(size in 1usize..90, at in any::<proptest::sample::Index>(), flip in 0usize..256) {
            let all = leaves(size);
            let (index, root) = (at.index(size), root(&all));
            let proof = inclusion_proof(&all, index).unwrap();
            let shows = |leaf: &Hash, index: usize, proof: &[Hash]| includes(leaf, index as u64, size as u64, proof, &root);
            prop_assert!(shows(&all[index], index, &proof));
            prop_assert!(!shows(&leaf(b"another"), index, &proof));
            if size > 1 {
                prop_assert!(!shows(&all[index], (index + 1) % size, &proof));
                let mut altered = proof.clone();
                altered[0][flip / 8] ^= 1 << (flip % 8);
                prop_assert!(!shows(&all[index], index, &altered));
                prop_assert!(!shows(&all[index], index, &proof[1..]));
            }
            prop_assert!(inclusion_proof(&all, size).is_none());
        }

        /// A log goes on from every shorter one, and from no other.
        #[test]
        fn proofs_of_consistency_hold_and_no_others(size in 1usize..90, at in any::<proptest::sample::Index>()) {
            let all = leaves(size);
            let before = at.index(size) + 1;
            let proof = consistency_proof(&all, before).unwrap();
            let (old, new) = (root(&all[..before]), root(&all));
            prop_assert!(continues((before as u64, &old), (size as u64, &new), &proof));
            let mut other = all[..before].to_vec();
            other[0] = leaf(b"another");
            prop_assert!(!continues((before as u64, &root(&other)), (size as u64, &new), &proof));
        }
    }
}
