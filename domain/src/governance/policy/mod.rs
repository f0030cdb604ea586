//! The town's policy: how long data are kept, and what takes two of the staff.
//!
//! Stream `Policy` / `town`.

mod command;
mod error;
mod event;
mod state;

pub use command::PolicyCommand;
pub use error::PolicyError;
pub use event::{FourEyes, PolicyEvent};
pub use state::Policy;

/// The id of its one stream.
pub const STREAM: &str = "town";
