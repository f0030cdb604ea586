//! A child: who it belongs to, what it is enrolled in and by which payer, and its leave.
//!
//! Stream `Child` / its id. A child may belong to two families (separated parents); each enrols
//! and pays for its own days.

mod command;
mod error;
mod event;
mod state;
mod upcasters;

pub use command::ChildCommand;
pub use error::ChildError;
pub use event::{ChildEvent, ContractDay, CostSharing, Enrolment, end_enrolments};
pub use state::Child;
pub(crate) use upcasters::upcasters;
