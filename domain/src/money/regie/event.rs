//! What happened to a régie.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Creditor, RegieSettings};
use crate::{
    domain_event,
    money::account::{Obstacle, PaymentMethod},
    shared::amount::Amount,
    shared::ids::{BatchId, FamilyNumber, RunId},
};

/// What a closed cash desk took by one method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashTotal {
    /// The day of the payments.
    pub date: NaiveDate,
    /// How they were paid.
    pub method: PaymentMethod,
    /// How many they were.
    pub count: u32,
    /// What they come to; refunds and returns counted as less.
    pub total: Amount,
}

/// An invoice that was due and left out of a batch of direct debits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Whose it is.
    pub family: FamilyNumber,
    /// Its number.
    pub invoice: u32,
    /// What is open on it, in euros.
    pub amount: Amount,
    /// Why it cannot be collected.
    pub obstacle: Obstacle,
}

/// Who signs a batch's file: kept with the batch, so that the file stays the one that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// The creditor.
    pub creditor: Creditor,
    /// The prefix of the régie's numbers.
    pub prefix: String,
}

/// An event of a régie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum RegieEvent {
    /// It was opened.
    RegieDefined { settings: Box<RegieSettings>, first_invoice: u32, first_payment: u32 },
    /// Its settings changed.
    RegieChanged { settings: Box<RegieSettings> },
    /// The billing of a period was prepared.
    BillingRunPrepared {
        run: RunId,
        from: NaiveDate,
        to: NaiveDate,
        date: NaiveDate,
        due: NaiveDate,
        received: DateTime<Utc>,
    },
    /// Staff let it be issued.
    BillingRunStarted { run: RunId, received: DateTime<Utc> },
    /// The invoices of some families were numbered, in the families' order.
    InvoicesNumbered { run: RunId, first: u32, count: u32, last: FamilyNumber },
    /// All were.
    BillingRunCompleted { run: RunId, received: DateTime<Utc> },
    /// It was given up.
    BillingRunAbandoned { run: RunId, received: DateTime<Utc> },
    /// A credit note was numbered, among the invoices.
    CreditNoteNumbered { number: u32, received: DateTime<Utc> },
    /// A payment, a refund or a return was numbered.
    PaymentNumbered {
        number: u32,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
        received: DateTime<Utc>,
    },
    /// The payments of a batch of direct debits were numbered, in the batch's order. `issuer` is
    /// none, and nobody named as left out, in batches from before they were kept.
    DirectDebitsNumbered {
        batch: BatchId,
        first: u32,
        count: u32,
        date: NaiveDate,
        total: Amount,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        issuer: Option<Issuer>,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        left_out: Vec<LeftOut>,
        received: DateTime<Utc>,
    },
    /// From these numbers on, no payment is written as an invoice is.
    SeriesSetApart { invoice: u32, payment: u32 },
    /// A number of the software before this one was taken over.
    NumberTakenOver { invoice: bool, number: u32 },
    /// The cash desk was closed up to a day.
    CashDayClosed { date: NaiveDate, totals: Vec<CashTotal>, received: DateTime<Utc> },
}

domain_event!(RegieEvent {
    RegieDefined = "1.0",
    RegieChanged = "1.0",
    BillingRunPrepared = "1.0",
    BillingRunStarted = "1.0",
    InvoicesNumbered = "1.0",
    BillingRunCompleted = "1.0",
    BillingRunAbandoned = "1.0",
    CreditNoteNumbered = "1.0",
    PaymentNumbered = "1.0",
    DirectDebitsNumbered = "1.0",
    SeriesSetApart = "1.0",
    NumberTakenOver = "1.0",
    CashDayClosed = "1.0",
});
