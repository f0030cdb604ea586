//! What may be asked of the policy.

use chrono::{DateTime, Utc};

use super::FourEyes;
use crate::privacy::erasure::RetentionRules;

/// A command to the policy.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyCommand {
    /// Adopt retention rules.
    AdoptRetention {
        /// The rules.
        rules: RetentionRules,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// Say what takes two of the staff.
    AdoptFourEyes {
        /// What does.
        what: FourEyes,
        /// When it was received.
        at: DateTime<Utc>,
    },
}
