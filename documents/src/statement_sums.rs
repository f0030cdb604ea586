//! The sums of a statement, for the API and for the printed one.

use chrono::NaiveDate;
use portail_domain::{money::account::ledger::Ledger, shared::amount::Amount};
use portail_projections::money::accounts::OperationRow;

/// What a statement of a school year comes to as of a day: previous balance, plus debits, minus credits
/// are the balance. Operations that count from a later day are in no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// The day, the last of the school year at most.
    pub as_of: NaiveDate,
    /// What was owed before the school year.
    pub previous: Amount,
    /// The sum of the debits.
    pub debit: Amount,
    /// The sum of the credits.
    pub credit: Amount,
    /// What is owed on the day, as everywhere else.
    pub balance: Amount,
}

impl Sums {
    /// Of a school year, by its first calendar year, as of a day.
    pub fn of(ledger: &Ledger, operations: &[OperationRow], year: i32, day: NaiveDate) -> Self {
        let end = NaiveDate::from_ymd_opt(year.saturating_add(1), 8, 31).unwrap_or(NaiveDate::MAX);
        let before = NaiveDate::from_ymd_opt(year, 8, 31).unwrap_or(NaiveDate::MIN);
        let as_of = day.min(end);
        let counted = || operations.iter().filter(|o| o.counts_from <= as_of);
        Self {
            as_of,
            previous: ledger.balance(before.min(as_of)),
            debit: counted().map(|o| o.debit).sum(),
            credit: counted().map(|o| o.credit).sum(),
            balance: ledger.balance(as_of),
        }
    }
}
