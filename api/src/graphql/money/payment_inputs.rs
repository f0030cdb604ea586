//! Payments and what follows them, as staff enter them.

use async_graphql::{ID, InputObject, Result};
use portail_application::Rejection;
use portail_domain::{
    money::account::{InvoiceLine as DomainLine, books::OPENING},
    money::tariff::Charge,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::graphql::{
    entered::parse,
    money::{PaymentMethod, PaymentRejectionReason, amount},
    scalars::Date,
};

/// What part of an invoice a payment settles.
#[derive(Debug, Clone, InputObject)]
pub struct AllocationInput {
    /// The invoice's number, without the prefix.
    pub(super) invoice: u32,
    /// How much, in euros.
    pub(super) amount: Decimal,
}

/// A payment to record.
#[derive(Debug, Clone, InputObject)]
pub struct RecordPaymentInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The régie.
    pub(super) regie_id: ID,
    /// The family.
    pub(super) family_number: String,
    /// When it was paid.
    pub(super) date: Date,
    /// The means of payment.
    pub(super) method: PaymentMethod,
    /// How much, in euros.
    pub(super) amount: Decimal,
    /// The cheque's number and the like.
    pub(super) reference: Option<String>,
    /// What it settles; left out: the invoices due first.
    #[graphql(default)]
    pub(super) allocations: Vec<AllocationInput>,
}

/// A payment the bank rejected.
#[derive(Debug, Clone, InputObject)]
pub struct RejectPaymentInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The régie.
    pub(super) regie_id: ID,
    /// The family.
    pub(super) family_number: String,
    /// The payment's number, without the prefix.
    pub(super) payment: u32,
    /// When the bank rejected it.
    pub(super) date: Date,
    /// The bank's reason.
    pub(super) reason: PaymentRejectionReason,
}

/// A refund.
#[derive(Debug, Clone, InputObject)]
pub struct RefundFamilyInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The régie.
    pub(super) regie_id: ID,
    /// The family.
    pub(super) family_number: String,
    /// When it is paid back.
    pub(super) date: Date,
    /// The means of payment.
    pub(super) method: PaymentMethod,
    /// How much, in euros: at most what settles no invoice.
    pub(super) amount: Decimal,
}

/// A credit note.
#[derive(Debug, Clone, InputObject)]
pub struct CreditInvoiceInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The régie.
    pub(super) regie_id: ID,
    /// The family.
    pub(super) family_number: String,
    /// The invoice's number, without the prefix.
    pub(super) invoice: u32,
    /// The credit note's date.
    pub(super) date: Date,
    /// How much, in euros: at most what the invoice comes to.
    pub(super) amount: Decimal,
    /// Why; the family reads it.
    pub(super) note: String,
}

/// An operation of the software before this one: an invoice when it has a period, else a payment.
#[derive(Debug, Clone, InputObject)]
pub struct TakeOverOperationInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The régie.
    pub(super) regie_id: ID,
    /// The family.
    pub(super) family_number: String,
    /// Its number, without the prefix; below the régie's own series.
    pub(super) number: u32,
    /// Its date.
    pub(super) date: Date,
    /// How much, in euros.
    pub(super) amount: Decimal,
    /// Of an invoice: the first billed day.
    pub(super) from: Option<Date>,
    /// Of an invoice: the last billed day.
    pub(super) to: Option<Date>,
    /// Of an invoice: until when it is to be paid.
    pub(super) due: Option<Date>,
    /// Of an invoice: its lines. They say which sessions it covers, which are then never billed again. An
    /// invoice without lines covers what it may: nothing of its period is billed, and each draft says so.
    #[graphql(default)]
    pub(super) lines: Vec<TakeOverLineInput>,
    /// Of a payment: how it was paid.
    pub(super) method: Option<PaymentMethod>,
}

/// A line of an invoice of the software before.
#[derive(Debug, Clone, InputObject)]
pub struct TakeOverLineInput {
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The days it bills; left out: all of the invoice's period.
    #[graphql(default)]
    pub(super) dates: Vec<Date>,
    /// How many sessions or months it bills, where the days are not given.
    pub(super) quantity: Option<u32>,
    /// What each costs, in euros.
    pub(super) unit_price: Decimal,
    /// How much of it is deductible child care, in percent.
    #[graphql(default)]
    pub(super) deductible_percent: u8,
}

impl TakeOverLineInput {
    pub(super) fn line(self) -> Result<DomainLine, Rejection> {
        let quantity = if self.dates.is_empty() { Some(self.quantity.unwrap_or(1)) } else { None };
        Ok(DomainLine {
            child: parse(&self.child_id, "lines")?,
            activity: parse(&self.activity_id, "lines")?,
            charge: Charge::Reserved,
            correction: false,
            tariff: 0,
            unit: amount(self.unit_price, &["input", "lines"])?,
            dates: self.dates.into_iter().map(|d| d.0).collect(),
            quantity,
            steps: vec![],
            deductible: self.deductible_percent.min(100),
            // Its income was earned in the books of the software before.
            account: OPENING.into(),
        })
    }
}

/// A batch of direct debits.
#[derive(Debug, Clone, InputObject)]
pub struct PrepareDirectDebitsInput {
    /// The idempotency key, which becomes the batch's id: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The régie.
    pub(super) regie_id: ID,
    /// The day the banks collect: after today, no weekend and no TARGET holiday.
    pub(super) date: Date,
    /// Collect what is due by this day.
    pub(super) due_by: Date,
}
