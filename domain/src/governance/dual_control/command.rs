//! What may be asked of a proposal.

use chrono::{DateTime, Utc};

use super::Action;

/// A command to the proposals of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DualControlCommand {
    /// Propose something; what stood in its slot is replaced.
    Propose {
        /// What.
        action: Action,
        /// Who.
        by: String,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// Second what stands in the slot of an action.
    Second {
        /// What.
        action: Action,
        /// Who.
        by: String,
        /// When it was received.
        at: DateTime<Utc>,
    },
}
