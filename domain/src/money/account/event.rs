//! What happened to an account.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use uuid::Uuid;

use super::InvoiceLine;
use crate::{
    domain_event,
    shared::amount::Amount,
    shared::ids::{BatchId, RegieId, RunId},
    shared::sealed::Sealed,
};

/// How a family pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", prefix = "METHOD_")]
pub enum PaymentMethod {
    /// A cheque.
    Cheque,
    /// Cash.
    Cash,
    /// A bank card.
    Card,
    /// A bank transfer.
    Transfer,
    /// A SEPA direct debit.
    DirectDebit,
    /// Prepaid service vouchers (CESU).
    Cesu,
    /// Holiday vouchers (chèques-vacances).
    HolidayVoucher,
}

impl PaymentMethod {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Cheque,
        Self::Cash,
        Self::Card,
        Self::Transfer,
        Self::DirectDebit,
        Self::Cesu,
        Self::HolidayVoucher,
    ];

    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        self.into()
    }

    /// The account of the books its money waits on (M57: 515 treasury, 5112 cheques to cash, 5117
    /// vouchers, 5115 cards, 5113 direct debits, 531 cash).
    pub fn books_account(self) -> &'static str {
        match self {
            Self::Cheque => "5112",
            Self::Cash => "531",
            Self::Card => "5115",
            Self::Transfer => "515",
            Self::DirectDebit => "5113",
            Self::Cesu | Self::HolidayVoucher => "5117",
        }
    }
}

/// Why a bank rejects a direct debit or a cheque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", prefix = "BANK_")]
pub enum RejectionReason {
    /// The money was not there (SEPA AM04).
    InsufficientFunds,
    /// The account is closed (SEPA AC04).
    AccountClosed,
    /// The account number is wrong (SEPA AC01).
    WrongAccount,
    /// There is no mandate (SEPA MD01).
    NoMandate,
    /// The payer objected (SEPA MD06, MS02).
    Objection,
    /// Another reason.
    Other,
}

impl RejectionReason {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::InsufficientFunds,
        Self::AccountClosed,
        Self::WrongAccount,
        Self::NoMandate,
        Self::Objection,
        Self::Other,
    ];

    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        self.into()
    }
}

/// What part of an invoice a payment or credit note settles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// The invoice's number.
    pub invoice: u32,
    /// How much.
    pub amount: Amount,
}

/// How much of a payment or credit note is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// Whether it is a credit note; else a payment.
    pub credit_note: bool,
    /// Its number.
    pub number: u32,
    /// How much.
    pub amount: Amount,
}

/// An operation of the software before this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TakenOver {
    /// An invoice of a period.
    Invoice {
        /// The first day it bills.
        from: NaiveDate,
        /// The last.
        to: NaiveDate,
        /// Until when it is to be paid.
        due: NaiveDate,
        /// Its lines, where they are known: they say which sessions it covers.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        lines: Vec<InvoiceLine>,
    },
    /// A payment.
    Payment {
        /// The means of payment.
        method: PaymentMethod,
    },
}

/// The account a direct debit takes from, as it stood then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebitedAccount {
    /// Holder and their Latin spelling, IBAN, BIC and the mandate's day, sealed.
    pub details: Sealed,
    /// The mandate's reference.
    pub mandate: String,
    /// Whether it is the mandate's first collection.
    pub first: bool,
    /// Whether the account is another than that of the mandate's collection before: the file tells
    /// the debtor's bank.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub amended: bool,
}

/// An event of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum AccountEvent {
    /// An operation of the software before this one was taken over.
    OperationTakenOver {
        regie: RegieId,
        number: u32,
        date: NaiveDate,
        amount: Amount,
        operation: TakenOver,
        allocations: Vec<Allocation>,
        received: DateTime<Utc>,
    },
    /// It was invoiced; what was free settled what it could. `seen` is the position of the log the
    /// lines were computed from.
    InvoiceIssued {
        regie: RegieId,
        number: u32,
        run: RunId,
        date: NaiveDate,
        due: NaiveDate,
        from: NaiveDate,
        to: NaiveDate,
        lines: Vec<InvoiceLine>,
        total: Amount,
        settled_by: Vec<Use>,
        seen: u64,
        received: DateTime<Utc>,
    },
    /// A credit note: for an invoice by hand, or for lines of a run that come to less than nothing.
    CreditNoteIssued {
        regie: RegieId,
        number: u32,
        date: NaiveDate,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        run: Option<RunId>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        invoice: Option<u32>,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        lines: Vec<InvoiceLine>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<Sealed>,
        total: Amount,
        allocations: Vec<Allocation>,
        #[serde(default)]
        seen: u64,
        received: DateTime<Utc>,
    },
    /// It paid.
    PaymentRecorded {
        regie: RegieId,
        number: u32,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reference: Option<Sealed>,
        allocations: Vec<Allocation>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        debited: Option<(BatchId, DebitedAccount)>,
        received: DateTime<Utc>,
    },
    /// The bank rejected a payment: what it settled is open again.
    PaymentRejected {
        regie: RegieId,
        payment: u32,
        number: u32,
        date: NaiveDate,
        amount: Amount,
        reason: RejectionReason,
        reopened: Vec<Allocation>,
        received: DateTime<Utc>,
    },
    /// What was free was paid back.
    RefundRecorded {
        regie: RegieId,
        number: u32,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
        uses: Vec<Use>,
        received: DateTime<Utc>,
    },
    /// A printed document was kept by its hash.
    DocumentArchived { document: String, attachment: Uuid, sha256: String },
}

domain_event!(AccountEvent {
    OperationTakenOver = "1.0",
    InvoiceIssued = "1.0",
    CreditNoteIssued = "1.0",
    PaymentRecorded = "1.0",
    PaymentRejected = "1.0",
    RefundRecorded = "1.0",
    DocumentArchived = "1.0",
});

impl AccountEvent {
    /// The day of the operation; none where it is none.
    pub fn date(&self) -> Option<NaiveDate> {
        match self {
            Self::OperationTakenOver { date, .. }
            | Self::InvoiceIssued { date, .. }
            | Self::CreditNoteIssued { date, .. }
            | Self::PaymentRecorded { date, .. }
            | Self::PaymentRejected { date, .. }
            | Self::RefundRecorded { date, .. } => Some(*date),
            Self::DocumentArchived { .. } => None,
        }
    }
}
