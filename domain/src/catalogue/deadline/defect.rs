//! Rules that nobody could keep, refused when they are set.

use chrono::Weekday;

use super::{Batch, DeadlineRule};
use crate::shared::time::Weekdays;

impl DeadlineRule {
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
