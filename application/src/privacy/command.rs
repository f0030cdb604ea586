//! The commands about personal data, as data.

use std::collections::BTreeSet;

use portail_domain::{
    privacy::erasure::{LegalBasis, Subject},
    shared::sealed::Purpose,
};
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use crate::caller::Role;

/// A command about personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum PrivacyCommand {
    /// Erase data of a person: a family's by its number, a child's by its id.
    ErasePersonalData {
        subject: Subject,
        #[serde(default)]
        purposes: BTreeSet<Purpose>,
        basis: LegalBasis,
    },
}

impl PrivacyCommand {
    /// Whether a role may send it. Whose child and whose money it is, is checked where it is decided.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            Self::ErasePersonalData { .. } => matches!(role, Role::Administrator | Role::Timer),
        }
    }
}
