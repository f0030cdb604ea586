//! What staff may ask of a child's file.

use chrono::{DateTime, NaiveDate, Utc};

use super::{CostSharing, Enrolment};
use crate::{
    families::family_file::Section,
    shared::ids::{ActivityId, FamilyNumber, RequestId},
    shared::sealed::Sealed,
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
    /// It no longer belongs to a family: what that family enrolled it in ends.
    UnlinkFamily {
        /// The family.
        family: FamilyNumber,
        /// The last day.
        last_day: NaiveDate,
        /// When it was received.
        at: DateTime<Utc>,
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
    /// Its families bear its costs like this from a day on.
    ShareCosts {
        /// How the families share its costs.
        sharing: CostSharing,
        /// From which day on.
        from: NaiveDate,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// Record a section of the child's file.
    RecordSection {
        /// The section of the file.
        section: Section,
        /// The revision the new value was made from.
        revision: u32,
        /// The whole section, sealed.
        value: Sealed,
        /// The request it comes from (its approval is in the same append).
        request: Option<RequestId>,
        /// When it was received.
        at: DateTime<Utc>,
    },
}
