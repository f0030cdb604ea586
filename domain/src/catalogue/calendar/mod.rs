//! The town's calendar: its school zone and its region's public holidays (both dated), the school
//! years it entered itself, and its closures.
//!
//! One stream, `Calendar` / `town`. Adopting a zone and closing days are decisions of staff;
//! what they do to the booked sessions is decided by [`crate::attendance::session`] in the same append.

mod command;
mod error;
mod event;
pub mod public_holidays;
pub mod school_holidays;
mod state;

pub use command::CalendarCommand;
pub use error::CalendarError;
pub use event::{CalendarEvent, Closure, ClosureReason, ClosureScope};
pub use public_holidays::{HolidayRegion, PublicHoliday};
pub use school_holidays::{Holidays, Period, Zone};
pub use state::{DayKind, TownCalendar};

/// The id of the one calendar stream.
pub const STREAM: &str = "town";
