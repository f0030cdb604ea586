//! What staff may ask of the town's calendar.

use chrono::NaiveDate;

use super::{Closure, Zone};
use crate::ids::ClosureId;

/// A command to the calendar.
#[derive(Debug, Clone, PartialEq)]
pub enum CalendarCommand {
    /// The town belongs to a school zone from a date on.
    AdoptZone {
        /// The zone.
        zone: Zone,
        /// The first day it holds.
        from: NaiveDate,
    },
    /// Close days for everybody in a scope.
    CloseDays(Closure),
    /// Take a closure back.
    ReopenDays {
        /// Which closure.
        closure: ClosureId,
    },
}
