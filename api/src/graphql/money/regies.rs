//! Régies: settings, cash desk, exports.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::MoneyCommand;
use portail_documents::statement_labels;
use portail_domain::{i18n::text, shared::amount::Amount};
use portail_projections::money::{accounts, regies};
use rust_decimal::Decimal;

use crate::graphql::{
    commands::{RecordPayload, submit},
    context::{Ask, OFFICERS, STAFF, be_fresh, unavailable},
    entered::{page, parse},
    money::{
        CollectionMode, PaymentMethod, QuotientCorrections, all_regies, operation_number,
        regie_inputs::{ChangeRegieInput, CloseCashDayInput, DefineRegieInput},
    },
    scalars::{Date, Position},
};

/// A régie.
#[derive(Debug, Clone, SimpleObject)]
pub struct Regie {
    /// Its code.
    id: ID,
    /// Its name.
    name: String,
    /// The prefix of its numbers.
    prefix: String,
    /// Who collects.
    collection_mode: CollectionMode,
    /// Whether families see its balance.
    show_balance: bool,
    /// Whether families see its unpaid invoices.
    show_unpaid: bool,
    /// Less than this is carried forward, in euros.
    minimum_invoice: Decimal,
    /// Whether it can collect by direct debit.
    direct_debit: bool,
    /// The account of the books that holds what families owe.
    debtor_account: String,
    /// The lines its documents print below its name.
    contact: Vec<String>,
    /// The creditor of direct debits.
    creditor: Option<RegieCreditor>,
    /// What becomes of billed days whose income quotient is corrected.
    quotient_corrections: QuotientCorrections,
    /// The sum of all debits up to today, in euros.
    total_debit: Decimal,
    /// The sum of all credits up to today, in euros.
    total_credit: Decimal,
    /// What is open today on all its invoices, in euros.
    open: Decimal,
}

/// The creditor of direct debits, as the bank knows it.
#[derive(Debug, Clone, SimpleObject)]
pub struct RegieCreditor {
    /// Its name.
    name: String,
    /// Its SEPA creditor identifier (ICS).
    identifier: String,
    /// The IBAN that receives.
    iban: String,
    /// Its BIC, where one was given.
    bic: Option<String>,
}

/// What a cash desk took by one method on one day.
#[derive(Debug, Clone, SimpleObject)]
pub struct CashDeskTotal {
    /// The day.
    date: Date,
    /// How it was paid.
    method: PaymentMethod,
    /// The same, in the caller's language.
    label: String,
    /// How many payments.
    count: u32,
    /// What they come to, in euros; refunds and returns counted as less.
    total: Decimal,
}

/// A closed cash desk.
#[derive(Debug, Clone, SimpleObject)]
pub struct CashClosing {
    /// The last day it closed.
    date: Date,
    /// What it took.
    totals: Vec<CashDeskTotal>,
    /// What they come to, in euros.
    total: Decimal,
    /// When it was closed.
    closed_at: DateTime<Utc>,
}

/// A line of the cash-desk journal.
#[derive(Debug, Clone, SimpleObject)]
pub struct CashJournalLine {
    /// The operation's number.
    number: String,
    /// Its date.
    date: Date,
    /// The family.
    family_number: String,
    /// What it says, in the caller's language.
    description: String,
    /// The reference staff noted.
    reference: Option<String>,
    /// What came in, in euros; negative: what went out.
    amount: Decimal,
}

/// Queries of régies.
#[derive(Debug, Default)]
pub struct RegieQuery;

#[Object]
impl RegieQuery {
    /// The régies with what they are owed.
    #[graphql(guard = "OFFICERS")]
    async fn regies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<Regie>> {
        be_fresh(ctx, &[regies::NAME, accounts::NAME], min_position.map(|p| p.0)).await?;
        let (pool, today) = (ctx.application()?.pool(), ctx.application()?.clock().today());
        let mut answer = vec![];
        for (id, regie) in regies::regies(pool).await.map_err(unavailable)? {
            let settings = regie.settings;
            let totals = accounts::totals(pool, id.as_str(), today).await;
            let (debit, credit, open) = totals.map_err(unavailable)?;
            answer.push(Regie {
                debtor_account: settings.debtor_account,
                contact: settings.contact,
                quotient_corrections: settings.quotient_corrections.into(),
                id: ID(id.to_string()),
                name: settings.name,
                prefix: settings.prefix,
                collection_mode: settings.collection.into(),
                show_balance: settings.show_balance,
                show_unpaid: settings.show_unpaid,
                minimum_invoice: settings.minimum_invoice.decimal(),
                direct_debit: settings.creditor.is_some(),
                creditor: settings.creditor.map(|c| RegieCreditor {
                    name: c.name,
                    identifier: c.identifier,
                    iban: c.iban,
                    bic: c.bic,
                }),
                total_debit: debit.decimal(),
                total_credit: credit.decimal(),
                open: open.decimal(),
            });
        }
        Ok(answer)
    }

    /// What came in and went out of a régie's cash desk, in order.
    #[graphql(guard = "OFFICERS")]
    async fn cash_journal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The régie.")] regie_id: ID,
        #[graphql(desc = "The first day.")] from: Date,
        #[graphql(desc = "The last day.")] to: Date,
    ) -> Result<Vec<CashJournalLine>> {
        let (all, language) = (all_regies(ctx).await?, ctx.language());
        let rows = accounts::operations_between(ctx.application()?.pool(), &regie_id, from.0, to.0).await;
        let rows = rows.map_err(unavailable)?;
        let Some(regie) = all.get(regie_id.as_str()) else { return Ok(vec![]) };
        let moved = rows.iter().filter(|r| r.kind.moves_money());
        let line = |row: &accounts::OperationRow| CashJournalLine {
            number: operation_number(row, &regie.series),
            date: Date(row.date),
            family_number: row.family.clone(),
            description: statement_labels::description(row, &regie.series, language),
            reference: row.detail.note.clone(),
            amount: (row.credit - row.debit).decimal(),
        };
        Ok(moved.map(line).collect())
    }

    /// The closed cash desks of a régie, the newest first.
    #[graphql(guard = "OFFICERS")]
    async fn cash_closings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The régie.")] regie_id: ID,
        #[graphql(desc = "How many, at most 200.", default = 31)] first: i32,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<CashClosing>> {
        be_fresh(ctx, &[regies::NAME], min_position.map(|p| p.0)).await?;
        let language = ctx.language();
        let rows =
            regies::closings(ctx.application()?.pool(), &regie_id, page(ctx, first, 200)?.into()).await;
        let closing = |(date, totals, closed_at): regies::Closing| CashClosing {
            date: Date(date),
            total: totals.iter().map(|t| t.total).sum::<Amount>().decimal(),
            totals: totals
                .into_iter()
                .map(|t| CashDeskTotal {
                    date: Date(t.date),
                    method: t.method.into(),
                    label: text(t.method.label_key(), language, &[]),
                    count: t.count,
                    total: t.total.decimal(),
                })
                .collect(),
            closed_at,
        };
        Ok(rows.map_err(unavailable)?.into_iter().map(closing).collect())
    }
}

/// Mutations of régies.
#[derive(Debug, Default)]
pub struct RegieMutation;

#[Object]
impl RegieMutation {
    /// Opens a régie.
    #[graphql(guard = "STAFF")]
    async fn define_regie(&self, ctx: &Context<'_>, input: DefineRegieInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let (id, settings) = (parse(&input.regie_id, "regieId")?, input.settings.settings()?);
            let (first_invoice, first_payment) = (input.first_invoice, input.first_payment);
            Ok(MoneyCommand::DefineRegie { id, settings, first_invoice, first_payment })
        })
        .await
    }

    /// Changes some of a régie's settings; the others stay as they are.
    #[graphql(guard = "STAFF")]
    async fn change_regie(&self, ctx: &Context<'_>, input: ChangeRegieInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let (id, changes) = (parse(&input.regie_id, "regieId")?, input.settings.changes()?);
            Ok(MoneyCommand::ChangeRegie { id, changes })
        })
        .await
    }

    /// Closes the cash desk of a day and of those before: nothing may be dated up to it any more.
    #[graphql(guard = "STAFF")]
    async fn close_cash_day(&self, ctx: &Context<'_>, input: CloseCashDayInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let regie = parse(&input.regie_id, "regieId")?;
            Ok(MoneyCommand::CloseCashDay { regie, date: input.date.0 })
        })
        .await
    }
}
