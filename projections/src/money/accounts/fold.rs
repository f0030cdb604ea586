//! Folding the events of accounts.

use portail_domain::{
    money::account::{AccountEvent as V, Allocation, OperationKind, TakenOver, Use},
    shared::sealed::{Place, Purpose},
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use super::{rows::Detail, write::Written};
use crate::{
    decode::json,
    engine::projection::{FoldContext, FoldError},
    families::family::open,
    privacy::erased_data::ErasedData,
};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
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
                    written.operation(
                        event,
                        &regie,
                        number,
                        OperationKind::Invoice,
                        date,
                        amount,
                        &detail,
                    )?;
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
                    written.operation(
                        event,
                        &regie,
                        number,
                        OperationKind::Payment,
                        date,
                        amount,
                        &detail,
                    )?;
                    written.payment(event, &regie, number, date, method, amount, None)?;
                    written.allocate(event, &regie, (false, number), date, &allocations);
                }
            }
        }
        V::InvoiceIssued {
            regie, number, run, date, due, from, to, lines, total, settled_by, seen, ..
        } => {
            let detail = Detail { from: Some(from), to: Some(to), ..Detail::default() };
            written.operation(event, &regie, number, OperationKind::Invoice, date, total, &detail)?;
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
                Some(note) => open(&note, Place::Operation, event, context, connection).await?,
                None => None,
            };
            let detail = Detail { about: invoice, note, ..Detail::default() };
            written.operation(event, &regie, number, OperationKind::CreditNote, date, total, &detail)?;
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
                Some(reference) => open(&reference, Place::Operation, event, context, connection).await?,
                None => None,
            };
            let detail = Detail { method: Some(method), note: reference.clone(), ..Detail::default() };
            written.operation(event, &regie, number, OperationKind::Payment, date, amount, &detail)?;
            written.payment(event, &regie, number, date, method, amount, reference)?;
            written.allocate(event, &regie, (false, number), date, &allocations);
            if let Some((batch, account)) = debited {
                let details = open(&account.details, Place::Debited, event, context, connection).await?;
                let invoice = allocations.first().map(|a| a.invoice);
                written.debit(event, batch.0, &regie, number, date, amount, invoice, &account, details);
            }
        }
        V::PaymentRejected { regie, payment, number, date, amount, reason, reopened, .. } => {
            let detail = Detail { rejection: Some(reason), about: Some(payment), ..Detail::default() };
            written.operation(event, &regie, number, OperationKind::Rejection, date, amount, &detail)?;
            written.counts_from_payment(&regie, payment, connection).await?;
            let back: Vec<Allocation> =
                reopened.into_iter().map(|a| Allocation { invoice: a.invoice, amount: -a.amount }).collect();
            written.allocate(event, &regie, (false, payment), date, &back);
            written.reject(&regie, payment, date);
        }
        V::RefundRecorded { regie, number, date, method, amount, uses, .. } => {
            let detail = Detail { method: Some(method), ..Detail::default() };
            written.operation(event, &regie, number, OperationKind::Refund, date, amount, &detail)?;
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
