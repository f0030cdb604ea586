//! What staff may ask of an activity.

use chrono::NaiveDate;

use super::{ActivityChanges, ActivitySettings};

/// A command to an activity.
#[derive(Debug, Clone, PartialEq)]
pub enum ActivityCommand {
    /// Offer it.
    Define {
        /// Its settings, from the first day on.
        settings: Box<ActivitySettings>,
    },
    /// Change some of its settings from a day on; the others stay.
    ChangeSettings {
        /// What changes.
        changes: Box<ActivityChanges>,
        /// The first session day they hold for.
        from: NaiveDate,
    },
    /// Stop offering it.
    Retire {
        /// The first day without it.
        from: NaiveDate,
    },
    /// Offer it again, as if it had never been retired.
    Reopen,
}
