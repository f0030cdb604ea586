//! The accounts of families: the operations of their statements, what is open on each invoice, what
//! is free on each payment, and what was billed for each session.

mod billable;
mod exported;
mod fold;
mod invoices;
mod ledger;
mod operations;
mod payments;
mod printed;
mod rows;
mod write;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{money::account::Account, privacy::erasure::Erasure};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use billable::{billable, billed, credited, never_billed, taken_over};
pub use exported::{BookedOperation, books_between};
pub use invoices::{InvoiceRow, due_for_debit, invoice, invoices_of};
pub use ledger::ledger;
pub use operations::{OperationRow, operations_between, operations_of_year, totals, years};
pub use payments::{DebitRow, PaymentRow, debits, payment, payments};
pub use printed::{archived, paid_between, settled_by};
pub use rows::Detail;

/// Its name.
pub const NAME: &str = "accounts";

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
        include_str!("tables.sql")
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
        Box::pin(fold::fold(events, context, connection))
    }
}
