//! The days something may be dated: what people enter and mean lies within these bounds, what lies
//! beyond is a slip of the finger or worse. Every date a command carries has its bounds here.
//!
//! Bounds are wide on purpose: they keep impossible days out, they are no policy of the town.

use std::ops::RangeInclusive;

use chrono::{Months, NaiveDate};

use crate::{
    i18n::{Args, Rule},
    shared::time::{FIRST_DAY, LAST_DAY},
};

/// A date is not a plausible one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Before the earliest plausible day.
    #[error("{0} at the earliest")]
    TooEarly(NaiveDate),
    /// After the latest plausible day.
    #[error("{0} at the latest")]
    TooLate(NaiveDate),
    /// After today, where only what has happened counts.
    #[error("in the future")]
    Future,
}

impl Rule for DateError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooEarly(_) => "DATE_TOO_EARLY",
            Self::TooLate(_) => "DATE_TOO_LATE",
            Self::Future => "DATE_IN_THE_FUTURE",
        }
    }
    fn args(&self) -> Args {
        let written = |day: &NaiveDate| day.format("%d/%m/%Y").to_string();
        match self {
            Self::TooEarly(day) => vec![("earliest", written(day))],
            Self::TooLate(day) => vec![("latest", written(day))],
            Self::Future => vec![],
        }
    }
}

/// What is dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateKind {
    /// The birth of a child of a family: young adults in care are looked after to 21; four years
    /// more for files that stay.
    ChildBirth,
    /// Something that has happened and that a file keeps: a vaccination, a signed mandate.
    PastFact,
    /// The first or the last day of something a file says of itself: a quotient, a care plan.
    Validity,
    /// A day of a child in an activity: booked, attended, corrected.
    Session,
    /// A day that is closed.
    Closure,
    /// The first day of a setting: a zone, a tariff, an activity's settings, a sharing of costs.
    Setting,
    /// The first day a notice is shown, or the last.
    Notice,
    /// The first or the last day of an enrolment.
    Enrolment,
    /// A day that is billed, or the date of an invoice.
    Billing,
    /// A day by which something is paid: an invoice, a collection.
    Due,
    /// The date of a payment, a rejection, a refund or a credit note. A direct debit is dated by the
    /// day it is collected.
    Payment,
    /// An operation of the software before this one.
    TakenOver,
    /// The last day of a closed cash desk: only what is over can be closed.
    CashDesk,
    /// The day something was received.
    Received,
}

impl DateKind {
    /// How many years before and after today; 0 after: today is the last day.
    fn years(self) -> (u32, u32) {
        match self {
            Self::ChildBirth => (25, 0),
            Self::PastFact => (120, 0),
            Self::Validity => (30, 10),
            Self::Session => (10, 3),
            Self::Closure => (2, 3),
            Self::Setting => (30, 10),
            Self::Notice => (2, 5),
            Self::Enrolment => (25, 25),
            Self::Billing => (10, 1),
            Self::Due => (10, 2),
            Self::Payment => (10, 1),
            Self::TakenOver => (20, 1),
            Self::CashDesk | Self::Received => (10, 0),
        }
    }

    /// The plausible days, as of a day.
    pub fn bounds(self, today: NaiveDate) -> RangeInclusive<NaiveDate> {
        let (before, after) = self.years();
        let earliest = today.checked_sub_months(Months::new(12 * before)).unwrap_or(FIRST_DAY);
        let latest = today.checked_add_months(Months::new(12 * after)).unwrap_or(LAST_DAY);
        earliest.max(FIRST_DAY)..=latest.min(LAST_DAY)
    }

    /// Checks a date.
    ///
    /// # Errors
    /// The bound it breaks.
    pub fn check(self, date: NaiveDate, today: NaiveDate) -> Result<(), DateError> {
        let bounds = self.bounds(today);
        if date < *bounds.start() {
            Err(DateError::TooEarly(*bounds.start()))
        } else if date <= *bounds.end() {
            Ok(())
        } else if self.years().1 == 0 {
            Err(DateError::Future)
        } else {
            Err(DateError::TooLate(*bounds.end()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::time::day;

    #[test]
    fn the_broken_bound_is_named() {
        let today = day("2015-04-08").unwrap();
        let check = |dated: DateKind, date: &str| dated.check(day(date).unwrap(), today);
        assert_eq!(check(DateKind::ChildBirth, "2015-04-08"), Ok(()));
        assert_eq!(check(DateKind::ChildBirth, "2015-04-09"), Err(DateError::Future));
        assert_eq!(
            check(DateKind::ChildBirth, "1900-01-01"),
            Err(DateError::TooEarly(day("1990-04-08").unwrap()))
        );
        assert_eq!(check(DateKind::CashDesk, "2015-04-09"), Err(DateError::Future));
        assert_eq!(
            check(DateKind::Notice, "2199-12-31"),
            Err(DateError::TooLate(day("2020-04-08").unwrap()))
        );
    }

    #[test]
    fn bounds_stay_within_what_the_portal_knows_and_hold_today() {
        for today in [FIRST_DAY, day("2016-02-29").unwrap(), LAST_DAY] {
            for dated in [
                DateKind::ChildBirth,
                DateKind::PastFact,
                DateKind::Enrolment,
                DateKind::CashDesk,
                DateKind::Setting,
            ] {
                let bounds = dated.bounds(today);
                assert!(bounds.contains(&today) && *bounds.start() >= FIRST_DAY && *bounds.end() <= LAST_DAY);
            }
        }
    }
}
