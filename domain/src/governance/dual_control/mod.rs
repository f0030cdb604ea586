//! What takes two of the staff: one proposes, another one does the same, and only then it is done.
//!
//! Stream `Seconding` (its name in the log) / the family's number. A slot is what can be proposed once at a time.
//!
//! ```text
//! proposed -> seconded (by another person) | replaced (by another proposal for the same slot)
//! ```

mod command;
mod error;
mod event;
mod state;

pub use command::DualControlCommand;
pub use error::DualControlError;
pub use event::{Action, DualControlEvent};
pub use state::{DualControl, Proposal};
