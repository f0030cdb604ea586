//! The accounts of families: the operations of their statements, what is open on each invoice, what
//! is free on each payment, and what was billed for each session.

mod billable;
mod exported;
mod ledger;
mod printed;
mod queries;
mod write;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    account::{Account, AccountEvent as V, Allocation, InvoiceLine, TakenOver, Use},
    erasure::Erasure,
    sealed::Purpose,
};
use portail_event_store::RecordedEvent;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::{
    decode::json,
    engine::projection::{FoldContext, FoldError, Projection},
    families::family::open,
    privacy::erased_data::ErasedData,
};
pub use billable::{billable, billed, never_billed, taken_over};
pub use exported::{BookedOperation, books_between};
pub use ledger::ledger;
pub use printed::{archived, paid_between, settled_by};
pub use queries::{
    DebitRow, InvoiceRow, OperationRow, PaymentRow, debits, due_for_debit, invoice, invoices_of,
    operations_between, operations_of_year, payment, payments, totals, years,
};
use write::Written;

/// Its name.
pub const NAME: &str = "accounts";

/// What binds the words of a credit note, or the reference of a payment, to where they stand.
pub const NOTE: &str = "Operation";

/// What binds the account a direct debit takes from to where it stands.
pub const DEBITED: &str = "Debited";

/// What is known of an operation besides its amount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// The first billed day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<chrono::NaiveDate>,
    /// The last billed day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<chrono::NaiveDate>,
    /// How it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<portail_domain::account::PaymentMethod>,
    /// Why the bank rejected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection: Option<portail_domain::account::RejectionReason>,
    /// Whether it is of the software before this one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub taken_over: bool,
    /// The number of the operation it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<u32>,
    /// What staff wrote, or the payment's reference; none once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The projection of accounts.
#[derive(Debug, Clone, Copy)]
pub struct AccountsProjection;

impl Projection for AccountsProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        3
    }
    fn tables(&self) -> &'static str {
        // One event is one operation at most. `seen` is the position the price was computed from.
        // `counts_from` is the day the ledger counts a row from (see the domain's `account::ledger`).
        "CREATE TABLE operation (line bigint PRIMARY KEY, family text NOT NULL, regie text NOT NULL, \
            number int NOT NULL, kind text NOT NULL, date date NOT NULL, school_year int NOT NULL, \
            debit numeric(14,2) NOT NULL, credit numeric(14,2) NOT NULL, detail text NOT NULL, counts_from date NOT NULL); \
         CREATE INDEX operation_family ON operation (family, school_year); \
         CREATE INDEX operation_regie ON operation (regie, date); \
         CREATE TABLE invoice (regie text NOT NULL, number int NOT NULL, family text NOT NULL, \
            credit_note boolean NOT NULL, date date NOT NULL, due date NOT NULL, first_day date, last_day date, \
            total numeric(14,2) NOT NULL, open numeric(14,2) NOT NULL, run uuid, lines text NOT NULL, \
            note text, line bigint NOT NULL, taken_over boolean NOT NULL, PRIMARY KEY (regie, number)) WITH (fillfactor = 80); \
         CREATE INDEX invoice_family ON invoice (family); \
         CREATE INDEX invoice_run ON invoice (run, family); \
         CREATE INDEX invoice_taken_over ON invoice (family, last_day) WHERE taken_over; \
         CREATE INDEX invoice_open ON invoice (regie, due) WHERE open > 0; \
         CREATE TABLE payment (regie text NOT NULL, number int NOT NULL, family text NOT NULL, date date NOT NULL, \
            method text NOT NULL, amount numeric(14,2) NOT NULL, free numeric(14,2) NOT NULL, reference text, \
            rejected date, line bigint NOT NULL, PRIMARY KEY (regie, number)); \
         CREATE INDEX payment_family ON payment (family); \
         CREATE TABLE allocation (line bigint NOT NULL, family text NOT NULL, regie text NOT NULL, \
            credit_note boolean NOT NULL, number int NOT NULL, invoice int, amount numeric(14,2) NOT NULL, \
            date date NOT NULL, counts_from date NOT NULL); \
         CREATE INDEX allocation_family ON allocation (family, date); \
         CREATE INDEX allocation_source ON allocation (regie, number); \
         CREATE INDEX allocation_later ON allocation (regie, counts_from); \
         CREATE TABLE billed (child uuid NOT NULL, date date NOT NULL, activity text NOT NULL, month boolean NOT NULL, \
            family text NOT NULL, amount numeric(14,2) NOT NULL, seen bigint NOT NULL, \
            PRIMARY KEY (child, date, activity, month, family)); \
         CREATE TABLE debit (batch uuid NOT NULL, regie text NOT NULL, number int NOT NULL, family text NOT NULL, \
            date date NOT NULL, amount numeric(14,2) NOT NULL, invoice int, mandate text NOT NULL, first boolean NOT NULL, \
            amended boolean NOT NULL, details text, PRIMARY KEY (batch, number)); \
         CREATE TABLE archive (family text NOT NULL, document text NOT NULL, attachment uuid NOT NULL, \
            sha256 text NOT NULL, PRIMARY KEY (family, document))"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Account::TYPE, Erasure::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            let mut written = Written::default();
            for event in events {
                if let Some(erased) = ErasedData::from_event(event, context)? {
                    std::mem::take(&mut written).flush(connection).await?;
                    forget(&erased, connection).await?;
                    continue;
                }
                fold_one(event, context.decode(event)?, context, connection, &mut written).await?;
            }
            written.flush(connection).await?;
            Ok(())
        })
    }
}

async fn fold_one<'a>(
    event: &'a RecordedEvent,
    change: V,
    context: &FoldContext,
    connection: &mut PgConnection,
    written: &mut Written<'a>,
) -> Result<(), FoldError> {
    match change {
        V::OperationTakenOver { regie, number, date, amount, operation, allocations, .. } => {
            match operation {
                TakenOver::Invoice { from, to, due, lines } => {
                    let detail =
                        Detail { from: Some(from), to: Some(to), taken_over: true, ..Detail::default() };
                    written.operation(event, &regie, number, "INVOICE", date, amount, &detail)?;
                    written.invoice(
                        event,
                        &regie,
                        number,
                        (date, due),
                        Some((from, to)),
                        amount,
                        None,
                        &lines,
                    )?;
                    written.is_taken_over();
                }
                TakenOver::Payment { method } => {
                    let detail = Detail { method: Some(method), taken_over: true, ..Detail::default() };
                    written.operation(event, &regie, number, "PAYMENT", date, amount, &detail)?;
                    written.payment(event, &regie, number, date, method, amount, None)?;
                    written.allocate(event, &regie, (false, number), date, &allocations);
                }
            }
        }
        V::InvoiceIssued {
            regie, number, run, date, due, from, to, lines, total, settled_by, seen, ..
        } => {
            let detail = Detail { from: Some(from), to: Some(to), ..Detail::default() };
            written.operation(event, &regie, number, "INVOICE", date, total, &detail)?;
            written.invoice(
                event,
                &regie,
                number,
                (date, due),
                Some((from, to)),
                total,
                Some(run),
                &lines,
            )?;
            for Use { credit_note, number: source, amount } in settled_by {
                let part = [Allocation { invoice: number, amount }];
                written.allocate(event, &regie, (credit_note, source), date, &part);
            }
            written.bill(event, &lines, seen);
        }
        V::CreditNoteIssued {
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
            ..
        } => {
            let note = match note {
                Some(note) => open(&note, NOTE, event, context, connection).await?,
                None => None,
            };
            let detail = Detail { about: invoice, note, ..Detail::default() };
            written.operation(event, &regie, number, "CREDIT_NOTE", date, total, &detail)?;
            written.credit_note(
                event,
                &regie,
                number,
                date,
                total,
                run.map(|r| r.0),
                &lines,
                detail.note.clone(),
            )?;
            written.allocate(event, &regie, (true, number), date, &allocations);
            written.bill(event, &lines, seen);
        }
        V::PaymentRecorded {
            regie, number, date, method, amount, reference, allocations, debited, ..
        } => {
            let reference = match reference {
                Some(reference) => open(&reference, NOTE, event, context, connection).await?,
                None => None,
            };
            let detail = Detail { method: Some(method), note: reference.clone(), ..Detail::default() };
            written.operation(event, &regie, number, "PAYMENT", date, amount, &detail)?;
            written.payment(event, &regie, number, date, method, amount, reference)?;
            written.allocate(event, &regie, (false, number), date, &allocations);
            if let Some((batch, account)) = debited {
                let details = open(&account.details, DEBITED, event, context, connection).await?;
                let invoice = allocations.first().map(|a| a.invoice);
                written.debit(event, batch.0, &regie, number, date, amount, invoice, &account, details);
            }
        }
        V::PaymentRejected { regie, payment, number, date, amount, reason, reopened, .. } => {
            let detail = Detail { rejection: Some(reason), about: Some(payment), ..Detail::default() };
            written.operation(event, &regie, number, "REJECTION", date, amount, &detail)?;
            written.counts_from_payment(&regie, payment, connection).await?;
            let back: Vec<Allocation> =
                reopened.into_iter().map(|a| Allocation { invoice: a.invoice, amount: -a.amount }).collect();
            written.allocate(event, &regie, (false, payment), date, &back);
            written.reject(&regie, payment, date);
        }
        V::RefundRecorded { regie, number, date, method, amount, uses, .. } => {
            let detail = Detail { method: Some(method), ..Detail::default() };
            written.operation(event, &regie, number, "REFUND", date, amount, &detail)?;
            written.spend(event, &regie, date, &uses);
        }
        V::DocumentArchived { document, attachment, sha256 } => {
            written.archive(event, document, attachment, sha256);
        }
    }
    Ok(())
}

async fn forget(erased: &ErasedData, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let Some(family) = erased.family() else { return Ok(()) };
    if erased.is_of(Purpose::Bank) {
        let query = "UPDATE debit SET details = NULL WHERE family = $1";
        sqlx::query(query).bind(family).execute(&mut *connection).await?;
    }
    if !erased.is_of(Purpose::Note) {
        return Ok(());
    }
    let query = "SELECT line, detail FROM operation WHERE family = $1";
    let rows: Vec<(i64, String)> = sqlx::query_as(query).bind(family).fetch_all(&mut *connection).await?;
    for (line, text) in rows {
        let detail = Detail { note: None, ..json(&text)? };
        let text = serde_json::to_string(&detail).map_err(|e| sqlx::Error::Encode(e.into()))?;
        let query = "UPDATE operation SET detail = $2 WHERE line = $1";
        sqlx::query(query).bind(line).bind(text).execute(&mut *connection).await?;
    }
    for query in [
        "UPDATE invoice SET note = NULL WHERE family = $1",
        "UPDATE payment SET reference = NULL WHERE family = $1",
    ] {
        sqlx::query(query).bind(family).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The lines of an invoice as they are kept.
fn lines_text(lines: &[InvoiceLine], event: &RecordedEvent) -> Result<String, FoldError> {
    serde_json::to_string(lines).map_err(|e| FoldError::poison(event, e))
}
