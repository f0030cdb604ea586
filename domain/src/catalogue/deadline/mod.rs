//! Deadlines: one engine for booking, cancelling and leave.
//!
//! A rule gives the last instant at which an act is possible for a session; that instant itself
//! still counts as in time. Everything is the town's civil time. Source: the rules of real towns
//! collected in the project's research (Andancette, Cruas, Vailhauquès, Veyras, Argenteuil,
//! Centre social VHB), each a test below.

mod count;
mod defect;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

use self::count::Count;
use crate::{
    catalogue::activity::ActivitySettings,
    catalogue::calendar::TownCalendar,
    shared::ids::ActivityId,
    shared::time::{Weekdays, days_before, instant},
};

/// The days a deadline is counted on: the town's calendar as one activity sees it.
#[derive(Debug, Clone, Copy)]
pub struct ServiceDays<'a> {
    /// The town's calendar.
    pub calendar: &'a TownCalendar,
    /// The activity.
    pub activity: &'a ActivityId,
    /// Its settings on the session's day.
    pub settings: &'a ActivitySettings,
}

/// How far a count goes back at the most, in days.
const FARTHEST: u32 = 1000;

/// A weekly batch: one closing for several days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The weekday the batch closes on.
    pub closes_on: Weekday,
    /// The time it closes at.
    pub at: NaiveTime,
    /// The weekdays it closes.
    pub covers: Weekdays,
}

/// How a deadline is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeadlineRule {
    /// Until the session starts.
    AtStart,
    /// `hours` before the session starts.
    HoursBefore {
        /// How many hours.
        hours: u16,
    },
    /// `days` days before, at a time, some days not counting.
    DaysBefore {
        /// How many counted days.
        days: u16,
        /// The time on that day.
        at: NaiveTime,
        /// Saturdays and Sundays do not count.
        #[serde(default)]
        skip_weekends: bool,
        /// Public holidays do not count, nor days the town closed.
        #[serde(default)]
        skip_public_holidays: bool,
        /// These weekdays do not count.
        #[serde(default)]
        skip_weekdays: Weekdays,
        /// Only days on which the activity itself takes place count (Rontalon: the last day of
        /// school before the holidays for the day of return).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        only_open_days: bool,
    },
    /// A weekday of a week before the session's week (1: the previous one).
    WeekdayOfWeekBefore {
        /// Which weekday.
        weekday: Weekday,
        /// How many weeks before; weeks start on Monday.
        weeks: u8,
        /// The time on that day.
        at: NaiveTime,
    },
    /// Weekly batches; a closing day that is a public holiday, or that the town closed, shifts to
    /// the working day before.
    WeeklyBatches {
        /// The batches; a weekday in none of them closes at the session's start.
        batches: Vec<Batch>,
    },
    /// A day of the month before (the month's last day if it is shorter).
    DayOfPreviousMonth {
        /// The day, 1 to 31.
        day: u8,
        /// The time on that day.
        at: NaiveTime,
    },
    /// `weeks` weeks before the holiday period the session lies in (before the session's own day
    /// outside holidays).
    WeeksBeforeHolidays {
        /// How many weeks.
        weeks: u8,
        /// The time on that day.
        at: NaiveTime,
    },
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

impl DeadlineRule {
    /// The last instant in time for a session of `date` starting at `start`.
    ///
    /// A closure moves a cut-off only when it was announced by then: what the town decides late
    /// never costs the parent.
    pub fn cutoff(&self, days: ServiceDays<'_>, date: NaiveDate, start: NaiveTime) -> DateTime<Utc> {
        let count = Count { days, closures: true, announced: Cell::new(None) };
        let cutoff = self.counted(&count, date, start);
        if count.announced.get().is_some_and(|announced| announced > cutoff) {
            return self.counted(&Count { closures: false, ..count }, date, start);
        }
        cutoff
    }

    fn counted(&self, count: &Count<'_>, date: NaiveDate, start: NaiveTime) -> DateTime<Utc> {
        let begins = instant(date, start);
        let cutoff = match self {
            Self::AtStart => begins,
            Self::HoursBefore { hours } => begins - chrono::Duration::hours(i64::from(*hours)),
            Self::DaysBefore {
                days,
                at,
                skip_weekends,
                skip_public_holidays,
                skip_weekdays,
                only_open_days,
            } => {
                let counts = |d: NaiveDate| {
                    !(*skip_weekends && is_weekend(d)
                        || skip_weekdays.contains(d.weekday())
                        || *only_open_days && !count.is_open(d)
                        || *skip_public_holidays && count.is_day_off(d))
                };
                // A rule that skips everything would never end: the settings forbid it, and the
                // walk is bounded all the same.
                let (mut day, mut left) = (date, *days);
                for _ in 0..FARTHEST {
                    if left == 0 {
                        break;
                    }
                    day = days_before(day, 1);
                    if counts(day) {
                        left -= 1;
                    }
                }
                instant(day, *at)
            }
            Self::WeekdayOfWeekBefore { weekday, weeks, at } => {
                instant(weekday_of_week(date, *weekday, *weeks), *at)
            }
            Self::WeeklyBatches { batches } => {
                match batches.iter().find(|b| b.covers.contains(date.weekday())) {
                    None => begins,
                    Some(batch) => {
                        let back = date.weekday().days_since(batch.closes_on);
                        let back = if back == 0 { 7 } else { back };
                        let mut day = days_before(date, u64::from(back));
                        for _ in 0..FARTHEST {
                            if !count.is_day_off(day) && !shifted_onto_weekend(day, batch) {
                                break;
                            }
                            day = days_before(day, 1);
                        }
                        instant(day, batch.at)
                    }
                }
            }
            Self::DayOfPreviousMonth { day, at } => {
                let previous = crate::shared::time::Month::of(date).previous();
                let day = previous.first().with_day(u32::from(*day)).unwrap_or_else(|| previous.last());
                instant(day, *at)
            }
            Self::WeeksBeforeHolidays { weeks, at } => {
                let start = count.days.calendar.holidays_on(date).map_or(date, |h| h.from);
                instant(days_before(start, 7 * u64::from(*weeks)), *at)
            }
        };
        cutoff.min(begins)
    }
}

/// A batch that shifts because of a public holiday does not land on a weekend, unless it is
/// meant to close on one.
fn shifted_onto_weekend(day: NaiveDate, batch: &Batch) -> bool {
    is_weekend(day) && day.weekday() != batch.closes_on
}

fn weekday_of_week(date: NaiveDate, weekday: Weekday, weeks_before: u8) -> NaiveDate {
    let monday = days_before(date, u64::from(date.weekday().num_days_from_monday()));
    let monday = days_before(monday, 7 * u64::from(weeks_before));
    monday + Days::new(u64::from(weekday.num_days_from_monday()))
}
