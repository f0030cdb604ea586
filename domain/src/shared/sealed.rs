//! Personal data as the log keeps it: sealed, opaque to the domain.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// What a sealed value is for; each purpose of each subject has its own key, so that destroying
/// one (right to erasure) leaves the others readable.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
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

/// What a sealed value is bound to beside its subject: the kind of event or document that carries it.
/// A value opens nowhere else. Whoever opens everything of a person tries each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, VariantArray)]
pub enum Place {
    /// A section of a family's own file.
    Family,
    /// A section of a child's file.
    Child,
    /// What a request to modify a section proposes, and the words of its refusal.
    Modification,
    /// The subject of a conversation, or a message.
    Message,
    /// A notice for one family.
    Notice,
    /// The words of a credit note, or the reference of a payment.
    Operation,
    /// The account a direct debit takes from.
    Debited,
    /// Values that wait for a second person.
    #[strum(to_string = "Seconding")]
    DualControl,
    /// The words of a decision about a child's day.
    Note,
}

impl Place {
    /// What the seal is bound to.
    pub fn context(self, subject: &str) -> String {
        format!("{self}/{subject}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log, the keys and the seals know them by these.
    #[test]
    fn names_stay_what_they_are() {
        for purpose in Purpose::VARIANTS {
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.to_string());
            assert_eq!(purpose.to_string().parse(), Ok(*purpose));
        }
        let places: Vec<String> = Place::VARIANTS.iter().map(Place::to_string).collect();
        let kept = "Family Child Modification Message Notice Operation Debited Seconding Note";
        assert_eq!(places.join(" "), kept);
    }
}
