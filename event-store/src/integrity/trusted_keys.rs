//! Public keys, and the checkpoints each of them is trusted for.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};

use super::{
    diagnosis::IntegrityViolation,
    signed_checkpoint::{Appends, Checkpoint, CheckpointError, NEXT_KEY, ReadTrailHead, signed_by},
    verify::CheckpointCopy,
};
use crate::log::hashing::Hash;

/// Which checkpoints a key may have signed: those of so many events.
pub(crate) type Sizes = std::ops::RangeInclusive<u64>;

/// Public keys whose checkpoints are believed: today's, and those used before.
#[derive(Clone)]
pub struct TrustedKeys(Vec<(StandardVerifier, Sizes)>);

impl fmt::Debug for TrustedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(key, sizes)| (key.name(), sizes))).finish()
    }
}

impl TrustedKeys {
    /// The keys, each `name+id+key`.
    ///
    /// # Errors
    /// One is not a public key.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, CheckpointError> {
        Self::with_sizes(keys.into_iter().map(|key| (key, 0..=u64::MAX)))
    }

    /// Keys with the checkpoints each of them may have signed.
    pub(crate) fn with_sizes<'a>(
        keys: impl IntoIterator<Item = (&'a str, Sizes)>,
    ) -> Result<Self, CheckpointError> {
        let verifier = |(key, sizes): (&str, Sizes)| {
            let failed = |_| CheckpointError::PublicKey(key.trim().to_owned());
            Ok((StandardVerifier::new(key.trim()).map_err(failed)?, sizes))
        };
        Ok(Self(keys.into_iter().map(verifier).collect::<Result<_, _>>()?))
    }

    /// Reads a checkpoint that one of them signed.
    ///
    /// # Errors
    /// It is not a checkpoint, or none of them signed it, or none whose turn it was.
    pub fn read(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let failed = |e: &dyn fmt::Display| CheckpointError::Note(e.to_string());
        let verifiers = self.0.iter().map(|(key, _)| Box::new(key.clone()) as Box<dyn Verifier>).collect();
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|e| failed(&e))?;
        let (signatures, _) =
            parsed.verify(&VerifierList::new(verifiers)).map_err(|e| self.unverified(note, &e))?;
        let text = std::str::from_utf8(parsed.text()).map_err(|e| failed(&e))?;
        let mut lines = text.lines();
        let mut line = || lines.next().ok_or_else(|| failed(&"it has three lines"));
        let (origin, size, root) = (line()?.to_owned(), line()?, line()?);
        let size = size.parse().map_err(|e| failed(&e))?;
        let root = BASE64_STANDARD.decode(root).ok().and_then(|root| Hash::try_from(root).ok());
        let root = root.ok_or_else(|| failed(&"its root has not 32 bytes"))?;
        if !signatures.iter().any(|signature| signature.name() == origin) {
            return Err(failed(&"another log's key signed it"));
        }
        let signed_by = |key: &StandardVerifier| {
            signatures.iter().any(|by| by.name() == key.name() && by.id() == key.key_id())
        };
        if !self.0.iter().any(|(key, sizes)| sizes.contains(&size) && signed_by(key)) {
            return Err(failed(&format!("its key was not the log's when that had {size} events")));
        }
        let lines: Vec<&str> = lines.collect();
        let reads = lines.iter().copied().find_map(ReadTrailHead::parse);
        let next_key = lines.iter().find_map(|line| line.strip_prefix(NEXT_KEY)).map(str::to_owned);
        let appends = lines.iter().copied().find_map(Appends::parse).unwrap_or_default();
        Ok(Checkpoint { origin, size, root, reads, next_key, appends, note: note.to_owned() })
    }

    /// Reads a copy of a checkpoint; `place` is where it is.
    ///
    /// # Errors
    /// It is not a checkpoint that one of the keys signed (`IntegrityViolation::Checkpoint`).
    pub fn read_copy(&self, place: String, note: &str) -> Result<CheckpointCopy, IntegrityViolation> {
        match self.read(note) {
            Ok(checkpoint) => Ok(CheckpointCopy { place, checkpoint }),
            Err(CheckpointError::Note(reason)) => Err(IntegrityViolation::Checkpoint { held: place, reason }),
            Err(error @ (CheckpointError::Key(_) | CheckpointError::PublicKey(_))) => {
                Err(IntegrityViolation::Checkpoint { held: place, reason: error.to_string() })
            }
        }
    }

    /// Why no signature holds: an unknown key is named, so that whoever verifies sees which one to ask for.
    fn unverified(&self, note: &str, error: &dyn fmt::Display) -> CheckpointError {
        let known: Vec<String> =
            self.0.iter().map(|(key, _)| format!("{}+{:08x}", key.name(), key.key_id())).collect();
        CheckpointError::Note(match signed_by(note) {
            Some(signer) if !known.contains(&signer) => {
                format!("the key {signer} signed it; known are {}", known.join(", "))
            }
            Some(_) | None => error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::OsRng;

    use super::*;
    use crate::integrity::signed_checkpoint::CheckpointSigner;

    /// The key and the verifier of C2SP signed-note's published example.
    const PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn a_checkpoint_is_read_back_by_its_public_key_and_no_other() {
        let signer = CheckpointSigner::new(PRIVATE).unwrap();
        assert_eq!(signer.public_key(), PUBLIC);
        let reads = Some(ReadTrailHead { number: 5, chain: [9; 32] });
        let made = signer.sign(1234, &[7; 32], reads, Appends::Unproved { first: 3, last: 5 }).unwrap();
        assert!(made.note.starts_with("PeterNeumann\n1234\nBwcHBwcH"), "{}", made.note);
        let keys = TrustedKeys::new([PUBLIC]).unwrap();
        assert_eq!(keys.read(&made.note).unwrap(), made);
        assert!(keys.read(&made.note.replace("1234", "1235")).is_err());
        assert!(keys.read("1234").is_err());
        let (_, other) = signed_note::generate_key(&mut OsRng, "PeterNeumann");
        let refused = TrustedKeys::new([other.as_str()]).unwrap().read(&made.note).unwrap_err().to_string();
        assert!(refused.contains("the key PeterNeumann+c74f20a3 signed it; known are PeterN"), "{refused}");
        assert!(TrustedKeys::new(["PeterNeumann"]).is_err());
        assert!(!format!("{signer:?}").contains("AYEK"), "a secret is never printed");
    }
}
