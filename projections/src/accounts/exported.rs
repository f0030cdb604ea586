//! What exports ask of accounts.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_domain::account::{InvoiceLine, PaymentMethod};
use sqlx::PgPool;

use super::queries::{OperationRow, invoices_numbered, operations_between, payments_numbered};

/// An operation with what the books need of it.
#[derive(Debug, Clone)]
pub struct BookedOperation {
    /// The operation.
    pub operation: OperationRow,
    /// The lines of an invoice; of a credit note its own, or those of the invoice it credits.
    pub lines: Vec<InvoiceLine>,
    /// How it was paid: of a rejection, the payment that came back.
    pub method: Option<PaymentMethod>,
}

/// The operations of a régie in a range of days, with what the books need, in their order.
///
/// # Errors
/// The database failed.
pub async fn books_between(
    pool: &PgPool,
    regie: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<BookedOperation>, sqlx::Error> {
    let operations = operations_between(pool, regie, from, to).await?;
    let about = |o: &OperationRow| o.detail.about.map(u32::cast_signed);
    let (mut invoices, mut rejected) = (vec![], vec![]);
    for operation in &operations {
        match operation.kind.as_str() {
            "INVOICE" => invoices.push(operation.number),
            "CREDIT_NOTE" => {
                invoices.extend([Some(operation.number), about(operation)].into_iter().flatten())
            }
            "REJECTION" => rejected.extend(about(operation)),
            _ => {}
        }
    }
    let lines: HashMap<i32, Vec<InvoiceLine>> =
        invoices_numbered(pool, regie, &invoices).await?.into_iter().map(|i| (i.number, i.lines)).collect();
    let methods: HashMap<i32, PaymentMethod> =
        payments_numbered(pool, regie, &rejected).await?.into_iter().map(|p| (p.number, p.method)).collect();
    let with = |operation: OperationRow| {
        let subject = about(&operation);
        let mut own = match operation.kind.as_str() {
            "INVOICE" | "CREDIT_NOTE" => lines.get(&operation.number).cloned().unwrap_or_default(),
            _ => vec![],
        };
        if operation.kind == "CREDIT_NOTE" && own.is_empty() {
            own = subject.and_then(|number| lines.get(&number).cloned()).unwrap_or_default();
        }
        let method = match operation.kind.as_str() {
            "REJECTION" => subject.and_then(|number| methods.get(&number).copied()),
            _ => operation.detail.method,
        };
        BookedOperation { operation, lines: own, method }
    };
    Ok(operations.into_iter().map(with).collect())
}
