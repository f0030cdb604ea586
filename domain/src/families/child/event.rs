//! What happened to a child's file.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::calendar::Holidays,
    domain_event,
    families::family_file::Section,
    shared::ids::{ActivityId, FamilyNumber, RequestId},
    shared::sealed::Sealed,
    shared::time::Weekdays,
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

/// Ends the enrolments of a payer on a day: those in one activity that hold then, or all of them
/// (`activity` none), and later ones never begin. The one fold of it: the aggregate and the read
/// models share it.
pub fn end_enrolments(
    enrolments: &mut Vec<Enrolment>,
    activity: Option<&ActivityId>,
    payer: &FamilyNumber,
    last_day: NaiveDate,
) {
    enrolments.retain(|e| activity.is_some() || e.payer != *payer || e.from <= last_day);
    for e in enrolments {
        let concerned = e.payer == *payer && activity.is_none_or(|activity| e.activity == *activity);
        if concerned && e.holds_on(last_day) {
            e.to = Some(last_day);
        }
    }
}

/// What a day is to an enrolment's regular contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractDay {
    /// There is no contract: each day is booked for itself.
    Occasional,
    /// One of the contract's weekdays: coming needs no reservation.
    Inside,
    /// Another weekday: coming is outside the contract (the guide's "Heure hors contrat Régulier").
    Outside,
}

impl Enrolment {
    /// What a day is to its contract.
    pub fn contract_day(&self, date: NaiveDate) -> ContractDay {
        if self.contract.is_empty() {
            ContractDay::Occasional
        } else if self.contract.contains(date.weekday()) {
            ContractDay::Inside
        } else {
            ContractDay::Outside
        }
    }

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
    /// A custody calendar: weeks as above, and school holidays in halves. One has the first half of
    /// them in even years and the second in odd years, the other the other way round.
    Custody {
        /// Who pays even weeks.
        even: FamilyNumber,
        /// Who pays odd weeks.
        odd: FamilyNumber,
        /// Who pays the first half of holidays that begin in an even year; the other of the two
        /// pays the second half.
        first_half_in_even_years: FamilyNumber,
    },
}

impl CostSharing {
    /// The families it names.
    pub fn families(&self) -> Vec<&FamilyNumber> {
        match self {
            Self::Booked => vec![],
            Self::Shares(shares) => shares.iter().map(|(family, _)| family).collect(),
            Self::Weeks { even, odd } => vec![even, odd],
            Self::Custody { even, odd, first_half_in_even_years } => {
                vec![even, odd, first_half_in_even_years]
            }
        }
    }

    /// Which part of what `payer` booked on a day a family bears, as cumulative percentages; none:
    /// it bears nothing. `holidays` are the school holidays the day lies in.
    pub fn part(
        &self,
        family: &FamilyNumber,
        payer: &FamilyNumber,
        date: NaiveDate,
        holidays: Option<Holidays>,
    ) -> Option<(u8, u8)> {
        let of_week = |even, odd| if date.iso_week().week().is_multiple_of(2) { even } else { odd };
        let bears = match (self, holidays) {
            (Self::Booked, _) => payer,
            (Self::Weeks { even, odd }, _) | (Self::Custody { even, odd, .. }, None) => of_week(even, odd),
            (Self::Custody { even, odd, first_half_in_even_years }, Some(holidays)) => {
                let other = if first_half_in_even_years == even { odd } else { even };
                let even_year = holidays.from.year().rem_euclid(2) == 0;
                if holidays.is_first_half(date) == even_year { first_half_in_even_years } else { other }
            }
            (Self::Shares(shares), _) => {
                let mut from = 0;
                for (sharer, percent) in shares {
                    if sharer == family {
                        return (*percent > 0).then_some((from, from + percent));
                    }
                    from += percent;
                }
                return None;
            }
        };
        (bears == family).then_some((0, 100))
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
    /// No longer belongs to a family: its enrolments end on a day, later ones never begin.
    ChildUnlinkedFromFamily { family: FamilyNumber, last_day: NaiveDate },
    /// Enrolled.
    ChildEnrolled(Enrolment),
    /// The enrolment ends; what was booked on later days, up to `released_until`, falls with it. (Since 2.0;
    /// `upcasters.rs` says what older ones released.)
    EnrolmentEnded {
        activity: ActivityId,
        payer: FamilyNumber,
        last_day: NaiveDate,
        released_until: NaiveDate,
    },
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
    ChildUnlinkedFromFamily = "1.0",
    ChildEnrolled = "1.0",
    EnrolmentEnded = "2.0",
    LeaveCounted = "1.0",
    CostSharingAgreed = "1.0",
    ChildSectionRecorded = "1.0",
});
