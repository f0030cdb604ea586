//! A family: its number and its responsible guardian.
//!
//! Stream `Family` / its number. The number is also the login; credentials are not events.

mod command;
mod error;
mod event;
mod state;

pub use command::FamilyCommand;
pub use error::FamilyError;
pub use event::FamilyEvent;
pub use state::Family;
