//! What happened to an activity.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::ActivitySettings;
use crate::domain_event;

/// An event of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActivityEvent {
    /// It is offered.
    ActivityDefined {
        /// Its settings.
        settings: Box<ActivitySettings>,
    },
    /// Its settings change from a day on.
    ActivitySettingsChanged {
        /// The new settings.
        settings: Box<ActivitySettings>,
        /// The first session day they hold for.
        from: NaiveDate,
    },
    /// It is no longer offered.
    ActivityRetired {
        /// The first day without it.
        from: NaiveDate,
        /// Whether what was booked from then on falls with it; not in logs from before it did.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        releases: bool,
    },
    /// It is offered again.
    ActivityReopened {},
}

domain_event!(ActivityEvent {
    ActivityDefined = "1.0",
    ActivitySettingsChanged = "1.0",
    ActivityRetired = "1.0",
    ActivityReopened = "1.0",
});
