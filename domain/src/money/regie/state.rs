//! The régie's state, and how events change it.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{CashTotal, RegieCommand as C, RegieError as E, RegieEvent as V, RegieSettings, Series};
use crate::{
    aggregate,
    money::account::PaymentMethod,
    shared::amount::Amount,
    shared::ids::{FamilyNumber, RunId},
};

/// Where a billing run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunStage {
    /// To be reviewed.
    Prepared,
    /// Being issued.
    Issuing,
}

/// The billing run that is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The first billed day.
    pub from: NaiveDate,
    /// The last billed day.
    pub to: NaiveDate,
    /// The date of its invoices.
    pub date: NaiveDate,
    /// Until when they are to be paid.
    pub due: NaiveDate,
    /// Where it stands.
    pub stage: RunStage,
    /// The last family invoiced.
    pub last: Option<FamilyNumber>,
}

/// A régie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regie {
    pub(super) settings: Option<Box<RegieSettings>>,
    pub(super) next_invoice: u32,
    pub(super) next_payment: u32,
    pub(super) first: (u32, u32),
    pub(super) series: Series,
    pub(super) taken: BTreeSet<(bool, u32)>,
    pub(super) run: Option<Run>,
    pub(super) closed_to: Option<NaiveDate>,
    pub(super) desk: Vec<CashTotal>,
}

impl Regie {
    /// Its settings; none before it is defined.
    pub fn settings(&self) -> Option<&RegieSettings> {
        self.settings.as_deref()
    }

    /// The billing run that is not finished.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// The number the next invoice or credit note gets.
    pub fn next_invoice(&self) -> u32 {
        self.next_invoice
    }

    /// The number the next payment gets.
    pub fn next_payment(&self) -> u32 {
        self.next_payment
    }

    /// The texts of its numbers once the next is given out.
    pub fn series(&self) -> Series {
        let mut series = self.series.clone();
        if !series.is_apart() {
            series.evolve(&self.set_apart());
        }
        series
    }

    pub(super) fn set_apart(&self) -> V {
        V::SeriesSetApart { invoice: self.next_invoice, payment: self.next_payment }
    }

    fn take(&mut self, date: NaiveDate, method: PaymentMethod, count: u32, amount: Amount) {
        match self.desk.iter_mut().find(|t| t.date == date && t.method == method) {
            Some(entry) => {
                entry.count += count;
                entry.total += amount;
            }
            None => self.desk.push(CashTotal { date, method, count, total: amount }),
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        self.series.evolve(event);
        match event {
            V::RegieDefined { settings, first_invoice, first_payment } => {
                self.settings = Some(settings.clone());
                self.first = (*first_invoice, *first_payment);
                self.next_invoice = *first_invoice;
                self.next_payment = *first_payment;
            }
            V::RegieChanged { settings } => self.settings = Some(settings.clone()),
            V::BillingRunPrepared { run, from, to, date, due, .. } => {
                self.run = Some(Run {
                    id: *run,
                    from: *from,
                    to: *to,
                    date: *date,
                    due: *due,
                    stage: RunStage::Prepared,
                    last: None,
                });
            }
            V::BillingRunStarted { .. } => {
                if let Some(run) = &mut self.run {
                    run.stage = RunStage::Issuing;
                }
            }
            V::InvoicesNumbered { count, last, .. } => {
                self.next_invoice += count;
                if let Some(run) = &mut self.run {
                    run.last = Some(last.clone());
                }
            }
            V::BillingRunCompleted { .. } | V::BillingRunAbandoned { .. } => self.run = None,
            V::CreditNoteNumbered { .. } => self.next_invoice += 1,
            V::SeriesSetApart { .. } => {}
            V::PaymentNumbered { date, method, amount, .. } => {
                self.next_payment += 1;
                self.take(*date, *method, 1, *amount);
            }
            V::DirectDebitsNumbered { count, date, total, .. } => {
                self.next_payment += count;
                self.take(*date, PaymentMethod::DirectDebit, *count, *total);
            }
            V::NumberTakenOver { invoice, number } => {
                self.taken.insert((*invoice, *number));
            }
            V::CashDayClosed { date, .. } => {
                self.closed_to = Some(*date);
                self.desk.retain(|t| t.date > *date);
            }
        }
    }
}

aggregate!(Regie, "Regie", C, V, E);
