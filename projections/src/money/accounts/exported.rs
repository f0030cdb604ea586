//! What exports ask of accounts.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_domain::money::account::{InvoiceLine, OperationKind, PaymentMethod};
use sqlx::PgPool;

use super::{
    invoices::invoices_numbered,
    operations::{OperationRow, operations_between},
    payments::payments_numbered,
};

/// An operation with what the books need of it.
#[derive(Debug, Clone)]
pub struct BookedOperation {
    /// The number of its entry: the calendar year, and six digits that count the operations the régie
    /// dated in it, as they were recorded. No gap, and it never changes.
    pub entry: i64,
    /// The operation.
    pub operation: OperationRow,
    /// The lines of an invoice; of a credit note its own, or those of the invoice it credits.
    pub lines: Vec<InvoiceLine>,
    /// How it was paid: of a rejection, the payment that came back.
    pub method: Option<PaymentMethod>,
}

/// How many entries a year may have.
const ENTRIES_OF_A_YEAR: i64 = 1_000_000;

/// The numbers of entries by the position of their operation.
async fn entry_numbers(
    pool: &PgPool,
    regie: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<i64, i64>, sqlx::Error> {
    let rows: Vec<(i64, i32, i64)> = sqlx::query_as(
        "SELECT line, extract(year FROM date)::int, row_number() OVER (PARTITION BY extract(year FROM date) ORDER BY line) \
         FROM rm_accounts.operation WHERE regie = $1 AND date BETWEEN date_trunc('year', $2::date)::date \
            AND (date_trunc('year', $3::date) + interval '1 year - 1 day')::date",
    )
    .bind(regie)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(line, year, n)| (line, i64::from(year) * ENTRIES_OF_A_YEAR + n)).collect())
}

/// The operations of a régie in a range of days, with what the books need, by the number of their entry.
///
/// # Errors
/// The database failed.
pub async fn books_between(
    pool: &PgPool,
    regie: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<BookedOperation>, sqlx::Error> {
    // Numbered after they are read: what is recorded in between gets later numbers.
    let operations = operations_between(pool, regie, from, to).await?;
    let entries = entry_numbers(pool, regie, (from, to)).await?;
    let about = |o: &OperationRow| o.detail.about.map(u32::cast_signed);
    let (mut invoices, mut rejected) = (vec![], vec![]);
    for operation in &operations {
        match operation.kind {
            OperationKind::Invoice => invoices.push(operation.number),
            OperationKind::CreditNote => {
                invoices.extend([Some(operation.number), about(operation)].into_iter().flatten())
            }
            OperationKind::Rejection => rejected.extend(about(operation)),
            OperationKind::Payment | OperationKind::Refund => {}
        }
    }
    let lines: HashMap<i32, Vec<InvoiceLine>> =
        invoices_numbered(pool, regie, &invoices).await?.into_iter().map(|i| (i.number, i.lines)).collect();
    let methods: HashMap<i32, PaymentMethod> =
        payments_numbered(pool, regie, &rejected).await?.into_iter().map(|p| (p.number, p.method)).collect();
    let with = |operation: OperationRow| {
        let subject = about(&operation);
        let own = lines.get(&operation.number).cloned().unwrap_or_default();
        let (lines, method) = match operation.kind {
            OperationKind::Invoice => (own, None),
            OperationKind::CreditNote if own.is_empty() => {
                (subject.and_then(|number| lines.get(&number).cloned()).unwrap_or_default(), None)
            }
            OperationKind::CreditNote => (own, None),
            OperationKind::Payment | OperationKind::Refund => (vec![], operation.detail.method),
            OperationKind::Rejection => (vec![], subject.and_then(|number| methods.get(&number).copied())),
        };
        let entry = entries.get(&operation.line).copied().unwrap_or_default();
        BookedOperation { entry, operation, lines, method }
    };
    let mut booked: Vec<BookedOperation> = operations.into_iter().map(with).collect();
    booked.sort_by_key(|b| b.entry);
    Ok(booked)
}
