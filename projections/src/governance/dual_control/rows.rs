//! Rows of proposals.

use chrono::{DateTime, Utc};
use portail_domain::governance::dual_control::Action;

/// Something that waits for another person. Proposed values stay sealed.
#[derive(Debug, Clone)]
pub struct ProposalRow {
    /// The family it concerns.
    pub family: String,
    /// What is proposed.
    pub action: Action,
    /// Who proposed it.
    pub by: String,
    /// When it was proposed (UTC).
    pub proposed: DateTime<Utc>,
}
