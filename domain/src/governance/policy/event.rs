//! What the town adopted.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{domain_event, privacy::erasure::RetentionRules};

/// What takes two of the staff: one proposes, another confirms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FourEyes {
    /// Accepting or recording other bank details.
    pub bank: bool,
    /// Paying money back.
    pub refunds: bool,
}

/// An event of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum PolicyEvent {
    /// Retention rules were adopted.
    RetentionAdopted { rules: RetentionRules, received: DateTime<Utc> },
    /// What takes two was adopted.
    FourEyesAdopted { what: FourEyes, received: DateTime<Utc> },
}

domain_event!(PolicyEvent { RetentionAdopted = "1.0", FourEyesAdopted = "1.0" });
