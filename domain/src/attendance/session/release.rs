//! Why a booking was released.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::BookingStatus;

/// Why bookings were released: what they followed from has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", prefix = "RELEASED_")]
pub enum ReleaseReason {
    /// The child's enrolment has ended.
    EnrolmentEnded,
    /// The child has left the family that paid.
    LeftFamily,
    /// The activity is no longer offered.
    ActivityEnded,
    /// The activity is no longer offered on such a day.
    NotOffered,
}

impl ReleaseReason {
    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        self.into()
    }
}

/// A released booking: why, and what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What ended, so that the place was released.
    pub reason: ReleaseReason,
    /// Where the booking stood: what brings it back.
    pub before: BookingStatus,
}
