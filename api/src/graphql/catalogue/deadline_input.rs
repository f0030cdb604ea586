//! Deadlines, as staff enter them.

use async_graphql::OneofObject;
use chrono::Weekday as ChronoWeekday;
use portail_domain::catalogue::deadline::{Batch, DeadlineRule};

use crate::graphql::{attendance::sessions::Weekday, commands::input_objects, scalars::Time};

input_objects! {
    /// So many days before, at a time.
    object DaysBeforeInput {
        "How many counted days." days: u16,
        "The time on that day." at: Time,
        #[graphql(default)]
        "Saturdays and Sundays do not count." skip_weekends: bool,
        #[graphql(default)]
        "Public holidays do not count, nor days the town closed." skip_public_holidays: bool,
        #[graphql(default)]
        "These weekdays do not count." skip_weekdays: Vec<Weekday>,
        #[graphql(default)]
        "Only days on which the activity itself takes place count." only_open_days: bool,
    }

    /// A weekday of a week before.
    object WeekdayOfWeekBeforeInput {
        "Which weekday." weekday: Weekday,
        "How many weeks before." weeks: u8,
        "The time on that day." at: Time,
    }

    /// One closing for several weekdays.
    object BatchInput {
        "The weekday it closes on." closes_on: Weekday,
        "The time it closes at." at: Time,
        "The weekdays it closes." covers: Vec<Weekday>,
    }

    /// A day of the month before.
    object DayOfPreviousMonthInput {
        "The day, 1 to 31." day: u8,
        "The time on that day." at: Time,
    }

    /// So many weeks before the holidays.
    object WeeksBeforeHolidaysInput {
        "How many weeks." weeks: u8,
        "The time on that day." at: Time,
    }
}

/// How a deadline is found: exactly one of these.
#[derive(Debug, Clone, OneofObject)]
pub enum DeadlineInput {
    /// So many hours before the session starts; 0: until it starts.
    HoursBefore(u16),
    /// So many days before, at a time.
    DaysBefore(DaysBeforeInput),
    /// A weekday of a week before.
    WeekdayOfWeekBefore(WeekdayOfWeekBeforeInput),
    /// Weekly batches.
    WeeklyBatches(Vec<BatchInput>),
    /// A day of the month before.
    DayOfPreviousMonth(DayOfPreviousMonthInput),
    /// So many weeks before the holidays.
    WeeksBeforeHolidays(WeeksBeforeHolidaysInput),
}

pub(super) fn weekdays(days: Vec<Weekday>) -> portail_domain::shared::time::Weekdays {
    days.into_iter().map(ChronoWeekday::from).collect()
}

impl From<DeadlineInput> for DeadlineRule {
    fn from(input: DeadlineInput) -> Self {
        match input {
            DeadlineInput::HoursBefore(0) => Self::AtStart,
            DeadlineInput::HoursBefore(hours) => Self::HoursBefore { hours },
            DeadlineInput::DaysBefore(i) => Self::DaysBefore {
                days: i.days,
                at: i.at.0,
                skip_weekends: i.skip_weekends,
                skip_public_holidays: i.skip_public_holidays,
                skip_weekdays: weekdays(i.skip_weekdays),
                only_open_days: i.only_open_days,
            },
            DeadlineInput::WeekdayOfWeekBefore(i) => {
                Self::WeekdayOfWeekBefore { weekday: i.weekday.into(), weeks: i.weeks, at: i.at.0 }
            }
            DeadlineInput::WeeklyBatches(batches) => {
                let batch = |b: BatchInput| Batch {
                    closes_on: b.closes_on.into(),
                    at: b.at.0,
                    covers: weekdays(b.covers),
                };
                Self::WeeklyBatches { batches: batches.into_iter().map(batch).collect() }
            }
            DeadlineInput::DayOfPreviousMonth(i) => Self::DayOfPreviousMonth { day: i.day, at: i.at.0 },
            DeadlineInput::WeeksBeforeHolidays(i) => Self::WeeksBeforeHolidays { weeks: i.weeks, at: i.at.0 },
        }
    }
}
