//! What staff may ask of an account. Numbers come from the régie, in the same append.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{Allocation, DebitedAccount, InvoiceLine, PaymentMethod, RejectionReason, TakenOver};
use crate::{
    shared::amount::Amount,
    shared::ids::{BatchId, RegieId, RunId},
    shared::sealed::Sealed,
};

/// A command to an account.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum AccountCommand {
    /// Take an operation of the software before this one over.
    TakeOver {
        regie: RegieId,
        number: u32,
        date: NaiveDate,
        amount: Amount,
        operation: TakenOver,
        at: DateTime<Utc>,
    },
    /// Invoice lines; those that come to less than nothing become a credit note.
    Invoice {
        regie: RegieId,
        number: u32,
        run: RunId,
        date: NaiveDate,
        due: NaiveDate,
        from: NaiveDate,
        to: NaiveDate,
        lines: Vec<InvoiceLine>,
        seen: u64,
        at: DateTime<Utc>,
    },
    /// Credit an invoice, in part or whole.
    Credit {
        regie: RegieId,
        number: u32,
        date: NaiveDate,
        invoice: u32,
        amount: Amount,
        note: Sealed,
        at: DateTime<Utc>,
    },
    /// Record a payment; without allocations it settles the oldest invoices first.
    Pay {
        regie: RegieId,
        number: u32,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
        reference: Option<Sealed>,
        allocations: Vec<Allocation>,
        debited: Option<(BatchId, DebitedAccount)>,
        at: DateTime<Utc>,
    },
    /// A payment was rejected by the bank.
    Reject {
        regie: RegieId,
        payment: u32,
        number: u32,
        date: NaiveDate,
        reason: RejectionReason,
        at: DateTime<Utc>,
    },
    /// Pay back what is free.
    Refund {
        regie: RegieId,
        number: u32,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
        at: DateTime<Utc>,
    },
    /// Keep a printed document by its hash.
    Archive { document: String, attachment: Uuid, sha256: String },
}
