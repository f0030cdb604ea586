//! The key that proves that a server of the town appended a batch, and not somebody else with the rights of the
//! application's database role (decision 53).

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::log::{durability::Place, hashing::Hash};

/// Keeps these seals apart from whatever else a key might be used for.
const CONTEXT: &[u8] = b"portail-famille append seal v1";

/// The key of a log's appends. It is in the database only sealed with the master key.
#[derive(Clone)]
pub struct AppendKey(Hmac<Sha256>);

impl fmt::Debug for AppendKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppendKey(..)")
    }
}

impl AppendKey {
    /// The key of 32 random bytes; none of another length.
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        (secret.len() == 32).then(|| Hmac::new_from_slice(secret).ok()).flatten().map(Self)
    }

    /// The seal of the events between two ends of the log: HMAC-SHA-256 of both places. The chain hash there
    /// stands for every event up to it.
    pub(crate) fn seal(&self, before: Place, end: Place) -> Hash {
        self.mac(before, end).finalize().into_bytes().into()
    }

    /// Whether a seal is that of the events between two ends, compared in constant time.
    pub(crate) fn has_sealed(&self, before: Place, end: Place, seal: &[u8]) -> bool {
        self.mac(before, end).verify_slice(seal).is_ok()
    }

    fn mac(&self, before: Place, end: Place) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(CONTEXT);
        for (position, chain) in [before, end] {
            mac.update(&position.to_be_bytes());
            mac.update(&chain);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_of_its_key_and_of_both_ends() {
        let (key, other) = (AppendKey::new(&[1; 32]).unwrap(), AppendKey::new(&[2; 32]).unwrap());
        let (before, end) = ((4, [4; 32]), (9, [9; 32]));
        let seal = key.seal(before, end);
        assert!(key.has_sealed(before, end, &seal));
        assert!(!other.has_sealed(before, end, &seal));
        assert!(!key.has_sealed((5, [4; 32]), end, &seal));
        assert!(!key.has_sealed((4, [5; 32]), end, &seal));
        assert!(!key.has_sealed(before, (9, [8; 32]), &seal));
        assert!(!key.has_sealed(before, end, &seal[..31]));
        assert!(AppendKey::new(&[1; 31]).is_none());
        assert_eq!(format!("{key:?}"), "AppendKey(..)");
    }
}
