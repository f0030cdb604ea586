//! The one clock. Production reads the machine's; the demo's starts on another day and runs on.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use portail_domain::time;

/// A clock, maybe set to another day.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset: Duration,
}

impl Clock {
    /// The machine's time.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that shows nine in the morning of a day now, and runs on from there.
    pub fn starting_on(date: NaiveDate) -> Self {
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
        Self::starting_at(time::instant(date, nine))
    }

    /// A clock that shows an instant now, and runs on from there.
    pub fn starting_at(instant: DateTime<Utc>) -> Self {
        Self { offset: instant - Utc::now() }
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.offset
    }

    /// The town's date.
    pub fn today(&self) -> NaiveDate {
        time::local_date(self.now())
    }
}
