//! Leaves and the chain: what makes the log tamper-evident.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// What the first link is chained to: SHA-256 of `portail-famille event log v1`.
pub static GENESIS: std::sync::LazyLock<Hash> =
    std::sync::LazyLock::new(|| Sha256::digest(b"portail-famille event log v1").into());

/// A hash in hexadecimal digits.
pub fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hash of its hexadecimal digits.
pub fn parse_hex(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.filter(|_| digits.len() == 64)?.try_into().ok()
}

/// `SHA-256(0x00 || canonical envelope)`.
pub fn leaf(canonical: &[u8]) -> Hash {
    Sha256::new_with_prefix([0u8]).chain_update(canonical).finalize().into()
}

/// `SHA-256(0x01 || previous || position as 8 bytes, big-endian || leaf)`.
pub fn chain(previous: &Hash, position: u64, leaf: &Hash) -> Hash {
    let mut digest = Sha256::new_with_prefix([1u8]);
    digest.update(previous);
    digest.update(position.to_be_bytes());
    digest.update(leaf);
    digest.finalize().into()
}
