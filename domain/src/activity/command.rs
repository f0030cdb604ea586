//! What staff may ask of an activity.

use chrono::NaiveDate;

use super::ActivitySettings;

/// A command to an activity.
#[derive(Debug, Clone, PartialEq)]
pub enum ActivityCommand {
    /// Offer it.
    Define {
        /// Its settings, from the first day on.
        settings: Box<ActivitySettings>,
    },
    /// Change its settings from a day on.
    ChangeSettings {
        /// The new settings.
        settings: Box<ActivitySettings>,
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
