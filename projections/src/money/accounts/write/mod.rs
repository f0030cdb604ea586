//! The set-based writes of accounts: a batch of events is a handful of statements.

mod columns;
mod flush;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use portail_domain::{
    money::account::{
        Allocation, DebitedAccount, InvoiceLine, OperationKind, PaymentMethod, Use,
        ledger::rejection_counts_from,
    },
    money::tariff::Charge,
    shared::amount::Amount,
    shared::ids::{RegieId, RunId},
    shared::time::school_year,
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use self::columns::{Allocations, Archives, Debits, Invoices, Operations, Payments};
use super::Detail;
use crate::engine::projection::FoldError;

type BilledKey<'a> = (Uuid, NaiveDate, String, bool, &'a str);

/// What a batch writes.
#[derive(Default)]
pub(super) struct Written<'a> {
    operations: Operations<'a>,
    invoices: Invoices<'a>,
    payments: Payments<'a>,
    allocations: Allocations<'a>,
    debits: Debits<'a>,
    archives: Archives<'a>,
    /// What each invoice is settled by, more or less.
    settled: BTreeMap<(String, i32), Amount>,
    /// What of each payment is used, more or less.
    used: BTreeMap<(String, i32), Amount>,
    rejected: BTreeMap<(String, i32), NaiveDate>,
    billed: BTreeMap<BilledKey<'a>, (Amount, i64)>,
}

impl<'a> Written<'a> {
    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn operation(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        number: u32,
        kind: OperationKind,
        date: NaiveDate,
        amount: Amount,
        detail: &Detail,
    ) -> Result<(), FoldError> {
        let rows = &mut self.operations;
        let (debit, credit) =
            if kind.is_debit() { (amount, Amount::default()) } else { (Amount::default(), amount) };
        rows.line.push(event.position.cast_signed());
        rows.family.push(&event.stream.id);
        rows.regie.push(regie.to_string());
        rows.number.push(number.cast_signed());
        rows.kind.push(kind.into());
        rows.date.push(date);
        rows.counts_from.push(date);
        rows.year.push(school_year(date));
        rows.debit.push(debit.to_string());
        rows.credit.push(credit.to_string());
        rows.detail.push(serde_json::to_string(detail).map_err(|e| FoldError::poison(event, e))?);
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn invoice(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        number: u32,
        (date, due): (NaiveDate, NaiveDate),
        period: Option<(NaiveDate, NaiveDate)>,
        total: Amount,
        run: Option<RunId>,
        lines: &[InvoiceLine],
    ) -> Result<(), FoldError> {
        let rows = &mut self.invoices;
        rows.regie.push(regie.to_string());
        rows.number.push(number.cast_signed());
        rows.family.push(&event.stream.id);
        rows.credit_note.push(false);
        rows.date.push(date);
        rows.due.push(due);
        rows.first.push(period.map(|p| p.0));
        rows.last.push(period.map(|p| p.1));
        rows.total.push(total.to_string());
        rows.open.push(total.to_string());
        rows.run.push(run.map(|r| r.0));
        rows.lines.push(lines_text(lines, event)?);
        rows.note.push(None);
        rows.line.push(event.position.cast_signed());
        rows.taken_over.push(false);
        Ok(())
    }

    /// The invoice written last is of the software before.
    pub(super) fn is_taken_over(&mut self) {
        if let Some(taken_over) = self.invoices.taken_over.last_mut() {
            *taken_over = true;
        }
    }

    /// The operation written last is a rejection, which counts from its payment at the earliest.
    pub(super) async fn counts_from_payment(
        &mut self,
        regie: &RegieId,
        payment: u32,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        let (code, number) = (regie.as_str(), payment.cast_signed());
        let new = self
            .payments
            .regie
            .iter()
            .zip(&self.payments.number)
            .position(|(r, n)| r == code && *n == number);
        let paid: Option<NaiveDate> = match new.and_then(|at| self.payments.date.get(at)) {
            Some(date) => Some(*date),
            None => {
                let query = "SELECT date FROM payment WHERE regie = $1 AND number = $2";
                sqlx::query_scalar(query).bind(code).bind(number).fetch_optional(connection).await?
            }
        };
        let rows = &mut self.operations;
        if let (Some(paid), Some(counts), Some(year)) =
            (paid, rows.counts_from.last_mut(), rows.year.last_mut())
        {
            *counts = rejection_counts_from(paid, *counts);
            *year = school_year(*counts);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn credit_note(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        number: u32,
        date: NaiveDate,
        total: Amount,
        run: Option<Uuid>,
        lines: &[InvoiceLine],
        note: Option<String>,
    ) -> Result<(), FoldError> {
        self.invoice(event, regie, number, (date, date), None, total, run.map(RunId), lines)?;
        let rows = &mut self.invoices;
        if let (Some(credit_note), Some(open), Some(kept)) =
            (rows.credit_note.last_mut(), rows.open.last_mut(), rows.note.last_mut())
        {
            *credit_note = true;
            *open = Amount::default().to_string();
            *kept = note;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn payment(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        number: u32,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
        reference: Option<String>,
    ) -> Result<(), FoldError> {
        let method = serde_json::to_value(method).map_err(|e| FoldError::poison(event, e))?;
        let rows = &mut self.payments;
        rows.regie.push(regie.to_string());
        rows.number.push(number.cast_signed());
        rows.family.push(&event.stream.id);
        rows.date.push(date);
        rows.method.push(method.as_str().unwrap_or_default().to_owned());
        rows.amount.push(amount.to_string());
        rows.reference.push(reference);
        rows.line.push(event.position.cast_signed());
        Ok(())
    }

    pub(super) fn allocate(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        (credit_note, number): (bool, u32),
        date: NaiveDate,
        allocations: &[Allocation],
    ) {
        for allocation in allocations {
            let rows = &mut self.allocations;
            rows.line.push(event.position.cast_signed());
            rows.family.push(&event.stream.id);
            rows.regie.push(regie.to_string());
            rows.credit_note.push(credit_note);
            rows.number.push(number.cast_signed());
            rows.invoice.push(Some(allocation.invoice.cast_signed()));
            rows.amount.push(allocation.amount.to_string());
            rows.date.push(date);
            let key = (regie.to_string(), allocation.invoice.cast_signed());
            *self.settled.entry(key).or_default() += allocation.amount;
            if !credit_note {
                *self.used.entry((regie.to_string(), number.cast_signed())).or_default() += allocation.amount;
            }
        }
    }

    /// What is paid back settles no invoice.
    pub(super) fn spend(&mut self, event: &'a RecordedEvent, regie: &RegieId, date: NaiveDate, uses: &[Use]) {
        for used in uses {
            let rows = &mut self.allocations;
            rows.line.push(event.position.cast_signed());
            rows.family.push(&event.stream.id);
            rows.regie.push(regie.to_string());
            rows.credit_note.push(used.credit_note);
            rows.number.push(used.number.cast_signed());
            rows.invoice.push(None);
            rows.amount.push(used.amount.to_string());
            rows.date.push(date);
        }
        for used in uses.iter().filter(|u| !u.credit_note) {
            *self.used.entry((regie.to_string(), used.number.cast_signed())).or_default() += used.amount;
        }
    }

    pub(super) fn reject(&mut self, regie: &RegieId, payment: u32, date: NaiveDate) {
        self.rejected.insert((regie.to_string(), payment.cast_signed()), date);
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn debit(
        &mut self,
        event: &'a RecordedEvent,
        batch: Uuid,
        regie: &RegieId,
        number: u32,
        date: NaiveDate,
        amount: Amount,
        invoice: Option<u32>,
        account: &DebitedAccount,
        details: Option<String>,
    ) {
        let rows = &mut self.debits;
        rows.batch.push(batch);
        rows.regie.push(regie.to_string());
        rows.number.push(number.cast_signed());
        rows.family.push(&event.stream.id);
        rows.date.push(date);
        rows.amount.push(amount.to_string());
        rows.invoice.push(invoice.map(u32::cast_signed));
        rows.mandate.push(account.mandate.clone());
        rows.first.push(account.first);
        rows.amended.push(account.amended);
        rows.details.push(details);
    }

    pub(super) fn archive(
        &mut self,
        event: &'a RecordedEvent,
        document: String,
        attachment: Uuid,
        sha256: String,
    ) {
        let rows = &mut self.archives;
        rows.family.push(&event.stream.id);
        rows.document.push(document);
        rows.attachment.push(attachment);
        rows.sha256.push(sha256);
    }

    pub(super) fn bill(&mut self, event: &'a RecordedEvent, lines: &[InvoiceLine], seen: u64) {
        for line in lines {
            let month = line.charge == Charge::Month;
            for date in &line.dates {
                let key = (line.child.0, *date, line.activity.to_string(), month, event.stream.id.as_str());
                let entry = self.billed.entry(key).or_default();
                entry.0 += line.unit;
                entry.1 = entry.1.max(seen.cast_signed());
            }
        }
    }
}

/// The lines of an invoice as they are kept.
fn lines_text(lines: &[InvoiceLine], event: &RecordedEvent) -> Result<String, FoldError> {
    serde_json::to_string(lines).map_err(|e| FoldError::poison(event, e))
}
