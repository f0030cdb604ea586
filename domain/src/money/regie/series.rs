//! The texts of a régie's numbers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::RegieEvent as V;

/// How a régie writes the numbers of its operations, so that a number names one of them.
///
/// Invoices and credit notes are `AL-36`; payments, rejections and refunds are `AL-R229`: a series of
/// their own. Each runs without a gap.
///
/// Numbers that were given out once stay: payments of the software before, and those of logs older
/// than this rule, are `AL-228`. An invoice that comes to such a number later is `AL-F228`. Where the
/// software before gave one number to an invoice and to a payment, the second that is taken over is
/// written with its letter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    prefix: String,
    /// The first own invoice and payment; those before are of the software before.
    first: (u32, u32),
    next_invoice: u32,
    /// The first own payment that was not written like an invoice.
    alike_to: u32,
    /// The first invoice numbered since the two are written apart.
    apart_from: Option<u32>,
    /// Payments of the software before whose texts own invoices may come to.
    taken_over: BTreeSet<u32>,
    /// Operations of the software before, by whether they are invoices.
    #[serde(default)]
    before: BTreeSet<(bool, u32)>,
    /// Those of them that share their number with one taken over earlier.
    #[serde(default)]
    second: BTreeSet<(bool, u32)>,
}

impl Series {
    /// The number of an invoice or credit note.
    pub fn invoice(&self, number: u32) -> String {
        let is_new = self.apart_from.is_some_and(|from| number >= from);
        let is_second = self.second.contains(&(true, number));
        let letter = if is_second || is_new && self.is_written_alike(number) { "F" } else { "" };
        format!("{}-{letter}{number}", self.prefix)
    }

    /// The number of a payment, a rejection or a refund.
    pub fn payment(&self, number: u32) -> String {
        let letter = if self.is_written_alike(number) { "" } else { "R" };
        format!("{}-{letter}{number}", self.prefix)
    }

    /// The same numbers under another prefix: as they were written before the régie changed its own.
    #[must_use]
    pub fn with_prefix(mut self, prefix: String) -> Self {
        self.prefix = prefix;
        self
    }

    /// Whether the payment of a number was written as an invoice of it is.
    fn is_written_alike(&self, payment: u32) -> bool {
        let (first_invoice, first_payment) = self.first;
        if payment >= first_payment {
            payment < self.alike_to
        } else {
            !self.second.contains(&(false, payment))
                && (payment < first_invoice || self.taken_over.contains(&payment))
        }
    }

    /// Whether the two are written apart already.
    pub fn is_apart(&self) -> bool {
        self.apart_from.is_some()
    }

    /// Folds an event of the régie; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::RegieDefined { settings, first_invoice, first_payment } => {
                *self = Self {
                    prefix: settings.prefix.clone(),
                    first: (*first_invoice, *first_payment),
                    next_invoice: *first_invoice,
                    alike_to: *first_payment,
                    ..Self::default()
                };
            }
            V::RegieChanged { settings } => self.prefix.clone_from(&settings.prefix),
            V::InvoicesNumbered { first, count, .. } => self.next_invoice = first.saturating_add(*count),
            V::CreditNoteNumbered { number, .. } => self.next_invoice = number.saturating_add(1),
            V::PaymentNumbered { number, .. } if !self.is_apart() => self.alike_to = number.saturating_add(1),
            V::DirectDebitsNumbered { first, count, .. } if !self.is_apart() => {
                self.alike_to = first.saturating_add(*count)
            }
            V::SeriesSetApart { invoice, .. } => self.apart_from = Some(*invoice),
            V::NumberTakenOver { invoice, number } => {
                self.before.insert((*invoice, *number));
                if self.before.contains(&(!invoice, *number)) {
                    self.second.insert((*invoice, *number));
                }
                // A number an own invoice has already is not given out a second time.
                if !invoice && *number >= self.next_invoice {
                    self.taken_over.insert(*number);
                }
            }
            V::PaymentNumbered { .. }
            | V::DirectDebitsNumbered { .. }
            | V::BillingRunPrepared { .. }
            | V::BillingRunStarted { .. }
            | V::BillingRunCompleted { .. }
            | V::BillingRunAbandoned { .. }
            | V::CashDayClosed { .. } => {}
        }
    }
}
