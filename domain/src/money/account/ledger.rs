//! What a family owes as of a day: the one definition of *balance*, *open* and *due* for everything
//! that shows them or rests on them.
//!
//! - An invoice counts from its date, a payment or credit note from its own.
//! - A payment or credit note settles an invoice from the day both count; until then it is free.
//! - A rejection counts from its date, but never before the payment it takes back (logs written
//!   before that was refused hold such rejections).
//!
//! So on every day the balance is what is open on the invoices less what is free (a property test
//! says so), and whoever asks for the same day gets the same sums.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{AccountEvent as V, Allocation, TakenOver, Use};
use crate::{shared::amount::Amount, shared::ids::RegieId};

/// An invoice as the ledger sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerInvoice {
    /// The régie that numbered it.
    pub regie: RegieId,
    /// Its number.
    pub number: u32,
    /// From when it counts.
    pub date: NaiveDate,
    /// Until when it is to be paid.
    pub due: NaiveDate,
    /// What it comes to.
    pub total: Amount,
}

/// What a credit is: payments and credit notes are numbered apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CreditKey {
    /// The régie that numbered it.
    pub regie: RegieId,
    /// Whether it is a credit note; else a payment.
    pub credit_note: bool,
    /// Its number.
    pub number: u32,
}

/// A payment or a credit note as the ledger sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCredit {
    /// Which payment or credit note it is.
    pub key: CreditKey,
    /// From when it counts.
    pub date: NaiveDate,
    /// What it comes to.
    pub total: Amount,
    /// The day a payment was rejected.
    pub rejected: Option<NaiveDate>,
}

/// What of a credit settles an invoice, settles it no more (less than nothing), or was paid back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The credit.
    pub credit: CreditKey,
    /// The invoice; none: it was paid back.
    pub invoice: Option<u32>,
    /// How much.
    pub amount: Amount,
    /// The day of the operation that made it.
    pub date: NaiveDate,
}

/// Everything of an account that moves money.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The invoices.
    pub invoices: Vec<LedgerInvoice>,
    /// The payments and credit notes.
    pub credits: Vec<LedgerCredit>,
    /// What settles what.
    pub settlements: Vec<Settlement>,
}

/// An invoice that is not paid in full on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvoice {
    /// The invoice.
    pub invoice: LedgerInvoice,
    /// What is to be paid on it on the day.
    pub open: Amount,
    /// What of it operations of later days settle that are recorded already, as a direct debit does.
    pub scheduled: Amount,
}

/// An account as it stands at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The day.
    pub date: NaiveDate,
    /// What is owed; negative: what the family is owed. Always what is open less what is free.
    pub balance: Amount,
    /// The invoices that are not paid in full, the one due first at the head.
    pub invoices: Vec<OpenInvoice>,
    /// What payments and credit notes hold that settles no invoice on the day.
    pub free: Amount,
}

impl Standing {
    /// What is open on all invoices.
    pub fn open(&self) -> Amount {
        self.invoices.iter().map(|i| i.open).sum()
    }

    /// What of it has become due: the invoices whose last day to pay has come.
    pub fn due(&self) -> Amount {
        self.invoices.iter().filter(|i| i.invoice.due <= self.date).map(|i| i.open).sum()
    }
}

/// From when a rejection counts.
pub fn rejection_counts_from(payment: NaiveDate, rejection: NaiveDate) -> NaiveDate {
    payment.max(rejection)
}

type InvoiceKey<'a> = (&'a RegieId, u32);

impl Ledger {
    /// The part of it that some régies keep.
    #[must_use]
    pub fn of(&self, shown: impl Fn(&RegieId) -> bool) -> Self {
        let mut part = self.clone();
        part.invoices.retain(|i| shown(&i.regie));
        part.credits.retain(|c| shown(&c.key.regie));
        part.settlements.retain(|s| shown(&s.credit.regie));
        part
    }

    /// What each invoice and each credit is settled by or used for up to the end of a day.
    fn used(&self, date: NaiveDate) -> (HashMap<InvoiceKey<'_>, Amount>, HashMap<&CreditKey, Amount>) {
        let invoices: HashMap<InvoiceKey<'_>, NaiveDate> =
            self.invoices.iter().map(|i| ((&i.regie, i.number), i.date)).collect();
        let credits: HashMap<&CreditKey, NaiveDate> = self.credits.iter().map(|c| (&c.key, c.date)).collect();
        let (mut settled, mut used) = (HashMap::new(), HashMap::new());
        for settlement in &self.settlements {
            let Some(credited) = credits.get(&settlement.credit) else { continue };
            let from = match settlement.invoice {
                Some(number) => {
                    let key = (&settlement.credit.regie, number);
                    let Some(invoiced) = invoices.get(&key) else { continue };
                    let from = settlement.date.max(*invoiced).max(*credited);
                    if from <= date {
                        *settled.entry(key).or_default() += settlement.amount;
                    }
                    from
                }
                None => settlement.date,
            };
            if from <= date {
                *used.entry(&settlement.credit).or_default() += settlement.amount;
            }
        }
        (settled, used)
    }

    /// The account at the end of a day.
    pub fn standing(&self, date: NaiveDate) -> Standing {
        let (settled, used) = self.used(date);
        let (in_the_end, _) = self.used(NaiveDate::MAX);
        let of = |sums: &HashMap<InvoiceKey<'_>, Amount>, i: &LedgerInvoice| {
            sums.get(&(&i.regie, i.number)).copied().unwrap_or_default()
        };
        let (mut balance, mut free, mut open) = (Amount::ZERO, Amount::ZERO, vec![]);
        for invoice in self.invoices.iter().filter(|i| i.date <= date) {
            balance += invoice.total;
            let (now, later) = (of(&settled, invoice), of(&in_the_end, invoice));
            let rest = invoice.total - now;
            if rest.is_positive() {
                open.push(OpenInvoice { invoice: invoice.clone(), open: rest, scheduled: later - now });
            } else {
                // Settled twice for some days: by a payment that is rejected later, and by another dated
                // before that. What is too much is free.
                free = free - rest;
            }
        }
        for credit in self.credits.iter().filter(|c| c.date <= date) {
            let back = credit.rejected.map(|day| rejection_counts_from(credit.date, day));
            if back.is_none_or(|day| day > date) {
                balance = balance - credit.total;
                free += credit.total;
            }
        }
        free = free - used.values().copied().sum();
        for refund in self.settlements.iter().filter(|s| s.invoice.is_none() && s.date <= date) {
            balance += refund.amount;
        }
        open.sort_by(|a, b| {
            let key = |i: &OpenInvoice| (i.invoice.due, i.invoice.regie.clone(), i.invoice.number);
            key(a).cmp(&key(b))
        });
        Standing { date, balance, invoices: open, free }
    }

    /// What is owed at the end of a day.
    pub fn balance(&self, date: NaiveDate) -> Amount {
        self.standing(date).balance
    }

    /// What of a payment or credit note settles nothing at the end of a day.
    pub fn free(&self, key: &CreditKey, date: NaiveDate) -> Amount {
        let Some(credit) = self.credits.iter().find(|c| c.key == *key && c.date <= date) else {
            return Amount::ZERO;
        };
        if credit.rejected.is_some_and(|day| rejection_counts_from(credit.date, day) <= date) {
            return Amount::ZERO;
        }
        credit.total - self.used(date).1.get(key).copied().unwrap_or_default()
    }

    /// What is to be paid on an invoice at the end of a day.
    pub fn open(&self, regie: &RegieId, number: u32, date: NaiveDate) -> Amount {
        let found = self
            .standing(date)
            .invoices
            .into_iter()
            .find(|i| i.invoice.regie == *regie && i.invoice.number == number);
        found.map_or(Amount::ZERO, |i| i.open)
    }

    fn settle(
        &mut self,
        regie: &RegieId,
        (credit_note, number): (bool, u32),
        date: NaiveDate,
        to: &[Allocation],
    ) {
        for allocation in to {
            let credit = CreditKey { regie: regie.clone(), credit_note, number };
            let (invoice, amount) = (Some(allocation.invoice), allocation.amount);
            self.settlements.push(Settlement { credit, invoice, amount, date });
        }
    }

    fn credit(
        &mut self,
        regie: &RegieId,
        (credit_note, number): (bool, u32),
        date: NaiveDate,
        total: Amount,
    ) {
        let key = CreditKey { regie: regie.clone(), credit_note, number };
        self.credits.push(LedgerCredit { key, date, total, rejected: None });
    }

    fn invoice(&mut self, regie: &RegieId, number: u32, (date, due): (NaiveDate, NaiveDate), total: Amount) {
        self.invoices.push(LedgerInvoice { regie: regie.clone(), number, date, due, total });
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::OperationTakenOver { regie, number, date, amount, operation, allocations, .. } => {
                match operation {
                    TakenOver::Invoice { due, .. } => self.invoice(regie, *number, (*date, *due), *amount),
                    TakenOver::Payment { .. } => {
                        self.credit(regie, (false, *number), *date, *amount);
                        self.settle(regie, (false, *number), *date, allocations);
                    }
                }
            }
            V::InvoiceIssued { regie, number, date, due, total, settled_by, .. } => {
                self.invoice(regie, *number, (*date, *due), *total);
                for Use { credit_note, number: source, amount } in settled_by {
                    let part = [Allocation { invoice: *number, amount: *amount }];
                    self.settle(regie, (*credit_note, *source), *date, &part);
                }
            }
            V::CreditNoteIssued { regie, number, date, total, allocations, .. } => {
                self.credit(regie, (true, *number), *date, *total);
                self.settle(regie, (true, *number), *date, allocations);
            }
            V::PaymentRecorded { regie, number, date, amount, allocations, .. } => {
                self.credit(regie, (false, *number), *date, *amount);
                self.settle(regie, (false, *number), *date, allocations);
            }
            V::PaymentRejected { regie, payment, date, reopened, .. } => {
                let back: Vec<Allocation> =
                    reopened.iter().map(|a| Allocation { invoice: a.invoice, amount: -a.amount }).collect();
                self.settle(regie, (false, *payment), *date, &back);
                let key = CreditKey { regie: regie.clone(), credit_note: false, number: *payment };
                if let Some(credit) = self.credits.iter_mut().find(|c| c.key == key) {
                    credit.rejected = Some(*date);
                }
            }
            V::RefundRecorded { regie, date, uses, .. } => {
                for Use { credit_note, number, amount } in uses {
                    let credit =
                        CreditKey { regie: regie.clone(), credit_note: *credit_note, number: *number };
                    self.settlements.push(Settlement { credit, invoice: None, amount: *amount, date: *date });
                }
            }
            V::DocumentArchived { .. } => {}
        }
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
