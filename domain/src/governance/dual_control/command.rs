//! What may be asked of a proposal.

use chrono::{DateTime, Utc};

use super::Action;

/// A command to the proposals of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DualControlCommand {
    /// Propose something; what stood in its slot is replaced.
    Propose {
        /// The act that takes two of the staff.
        action: Action,
        /// The actor, as events name it.
        by: String,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// Second what stands in the slot of an action.
    Second {
        /// The act that takes two of the staff.
        action: Action,
        /// The actor, as events name it.
        by: String,
        /// When it was received.
        at: DateTime<Utc>,
    },
}
