//! What staff may ask of the town's calendar.

use chrono::NaiveDate;

use super::{Closure, HolidayRegion, Holidays, Zone};
use crate::shared::ids::ClosureId;

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
    /// The town has the public holidays of a region from a date on.
    AdoptRegion {
        /// The region.
        region: HolidayRegion,
        /// The first day it holds.
        from: NaiveDate,
    },
    /// The school holidays of a school year, entered by the town.
    EnterSchoolYear {
        /// The school year, by its first calendar year.
        year: i32,
        /// Its holidays, summer included; empty: the official ones hold again.
        holidays: Vec<Holidays>,
    },
    /// Close days for everybody in a scope.
    CloseDays(Closure),
    /// Take a closure back.
    ReopenDays {
        /// Which closure.
        closure: ClosureId,
    },
}
