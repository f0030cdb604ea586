//! The account statement ("Relevé de compte"), and what the home page shows of it.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{Datelike, NaiveDate};
use portail_documents::{statement_labels::description, statement_sums::Sums};
use portail_domain::{
    i18n::{Language, text},
    money::account::OperationKind as DomainKind,
    money::account::ledger::{OpenInvoice, Standing},
    money::regie::{CollectionMode as DomainMode, RegieSettings},
    shared::amount::Amount,
    shared::time::{FIRST_DAY, LAST_DAY, school_year},
};
use portail_projections::money::{
    accounts::{self, OperationRow},
    regies,
};
use rust_decimal::Decimal;

use crate::{
    graphql::{
        context::{Ask, EVERYBODY, be_fresh, unavailable},
        entered::bad_argument,
        mirrored_enum::mirrored_enum,
        money::{
            CollectionMode, Regies, all_regies, day_asked, family_asked, invoice_number, operation_number,
        },
        scalars::{Date, Position},
    },
    http::links,
};

mirrored_enum!(
    /// What an operation is.
    OperationKind = DomainKind {
        Invoice: "An invoice: a debit.",
        CreditNote: "A credit note.",
        Payment: "A payment.",
        Rejection: "A payment the bank rejected: a debit.",
        Refund: "What was paid back: a debit.",
    }
);

/// An operation of an account.
#[derive(Debug, Clone, SimpleObject)]
pub struct Operation {
    /// The position of its event, which `explainOperation` takes.
    position: Position,
    /// Its number: invoices and credit notes are AL-36, payments, rejections and refunds AL-R229, a series
    /// of their own. It names one operation.
    number: String,
    /// What it is.
    kind: OperationKind,
    /// Its date.
    date: Date,
    /// What it says, in the caller's language.
    description: String,
    /// The régie's code.
    regie_id: String,
    /// The régie.
    regie: String,
    /// What the family owes more, in euros.
    debit: Option<Decimal>,
    /// What it owes less, in euros.
    credit: Option<Decimal>,
    /// Whether it counts from a later day only, as a direct debit to come: it is in no sum.
    upcoming: bool,
}

/// A family's account over a school year.
#[derive(Debug, Clone, SimpleObject)]
pub struct AccountStatement {
    /// The family.
    family_number: String,
    /// The school year, e.g. 2014-2015: 1 September to 31 August.
    school_year: String,
    /// The school years with operations, and the running one, by their first calendar year.
    years: Vec<i32>,
    /// The day the sums are of: the one asked for, at most the last of the school year.
    as_of: Date,
    /// What was owed before the school year.
    previous_balance: Decimal,
    /// The operations, the newest first.
    operations: Vec<Operation>,
    /// The sum of the debits.
    total_debit: Decimal,
    /// The sum of the credits.
    total_credit: Decimal,
    /// What is owed on the day: the previous balance, plus debits, minus credits.
    balance: Decimal,
    /// Who collects.
    collection_mode: CollectionMode,
    /// What is to be known about the balance, where the treasury collects.
    warning: Option<String>,
    /// Where it is printed (PDF).
    document_url: String,
    /// Where the certificate of what was paid for the care of young children is printed (PDF), for
    /// each calendar year the school year touches.
    tax_certificate_urls: Vec<String>,
}

fn operation(row: &OperationRow, all: &Regies, as_of: NaiveDate, language: Language) -> Option<Operation> {
    let regie = all.get(&row.regie)?;
    let side = |amount: Amount| (!amount.is_zero()).then(|| amount.decimal());
    Some(Operation {
        position: Position(row.line.unsigned_abs()),
        number: operation_number(row, &regie.series),
        kind: row.kind.into(),
        date: Date(row.date),
        description: description(row, &regie.series, language),
        regie: regie.name.clone(),
        debit: side(row.debit),
        credit: side(row.credit),
        upcoming: row.counts_from > as_of,
        regie_id: row.regie.clone(),
    })
}

fn treasury_collects(all: &Regies) -> bool {
    all.values().any(|s| s.collection == DomainMode::Treasury)
}

fn mode(all: &Regies) -> CollectionMode {
    if treasury_collects(all) { CollectionMode::Treasury } else { CollectionMode::Regie }
}

fn warning(all: &Regies, language: Language) -> Option<String> {
    treasury_collects(all).then(|| text("BALANCE_NOT_AUTHORITATIVE", language, &[]))
}

/// What a family owes on a day.
#[derive(Debug, Clone, SimpleObject)]
pub struct AccountBalance {
    /// The day.
    as_of: Date,
    /// What is owed at its end, in euros; negative: what the family is owed. It is what is open on the
    /// invoices less what is free.
    amount: Decimal,
    /// What is open on the invoices, in euros.
    open: Decimal,
    /// What of it has become due by the day, in euros.
    due: Decimal,
    /// What payments and credit notes hold that settles no invoice on the day, in euros.
    free: Decimal,
    /// Who collects.
    collection_mode: CollectionMode,
    /// What is to be known about it, where the treasury collects.
    warning: Option<String>,
}

impl AccountBalance {
    fn of(standing: &Standing, all: &Regies, language: Language) -> Self {
        Self {
            as_of: Date(standing.date),
            amount: standing.balance.decimal(),
            open: standing.open().decimal(),
            due: standing.due().decimal(),
            free: standing.free.decimal(),
            collection_mode: mode(all),
            warning: warning(all, language),
        }
    }
}

/// An invoice that is not paid in full on a day.
#[derive(Debug, Clone, SimpleObject)]
pub struct UnpaidInvoice {
    /// Its number, e.g. AL-36.
    number: String,
    /// Its date.
    date: Date,
    /// Until when it is to be paid.
    due: Date,
    /// What it comes to, in euros.
    amount: Decimal,
    /// What is still to be paid, in euros.
    open: Decimal,
    /// What of it payments of later days settle that are recorded already, as a direct debit to come does,
    /// in euros: it need not be paid again.
    scheduled: Decimal,
}

/// The invoices a family has not paid in full on a day.
#[derive(Debug, Clone, SimpleObject)]
pub struct UnpaidInvoices {
    /// The day.
    as_of: Date,
    /// The invoices, the one due first at the head.
    invoices: Vec<UnpaidInvoice>,
    /// What is still to be paid on all of them, in euros.
    total: Decimal,
    /// What of it has become due by the day, in euros.
    due: Decimal,
    /// What payments and credit notes hold that settles none of them, in euros: the total less this is the
    /// balance.
    free: Decimal,
    /// Who collects.
    collection_mode: CollectionMode,
    /// What is to be known about it, where the treasury collects.
    warning: Option<String>,
}

impl UnpaidInvoices {
    fn of(standing: Standing, all: &Regies, language: Language) -> Self {
        Self {
            as_of: Date(standing.date),
            total: standing.open().decimal(),
            due: standing.due().decimal(),
            free: standing.free.decimal(),
            invoices: standing.invoices.into_iter().map(|open| unpaid_invoice(&open, all)).collect(),
            collection_mode: mode(all),
            warning: warning(all, language),
        }
    }
}

/// What the home page shows of a family's account: none where the town has switched it off.
///
/// # Errors
/// The database failed.
pub(crate) async fn on_home(
    ctx: &Context<'_>,
    family: &str,
) -> Result<(Option<AccountBalance>, Option<UnpaidInvoices>)> {
    let (application, language) = (ctx.application()?, ctx.language());
    let today = application.clock().today();
    let all = all_regies(ctx).await?;
    let ledger = accounts::ledger(application.pool(), family).await.map_err(unavailable)?;
    let standing = |show: fn(&RegieSettings) -> bool| {
        let shown = |code: &str| all.get(code).is_some_and(|regie| show(&regie.settings));
        let any = all.values().any(|regie| show(&regie.settings));
        any.then(|| ledger.of(|regie| shown(regie.as_str())).standing(today))
    };
    let balance = standing(|s| s.show_balance).map(|s| AccountBalance::of(&s, &all, language));
    let unpaid = standing(|s| s.show_unpaid).map(|s| UnpaidInvoices::of(s, &all, language));
    Ok((balance, unpaid))
}

fn unpaid_invoice(OpenInvoice { invoice, open, scheduled }: &OpenInvoice, all: &Regies) -> UnpaidInvoice {
    UnpaidInvoice {
        number: invoice_number(all, invoice.regie.as_str(), invoice.number.cast_signed()),
        date: Date(invoice.date),
        due: Date(invoice.due),
        amount: invoice.total.decimal(),
        open: open.decimal(),
        scheduled: scheduled.decimal(),
    }
}

/// Queries of the account statement.
#[derive(Debug, Default)]
pub struct StatementQuery;

#[Object]
impl StatementQuery {
    /// A family's account over a school year: for a parent its own, for staff and auditors the one
    /// they name.
    #[graphql(guard = "EVERYBODY")]
    async fn account_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number; left out by parents.")] family_number: Option<String>,
        #[graphql(desc = "The first calendar year of the school year; left out: the running one.")]
        school_year_from: Option<i32>,
        #[graphql(desc = "The day its sums are of; left out: today.")] at: Option<Date>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<AccountStatement> {
        be_fresh(ctx, &[accounts::NAME, regies::NAME], min_position.map(|p| p.0)).await?;
        let family = family_asked(ctx, family_number)?;
        let application = ctx.application()?;
        let running = school_year(application.clock().today());
        let year = school_year_from.unwrap_or(running);
        if !(FIRST_DAY.year()..LAST_DAY.year()).contains(&year) {
            return Err(bad_argument("schoolYearFrom", "EXPECTED_YEAR", ctx.language()));
        }
        let pool = application.pool();
        let operations = accounts::operations_of_year(pool, &family, year).await.map_err(unavailable)?;
        let ledger = accounts::ledger(pool, &family).await.map_err(unavailable)?;
        let sums = Sums::of(&ledger, &operations, year, day_asked(ctx, at)?);
        let mut years = accounts::years(pool, &family).await.map_err(unavailable)?;
        if !years.contains(&running) {
            years.push(running);
        }
        years.sort_unstable_by(|a, b| b.cmp(a));
        let all = all_regies(ctx).await?;
        let language = ctx.language();
        Ok(AccountStatement {
            document_url: links::statement_url(&family, year),
            tax_certificate_urls: [year, year + 1].map(|y| links::tax_certificate_url(&family, y)).into(),
            family_number: family,
            school_year: format!("{year}-{}", year + 1),
            years,
            as_of: Date(sums.as_of),
            previous_balance: sums.previous.decimal(),
            operations: operations.iter().filter_map(|o| operation(o, &all, sums.as_of, language)).collect(),
            total_debit: sums.debit.decimal(),
            total_credit: sums.credit.decimal(),
            balance: sums.balance.decimal(),
            collection_mode: mode(&all),
            warning: warning(&all, language),
        })
    }

    /// What a family owes at the end of a day.
    #[graphql(guard = "EVERYBODY")]
    async fn account_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number; left out by parents.")] family_number: Option<String>,
        #[graphql(desc = "The day; left out: today.")] at: Option<Date>,
    ) -> Result<AccountBalance> {
        let (family, date) = (family_asked(ctx, family_number)?, day_asked(ctx, at)?);
        let ledger = accounts::ledger(ctx.application()?.pool(), &family).await.map_err(unavailable)?;
        Ok(AccountBalance::of(&ledger.standing(date), &all_regies(ctx).await?, ctx.language()))
    }

    /// The invoices a family has not paid in full at the end of a day.
    #[graphql(guard = "EVERYBODY")]
    async fn unpaid_invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number; left out by parents.")] family_number: Option<String>,
        #[graphql(desc = "The day; left out: today.")] at: Option<Date>,
    ) -> Result<UnpaidInvoices> {
        let (family, date) = (family_asked(ctx, family_number)?, day_asked(ctx, at)?);
        let ledger = accounts::ledger(ctx.application()?.pool(), &family).await.map_err(unavailable)?;
        Ok(UnpaidInvoices::of(ledger.standing(date), &all_regies(ctx).await?, ctx.language()))
    }
}
