//! A structure receives children: a leisure centre, a canteen, an after-school care.
//!
//! Stream `Structure` / its code. Defined once, renamed when needed.

mod command;
mod error;
mod event;
mod state;

pub use command::StructureCommand;
pub use error::StructureError;
pub use event::StructureEvent;
pub use state::Structure;
