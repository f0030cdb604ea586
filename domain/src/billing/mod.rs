//! Billing: from what was booked and attended to the lines of an invoice. Pure: the same household,
//! bookings and tariffs give the same lines.

mod cell_price;
mod compute;
mod household;

pub use cell_price::{ActionPrice, CellPrices};
pub use compute::{Bill, Billed, BilledKey, Booked, Offer, Warning, WarningKind, bill};
pub use household::{Household, HouseholdChild, Quotient};
