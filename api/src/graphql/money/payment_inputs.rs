//! Payments and what follows them, as staff enter them.

use async_graphql::{ID, Result};
use portail_application::Rejection;
use portail_domain::{
    money::account::{InvoiceLine as DomainLine, books::OPENING},
    money::tariff::Charge,
};
use rust_decimal::Decimal;

use crate::graphql::{
    commands::input_objects,
    entered::parse,
    money::{PaymentMethod, PaymentRejectionReason, amount},
    scalars::Date,
};

input_objects! {
    /// What part of an invoice a payment settles.
    object AllocationInput {
        "The invoice's number, without the prefix." invoice: u32,
        "How much, in euros." amount: Decimal,
    }

    /// A payment to record.
    command RecordPaymentInput {
        "The régie." regie_id: ID,
        "The family." family_number: String,
        "When it was paid." date: Date,
        "The means of payment." method: PaymentMethod,
        "How much, in euros." amount: Decimal,
        "The cheque's number and the like." reference: Option<String>,
        #[graphql(default)]
        "What it settles; left out: the invoices due first." allocations: Vec<AllocationInput>,
    }

    /// A payment the bank rejected.
    command RejectPaymentInput {
        "The régie." regie_id: ID,
        "The family." family_number: String,
        "The payment's number, without the prefix." payment: u32,
        "When the bank rejected it." date: Date,
        "The bank's reason." reason: PaymentRejectionReason,
    }

    /// A refund.
    command RefundFamilyInput {
        "The régie." regie_id: ID,
        "The family." family_number: String,
        "When it is paid back." date: Date,
        "The means of payment." method: PaymentMethod,
        "How much, in euros: at most what settles no invoice." amount: Decimal,
    }

    /// A credit note.
    command CreditInvoiceInput {
        "The régie." regie_id: ID,
        "The family." family_number: String,
        "The invoice's number, without the prefix." invoice: u32,
        "The credit note's date." date: Date,
        "How much, in euros: at most what the invoice comes to." amount: Decimal,
        "Why; the family reads it." note: String,
    }

    /// An operation of the software before this one: an invoice when it has a period, else a payment.
    command TakeOverOperationInput {
        "The régie." regie_id: ID,
        "The family." family_number: String,
        "Its number, without the prefix; below the régie's own series." number: u32,
        "Its date." date: Date,
        "How much, in euros." amount: Decimal,
        "Of an invoice: the first billed day." from: Option<Date>,
        "Of an invoice: the last billed day." to: Option<Date>,
        "Of an invoice: until when it is to be paid." due: Option<Date>,
        #[graphql(default)]
        "Of an invoice: its lines. They say which sessions it covers, which are then never billed again. An\n\
         invoice without lines covers what it may: nothing of its period is billed, and each draft says so."
        lines: Vec<TakeOverLineInput>,
        "Of a payment: how it was paid." method: Option<PaymentMethod>,
    }

    /// A line of an invoice of the software before.
    object TakeOverLineInput {
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        #[graphql(default)]
        "The days it bills; left out: all of the invoice's period." dates: Vec<Date>,
        "How many sessions or months it bills, where the days are not given." quantity: Option<u32>,
        "What each costs, in euros." unit_price: Decimal,
        #[graphql(default)]
        "How much of it is deductible child care, in percent." deductible_percent: u8,
    }
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

input_objects! {
    /// A batch of direct debits.
    command PrepareDirectDebitsInput "The idempotency key, which becomes the batch's id: the same again gives the first outcome." {
        "The régie." regie_id: ID,
        "The day the banks collect: after today, no weekend and no TARGET holiday." date: Date,
        "Collect what is due by this day." due_by: Date,
    }
}
