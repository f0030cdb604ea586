//! Sealing with one key: XChaCha20-Poly1305, bound to a context.

use chacha20poly1305::{
    AeadCore, XChaCha20Poly1305, XNonce,
    aead::{Aead, OsRng, Payload},
};

use super::error::VaultError;

/// A nonce and a ciphertext with its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBytes {
    /// 24 random bytes.
    pub nonce: Vec<u8>,
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
}

/// How long a nonce is, in bytes.
const NONCE: usize = 24;

impl SealedBytes {
    /// The nonce with the ciphertext behind it: one column of the database.
    pub(crate) fn joined(self) -> Vec<u8> {
        [self.nonce, self.ciphertext].concat()
    }

    /// The reverse of [`Self::joined`].
    ///
    /// # Errors
    /// It is shorter than a nonce.
    pub(crate) fn split(bytes: &[u8]) -> Result<Self, VaultError> {
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE).ok_or(VaultError::Cannot)?;
        Ok(Self { nonce: nonce.into(), ciphertext: ciphertext.into() })
    }
}

/// The context a subject's key is wrapped in: it opens in its own place only.
pub(super) fn wrapping(subject: &str, purpose: &str) -> String {
    format!("subject-key/{subject}/{purpose}")
}

pub(super) fn unwrap(
    master: &XChaCha20Poly1305,
    subject: &str,
    purpose: &str,
    wrapped: &[u8],
) -> Result<Vec<u8>, VaultError> {
    open_with(master, &wrapping(subject, purpose), &SealedBytes::split(wrapped)?)
}

pub(super) fn seal_with(
    key: &XChaCha20Poly1305,
    context: &str,
    value: &[u8],
) -> Result<SealedBytes, VaultError> {
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let payload = Payload { msg: value, aad: context.as_bytes() };
    let ciphertext = key.encrypt(&nonce, payload).map_err(|_| VaultError::Cannot)?;
    Ok(SealedBytes { nonce: nonce.to_vec(), ciphertext })
}

pub(super) fn open_with(
    key: &XChaCha20Poly1305,
    context: &str,
    sealed: &SealedBytes,
) -> Result<Vec<u8>, VaultError> {
    if sealed.nonce.len() != NONCE {
        return Err(VaultError::Cannot);
    }
    let payload = Payload { msg: &sealed.ciphertext, aad: context.as_bytes() };
    key.decrypt(XNonce::from_slice(&sealed.nonce), payload).map_err(|_| VaultError::Cannot)
}
