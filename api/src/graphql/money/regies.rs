//! Régies: settings, cash desk, exports.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::{Command, MoneyCommand, Rejection};
use portail_documents::statement_labels;
use portail_domain::{
    amount::Amount,
    messages::text,
    regie::{Creditor, QuotientCorrections as DomainCorrections, RegieChanges, RegieSettings},
};
use portail_projections::money::{accounts, regies};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::graphql::money::{
    CollectionMode, PaymentMethod, QuotientCorrections, all_regies, amount, operation_number,
};
use crate::graphql::{
    context::{Ask, OFFICERS, STAFF, be_fresh, unavailable},
    entered::{page, parse, text as entered_text},
    families::{RecordPayload, record},
    scalars::{Date, Position},
};

/// The creditor of direct debits.
#[derive(Debug, Clone, InputObject)]
pub struct CreditorInput {
    /// Its name, as the bank knows it.
    name: String,
    /// Its SEPA creditor identifier (ICS).
    identifier: String,
    /// The IBAN that receives.
    iban: String,
    /// Its BIC.
    bic: Option<String>,
}

/// The settings of a régie.
#[derive(Debug, Clone, InputObject)]
pub struct RegieSettingsInput {
    /// Its name, e.g. "Régie garderie ALSH".
    name: String,
    /// The prefix of its numbers: 1 to 6 capital letters, e.g. "AL".
    prefix: String,
    /// Who collects.
    collection_mode: CollectionMode,
    /// Whether families see its balance.
    #[graphql(default = true)]
    show_balance: bool,
    /// Whether families see its unpaid invoices on their home page.
    #[graphql(default = true)]
    show_unpaid: bool,
    /// Less than this is carried forward to the next run, in euros (15: CGCT, D. 1611-1).
    minimum_invoice: Decimal,
    /// The creditor of direct debits; left out: no direct debit.
    creditor: Option<CreditorInput>,
    /// The account of the books that holds what families owe, e.g. 411.
    debtor_account: String,
    /// Lines its documents print below its name: address, opening hours, how to pay.
    #[graphql(default)]
    contact: Vec<String>,
    /// What becomes of billed days whose income quotient is corrected; left out: they keep their price.
    quotient_corrections: Option<QuotientCorrections>,
}

/// The settings of a régie to change: what is left out stays as it is.
#[derive(Debug, Clone, InputObject)]
pub struct RegieChangesInput {
    /// Its name.
    name: Option<String>,
    /// The prefix of its numbers: 1 to 6 capital letters.
    prefix: Option<String>,
    /// Who collects.
    collection_mode: Option<CollectionMode>,
    /// Whether families see its balance.
    show_balance: Option<bool>,
    /// Whether families see its unpaid invoices on their home page.
    show_unpaid: Option<bool>,
    /// Less than this is carried forward to the next run, in euros.
    minimum_invoice: Option<Decimal>,
    /// The creditor of direct debits; null: no direct debit any more.
    creditor: MaybeUndefined<CreditorInput>,
    /// The account of the books that holds what families owe.
    debtor_account: Option<String>,
    /// Lines its documents print below its name; an empty list: none.
    contact: Option<Vec<String>>,
    /// What becomes of billed days whose income quotient is corrected.
    quotient_corrections: Option<QuotientCorrections>,
}

/// A line in its canonical form. What has none stays as it is: the settings' own rules refuse it.
fn canonical(text: &str) -> String {
    portail_domain::text::line(text, 120).unwrap_or_else(|_| text.to_owned())
}

fn settings_name(text: &str) -> Result<String, Rejection> {
    Ok(entered_text::<portail_domain::text::Name>(text, "settings.name")?.into())
}

impl RegieChangesInput {
    fn changes(self) -> Result<Box<RegieChanges>, Rejection> {
        let minimum = |value| amount(value, &["input", "settings", "minimumInvoice"]);
        Ok(Box::new(RegieChanges {
            name: self.name.map(|name| settings_name(&name)).transpose()?,
            prefix: self.prefix,
            collection: self.collection_mode.map(Into::into),
            show_balance: self.show_balance,
            show_unpaid: self.show_unpaid,
            minimum_invoice: self.minimum_invoice.map(minimum).transpose()?,
            creditor: match self.creditor {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(creditor) => Some(Some(creditor.creditor())),
            },
            debtor_account: self.debtor_account,
            contact: self.contact.map(|lines| lines.iter().map(|line| canonical(line)).collect()),
            quotient_corrections: self.quotient_corrections.map(Into::into),
        }))
    }
}

impl CreditorInput {
    fn creditor(self) -> Creditor {
        let compact = |text: String| text.split_whitespace().collect::<String>().to_uppercase();
        Creditor {
            name: canonical(&self.name),
            identifier: compact(self.identifier),
            iban: compact(self.iban),
            bic: self.bic.map(compact).filter(|bic| !bic.is_empty()),
        }
    }
}

impl RegieSettingsInput {
    fn settings(self) -> Result<Box<RegieSettings>, Rejection> {
        Ok(Box::new(RegieSettings {
            name: settings_name(&self.name)?,
            prefix: self.prefix,
            collection: self.collection_mode.into(),
            show_balance: self.show_balance,
            show_unpaid: self.show_unpaid,
            minimum_invoice: amount(self.minimum_invoice, &["input", "settings", "minimumInvoice"])?,
            creditor: self.creditor.map(CreditorInput::creditor),
            debtor_account: self.debtor_account,
            contact: self.contact.iter().map(|line| canonical(line)).collect(),
            quotient_corrections: self.quotient_corrections.map_or(DomainCorrections::Keep, Into::into),
        }))
    }
}

/// A régie to open.
#[derive(Debug, Clone, InputObject)]
pub struct DefineRegieInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Its code: lower-case letters, digits and hyphens.
    regie_id: ID,
    /// Its settings.
    settings: RegieSettingsInput,
    /// Its first own invoice number: what comes after those of the software before.
    #[graphql(default = 1)]
    first_invoice: u32,
    /// Its first own payment number.
    #[graphql(default = 1)]
    first_payment: u32,
}

/// A change of a régie's settings.
#[derive(Debug, Clone, InputObject)]
pub struct ChangeRegieInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The régie.
    regie_id: ID,
    /// The settings to change; what is left out stays.
    settings: RegieChangesInput,
}

/// A cash desk to close.
#[derive(Debug, Clone, InputObject)]
pub struct CloseCashDayInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The régie.
    regie_id: ID,
    /// The last day it closes; nothing may be dated up to it any more.
    date: Date,
}

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
        let moved = rows.iter().filter(|r| matches!(r.kind.as_str(), "PAYMENT" | "REJECTION" | "REFUND"));
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
        let build = || {
            let (id, settings) = (parse(&input.regie_id, "regieId")?, input.settings.settings()?);
            let (first_invoice, first_payment) = (input.first_invoice, input.first_payment);
            Ok(Command::Money(MoneyCommand::DefineRegie { id, settings, first_invoice, first_payment }))
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Changes some of a régie's settings; the others stay as they are.
    #[graphql(guard = "STAFF")]
    async fn change_regie(&self, ctx: &Context<'_>, input: ChangeRegieInput) -> Result<RecordPayload> {
        let build = || {
            let (id, changes) = (parse(&input.regie_id, "regieId")?, input.settings.changes()?);
            Ok(Command::Money(MoneyCommand::ChangeRegie { id, changes }))
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Closes the cash desk of a day and of those before: nothing may be dated up to it any more.
    #[graphql(guard = "STAFF")]
    async fn close_cash_day(&self, ctx: &Context<'_>, input: CloseCashDayInput) -> Result<RecordPayload> {
        let build = || {
            let regie = parse(&input.regie_id, "regieId")?;
            Ok(Command::Money(MoneyCommand::CloseCashDay { regie, date: input.date.0 }))
        };
        record(ctx, input.client_mutation_id, build()).await
    }
}
