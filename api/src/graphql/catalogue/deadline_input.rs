//! Deadlines, as staff enter them.

use async_graphql::{InputObject, OneofObject};
use chrono::Weekday as ChronoWeekday;
use portail_domain::catalogue::deadline::{Batch, DeadlineRule};

use crate::graphql::{attendance::sessions::Weekday, scalars::Time};

/// So many days before, at a time.
#[derive(Debug, Clone, InputObject)]
pub struct DaysBeforeInput {
    /// How many counted days.
    days: u16,
    /// The time on that day.
    at: Time,
    /// Saturdays and Sundays do not count.
    #[graphql(default)]
    skip_weekends: bool,
    /// Public holidays do not count, nor days the town closed.
    #[graphql(default)]
    skip_public_holidays: bool,
    /// These weekdays do not count.
    #[graphql(default)]
    skip_weekdays: Vec<Weekday>,
    /// Only days on which the activity itself takes place count.
    #[graphql(default)]
    only_open_days: bool,
}

/// A weekday of a week before.
#[derive(Debug, Clone, InputObject)]
pub struct WeekdayOfWeekBeforeInput {
    /// Which weekday.
    weekday: Weekday,
    /// How many weeks before.
    weeks: u8,
    /// The time on that day.
    at: Time,
}

/// One closing for several weekdays.
#[derive(Debug, Clone, InputObject)]
pub struct BatchInput {
    /// The weekday it closes on.
    closes_on: Weekday,
    /// The time it closes at.
    at: Time,
    /// The weekdays it closes.
    covers: Vec<Weekday>,
}

/// A day of the month before.
#[derive(Debug, Clone, InputObject)]
pub struct DayOfPreviousMonthInput {
    /// The day, 1 to 31.
    day: u8,
    /// The time on that day.
    at: Time,
}

/// So many weeks before the holidays.
#[derive(Debug, Clone, InputObject)]
pub struct WeeksBeforeHolidaysInput {
    /// How many weeks.
    weeks: u8,
    /// The time on that day.
    at: Time,
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
