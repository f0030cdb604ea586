//! A session is one activity on one day: who asked, who has a place, who waits, who came.
//!
//! Stream `Session` / `{activity}:{date}`. The capacity and the waiting list hold inside it.
//!
//! ```text
//! requested -> confirmed | waitlisted | refused | withdrawn
//! waitlisted -> offered (accept by) -> confirmed | declined | expired
//! confirmed -> cancelled | absence declared -> excused | billed | withdrawn
//! confirmed -> leave | present | no-show;  any -> closed -> reopened;  any -> corrected
//! any but present -> released (its enrolment or activity has ended) -> restored
//! ```

mod absence;
mod booking;
mod command;
mod decide;
mod error;
mod event;
pub mod guard;
mod refusal;
mod release;
mod state;
#[cfg(test)]
mod tests;

pub use absence::AbsenceReason;
pub use booking::{Absence, Attendance, Booking, BookingStatus, CellError, Certificate, Expires};
pub use command::{Act, Correction, Latitude, SessionCommand, Whose};
pub use error::SessionError;
pub use event::{Basis, Restored, SessionEvent, at_closing};
pub use refusal::{Refusal, RefusalCode};
pub use release::{Release, ReleaseReason};
pub use state::Session;

use chrono::NaiveDate;

use crate::shared::ids::ActivityId;

/// The stream id of a session.
pub fn stream_id(activity: &ActivityId, date: NaiveDate) -> String {
    format!("{activity}:{date}")
}

/// The activity and day of a session's stream id.
pub fn parse_stream_id(id: &str) -> Option<(ActivityId, NaiveDate)> {
    let (activity, date) = id.rsplit_once(':')?;
    Some((activity.parse().ok()?, date.parse().ok()?))
}
