//! An activity is a row of the planning: what a structure offers, on which days, to how many,
//! until when it can be booked and cancelled, and what an absence becomes.
//!
//! Stream `Activity` / its code. Its settings are dated: a session follows the settings in force
//! on its own day, and every decision records their version.

mod changes;
mod command;
mod error;
mod event;
mod settings;
mod state;

pub use changes::{AbsenceChanges, ActivityChanges};
pub use command::ActivityCommand;
pub use error::ActivityError;
pub use event::ActivityEvent;
pub use settings::{AbsencePolicy, ActivitySettings, ApprovalMode, LateRequests, LeavePolicy};
pub use state::Activity;
