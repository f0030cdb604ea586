//! Billing: from what was booked and attended to the lines of an invoice. Pure: the same household,
//! bookings and tariffs give the same lines.

mod cell_price;
mod charge;
mod compute;
mod household;
mod lines;
mod months;
mod quotient;
mod taken_over;
mod warning;

pub use cell_price::{ActionPrice, CellPrices};
pub use compute::{Bill, BillInput, Billed, BilledKey, Booked, Offer, bill};
pub use household::{Address, Household, HouseholdChild, Residence};
pub use quotient::{Quotient, QuotientSource, Quotients, ShownQuotient};
pub use taken_over::{Coverage, TakenOverInvoice};
pub use warning::{Warning, WarningKind};
