//! Deadlines: one engine for booking, cancelling and leave.
//!
//! A rule gives the last instant at which an act is possible for a session; that instant itself
//! still counts as in time. Everything is the town's civil time. Source: the rules of real towns
//! collected in the project's research (Andancette, Cruas, Vailhauquès, Veyras, Argenteuil,
//! Centre social VHB), each a test below.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{Period, TownCalendar, public_holiday, school_holidays},
    time::{Weekdays, days_before, instant},
};

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
        /// Public holidays do not count.
        #[serde(default)]
        skip_public_holidays: bool,
        /// These weekdays do not count.
        #[serde(default)]
        skip_weekdays: Weekdays,
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
    /// Weekly batches; a closing day that is a public holiday shifts to the working day before.
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
    pub fn cutoff(&self, calendar: &TownCalendar, date: NaiveDate, start: NaiveTime) -> DateTime<Utc> {
        let begins = instant(date, start);
        let cutoff = match self {
            Self::AtStart => begins,
            Self::HoursBefore { hours } => begins - chrono::Duration::hours(i64::from(*hours)),
            Self::DaysBefore { days, at, skip_weekends, skip_public_holidays, skip_weekdays } => {
                let counts = |d: NaiveDate| {
                    !(*skip_weekends && is_weekend(d)
                        || *skip_public_holidays && public_holiday(d).is_some()
                        || skip_weekdays.contains(d.weekday()))
                };
                // A rule that skips everything would never end: the settings forbid it, and the
                // walk is bounded all the same.
                let (mut day, mut left) = (date, *days);
                for _ in 0..1000 {
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
                        while public_holiday(day).is_some() || shifted_onto_weekend(day, batch) {
                            day = days_before(day, 1);
                        }
                        instant(day, batch.at)
                    }
                }
            }
            Self::DayOfPreviousMonth { day, at } => {
                let previous = crate::time::Month::of(date).previous();
                let day = previous.first().with_day(u32::from(*day)).unwrap_or_else(|| previous.last());
                instant(day, *at)
            }
            Self::WeeksBeforeHolidays { weeks, at } => {
                let holidays = school_holidays::holidays_on(calendar.zone(date), date)
                    .filter(|h| h.period != Period::School);
                let start = holidays.map_or(date, |h| h.from);
                instant(days_before(start, 7 * u64::from(*weeks)), *at)
            }
        };
        cutoff.min(begins)
    }

    /// What is wrong with the rule, if anything; a message for the person who sets it.
    pub fn defect(&self) -> Option<&'static str> {
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
            _ => None,
        }
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
    use crate::calendar::{CalendarEvent, Zone};
    use Weekday::{Fri, Mon, Sat, Thu, Tue, Wed};

    fn at(s: &str) -> NaiveTime {
        s.parse().unwrap()
    }

    /// The cut-off in local time for a session starting at noon.
    fn cutoff(rule: &DeadlineRule, day: &str) -> String {
        let mut calendar = TownCalendar::default();
        calendar.evolve(&CalendarEvent::ZoneAdopted { zone: Zone::A, from: "2010-01-01".parse().unwrap() });
        rule.cutoff(&calendar, day.parse().unwrap(), at("12:00:00"))
            .with_timezone(&crate::time::TOWN_ZONE)
            .format("%a %Y-%m-%d %H:%M")
            .to_string()
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
