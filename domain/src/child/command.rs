//! What staff may ask of a child's file.

use chrono::NaiveDate;

use super::Enrolment;
use crate::{
    ids::{ActivityId, FamilyNumber},
    sealed::Sealed,
};

/// A command to a child.
#[derive(Debug, Clone, PartialEq)]
pub enum ChildCommand {
    /// Register it in a family.
    Register {
        /// The family.
        family: FamilyNumber,
        /// Names and birth date, sealed.
        identity: Sealed,
    },
    /// It belongs to a second family as well.
    LinkFamily {
        /// The family.
        family: FamilyNumber,
    },
    /// Enrol it in an activity.
    Enrol(Enrolment),
    /// End an enrolment.
    EndEnrolment {
        /// The activity.
        activity: ActivityId,
        /// Who pays.
        payer: FamilyNumber,
        /// The last enrolled day.
        last_day: NaiveDate,
    },
    /// Count a day of leave (with the session's decision, in one append).
    CountLeave {
        /// The activity.
        activity: ActivityId,
        /// Who pays.
        payer: FamilyNumber,
        /// The day.
        date: NaiveDate,
    },
}
