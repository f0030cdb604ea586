//! Deadlines: one engine for booking, cancelling and leave.
//!
//! A rule gives the last instant at which an act is possible for a session; that instant itself
//! still counts as in time. Everything is the town's civil time. Source: the rules of real towns
//! collected in the project's research (Andancette, Cruas, Vailhauquès, Veyras, Argenteuil,
//! Centre social VHB), each a test below.

use std::cell::Cell;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::activity::ActivitySettings,
    catalogue::calendar::{Period, TownCalendar},
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

/// One count of days; it notes when the closures that it met were announced.
struct Count<'a> {
    days: ServiceDays<'a>,
    /// Whether the town's closures are looked at.
    closures: bool,
    announced: Cell<Option<DateTime<Utc>>>,
}

impl Count<'_> {
    /// Whether nobody works in the town: a public holiday there, or a closure that concerns the
    /// activity.
    fn is_day_off(&self, date: NaiveDate) -> bool {
        let ServiceDays { calendar, activity, settings } = self.days;
        if calendar.public_holiday(date).is_some() {
            return true;
        }
        match calendar.closure(&settings.structure, activity, date) {
            Some(closure) if self.closures => {
                self.announced.set(self.announced.get().max(closure.announced));
                true
            }
            _ => false,
        }
    }

    /// Whether the activity itself takes place.
    fn is_open(&self, date: NaiveDate) -> bool {
        let period = self.days.calendar.holidays_on(date).map_or(Period::School, |h| h.period);
        self.days.settings.offered(date, period) && !self.is_day_off(date)
    }
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

    /// What is wrong with the rule for an activity offered on some weekdays, if anything; a message
    /// for the person who sets it.
    pub fn defect(&self, offered: Weekdays) -> Option<&'static str> {
        match self {
            Self::DaysBefore { days, skip_weekdays, .. } => {
                if skip_weekdays.len() > 4 {
                    Some("SETTING_SKIPPED_WEEKDAYS")
                } else if *days > 365 {
                    Some("SETTING_DAYS_BEFORE")
                } else {
                    None
                }
            }
            Self::HoursBefore { hours } if *hours > 24 * 365 => Some("SETTING_HOURS_BEFORE"),
            Self::WeekdayOfWeekBefore { weeks, .. } if !(1..=52).contains(weeks) => {
                Some("SETTING_WEEKS_BEFORE")
            }
            Self::DayOfPreviousMonth { day, .. } if !(1..=31).contains(day) => Some("SETTING_DAY_OF_MONTH"),
            Self::WeeksBeforeHolidays { weeks, .. } if *weeks > 52 => Some("SETTING_WEEKS_BEFORE_HOLIDAYS"),
            Self::WeeklyBatches { batches } => batches_defect(batches, offered),
            Self::AtStart
            | Self::HoursBefore { .. }
            | Self::WeekdayOfWeekBefore { .. }
            | Self::DayOfPreviousMonth { .. }
            | Self::WeeksBeforeHolidays { .. } => None,
        }
    }
}

/// What is wrong with batches for an activity offered on some weekdays, if anything.
fn batches_defect(batches: &[Batch], offered: Weekdays) -> Option<&'static str> {
    let closing = |day: Weekday| batches.iter().filter(|b| b.covers.contains(day)).count();
    if batches.iter().any(|b| b.covers.is_empty()) {
        Some("SETTING_BATCH_EMPTY")
    } else if batches.iter().any(|b| b.covers.contains(b.closes_on)) {
        Some("SETTING_BATCH_CLOSES_AFTER")
    } else if Weekdays::all().any(|day| closing(day) > 1) {
        Some("SETTING_BATCH_TWICE")
    } else if offered.iter().any(|day| closing(day) == 0) {
        Some("SETTING_BATCH_GAP")
    } else {
        None
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::calendar::{
        CalendarEvent, Closure, ClosureReason, ClosureScope, HolidayRegion, Zone,
    };
    use Weekday::{Fri, Mon, Sat, Thu, Tue, Wed};

    fn at(s: &str) -> NaiveTime {
        s.parse().unwrap()
    }

    /// The cut-off in local time for a session starting at noon.
    fn cutoff(rule: &DeadlineRule, day: &str) -> String {
        cutoff_in(&[], rule, day)
    }

    /// The same in a town where some more was decided about the calendar.
    fn cutoff_in(decided: &[CalendarEvent], rule: &DeadlineRule, day: &str) -> String {
        let mut calendar = TownCalendar::default();
        calendar.evolve(&CalendarEvent::ZoneAdopted { zone: Zone::A, from: "2010-01-01".parse().unwrap() });
        decided.iter().for_each(|event| calendar.evolve(event));
        let (activity, settings) =
            ("restauration-scolaire".parse().unwrap(), crate::attendance::terms::tests::settings());
        let days = ServiceDays { calendar: &calendar, activity: &activity, settings: &settings };
        rule.cutoff(days, day.parse().unwrap(), at("12:00:00"))
            .with_timezone(&crate::shared::time::TOWN_ZONE)
            .format("%a %Y-%m-%d %H:%M")
            .to_string()
    }

    fn closed(day: &str, announced: Option<&str>) -> CalendarEvent {
        CalendarEvent::DaysClosed(Closure {
            id: crate::shared::ids::ClosureId(uuid::Uuid::from_u128(1)),
            scope: ClosureScope::Town,
            from: day.parse().unwrap(),
            to: day.parse().unwrap(),
            reason: ClosureReason::TownHoliday,
            announced: announced.map(|at| at.parse().unwrap()),
        })
    }

    fn friday_for_monday_and_tuesday() -> DeadlineRule {
        DeadlineRule::WeeklyBatches {
            batches: vec![
                Batch { closes_on: Fri, at: at("09:00:00"), covers: [Mon, Tue].into() },
                Batch { closes_on: Tue, at: at("09:00:00"), covers: [Thu, Fri].into() },
            ],
        }
    }

    #[test]
    fn a_batch_shifts_over_a_local_public_holiday_and_over_a_closure_of_the_town() {
        let rule = friday_for_monday_and_tuesday();
        let alsace = CalendarEvent::HolidayRegionAdopted {
            region: HolidayRegion::AlsaceMoselle,
            from: "2010-01-01".parse().unwrap(),
        };
        assert_eq!(cutoff(&rule, "2016-03-29"), "Fri 2016-03-25 09:00", "a working day elsewhere");
        assert_eq!(cutoff_in(&[alsace], &rule, "2016-03-29"), "Thu 2016-03-24 09:00");
        let known = closed("2016-03-25", Some("2016-02-01T09:00:00Z"));
        assert_eq!(cutoff_in(&[known], &rule, "2016-03-29"), "Thu 2016-03-24 09:00");
        assert_eq!(cutoff_in(&[closed("2016-03-25", None)], &rule, "2016-03-29"), "Thu 2016-03-24 09:00");
        let late = closed("2016-03-25", Some("2016-03-24T17:00:00Z"));
        assert_eq!(
            cutoff_in(&[late], &rule, "2016-03-29"),
            "Fri 2016-03-25 09:00",
            "what is announced after the earlier cut-off does not take the later one away"
        );
    }

    #[test]
    fn working_days_leave_out_what_the_town_closed() {
        let rule = DeadlineRule::DaysBefore {
            days: 1,
            at: at("10:00:00"),
            skip_weekends: true,
            skip_public_holidays: true,
            skip_weekdays: Weekdays::default(),
            only_open_days: false,
        };
        assert_eq!(cutoff(&rule, "2015-06-02"), "Mon 2015-06-01 10:00");
        assert_eq!(cutoff_in(&[closed("2015-06-01", None)], &rule, "2015-06-02"), "Fri 2015-05-29 10:00");
    }

    #[test]
    fn rontalon_the_last_day_of_school_before_the_holidays_for_the_day_of_return() {
        let rule = |only_open_days| DeadlineRule::DaysBefore {
            days: 1,
            at: at("11:00:00"),
            skip_weekends: true,
            skip_public_holidays: true,
            skip_weekdays: [Wed].into(),
            only_open_days,
        };
        assert_eq!(cutoff(&rule(true), "2015-04-27"), "Fri 2015-04-10 11:00");
        assert_eq!(cutoff(&rule(true), "2015-06-04"), "Tue 2015-06-02 11:00");
        assert_eq!(
            cutoff(&rule(false), "2015-04-27"),
            "Fri 2015-04-24 11:00",
            "a working day of the holidays"
        );
    }

    #[test]
    fn batches_without_a_day_with_it_twice_or_on_it_are_refused() {
        let week: Weekdays = [Mon, Tue, Thu, Fri].into();
        let batches = |all: &[(Weekday, Vec<Weekday>)]| DeadlineRule::WeeklyBatches {
            batches: all
                .iter()
                .map(|(closes_on, covers)| Batch {
                    closes_on: *closes_on,
                    at: at("09:00:00"),
                    covers: covers.clone().into(),
                })
                .collect(),
        };
        assert_eq!(friday_for_monday_and_tuesday().defect(week), None);
        let each = Some("SETTING_BATCH_GAP");
        assert_eq!(batches(&[]).defect(week), each);
        assert_eq!(batches(&[(Fri, vec![Mon, Tue])]).defect(week), each);
        assert_eq!(friday_for_monday_and_tuesday().defect([Mon, Wed].into()), each);
        let twice = batches(&[(Fri, vec![Mon, Tue]), (Sat, vec![Mon, Thu, Fri])]);
        assert_eq!(twice.defect(week), Some("SETTING_BATCH_TWICE"));
        assert_eq!(
            batches(&[(Fri, vec![Mon, Tue, Thu, Fri])]).defect(week),
            Some("SETTING_BATCH_CLOSES_AFTER")
        );
        let empty = batches(&[(Fri, vec![]), (Fri, vec![Mon, Tue, Thu])]);
        assert_eq!(empty.defect(week), Some("SETTING_BATCH_EMPTY"));
    }

    #[test]
    fn veyras_canteen_until_tuesday_2359_for_the_following_week() {
        let rule = DeadlineRule::WeekdayOfWeekBefore { weekday: Tue, weeks: 1, at: at("23:59:00") };
        assert_eq!(cutoff(&rule, "2015-06-01"), "Tue 2015-05-26 23:59");
        assert_eq!(cutoff(&rule, "2015-06-05"), "Tue 2015-05-26 23:59");
    }

    #[test]
    fn andancette_books_until_friday_noon_and_cancels_until_noon_the_day_before() {
        let book = DeadlineRule::WeekdayOfWeekBefore { weekday: Fri, weeks: 1, at: at("12:00:00") };
        let cancel = days_rule(1, "12:00:00", false);
        assert_eq!(cutoff(&book, "2015-06-04"), "Fri 2015-05-29 12:00");
        assert_eq!(cutoff(&cancel, "2015-06-04"), "Wed 2015-06-03 12:00");
    }

    fn days_rule(days: u16, time: &str, skip_weekends: bool) -> DeadlineRule {
        DeadlineRule::DaysBefore {
            days,
            at: at(time),
            skip_weekends,
            skip_public_holidays: false,
            skip_weekdays: Weekdays::default(),
            only_open_days: false,
        }
    }

    #[test]
    fn cruas_two_days_before_at_noon_weekends_not_counted_wednesday_counted() {
        let rule = days_rule(2, "12:00:00", true);
        for (day, expected) in [
            ("2015-06-01", "Thu 2015-05-28 12:00"),
            ("2015-06-02", "Fri 2015-05-29 12:00"),
            ("2015-06-04", "Tue 2015-06-02 12:00"),
            ("2015-06-05", "Wed 2015-06-03 12:00"),
        ] {
            assert_eq!(cutoff(&rule, day), expected);
        }
    }

    #[test]
    fn vailhauques_two_batches_a_week() {
        let rule = DeadlineRule::WeeklyBatches {
            batches: vec![
                Batch { closes_on: Fri, at: at("09:00:00"), covers: [Mon, Tue].into() },
                Batch { closes_on: Tue, at: at("09:00:00"), covers: [Thu, Fri].into() },
            ],
        };
        assert_eq!(cutoff(&rule, "2015-06-01"), "Fri 2015-05-29 09:00");
        assert_eq!(cutoff(&rule, "2015-06-02"), "Fri 2015-05-29 09:00");
        assert_eq!(cutoff(&rule, "2015-06-04"), "Tue 2015-06-02 09:00");
        assert_eq!(cutoff(&rule, "2015-06-05"), "Tue 2015-06-02 09:00");
        assert_eq!(cutoff(&rule, "2015-06-03"), "Wed 2015-06-03 12:00", "no batch: at the start");
    }

    #[test]
    fn centre_social_vhb_a_batch_closing_on_easter_monday_shifts_to_the_friday_before() {
        let rule = DeadlineRule::WeeklyBatches {
            batches: vec![
                Batch { closes_on: Thu, at: at("15:00:00"), covers: [Mon, Tue].into() },
                Batch { closes_on: Mon, at: at("15:00:00"), covers: [Wed, Thu, Fri].into() },
            ],
        };
        assert_eq!(cutoff(&rule, "2015-04-09"), "Fri 2015-04-03 15:00", "Monday 6 is Easter Monday");
        assert_eq!(cutoff(&rule, "2015-06-04"), "Mon 2015-06-01 15:00");
    }

    #[test]
    fn a_batch_meant_to_close_on_saturday_does() {
        let rule = DeadlineRule::WeeklyBatches {
            batches: vec![Batch { closes_on: Sat, at: at("09:00:00"), covers: [Tue].into() }],
        };
        assert_eq!(cutoff(&rule, "2015-06-02"), "Sat 2015-05-30 09:00");
    }

    #[test]
    fn argenteuil_books_holidays_four_weeks_before_they_start() {
        let rule = DeadlineRule::WeeksBeforeHolidays { weeks: 4, at: at("23:59:00") };
        assert_eq!(cutoff(&rule, "2015-04-15"), "Sat 2015-03-14 23:59");
        assert_eq!(cutoff(&rule, "2015-04-22"), "Sat 2015-03-14 23:59");
    }

    #[test]
    fn public_holidays_can_be_left_out_of_the_count() {
        let rule = DeadlineRule::DaysBefore {
            days: 1,
            at: at("10:00:00"),
            skip_weekends: true,
            skip_public_holidays: true,
            skip_weekdays: [Wed].into(),
            only_open_days: false,
        };
        assert_eq!(cutoff(&rule, "2015-04-07"), "Fri 2015-04-03 10:00", "over Easter");
        assert_eq!(cutoff(&rule, "2015-06-04"), "Tue 2015-06-02 10:00", "over Wednesday");
    }

    #[test]
    fn the_31st_of_a_short_month_is_its_last_day() {
        let rule = DeadlineRule::DayOfPreviousMonth { day: 31, at: at("18:00:00") };
        assert_eq!(cutoff(&rule, "2015-03-10"), "Sat 2015-02-28 18:00");
    }

    #[test]
    fn hours_are_elapsed_hours_over_a_change_of_the_clock() {
        let rule = DeadlineRule::HoursBefore { hours: 24 };
        assert_eq!(cutoff(&rule, "2015-03-29"), "Sat 2015-03-28 11:00", "one hour is skipped");
        assert_eq!(cutoff(&rule, "2015-10-25"), "Sat 2015-10-24 13:00", "one hour is repeated");
    }

    #[test]
    fn a_deadline_is_never_after_the_start() {
        assert_eq!(cutoff(&days_rule(0, "18:00:00", false), "2015-06-01"), "Mon 2015-06-01 12:00");
    }
}
