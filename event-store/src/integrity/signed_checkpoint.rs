//! A signed head of the log, in the format of C2SP tlog-checkpoint and signed-note (Ed25519): any
//! tool of that family can read and check it.

use std::{fmt, path::Path, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chacha20poly1305::aead::OsRng;
use ed25519_dalek::SigningKey;
use signed_note::{Note, Signer as _, StandardSigner};

use super::diagnosis::IntegrityViolation;
use crate::{log::hashing::Hash, secrets::secret_file};

/// A key or a checkpoint is not what it must be.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The signing key cannot be used.
    #[error("the signing key is not usable: {0}")]
    Key(String),
    /// A public key cannot be used.
    #[error("the public key {0} is not of the form name+id+key")]
    PublicKey(String),
    /// The text is not a checkpoint signed by a known key.
    #[error("not a checkpoint signed by a known key: {0}")]
    Note(String),
}

/// What a checkpoint says: this many events, with this Merkle root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log.
    pub origin: String,
    /// How many events.
    pub size: u64,
    /// Their Merkle root (RFC 6962).
    pub root: Hash,
    /// Where the trail of reads stood, in an extension line of the note: `reads`, how many entries,
    /// the hash of the last one.
    pub reads: Option<ReadTrailHead>,
    /// The key that signs from here on, in an extension line of the note: `signing-key`, `name+id+key`. Only
    /// a change of keys has one.
    pub next_key: Option<String>,
    /// Whether it was proved that servers appended its events, in an extension line of the note (decision 53).
    pub appends: Appends,
    /// The signed note, to the byte.
    pub note: String,
}

/// What was proved of who appended the events between a checkpoint and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Appends {
    /// Nothing: the log was not sealed yet. No line of the note.
    #[default]
    Unsealed,
    /// Every batch has the seal of the log's servers: `appends proved`.
    Proved,
    /// Some have not: somebody else appended them, or their seals are gone. It is signed only if an operator says
    /// so: `appends unproved FIRST LAST`.
    Unproved {
        /// The first event of which it is not proved.
        first: u64,
        /// The last one.
        last: u64,
    },
}

impl Appends {
    /// Whether later checkpoints have to prove who appended.
    pub fn is_sealed(self) -> bool {
        match self {
            Self::Unsealed => false,
            Self::Proved | Self::Unproved { .. } => true,
        }
    }

    /// Takes what nothing proves for a violation of the log.
    ///
    /// # Errors
    /// Nothing proves who appended some of the events.
    pub(super) fn or_violation(self) -> Result<Self, IntegrityViolation> {
        match self {
            Self::Unproved { first, last } => Err(IntegrityViolation::Unproved { first, last }),
            Self::Unsealed | Self::Proved => Ok(self),
        }
    }

    fn line(self) -> String {
        match self {
            Self::Unsealed => String::new(),
            Self::Proved => "appends proved\n".into(),
            Self::Unproved { first, last } => format!("appends unproved {first} {last}\n"),
        }
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        if line == "appends proved" {
            return Some(Self::Proved);
        }
        let (first, last) = line.strip_prefix("appends unproved ")?.split_once(' ')?;
        Some(Self::Unproved { first: first.parse().ok()?, last: last.parse().ok()? })
    }
}

/// Where the trail of reads stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTrailHead {
    /// The last entry's number.
    pub number: u64,
    /// Its hash.
    pub chain: Hash,
}

/// What the extension line that names the next key begins with.
pub(super) const NEXT_KEY: &str = "signing-key ";

impl ReadTrailHead {
    fn line(&self) -> String {
        format!("reads {} {}\n", self.number, BASE64_STANDARD.encode(self.chain))
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        let (number, chain) = line.strip_prefix("reads ")?.split_once(' ')?;
        let chain = Hash::try_from(BASE64_STANDARD.decode(chain).ok()?).ok()?;
        Some(Self { number: number.parse().ok()?, chain })
    }
}

/// Signs checkpoints.
#[derive(Clone)]
pub struct CheckpointSigner {
    signer: Arc<StandardSigner>,
    public: String,
}

impl fmt::Debug for CheckpointSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckpointSigner").field("public", &self.public).finish_non_exhaustive()
    }
}

impl CheckpointSigner {
    /// A signer of a key `PRIVATE+KEY+name+id+key`; the name is the log's origin.
    ///
    /// # Errors
    /// It is not such a key.
    pub fn new(key: &str) -> Result<Self, CheckpointError> {
        let failed = |e: &dyn fmt::Display| CheckpointError::Key(e.to_string());
        let key = key.trim();
        let signer = StandardSigner::new(key).map_err(|e| failed(&e))?;
        let secret = key.splitn(5, '+').nth(4).and_then(|text| BASE64_STANDARD.decode(text).ok());
        // The key's data is its algorithm, 1, and the seed.
        let seed = secret.and_then(|bytes| <[u8; 32]>::try_from(bytes.get(1..)?).ok());
        let seed = seed.ok_or_else(|| failed(&"not an Ed25519 key"))?;
        let verifying = SigningKey::from_bytes(&seed).verifying_key();
        let public = signed_note::new_ed25519_verifier_key(signer.name(), &verifying);
        Ok(Self { signer: Arc::new(signer), public })
    }

    /// The signer of a key file.
    ///
    /// # Errors
    /// The file cannot be read or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, CheckpointError> {
        let failed = |e: &dyn fmt::Display| CheckpointError::Key(format!("{}: {e}", path.display()));
        Self::new(&std::fs::read_to_string(path).map_err(|e| failed(&e))?).map_err(|e| failed(&e))
    }

    /// Makes a key for an origin, and its file, which only its owner reads.
    ///
    /// # Errors
    /// There is such a file, it cannot be written, or the origin is none.
    pub fn make_file(path: &Path, origin: &str) -> Result<Self, CheckpointError> {
        if !signed_note::is_key_name_valid(origin) {
            return Err(CheckpointError::Key(format!("{origin}: an origin has no space and no plus sign")));
        }
        let key = signed_note::generate_key(&mut OsRng, origin).0;
        secret_file::make(path, &key)
            .map_err(|e| CheckpointError::Key(format!("{}: {e}", path.display())))?;
        Self::new(&key)
    }

    /// The public key without the key: what a signature tells of it.
    pub(crate) fn name_and_id(&self) -> String {
        format!("{}+{:08x}", self.origin(), self.signer.key_id())
    }

    /// The log's name: the key's too.
    pub fn origin(&self) -> &str {
        self.signer.name()
    }

    /// The public key, `name+id+key`: what whoever checks needs.
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// Signs a head of the log.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn sign(
        &self,
        size: u64,
        root: &Hash,
        reads: Option<ReadTrailHead>,
        appends: Appends,
    ) -> Result<Checkpoint, CheckpointError> {
        self.signed_with(&[], size, root, Extension { reads, appends, next_key: None })
    }

    /// Signs the head of the log at which another key takes over: that one signs too, and so vouches for
    /// what this one signed.
    ///
    /// # Errors
    /// A key cannot sign.
    pub(crate) fn hand_over(
        &self,
        next: &Self,
        size: u64,
        root: &Hash,
    ) -> Result<Checkpoint, CheckpointError> {
        self.signed_with(&[&*next.signer], size, root, Extension::of_change(&next.public))
    }

    /// Signs the head of the log at which this key takes over from one that is lost.
    ///
    /// # Errors
    /// The key cannot sign.
    pub(crate) fn take_over(&self, size: u64, root: &Hash) -> Result<Checkpoint, CheckpointError> {
        self.signed_with(&[], size, root, Extension::of_change(&self.public))
    }

    fn signed_with(
        &self,
        others: &[&dyn signed_note::Signer],
        size: u64,
        root: &Hash,
        extension: Extension,
    ) -> Result<Checkpoint, CheckpointError> {
        let failed = |e: &dyn fmt::Display| CheckpointError::Key(e.to_string());
        let origin = self.origin().to_owned();
        let lines = extension.lines();
        let text = format!("{origin}\n{size}\n{}\n{lines}", BASE64_STANDARD.encode(root));
        let mut note = Note::new(text.as_bytes(), &[]).map_err(|e| failed(&e))?;
        let own: [&dyn signed_note::Signer; 1] = [&*self.signer];
        note.add_sigs(&[&own[..], others].concat()).map_err(|e| failed(&e))?;
        let note = String::from_utf8(note.to_bytes()).map_err(|e| failed(&e))?;
        let Extension { reads, appends, next_key } = extension;
        Ok(Checkpoint { origin, size, root: *root, reads, next_key, appends, note })
    }
}

/// The lines of a note below its root.
#[derive(Default)]
struct Extension {
    reads: Option<ReadTrailHead>,
    appends: Appends,
    next_key: Option<String>,
}

impl Extension {
    fn of_change(key: &str) -> Self {
        Self { next_key: Some(key.to_owned()), ..Self::default() }
    }

    fn lines(&self) -> String {
        let reads = self.reads.as_ref().map(ReadTrailHead::line).unwrap_or_default();
        let next = self.next_key.as_ref().map(|key| format!("{NEXT_KEY}{key}\n")).unwrap_or_default();
        [reads, self.appends.line(), next].concat()
    }
}

/// The name and id of the key that signed a note, for who does not know that key.
pub(crate) fn signed_by(note: &str) -> Option<String> {
    let signature = note.lines().rev().find_map(|line| line.strip_prefix("\u{2014} "))?;
    let (name, signature) = signature.split_once(' ')?;
    let bytes = BASE64_STANDARD.decode(signature).ok()?;
    Some(format!("{name}+{}", crate::log::hashing::hex(bytes.get(..4)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once() {
        let folder = std::env::temp_dir().join(format!("portail-key-{}", uuid::Uuid::new_v4()));
        assert!(CheckpointSigner::from_file(&folder).is_err(), "reading makes nothing");
        let made = CheckpointSigner::make_file(&folder, "famille.example.fr/log").unwrap();
        let again = CheckpointSigner::from_file(&folder).unwrap();
        assert_eq!(made.public_key(), again.public_key());
        assert!(CheckpointSigner::make_file(&folder, "famille.example.fr/log").is_err());
        assert_eq!(CheckpointSigner::from_file(&folder).unwrap().public_key(), made.public_key());
        std::fs::remove_file(&folder).unwrap();
        assert!(CheckpointSigner::make_file(&folder, "with space").is_err());
        assert!(!folder.exists());
    }
}
