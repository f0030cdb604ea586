//! The one clock. Production reads the machine's; the demo's starts on another day and runs on; that of a
//! past town stands still.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use portail_domain::shared::time;

/// A clock, maybe set to another day.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Reading);

#[derive(Debug, Clone, Copy)]
enum Reading {
    /// So far from the machine's time.
    Running(Duration),
    Standing(DateTime<Utc>),
}

impl Clock {
    /// The machine's time.
    pub fn system() -> Self {
        Self(Reading::Running(Duration::zero()))
    }

    /// A clock that shows nine in the morning of a day now, and runs on from there.
    pub fn starting_on(date: NaiveDate) -> Self {
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
        Self::starting_at(time::instant(date, nine))
    }

    /// A clock that shows an instant now, and runs on from there.
    pub fn starting_at(instant: DateTime<Utc>) -> Self {
        Self(Reading::Running(instant - Utc::now()))
    }

    /// A clock that always shows one instant: the past does not go on, however long folding it takes.
    pub fn standing_at(instant: DateTime<Utc>) -> Self {
        Self(Reading::Standing(instant))
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        match self.0 {
            Reading::Running(offset) => Utc::now() + offset,
            Reading::Standing(instant) => instant,
        }
    }

    /// The town's date.
    pub fn today(&self) -> NaiveDate {
        time::local_date(self.now())
    }
}
