//! What staff may ask of a régie.

use chrono::{DateTime, NaiveDate, Utc};

use super::{LeftOut, RegieChanges, RegieSettings};
use crate::{
    money::account::PaymentMethod,
    shared::amount::Amount,
    shared::ids::{BatchId, FamilyNumber, RunId},
};

/// A command to a régie.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum RegieCommand {
    /// Open it; its series go on from the numbers of the software before it.
    Define { settings: Box<RegieSettings>, first_invoice: u32, first_payment: u32 },
    /// Change some of its settings; the others stay.
    Change { changes: Box<RegieChanges> },
    /// Prepare the billing of a period.
    PrepareRun {
        run: RunId,
        from: NaiveDate,
        to: NaiveDate,
        date: NaiveDate,
        due: NaiveDate,
        at: DateTime<Utc>,
    },
    /// Issue what was prepared.
    StartIssuing { run: RunId, at: DateTime<Utc> },
    /// Number the next invoices of a run, those of the families after `after` up to `last`; none
    /// left completes it.
    NumberInvoices {
        run: RunId,
        after: Option<FamilyNumber>,
        last: Option<FamilyNumber>,
        count: u32,
        at: DateTime<Utc>,
    },
    /// Give a prepared run up.
    AbandonRun { run: RunId, at: DateTime<Utc> },
    /// Number a credit note.
    NumberCreditNote { at: DateTime<Utc> },
    /// Number a payment, a refund (negative), or the return of a rejected payment (negative).
    NumberPayment { date: NaiveDate, method: PaymentMethod, amount: Amount, at: DateTime<Utc> },
    /// Number the payments of a batch of direct debits that banks collect on a day.
    NumberDirectDebits {
        batch: BatchId,
        date: NaiveDate,
        count: u32,
        total: Amount,
        left_out: Vec<LeftOut>,
        at: DateTime<Utc>,
    },
    /// A number of the software before this one is taken over.
    TakeOver { invoice: bool, number: u32 },
    /// Close the cash desk of a day and of those before.
    CloseCashDay { date: NaiveDate, at: DateTime<Utc> },
}
