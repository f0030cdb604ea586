//! The master key: kept outside the database, known to it by a check value.

use std::{fmt, path::Path};

use chacha20poly1305::{KeyInit, XChaCha20Poly1305, aead::OsRng};
use sha2::{Digest, Sha256};

use super::error::VaultError;
use crate::log::hashing::{Hash, hex, parse_hex};
use crate::secrets::secret_file;

/// What the check value is the hash of, before the key: no other use of the key hashes the same.
const CHECKED: &[u8] = b"portail-famille master key check v1";

/// The key that wraps the subjects' keys; it is kept outside the database.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.fingerprint())
    }
}

impl MasterKey {
    /// Reads the key's 64 hexadecimal digits.
    ///
    /// # Errors
    /// It is not that.
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let wrong = || VaultError::MasterKey("64 hexadecimal digits are expected".into());
        parse_hex(text.trim()).map(Self).ok_or_else(wrong)
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    /// The file cannot be read or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        let failed = |e: &dyn fmt::Display| VaultError::MasterKey(format!("{}: {e}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|e| failed(&e))?;
        Self::from_hex(&text).map_err(|_| failed(&"64 hexadecimal digits are expected"))
    }

    /// Makes a key and its file, which only its owner reads.
    ///
    /// # Errors
    /// There is such a file, or it cannot be written.
    pub fn make_file(path: &Path) -> Result<Self, VaultError> {
        let key = Self(XChaCha20Poly1305::generate_key(&mut OsRng).into());
        let failed = |e| VaultError::MasterKey(format!("{}: {e}", path.display()));
        secret_file::make(path, &hex(&key.0)).map_err(failed)?;
        Ok(key)
    }

    /// What tells one key from another without giving it away: 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.check_value())
    }

    /// What a database keeps to know its key again. The key has 256 random bits: nothing leads back to it.
    pub(super) fn check_value(&self) -> Hash {
        Sha256::new_with_prefix(CHECKED).chain_update(self.0).finalize().into()
    }

    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

/// The fingerprint of a key by its check value.
pub(super) fn fingerprint(check_value: &[u8]) -> String {
    hex(check_value.get(..8).unwrap_or(check_value))
}
