//! A tariff is what an activity costs: by session, by time or by month, by the household income
//! quotient, the family's town and the child's rank.
//!
//! Stream `Tariff` / the activity's code. Its versions are dated: a session follows the tariff in
//! force on its own day, and what was invoiced keeps its price.

mod command;
mod error;
mod event;
mod price;
mod settings;
mod state;

pub use command::TariffCommand;
pub use error::TariffError;
pub use event::TariffEvent;
pub use price::{Charge, Facts, Quote, Step, StepRule};
pub use settings::{Band, LatePickUp, Outside, Scale, SiblingReduction, Surcharge, TariffSettings, Unit};
pub use state::Tariff;
