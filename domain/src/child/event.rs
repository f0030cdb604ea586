//! What happened to a child's file.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    domain_event,
    file::Section,
    ids::{ActivityId, FamilyNumber, RequestId},
    sealed::Sealed,
    time::Weekdays,
};

/// An enrolment: a row of the planning for its payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The activity.
    pub activity: ActivityId,
    /// Who pays.
    pub payer: FamilyNumber,
    /// First enrolled day.
    pub from: NaiveDate,
    /// Last enrolled day; none: open-ended.
    pub to: Option<NaiveDate>,
    /// The weekdays of a regular contract; empty: occasional.
    #[serde(default)]
    pub contract: Weekdays,
    /// Days of leave per school year.
    #[serde(default)]
    pub leave_days: u16,
}

impl Enrolment {
    /// Whether it holds on a day.
    pub fn holds_on(&self, date: NaiveDate) -> bool {
        self.from <= date && self.to.is_none_or(|to| date <= to)
    }

    /// Whether it shares a day with another.
    pub fn shares_a_day_with(&self, other: &Self) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

/// How two families bear what a child costs. Without it, each pays what it booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CostSharing {
    /// Each what it booked.
    Booked,
    /// Each a percentage of everything; together 100.
    Shares(Vec<(FamilyNumber, u8)>),
    /// One the days of even weeks (ISO 8601), the other those of odd weeks.
    Weeks {
        /// Who pays even weeks.
        even: FamilyNumber,
        /// Who pays odd weeks.
        odd: FamilyNumber,
    },
}

impl CostSharing {
    /// The families it names.
    pub fn families(&self) -> Vec<&FamilyNumber> {
        match self {
            Self::Booked => vec![],
            Self::Shares(shares) => shares.iter().map(|(family, _)| family).collect(),
            Self::Weeks { even, odd } => vec![even, odd],
        }
    }
}

/// An event of a child's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum ChildEvent {
    /// Registered in a family.
    ChildRegistered { family: FamilyNumber, identity: Sealed },
    /// Belongs to a second family as well.
    ChildLinkedToFamily { family: FamilyNumber },
    /// Enrolled.
    ChildEnrolled(Enrolment),
    /// The enrolment ends.
    EnrolmentEnded { activity: ActivityId, payer: FamilyNumber, last_day: NaiveDate },
    /// A day of leave was taken from the quota.
    LeaveCounted { activity: ActivityId, payer: FamilyNumber, date: NaiveDate },
    /// From a day on, its families bear its costs like this.
    CostSharingAgreed { sharing: CostSharing, from: NaiveDate, received: DateTime<Utc> },
    /// A section of the child's file has a new value; `request` is what it came from.
    ChildSectionRecorded {
        section: Section,
        revision: u32,
        value: Sealed,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        request: Option<RequestId>,
        received: DateTime<Utc>,
    },
}

domain_event!(ChildEvent {
    ChildRegistered = "1.0",
    ChildLinkedToFamily = "1.0",
    ChildEnrolled = "1.0",
    EnrolmentEnded = "1.0",
    LeaveCounted = "1.0",
    CostSharingAgreed = "1.0",
    ChildSectionRecorded = "1.0",
});
