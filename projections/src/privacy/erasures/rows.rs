//! Rows of erasures and of the policy.

use chrono::{DateTime, Utc};
use portail_domain::{
    governance::policy::FourEyes,
    privacy::erasure::{LegalBasis, RetentionRules},
    shared::sealed::Purpose,
};
use serde::{Deserialize, Serialize};

/// An erasure.
#[derive(Debug, Clone)]
pub struct ErasureRow {
    /// The position of its event.
    pub line: i64,
    /// Whose data: a family's number or a child's id.
    pub subject: String,
    /// The erased purposes.
    pub purposes: Vec<Purpose>,
    /// The ground.
    pub basis: LegalBasis,
    /// How many single files went with them.
    pub files: i32,
    /// Who decided it.
    pub actor: String,
    /// When the data were erased (UTC).
    pub erased: DateTime<Utc>,
}

/// The town's policy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PolicyRow {
    /// How long data are kept.
    pub retention: RetentionRules,
    /// What takes two of the staff.
    pub four_eyes: FourEyes,
}
