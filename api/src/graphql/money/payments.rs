//! Payments, refunds, credit notes, rejected payments, direct debits.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use portail_application::{MoneyCommand, Rejection};
use portail_domain::{
    i18n::{self, Rule},
    money::account::{Allocation, TakenOver, ledger::CreditKey},
    money::regie::LeftOut,
    shared::amount::Amount,
};
use portail_projections::money::{
    accounts::{self, PaymentRow},
    regies,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    graphql::{
        commands::{RecordPayload, submit},
        context::{Ask, EVERYBODY, OFFICERS, STAFF, be_fresh, coded, unavailable},
        entered::{optional_text, page, parse, text},
        errors::UserErrorCode,
        money::{
            PaymentMethod, all_regies, amount, day_asked, family_asked, invoice_number,
            payment_inputs::{
                AllocationInput, CreditInvoiceInput, PrepareDirectDebitsInput, RecordPaymentInput,
                RefundFamilyInput, RejectPaymentInput, TakeOverLineInput, TakeOverOperationInput,
            },
            payment_number,
        },
        scalars::{Date, Position},
    },
    http::links,
};

/// A payment.
#[derive(Debug, Clone, SimpleObject)]
pub struct Payment {
    /// Its number, e.g. AL-R229.
    number: String,
    /// The régie.
    regie_id: ID,
    /// The family.
    family_number: String,
    /// When it was paid.
    date: Date,
    /// The means of payment.
    method: PaymentMethod,
    /// How much, in euros.
    amount: Decimal,
    /// What settles no invoice on the day asked about.
    free: Decimal,
    /// When the bank rejected it.
    rejected_on: Option<Date>,
    /// Where its receipt is printed (PDF).
    document_url: String,
}

/// One collection of a batch.
#[derive(Debug, Clone, SimpleObject)]
pub struct DirectDebit {
    /// The payment's number.
    number: String,
    /// The family.
    family_number: String,
    /// The invoice it settles.
    invoice: Option<String>,
    /// How much, in euros.
    amount: Decimal,
    /// The mandate's reference.
    mandate: String,
    /// Whether it is the mandate's first collection.
    first: bool,
    /// Whether the account is another than the mandate's collection before took from: the file says so.
    amended: bool,
}

/// An invoice that was due and left out of a batch.
#[derive(Debug, Clone, SimpleObject)]
pub struct DirectDebitLeftOut {
    /// The family.
    family_number: String,
    /// The invoice.
    invoice: String,
    /// What is open on it, in euros.
    amount: Decimal,
    /// Why it cannot be collected.
    code: UserErrorCode,
    /// What to do about it.
    message: String,
}

/// A batch of direct debits.
#[derive(Debug, Clone, SimpleObject)]
pub struct DirectDebitBatch {
    /// Its id.
    id: ID,
    /// The day the banks collect.
    date: Date,
    /// How much, in euros.
    total: Decimal,
    /// The collections.
    debits: Vec<DirectDebit>,
    /// What was due and could not be collected, and why.
    left_out: Vec<DirectDebitLeftOut>,
    /// Where its file for the bank is (pain.008.001.08).
    file_url: String,
}

/// Queries of payments.
#[derive(Debug, Default)]
pub struct PaymentQuery;

#[Object]
impl PaymentQuery {
    /// The payments of a family, the newest first.
    #[graphql(guard = "EVERYBODY")]
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number; left out by parents.")] family_number: Option<String>,
        #[graphql(desc = "How many, at most 200.", default = 50)] first: i32,
        #[graphql(desc = "The day they are free on; left out: today.")] at: Option<Date>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<Payment>> {
        be_fresh(ctx, &[accounts::NAME], min_position.map(|p| p.0)).await?;
        let family = family_asked(ctx, family_number)?;
        let rows =
            accounts::payments(ctx.application()?.pool(), &family, page(ctx, first, 200)?.into()).await;
        let (all, date) = (all_regies(ctx).await?, day_asked(ctx, at)?);
        let ledger = accounts::ledger(ctx.application()?.pool(), &family).await.map_err(unavailable)?;
        let free = |row: &PaymentRow| {
            let number = row.number.unsigned_abs();
            let key = row.regie.parse().map(|regie| CreditKey { regie, credit_note: false, number });
            key.map_or(Amount::ZERO, |key| ledger.free(&key, date))
        };
        let payment = |row: PaymentRow| Payment {
            free: free(&row).decimal(),
            number: payment_number(&all, &row.regie, row.number),
            document_url: links::receipt_url(&row.regie, row.number),
            regie_id: ID(row.regie),
            family_number: row.family,
            date: Date(row.date),
            method: row.method.into(),
            amount: row.amount.decimal(),
            rejected_on: row.rejected.map(Date),
        };
        Ok(rows.map_err(unavailable)?.into_iter().map(payment).collect())
    }

    /// A batch of direct debits.
    #[graphql(guard = "OFFICERS")]
    async fn direct_debit_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<DirectDebitBatch> {
        be_fresh(ctx, &[accounts::NAME, regies::NAME], min_position.map(|p| p.0)).await?;
        let not_found = || coded("NOT_FOUND", ctx.language());
        let batch: Uuid = id.parse().map_err(|_| not_found())?;
        let pool = ctx.application()?.pool();
        let rows = accounts::debits(pool, batch).await.map_err(unavailable)?;
        let known = regies::debit_batch(pool, batch).await.map_err(unavailable)?.ok_or_else(not_found)?;
        let all = all_regies(ctx).await?;
        let left_out = |left: LeftOut| -> Result<DirectDebitLeftOut> {
            let invoice = invoice_number(&all, &known.regie, left.invoice.cast_signed());
            let args = [("family", left.family.to_string()), ("invoice", invoice.clone())];
            let code = UserErrorCode::of(left.obstacle.code());
            Ok(DirectDebitLeftOut {
                code: code.ok_or_else(|| unavailable("an obstacle has no code of the schema"))?,
                message: i18n::text(left.obstacle.code(), ctx.language(), &args),
                family_number: left.family.to_string(),
                amount: left.amount.decimal(),
                invoice,
            })
        };
        Ok(DirectDebitBatch {
            file_url: links::direct_debit_url(batch),
            date: Date(known.date),
            left_out: known.left_out.into_iter().map(left_out).collect::<Result<_>>()?,
            total: rows.iter().map(|r| r.amount).sum::<Amount>().decimal(),
            debits: rows
                .into_iter()
                .map(|row| DirectDebit {
                    number: payment_number(&all, &row.regie, row.number),
                    invoice: row.invoice.map(|i| invoice_number(&all, &row.regie, i)),
                    family_number: row.family,
                    amount: row.amount.decimal(),
                    mandate: row.mandate,
                    first: row.first,
                    amended: row.amended,
                })
                .collect(),
            id,
        })
    }
}

/// Mutations of payments.
#[derive(Debug, Default)]
pub struct PaymentMutation;

#[Object]
impl PaymentMutation {
    /// Records a payment.
    #[graphql(guard = "STAFF")]
    async fn record_payment(&self, ctx: &Context<'_>, input: RecordPaymentInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let part = |(i, a): (usize, AllocationInput)| {
                let amount = amount(a.amount, &["input", "allocations", &i.to_string(), "amount"])?;
                Ok(Allocation { invoice: a.invoice, amount })
            };
            Ok(MoneyCommand::RecordPayment {
                regie: parse(&input.regie_id, "regieId")?,
                family: parse(&input.family_number, "familyNumber")?,
                date: input.date.0,
                method: input.method.into(),
                amount: amount(input.amount, &["input", "amount"])?,
                reference: optional_text(input.reference.as_deref(), "reference")?,
                allocations: input
                    .allocations
                    .into_iter()
                    .enumerate()
                    .map(part)
                    .collect::<Result<_, Rejection>>()?,
            })
        })
        .await
    }

    /// Records that the bank rejected a payment: what it settled is open again.
    #[graphql(guard = "STAFF")]
    async fn reject_payment(&self, ctx: &Context<'_>, input: RejectPaymentInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(MoneyCommand::RejectPayment {
                regie: parse(&input.regie_id, "regieId")?,
                family: parse(&input.family_number, "familyNumber")?,
                payment: input.payment,
                date: input.date.0,
                reason: input.reason.into(),
            })
        })
        .await
    }

    /// Pays back what a family is owed.
    #[graphql(guard = "STAFF")]
    async fn refund_family(&self, ctx: &Context<'_>, input: RefundFamilyInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(MoneyCommand::RefundFamily {
                regie: parse(&input.regie_id, "regieId")?,
                family: parse(&input.family_number, "familyNumber")?,
                date: input.date.0,
                method: input.method.into(),
                amount: amount(input.amount, &["input", "amount"])?,
            })
        })
        .await
    }

    /// Credits an invoice, in part or whole. The invoice itself never changes.
    #[graphql(guard = "STAFF")]
    async fn credit_invoice(&self, ctx: &Context<'_>, input: CreditInvoiceInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(MoneyCommand::CreditInvoice {
                regie: parse(&input.regie_id, "regieId")?,
                family: parse(&input.family_number, "familyNumber")?,
                invoice: input.invoice,
                date: input.date.0,
                amount: amount(input.amount, &["input", "amount"])?,
                note: text(&input.note, "note")?,
            })
        })
        .await
    }

    /// Takes an invoice or a payment of the software before this one over, with its number.
    #[graphql(guard = "STAFF")]
    async fn take_over_operation(
        &self,
        ctx: &Context<'_>,
        input: TakeOverOperationInput,
    ) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let operation = match (input.from, input.to, input.due, input.method) {
                (Some(from), Some(to), Some(due), None) => {
                    let lines: Result<_, Rejection> =
                        input.lines.into_iter().map(TakeOverLineInput::line).collect();
                    TakenOver::Invoice { from: from.0, to: to.0, due: due.0, lines: lines? }
                }
                (None, None, None, Some(method)) => TakenOver::Payment { method: method.into() },
                _ => {
                    let error = Rejection::of_code("INVALID_VALUE").with("expected", "EXPECTED_OPERATION");
                    return Err(error.at(&["input"]));
                }
            };
            Ok(MoneyCommand::TakeOverOperation {
                regie: parse(&input.regie_id, "regieId")?,
                family: parse(&input.family_number, "familyNumber")?,
                number: input.number,
                date: input.date.0,
                amount: amount(input.amount, &["input", "amount"])?,
                operation,
            })
        })
        .await
    }

    /// Collects by direct debit what is open and due: each collection is recorded as a payment of
    /// the day. The file for the bank is made and checked first; an invoice that cannot be collected
    /// is left out, and `directDebitBatch` names it. The day is one that banks settle on, after today.
    #[graphql(guard = "STAFF")]
    async fn prepare_direct_debits(
        &self,
        ctx: &Context<'_>,
        input: PrepareDirectDebitsInput,
    ) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let regie = parse(&input.regie_id, "regieId")?;
            let (date, due_by) = (input.date.0, input.due_by.0);
            Ok(MoneyCommand::PrepareDirectDebits { regie, date, due_by })
        })
        .await
    }
}
