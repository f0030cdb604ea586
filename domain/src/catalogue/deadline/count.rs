//! Which days count towards a deadline.

use std::cell::Cell;

use chrono::{DateTime, NaiveDate, Utc};

use super::ServiceDays;
use crate::catalogue::calendar::Period;

/// One count; it notes when the closures that it met were announced.
pub(super) struct Count<'a> {
    pub(super) days: ServiceDays<'a>,
    /// Whether the town's closures are looked at.
    pub(super) closures: bool,
    pub(super) announced: Cell<Option<DateTime<Utc>>>,
}

impl Count<'_> {
    /// Whether nobody works in the town: a public holiday there, or a closure that concerns the
    /// activity.
    pub(super) fn is_day_off(&self, date: NaiveDate) -> bool {
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
    pub(super) fn is_open(&self, date: NaiveDate) -> bool {
        let period = self.days.calendar.holidays_on(date).map_or(Period::School, |h| h.period);
        self.days.settings.offered(date, period) && !self.is_day_off(date)
    }
}
