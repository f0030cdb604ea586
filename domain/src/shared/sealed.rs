//! Personal data as the log keeps it: sealed, opaque to the domain.

use serde::{Deserialize, Serialize};

/// What a sealed value is for; each purpose of each subject has its own key, so that destroying
/// one (right to erasure) leaves the others readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// Names, birth date, address and contacts.
    Identity,
    /// Tax data.
    Tax,
    /// Family-benefit data (CAF, MSA).
    Caf,
    /// Bank details.
    Bank,
    /// Health data of a child.
    Health,
    /// Messages between a family and a structure.
    Message,
    /// Free text written about a person (a note to staff, a refusal's explanation).
    Note,
    /// Files a family sent.
    Attachment,
    /// Copies of printed documents: invoices, receipts, certificates.
    Document,
}

impl Purpose {
    /// The name the key is filed under.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "IDENTITY",
            Self::Tax => "TAX",
            Self::Caf => "CAF",
            Self::Bank => "BANK",
            Self::Health => "HEALTH",
            Self::Message => "MESSAGE",
            Self::Note => "NOTE",
            Self::Attachment => "ATTACHMENT",
            Self::Document => "DOCUMENT",
        }
    }
}

/// A sealed value: ciphertext the domain carries and never reads.
///
/// The aggregate decides on facts that need no secret; whoever holds the key opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The algorithm: `XC20P` is XChaCha20-Poly1305 with a random nonce.
    pub alg: String,
    /// Whose data it is: the subject's id.
    pub subject: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The nonce, base64.
    pub nonce: String,
    /// The ciphertext with its tag, base64.
    pub ct: String,
}
