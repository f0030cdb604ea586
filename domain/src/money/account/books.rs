//! Double entry: every operation of an account as balanced lines of the books.
//!
//! Accounts follow the plan of French municipalities (M57): what families owe on the régie's debtor
//! account, what a payment waits on by its method, income on the accounts of the tariffs. An
//! operation taken over from the software before is balanced against the opening balance (890).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{InvoiceLine, PaymentMethod};
use crate::shared::amount::Amount;

/// The account opening balances are taken over from.
pub const OPENING: &str = "890";

/// One line of the books: a debit or a credit of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: String,
    /// What it is debited.
    pub debit: Amount,
    /// What it is credited.
    pub credit: Amount,
}

/// What an operation does, as the books see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booking<'a> {
    /// The family owes more, for these lines; for none of an invoice taken over.
    Invoice(&'a [InvoiceLine]),
    /// The family owes less: for its own lines, or, by hand, for those of the invoice it credits.
    CreditNote(&'a [InvoiceLine]),
    /// The family paid; of the software before, when so said.
    Payment {
        /// The means of payment.
        method: PaymentMethod,
        /// Whether it was taken over.
        taken_over: bool,
    },
    /// A payment came back.
    Rejection(PaymentMethod),
    /// The family was paid back.
    Refund(PaymentMethod),
}

/// The balanced entries of an operation of an amount.
pub fn entries(booking: Booking<'_>, amount: Amount, debtor: &str) -> Vec<Entry> {
    let whole = |account: &str| vec![(account.to_owned(), amount)];
    let (debits, credits) = match booking {
        Booking::Invoice(lines) => (whole(debtor), income(lines, amount)),
        Booking::CreditNote(lines) => (income(lines, amount), whole(debtor)),
        Booking::Payment { taken_over: true, .. } => (whole(OPENING), whole(debtor)),
        Booking::Payment { method, .. } => (whole(method.books_account()), whole(debtor)),
        Booking::Rejection(method) | Booking::Refund(method) => {
            (whole(debtor), whole(method.books_account()))
        }
    };
    let zero = Amount::default();
    let side = |sums: Vec<(String, Amount)>, is_debit: bool| {
        sums.into_iter().filter(|(_, sum)| !sum.is_zero()).map(move |(account, sum)| {
            // What is less than nothing on one side is more on the other.
            let (sum, is_debit) = if sum < zero { (-sum, !is_debit) } else { (sum, is_debit) };
            let (debit, credit) = if is_debit { (sum, zero) } else { (zero, sum) };
            Entry { account, debit, credit }
        })
    };
    side(debits, true).chain(side(credits, false)).collect()
}

/// An amount by the accounts of income of its lines, in their proportion; the last takes the cents
/// that are left.
fn income(lines: &[InvoiceLine], amount: Amount) -> Vec<(String, Amount)> {
    let mut sums: BTreeMap<&str, Amount> = BTreeMap::new();
    for line in lines {
        *sums.entry(line.account.as_str()).or_default() += line.amount();
    }
    let total: Amount = sums.values().copied().sum();
    if total.is_zero() {
        return vec![(OPENING.to_owned(), amount)];
    }
    let mut left = amount;
    let last = sums.len() - 1;
    sums.into_iter()
        .enumerate()
        .map(|(index, (account, sum))| {
            let exact: Decimal = sum.decimal() * amount.decimal() / total.decimal();
            let part = if index == last { left } else { Amount::round(exact) };
            left = left - part;
            (account.to_owned(), part)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{money::tariff::Charge, shared::ids::ChildId};

    fn line(account: &str, cents: i64) -> InvoiceLine {
        InvoiceLine {
            child: ChildId(Uuid::nil()),
            activity: "garderie".parse().unwrap(),
            charge: Charge::Reserved,
            correction: false,
            tariff: 1,
            unit: Amount::cents(cents),
            dates: vec!["2015-04-07".parse().unwrap()],
            quantity: None,
            steps: vec![],
            deductible: 0,
            account: account.into(),
        }
    }

    fn told(entries: &[Entry]) -> Vec<(&str, String, String)> {
        entries.iter().map(|e| (e.account.as_str(), e.debit.to_string(), e.credit.to_string())).collect()
    }

    #[test]
    fn an_invoice_is_owed_by_the_family_and_earned_by_account() {
        let lines = [line("7066", 300), line("7067", 700), line("7067", -100)];
        let made = entries(Booking::Invoice(&lines), Amount::cents(900), "4112");
        let expected = [("4112", "9.00", "0.00"), ("7066", "0.00", "3.00"), ("7067", "0.00", "6.00")];
        assert_eq!(told(&made), expected.map(|(a, d, c)| (a, d.to_owned(), c.to_owned())));
    }

    #[test]
    fn a_rejected_cheque_comes_back_from_where_it_went() {
        let paid = Booking::Payment { method: PaymentMethod::Cheque, taken_over: false };
        let paid = entries(paid, Amount::cents(500), "4112");
        let back = entries(Booking::Rejection(PaymentMethod::Cheque), Amount::cents(500), "4112");
        assert_eq!(told(&paid)[0].0, "5112");
        for account in ["5112", "4112"] {
            let sum = paid.iter().chain(&back).filter(|e| e.account == account).map(|e| e.debit - e.credit);
            assert!(sum.sum::<Amount>().is_zero(), "{account}");
        }
    }

    proptest! {
        /// Whatever the operation, debits are credits, and no line is less than nothing.
        #[test]
        fn entries_balance(
            cents in proptest::collection::vec((0u8..4, -5_000i64..5_000), 0..12),
            amount in 1i64..1_000_000,
            kind in 0u8..5,
        ) {
            let lines: Vec<InvoiceLine> =
                cents.iter().map(|(account, cents)| line(&format!("706{account}"), *cents)).collect();
            let method = PaymentMethod::Card;
            let booking = match kind {
                0 => Booking::Invoice(&lines),
                1 => Booking::CreditNote(&lines),
                2 => Booking::Payment { method, taken_over: cents.is_empty() },
                3 => Booking::Rejection(method),
                _ => Booking::Refund(method),
            };
            let made = entries(booking, Amount::cents(amount), "4112");
            let debit: Amount = made.iter().map(|e| e.debit).sum();
            let credit: Amount = made.iter().map(|e| e.credit).sum();
            prop_assert_eq!(debit, credit);
            prop_assert!(made.iter().all(|e| e.debit >= Amount::ZERO && e.credit >= Amount::ZERO));
            let owed: Amount = made.iter().filter(|e| e.account == "4112").map(|e| e.debit - e.credit).sum();
            prop_assert_eq!(owed, Amount::cents(if matches!(kind, 1 | 2) { -amount } else { amount }));
        }
    }
}
