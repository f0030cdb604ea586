//! What staff may ask of a notice.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Audience, NoticeContent};

/// A command to a notice.
#[derive(Debug, Clone, PartialEq)]
pub enum NoticeCommand {
    /// Publish it, now or from a later day on.
    Publish {
        /// For whom.
        audience: Audience,
        /// What it says.
        content: Box<NoticeContent>,
        /// The first day it is shown.
        from: NaiveDate,
        /// The last day it is shown; none: until withdrawn.
        to: Option<NaiveDate>,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// Take it back.
    Withdraw {
        /// When it was received.
        at: DateTime<Utc>,
    },
}
