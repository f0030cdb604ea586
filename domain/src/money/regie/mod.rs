//! A régie is a till of the town: it numbers invoices and payments without gaps, runs the billing
//! of a period, closes its cash desk day by day and has direct debits collected.
//!
//! Stream `Regie` / its code. Credit notes are numbered among the invoices, refunds among the
//! payments. The two series each run without a gap and never share a number: see [`Series`].
//!
//! ```text
//! run:  prepared -> issuing -> completed        cash desk day:  open -> closed
//!          \-> abandoned
//! ```

mod changes;
mod collection;
mod command;
mod decide;
mod error;
mod event;
mod series;
mod settings;
mod state;
#[cfg(test)]
mod tests;

pub use changes::RegieChanges;
pub use command::RegieCommand;
pub use error::RegieError;
pub use event::{CashTotal, Issuer, LeftOut, RegieEvent};
pub use series::Series;
pub use settings::{CollectionMode, Creditor, QuotientCorrections, RegieSettings};
pub use state::{Regie, Run, RunStage};
