//! The account's state: what is open, what is free.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AccountCommand as C, AccountError as E, AccountEvent as V, Allocation, Mandates, PaymentMethod,
    TakenOver, Use, ledger::Ledger,
};
use crate::{aggregate, shared::amount::Amount, shared::ids::RegieId};

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// The régie that numbered it.
    pub regie: RegieId,
    /// Its number.
    pub number: u32,
    /// What it comes to.
    pub total: Amount,
    /// What is still to be paid.
    pub open: Amount,
    /// Its date.
    pub date: NaiveDate,
    /// Until when.
    pub due: NaiveDate,
    /// What credit notes by hand took off it.
    pub credited: Amount,
}

/// A payment or a credit note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The régie that numbered it.
    pub regie: RegieId,
    /// How it was paid; none for a credit note.
    pub method: Option<PaymentMethod>,
    /// Its number.
    pub number: u32,
    /// Its date.
    pub date: NaiveDate,
    /// What it comes to.
    pub total: Amount,
    /// What settles no invoice yet.
    pub free: Amount,
    /// What it settles.
    pub allocations: Vec<Allocation>,
    /// Whether it cannot be rejected any more: it was, or it was paid back.
    pub final_: bool,
}

/// The account of a family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    invoices: Vec<Invoice>,
    credits: Vec<Credit>,
    ledger: Ledger,
    balance: Amount,
    mandates: Mandates,
    archived: BTreeMap<String, Uuid>,
    last_operation: Option<NaiveDate>,
    last_debit: Option<NaiveDate>,
}

impl Credit {
    /// Whether it is a credit note.
    pub fn is_credit_note(&self) -> bool {
        self.method.is_none()
    }
}

impl Account {
    /// What is owed as of which day.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the family owes once everything recorded counts; negative: what it is owed.
    pub fn balance(&self) -> Amount {
        self.balance
    }

    /// Its invoices, in the order they were issued.
    pub fn invoices(&self) -> &[Invoice] {
        &self.invoices
    }

    /// Its payments and credit notes.
    pub fn credits(&self) -> &[Credit] {
        &self.credits
    }

    /// What was collected on its mandates.
    pub fn mandates(&self) -> &Mandates {
        &self.mandates
    }

    /// The day of its last operation.
    pub fn last_operation(&self) -> Option<NaiveDate> {
        self.last_operation
    }

    /// The day of its last direct debit.
    pub fn last_debit(&self) -> Option<NaiveDate> {
        self.last_debit
    }

    /// The kept copy of a printed document.
    pub fn archived(&self, document: &str) -> Option<Uuid> {
        self.archived.get(document).copied()
    }

    fn invoice(&self, regie: &RegieId, number: u32) -> Option<&Invoice> {
        self.invoices.iter().find(|i| i.regie == *regie && i.number == number)
    }

    /// Settles the invoices due first, as far as an amount goes.
    fn oldest_first(&self, regie: &RegieId, amount: Amount) -> Vec<Allocation> {
        let mut open: Vec<&Invoice> =
            self.invoices.iter().filter(|i| i.regie == *regie && i.open.is_positive()).collect();
        open.sort_by_key(|i| (i.due, i.number));
        let mut rest = amount;
        let mut allocations = vec![];
        for invoice in open {
            let part = rest.min(invoice.open);
            if !part.is_positive() {
                break;
            }
            allocations.push(Allocation { invoice: invoice.number, amount: part });
            rest = rest - part;
        }
        allocations
    }

    /// Uses what is free of credits up to a day, the oldest first, as far as an amount goes.
    fn free(&self, regie: &RegieId, amount: Amount, until: NaiveDate) -> (Vec<Use>, Amount) {
        let (mut uses, mut rest) = (vec![], amount);
        let usable = |c: &&Credit| c.regie == *regie && c.free.is_positive() && c.date <= until;
        for credit in self.credits.iter().filter(usable) {
            let part = rest.min(credit.free);
            if !part.is_positive() {
                break;
            }
            uses.push(Use { credit_note: credit.is_credit_note(), number: credit.number, amount: part });
            rest = rest - part;
        }
        (uses, amount - rest)
    }

    fn check(&self, regie: &RegieId, amount: Amount, asked: Vec<Allocation>) -> Result<Vec<Allocation>, E> {
        if !amount.is_positive() {
            return Err(E::NotPositive);
        }
        if asked.is_empty() {
            return Ok(self.oldest_first(regie, amount));
        }
        let mut sums: BTreeMap<u32, Amount> = BTreeMap::new();
        for allocation in &asked {
            if !allocation.amount.is_positive() {
                return Err(E::NotPositive);
            }
            *sums.entry(allocation.invoice).or_default() += allocation.amount;
        }
        for (number, sum) in &sums {
            let open = self.invoice(regie, *number).ok_or(E::Unknown)?.open;
            if *sum > open {
                return Err(E::MoreThanInvoice(open));
            }
        }
        if sums.into_values().sum::<Amount>() > amount { Err(E::MoreThanPaid(amount)) } else { Ok(asked) }
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: C) -> Result<Vec<V>, E> {
        let event = match command {
            C::TakeOver { regie, number, date, amount, operation, at } => {
                if !amount.is_positive() {
                    return Err(E::NotPositive);
                }
                let allocations = match &operation {
                    TakenOver::Invoice { from, to, lines, .. } => {
                        taken_over_defect((*from, *to), lines, amount).map_or(Ok(vec![]), Err)?
                    }
                    TakenOver::Payment { .. } => self.oldest_first(&regie, amount),
                };
                V::OperationTakenOver { regie, number, date, amount, operation, allocations, received: at }
            }
            C::Invoice { regie, number, run, date, due, from, to, lines, seen, at } => {
                let total: Amount = lines.iter().map(super::InvoiceLine::amount).sum();
                if total < Amount::ZERO {
                    let (total, run) = (-total, Some(run));
                    let allocations = self.oldest_first(&regie, total);
                    let (invoice, note, received) = (None, None, at);
                    return Ok(vec![V::CreditNoteIssued {
                        regie,
                        number,
                        date,
                        run,
                        invoice,
                        lines,
                        note,
                        total,
                        allocations,
                        seen,
                        received,
                    }]);
                }
                let (settled_by, _) = self.free(&regie, total, NaiveDate::MAX);
                V::InvoiceIssued {
                    regie,
                    number,
                    run,
                    date,
                    due,
                    from,
                    to,
                    lines,
                    total,
                    settled_by,
                    seen,
                    received: at,
                }
            }
            C::Credit { regie, number, date, invoice, amount, note, at } => {
                if !amount.is_positive() {
                    return Err(E::NotPositive);
                }
                let credited = self.invoice(&regie, invoice).ok_or(E::Unknown)?;
                if date < credited.date {
                    return Err(E::CreditedBeforeInvoiced(credited.date));
                }
                let rest = credited.total - credited.credited;
                if amount > rest {
                    return Err(E::MoreThanInvoice(rest));
                }
                let part = amount.min(credited.open);
                let mut allocations = vec![];
                if part.is_positive() {
                    allocations.push(Allocation { invoice, amount: part });
                }
                V::CreditNoteIssued {
                    regie,
                    number,
                    date,
                    run: None,
                    invoice: Some(invoice),
                    lines: vec![],
                    note: Some(note),
                    total: amount,
                    allocations,
                    seen: 0,
                    received: at,
                }
            }
            C::Pay { regie, number, date, method, amount, reference, allocations, debited, at } => {
                let allocations = self.check(&regie, amount, allocations)?;
                V::PaymentRecorded {
                    regie,
                    number,
                    date,
                    method,
                    amount,
                    reference,
                    allocations,
                    debited,
                    received: at,
                }
            }
            C::Reject { regie, payment, number, date, reason, at } => {
                let same = |c: &&Credit| c.regie == regie && !c.is_credit_note() && c.number == payment;
                let credit = self.credits.iter().find(same).ok_or(E::Unknown)?;
                if credit.final_ {
                    return Err(E::AlreadyRejected);
                }
                if date < credit.date {
                    return Err(E::RejectedBeforePaid(credit.date));
                }
                let (amount, reopened) = (credit.total, credit.allocations.clone());
                V::PaymentRejected { regie, payment, number, date, amount, reason, reopened, received: at }
            }
            C::Refund { regie, number, date, method, amount, at } => {
                if !amount.is_positive() {
                    return Err(E::NotPositive);
                }
                // What is not there yet on the day cannot be paid back on it.
                let (uses, free) = self.free(&regie, amount, date);
                if free < amount {
                    return Err(E::MoreThanFree(free));
                }
                V::RefundRecorded { regie, number, date, method, amount, uses, received: at }
            }
            C::Archive { document, attachment, sha256 } => {
                if self.archived.contains_key(&document) {
                    return Ok(vec![]);
                }
                V::DocumentArchived { document, attachment, sha256 }
            }
        };
        Ok(vec![event])
    }

    fn settle(&mut self, regie: &RegieId, allocations: &[Allocation], reopen: bool) {
        for allocation in allocations {
            let found =
                self.invoices.iter_mut().find(|i| i.regie == *regie && i.number == allocation.invoice);
            if let Some(invoice) = found {
                let part = if reopen { -allocation.amount } else { allocation.amount };
                invoice.open = invoice.open - part;
            }
        }
    }

    fn consume(&mut self, regie: &RegieId, uses: &[Use], invoice: Option<u32>) {
        for used in uses {
            let same = |c: &&mut Credit| {
                c.regie == *regie && c.is_credit_note() == used.credit_note && c.number == used.number
            };
            if let Some(credit) = self.credits.iter_mut().find(same) {
                credit.free = credit.free - used.amount;
                match invoice {
                    Some(invoice) => credit.allocations.push(Allocation { invoice, amount: used.amount }),
                    None => credit.final_ = true,
                }
            }
        }
    }

    fn credit(
        &mut self,
        regie: &RegieId,
        method: Option<PaymentMethod>,
        (number, date): (u32, NaiveDate),
        total: Amount,
        settles: &[Allocation],
    ) {
        self.settle(regie, settles, false);
        let used: Amount = settles.iter().map(|a| a.amount).sum();
        self.credits.push(Credit {
            regie: regie.clone(),
            method,
            number,
            date,
            total,
            free: total - used,
            allocations: settles.to_vec(),
            final_: method.is_none(),
        });
        self.balance = self.balance - total;
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        self.last_operation = self.last_operation.max(event.date());
        self.ledger.evolve(event);
        match event {
            V::OperationTakenOver { regie, number, date, amount, operation, allocations, .. } => {
                match operation {
                    TakenOver::Invoice { due, .. } => {
                        let (regie, number, total, open) = (regie.clone(), *number, *amount, *amount);
                        let (date, due, credited) = (*date, *due, Amount::ZERO);
                        self.invoices.push(Invoice { regie, number, total, open, date, due, credited });
                        self.balance += *amount;
                    }
                    TakenOver::Payment { method } => {
                        self.credit(regie, Some(*method), (*number, *date), *amount, allocations);
                    }
                }
            }
            V::InvoiceIssued { regie, number, date, due, total, settled_by, .. } => {
                let settled: Amount = settled_by.iter().map(|u| u.amount).sum();
                self.consume(regie, settled_by, Some(*number));
                self.invoices.push(Invoice {
                    regie: regie.clone(),
                    number: *number,
                    total: *total,
                    open: *total - settled,
                    date: *date,
                    due: *due,
                    credited: Amount::ZERO,
                });
                self.balance += *total;
            }
            V::CreditNoteIssued { regie, number, date, invoice, total, allocations, .. } => {
                let credited = invoice.and_then(|number| {
                    self.invoices.iter_mut().find(|i| i.regie == *regie && i.number == number)
                });
                if let Some(invoice) = credited {
                    invoice.credited += *total;
                }
                self.credit(regie, None, (*number, *date), *total, allocations);
            }
            V::PaymentRecorded { regie, number, date, method, amount, allocations, debited, .. } => {
                self.credit(regie, Some(*method), (*number, *date), *amount, allocations);
                if let Some((_, debited)) = debited {
                    self.mandates.collect(regie, *number, debited);
                    self.last_debit = self.last_debit.max(event.date());
                }
            }
            V::PaymentRejected { regie, payment, amount, reason, reopened, .. } => {
                self.mandates.reject(regie, *payment, *reason);
                self.settle(regie, reopened, true);
                let same = |c: &&mut Credit| c.regie == *regie && !c.is_credit_note() && c.number == *payment;
                if let Some(credit) = self.credits.iter_mut().find(same) {
                    credit.free = Amount::default();
                    credit.allocations.clear();
                    credit.final_ = true;
                }
                self.balance += *amount;
            }
            V::RefundRecorded { regie, amount, uses, .. } => {
                self.consume(regie, uses, None);
                self.balance += *amount;
            }
            V::DocumentArchived { document, attachment, .. } => {
                self.archived.insert(document.clone(), *attachment);
            }
        }
    }
}

/// What is wrong with the lines of an invoice that is taken over.
fn taken_over_defect(
    (from, to): (NaiveDate, NaiveDate),
    lines: &[super::InvoiceLine],
    amount: Amount,
) -> Option<E> {
    if to < from {
        return Some(E::ImpossiblePeriod);
    }
    let outside = lines.iter().flat_map(|l| &l.dates).find(|d| **d < from || **d > to);
    if let Some(date) = outside {
        return Some(E::LineOutsidePeriod(*date));
    }
    let sum: Amount = lines.iter().map(super::InvoiceLine::amount).sum();
    (!lines.is_empty() && sum != amount).then_some(E::LinesSum(sum))
}

aggregate!(Account, "Account", C, V, E);

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
