//! What happened to a person's data.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use uuid::Uuid;

use crate::{
    domain_event,
    shared::ids::{ChildId, FamilyNumber},
    shared::sealed::Purpose,
};

/// Whose data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// A family's: its adults' data.
    Family(FamilyNumber),
    /// A child's.
    Child(ChildId),
}

impl Subject {
    /// Whether its data are kept for a purpose.
    pub fn has(&self, purpose: Purpose) -> bool {
        let (of_families, of_children) = match purpose {
            Purpose::Identity | Purpose::Note => (true, true),
            Purpose::Tax
            | Purpose::Caf
            | Purpose::Bank
            | Purpose::Message
            | Purpose::Attachment
            | Purpose::Document => (true, false),
            Purpose::Health => (false, true),
        };
        match self {
            Self::Family(_) => of_families,
            Self::Child(_) => of_children,
        }
    }

    /// The purposes its data are kept for.
    pub fn purposes(&self) -> impl Iterator<Item = Purpose> {
        Purpose::VARIANTS.iter().copied().filter(|purpose| self.has(*purpose))
    }

    /// The subjects whose keys a purpose has: the spouse is a person of their own.
    pub fn keys(&self, purpose: Purpose) -> Vec<String> {
        match self {
            Self::Family(number) if purpose == Purpose::Identity => {
                vec![number.to_string(), format!("{number}/spouse")]
            }
            Self::Family(_) | Self::Child(_) => vec![self.to_string()],
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Family(number) => number.fmt(f),
            Self::Child(id) => id.fmt(f),
        }
    }
}

/// The ground of an erasure (RGPD, article 17, paragraph 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum LegalBasis {
    /// The data are no longer necessary: their time is over (a).
    RetentionEnded,
    /// The person withdrew consent (b).
    ConsentWithdrawn,
    /// The person objected (c).
    Objection,
    /// The data were processed unlawfully (d).
    Unlawful,
    /// The law, or an authority, orders it (e).
    LegalObligation,
}

/// An event of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum ErasureEvent {
    /// The keys of these purposes are destroyed, and these files with them.
    PersonalDataErased {
        subject: Subject,
        purposes: Vec<Purpose>,
        basis: LegalBasis,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        files: Vec<Uuid>,
        received: DateTime<Utc>,
    },
}

domain_event!(ErasureEvent { PersonalDataErased = "1.0" });
