//! A family: its number, the sections of its own file, and its requests for modifications.
//!
//! Stream `Family` / its number. The number is also the login; credentials are not events.
//!
//! ```text
//! requested -> approved (the file changes in the same append) | refused (with a reason) | withdrawn
//! ```
//!
//! A request for a child's file is decided here, since the family made it; its effect is recorded
//! in the child's stream, in the same append.

mod command;
mod error;
mod event;
mod state;

pub use command::{FamilyCommand, ModificationRequest};
pub use error::FamilyError;
pub use event::FamilyEvent;
pub use state::{Family, Pending};
