//! What SEPA direct debits ask of texts, identifiers, accounts and days, whatever holds them.
//!
//! Sources: EPC016 (core scheme rulebook), EPC130-08 (customer-to-bank guidelines), EPC217-08
//! (characters), EPC409-09 (countries), Regulation (EU) 260/2012, the ECB's TARGET calendar.

mod area;
mod characters;
mod days;

pub use area::{bic_fits_iban, is_in_area};
pub use characters::{NAME, Unspellable, is_identifier, spelled};
pub use days::{is_bank_day, next_bank_day};
