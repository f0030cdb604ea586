//! The Merkle tree over the log's leaves (RFC 6962, section 2.1): one hash stands for the whole log,
//! and short proofs show that an event is in it, or that a longer log goes on from a shorter one.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::log::hashing::Hash;

/// `SHA-256(0x01 || left || right)`.
pub(crate) fn node(left: &Hash, right: &Hash) -> Hash {
    let mut digest = Sha256::new_with_prefix([1u8]);
    digest.update(left);
    digest.update(right);
    digest.finalize().into()
}

/// A growing tree: it keeps the roots of its complete subtrees only, one per bit of its size.
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

    /// A stored tree: its size and the roots of its complete subtrees, the largest first.
    /// None when their number does not fit the size.
    pub fn from_subtrees(size: u64, subtrees: Vec<Hash>) -> Option<Self> {
        (size.count_ones() as usize == subtrees.len()).then_some(Self { size, subtrees })
    }

    /// The roots of its complete subtrees, the largest first.
    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
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

/// The root of the tree over leaves.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut tree = MerkleFrontier::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// The largest power of two below a size of two or more: where a tree divides.
pub(crate) fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The inclusion proof of the leaf at an index, from 0, in the tree of a size: the hashes beside its path, from
/// the leaf up. None when there is no such leaf. `hash` knows the hash of the tree over a
/// range of leaves.
pub fn inclusion_proof(
    size: u64,
    index: u64,
    hash: &mut impl FnMut(Range<u64>) -> Hash,
) -> Option<Vec<Hash>> {
    if index >= size {
        return None;
    }
    let (mut tree, mut proof) = (0..size, vec![]);
    while tree.end - tree.start > 1 {
        let middle = tree.start + split(tree.end - tree.start);
        if index < middle {
            proof.push(hash(middle..tree.end));
            tree.end = middle;
        } else {
            proof.push(hash(tree.start..middle));
            tree.start = middle;
        }
    }
    proof.reverse();
    Some(proof)
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

/// What shows that the tree of a size goes on from its first `old` leaves: RFC 6962, section 2.1.2.
/// None when it is shorter, or nothing was there before.
pub fn consistency_proof(
    size: u64,
    old: u64,
    hash: &mut impl FnMut(Range<u64>) -> Hash,
) -> Option<Vec<Hash>> {
    if !(1..=size).contains(&old) {
        return None;
    }
    let (mut tree, mut proof) = (0..size, vec![]);
    while tree.end != old {
        let middle = tree.start + split(tree.end - tree.start);
        if old <= middle {
            proof.push(hash(middle..tree.end));
            tree.end = middle;
        } else {
            proof.push(hash(tree.start..middle));
            tree.start = middle;
        }
    }
    // The old tree's own hash is known to who asks.
    if tree.start > 0 {
        proof.push(hash(tree));
    }
    proof.reverse();
    Some(proof)
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

    fn over(leaves: &[Hash]) -> impl FnMut(Range<u64>) -> Hash {
        |range| root(&leaves[range.start as usize..range.end as usize])
    }

    proptest! {
        /// Every leaf has a proof, which shows nothing else.
        #[test]
        fn proofs_of_inclusion_hold_and_no_others(size in 1usize..90, at in any::<proptest::sample::Index>(), flip in 0usize..256) {
            let all = leaves(size);
            let (index, root) = (at.index(size), root(&all));
            let proof = inclusion_proof(size as u64, index as u64, &mut over(&all)).unwrap();
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
            prop_assert!(inclusion_proof(size as u64, size as u64, &mut over(&all)).is_none());
        }

        /// A log goes on from every shorter one, and from no other.
        #[test]
        fn proofs_of_consistency_hold_and_no_others(size in 1usize..90, at in any::<proptest::sample::Index>()) {
            let all = leaves(size);
            let before = at.index(size) + 1;
            let proof = consistency_proof(size as u64, before as u64, &mut over(&all)).unwrap();
            let (old, new) = (root(&all[..before]), root(&all));
            prop_assert!(continues((before as u64, &old), (size as u64, &new), &proof));
            let mut other = all[..before].to_vec();
            other[0] = leaf(b"another");
            prop_assert!(!continues((before as u64, &root(&other)), (size as u64, &new), &proof));
        }
    }
}
