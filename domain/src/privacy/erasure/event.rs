//! What happened to a person's data.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
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
    /// The purposes its data are kept for.
    pub fn purposes(&self) -> &'static [Purpose] {
        match self {
            Self::Family(_) => &[
                Purpose::Identity,
                Purpose::Tax,
                Purpose::Caf,
                Purpose::Bank,
                Purpose::Message,
                Purpose::Note,
                Purpose::Attachment,
                Purpose::Document,
            ],
            Self::Child(_) => &[Purpose::Identity, Purpose::Health, Purpose::Note],
        }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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

impl LegalBasis {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetentionEnded => "RETENTION_ENDED",
            Self::ConsentWithdrawn => "CONSENT_WITHDRAWN",
            Self::Objection => "OBJECTION",
            Self::Unlawful => "UNLAWFUL",
            Self::LegalObligation => "LEGAL_OBLIGATION",
        }
    }
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
