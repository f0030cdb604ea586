//! Billing: from what was booked and attended to the lines of an invoice. Pure: the same household,
//! bookings and tariffs give the same lines.

mod compute;
mod household;

pub use compute::{Bill, Billed, BilledKey, Booked, Offer, Warning, WarningKind, bill, price_of};
pub use household::{Household, HouseholdChild, Quotient};
