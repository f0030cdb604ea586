//! The commands about the town's policy, as data.

use portail_domain::{governance::policy::FourEyes, privacy::erasure::RetentionRules};
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use crate::caller::Role;

/// A command about the town's policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum GovernanceCommand {
    /// Adopt the town's retention rules.
    AdoptRetention { rules: RetentionRules },
    /// Say what takes two of the staff.
    AdoptFourEyes { what: FourEyes },
}

impl GovernanceCommand {
    /// Whether a role may send it. Whose child and whose money it is, is checked where it is decided.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            Self::AdoptRetention { .. } | Self::AdoptFourEyes { .. } => role == Role::Administrator,
        }
    }
}
