//! The régie's decisions.

use super::{
    Issuer, Regie, RegieCommand as C, RegieError as E, RegieEvent as V, RegieSettings, Run, RunStage,
    collection::collection_day,
};
use chrono::NaiveDate;

use crate::shared::{ids::RunId, time::local_date};

impl Regie {
    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: C) -> Result<Vec<V>, E> {
        let settings = match (&self.settings, &command) {
            (None, C::Define { settings, .. }) => return self.define(command.clone(), settings),
            (None, _) => return Err(E::Unknown),
            (Some(settings), _) => settings,
        };
        let event = match command {
            C::Define { .. } => return Err(E::AlreadyDefined),
            C::Change { changes } => {
                let changed = changes.applied_to(settings);
                let is_numbered =
                    !self.taken.is_empty() || (self.next_invoice, self.next_payment) != self.first;
                match changed.defect() {
                    Some(defect) => return Err(E::Settings(defect)),
                    // What was given out names its operation for ever.
                    None if is_numbered && changed.prefix != settings.prefix => return Err(E::PrefixInUse),
                    None if changed == **settings => return Ok(vec![]),
                    None => V::RegieChanged { settings: Box::new(changed) },
                }
            }
            C::PrepareRun { run, from, to, date, due, at } => {
                if self.run.is_some() {
                    return Err(E::RunOpen);
                }
                if !(0..=366).contains(&(to - from).num_days()) || due < date {
                    return Err(E::ImpossibleRange);
                }
                V::BillingRunPrepared { run, from, to, date, due, received: at }
            }
            C::StartIssuing { run, at } => {
                self.run_at(run, RunStage::Prepared)?;
                V::BillingRunStarted { run, received: at }
            }
            C::NumberInvoices { run, after, last, count, at } => {
                if self.run_at(run, RunStage::Issuing)?.last != after {
                    return Err(E::RunStage);
                }
                match last {
                    Some(last) => {
                        let first = self.next_invoice;
                        return Ok(self.numbered(V::InvoicesNumbered { run, first, count, last }));
                    }
                    None => V::BillingRunCompleted { run, received: at },
                }
            }
            C::AbandonRun { run, at } => {
                self.run_at(run, RunStage::Prepared)?;
                V::BillingRunAbandoned { run, received: at }
            }
            C::NumberCreditNote { at } => {
                let number = self.next_invoice;
                return Ok(self.numbered(V::CreditNoteNumbered { number, received: at }));
            }
            C::NumberPayment { date, method, amount, at } => {
                self.desk_open(date)?;
                let number = self.next_payment;
                return Ok(self.numbered(V::PaymentNumbered { number, date, method, amount, received: at }));
            }
            C::NumberDirectDebits { batch, date, count, total, left_out, at } => {
                self.desk_open(date)?;
                collection_day(date, local_date(at))?;
                let creditor = settings.creditor.clone().ok_or(E::NoCreditor)?;
                let (first, prefix) = (self.next_payment, settings.prefix.clone());
                let issuer = Some(Issuer { creditor, prefix });
                let numbered = V::DirectDebitsNumbered {
                    batch,
                    first,
                    count,
                    date,
                    total,
                    issuer,
                    left_out,
                    received: at,
                };
                return Ok(self.numbered(numbered));
            }
            C::TakeOver { invoice, number } => {
                let first = if invoice { self.first.0 } else { self.first.1 };
                if number == 0 || number >= first || self.taken.contains(&(invoice, number)) {
                    return Err(E::NumberTaken);
                }
                V::NumberTakenOver { invoice, number }
            }
            C::CloseCashDay { date, at } => {
                self.desk_open(date)?;
                let totals = self.desk.iter().filter(|t| t.date <= date).cloned().collect();
                V::CashDayClosed { date, totals, received: at }
            }
        };
        Ok(vec![event])
    }

    fn define(&self, command: C, settings: &RegieSettings) -> Result<Vec<V>, E> {
        if let Some(defect) = settings.defect() {
            return Err(E::Settings(defect));
        }
        match command {
            C::Define { settings, first_invoice, first_payment }
                if first_invoice > 0 && first_payment > 0 =>
            {
                Ok(vec![V::RegieDefined { settings, first_invoice, first_payment }])
            }
            C::Define { .. }
            | C::Change { .. }
            | C::PrepareRun { .. }
            | C::StartIssuing { .. }
            | C::NumberInvoices { .. }
            | C::AbandonRun { .. }
            | C::NumberCreditNote { .. }
            | C::NumberPayment { .. }
            | C::NumberDirectDebits { .. }
            | C::TakeOver { .. }
            | C::CloseCashDay { .. } => Err(E::Settings("SETTING_SERIES")),
        }
    }

    /// Gives numbers out; before the first of them, says that the series are written apart.
    fn numbered(&self, event: V) -> Vec<V> {
        if self.series.is_apart() { vec![event] } else { vec![self.set_apart(), event] }
    }

    fn run_at(&self, run: RunId, stage: RunStage) -> Result<&Run, E> {
        let open = self.run.as_ref().filter(|r| r.id == run).ok_or(E::Unknown)?;
        if open.stage == stage { Ok(open) } else { Err(E::RunStage) }
    }

    fn desk_open(&self, date: NaiveDate) -> Result<(), E> {
        match self.closed_to {
            Some(closed) if date <= closed => Err(E::CashDayClosed(closed)),
            _ => Ok(()),
        }
    }
}
