//! What happened to the calendar.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{HolidayRegion, Holidays, Zone};
use crate::{
    domain_event,
    shared::ids::{ActivityId, ClosureId, StructureId},
};

/// Why days are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClosureReason {
    /// Staff or teachers on strike.
    Strike,
    /// The children are on a school trip.
    SchoolTrip,
    /// Snow, flood, heat.
    Weather,
    /// Works in the building.
    Works,
    /// A day the town gives (a bridge).
    TownHoliday,
    /// Anything else.
    Other,
}

/// Who is concerned by a closure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClosureScope {
    /// Every activity of the town.
    Town,
    /// The activities of one structure.
    Structure(StructureId),
    /// One activity.
    Activity(ActivityId),
}

impl ClosureScope {
    /// Whether an activity of a structure is concerned.
    pub fn covers(&self, structure: &StructureId, activity: &ActivityId) -> bool {
        match self {
            Self::Town => true,
            Self::Structure(id) => id == structure,
            Self::Activity(id) => id == activity,
        }
    }
}

/// A closure of a day or a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Its id.
    pub id: ClosureId,
    /// Who is concerned.
    pub scope: ClosureScope,
    /// First closed day.
    pub from: NaiveDate,
    /// Last closed day.
    pub to: NaiveDate,
    /// The reason of the closure.
    pub reason: ClosureReason,
    /// When it was announced: a cut-off never moves to before that. None: long ago.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub announced: Option<DateTime<Utc>>,
}

/// An event of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CalendarEvent {
    /// The town belongs to a zone from a date on.
    ZoneAdopted {
        /// The zone.
        zone: Zone,
        /// The first day it holds.
        from: NaiveDate,
    },
    /// The town has the public holidays of a region from a date on.
    HolidayRegionAdopted {
        /// The region.
        region: HolidayRegion,
        /// The first day it holds.
        from: NaiveDate,
    },
    /// The town entered the holidays of a school year; they hold in place of the official ones.
    SchoolYearEntered {
        /// The school year, by its first calendar year.
        year: i32,
        /// Its holidays in order; empty: the official ones hold again.
        holidays: Vec<Holidays>,
    },
    /// Days were closed.
    DaysClosed(Closure),
    /// A closure was taken back.
    DaysReopened {
        /// Which one.
        closure: ClosureId,
    },
}

domain_event!(CalendarEvent {
    ZoneAdopted = "1.0",
    HolidayRegionAdopted = "1.0",
    SchoolYearEntered = "1.0",
    DaysClosed = "1.0",
    DaysReopened = "1.0",
});
