//! The days that banks collect direct debits on.

use chrono::{Days, NaiveDate};

use super::RegieError as E;
use crate::money::sepa;

/// How many days ahead a collection may be ordered: a quarter, well beyond any notice banks and
/// families are given.
const DAYS_AHEAD: u64 = 92;

/// Whether banks can collect on a day: one they settle on, after today (the core scheme asks for the
/// file one bank day before, EPC016), and not too far ahead.
pub(super) fn collection_day(date: NaiveDate, today: NaiveDate) -> Result<(), E> {
    let after = |day: NaiveDate, days| day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX);
    let first = sepa::next_bank_day(after(today, 1));
    let last = after(today, DAYS_AHEAD);
    if date < first {
        Err(E::CollectionTooSoon(first))
    } else if date > last {
        Err(E::CollectionTooLate(last))
    } else if sepa::is_bank_day(date) {
        Ok(())
    } else {
        Err(E::NotABankDay(sepa::next_bank_day(date)))
    }
}
