//! The account statement ("Relevé de compte"), and what the home page shows of it.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::Datelike;
use portail_domain::{
    amount::Amount,
    messages::{Language, text},
    regie::CollectionMode as DomainMode,
    time::{FIRST_DAY, LAST_DAY, school_year},
};
use portail_projections::{
    accounts::{self, OperationRow},
    regies,
};
use rust_decimal::Decimal;

use super::{CollectionMode, Regies, all_regies, family_asked, number};
use crate::documents;
use crate::graphql::{
    context::{Ask, EVERYBODY, be_fresh, unavailable},
    entered::bad_argument,
    scalars::{Date, Position},
};
use crate::money_words::description;

/// What an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum OperationKind {
    /// An invoice: a debit.
    Invoice,
    /// A credit note.
    CreditNote,
    /// A payment.
    Payment,
    /// A payment the bank rejected: a debit.
    Rejection,
    /// What was paid back: a debit.
    Refund,
}

/// An operation of an account.
#[derive(Debug, Clone, SimpleObject)]
pub struct Operation {
    /// The position of its event, which `explainOperation` takes.
    position: Position,
    /// Its number, e.g. AL-36. Invoices and credit notes share one series, payments, rejections
    /// and refunds another.
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
    /// What was owed before the school year.
    previous_balance: Decimal,
    /// The operations, the newest first.
    operations: Vec<Operation>,
    /// The sum of the debits.
    total_debit: Decimal,
    /// The sum of the credits.
    total_credit: Decimal,
    /// What is owed at the end: the previous balance, plus debits, minus credits.
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

fn operation(row: &OperationRow, all: &Regies, language: Language) -> Operation {
    let kind = match row.kind.as_str() {
        "INVOICE" => OperationKind::Invoice,
        "CREDIT_NOTE" => OperationKind::CreditNote,
        "PAYMENT" => OperationKind::Payment,
        "REJECTION" => OperationKind::Rejection,
        _ => OperationKind::Refund,
    };
    let settings = all.get(&row.regie);
    let side = |amount: Amount| (!amount.is_zero()).then(|| amount.decimal());
    Operation {
        position: Position(row.line.unsigned_abs()),
        number: number(all, &row.regie, row.number),
        kind,
        date: Date(row.date),
        description: description(row, settings.map_or("", |s| &s.prefix), language),
        regie: settings.map_or_else(String::new, |s| s.name.clone()),
        debit: side(row.debit),
        credit: side(row.credit),
        regie_id: row.regie.clone(),
    }
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
    /// What is owed at its end, in euros; negative: what the family is owed.
    amount: Decimal,
    /// Who collects.
    collection_mode: CollectionMode,
    /// What is to be known about it, where the treasury collects.
    warning: Option<String>,
}

/// An invoice that is not paid in full.
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
    /// What is still to be paid.
    open: Decimal,
}

/// The invoices a family has not paid in full.
#[derive(Debug, Clone, SimpleObject)]
pub struct UnpaidInvoices {
    /// The day.
    as_of: Date,
    /// The invoices, the one due first at the head.
    invoices: Vec<UnpaidInvoice>,
    /// What is still to be paid on all of them, in euros.
    total: Decimal,
    /// Who collects.
    collection_mode: CollectionMode,
    /// What is to be known about it, where the treasury collects.
    warning: Option<String>,
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
    let (pool, today) = (application.pool(), application.clock().today());
    let all = all_regies(ctx).await?;
    let shown = |show: fn(&portail_domain::regie::RegieSettings) -> bool| -> Vec<String> {
        all.iter().filter(|(_, s)| show(s)).map(|(id, _)| id.clone()).collect()
    };
    let (balances, unpaids) = (shown(|s| s.show_balance), shown(|s| s.show_unpaid));
    let balance = if balances.is_empty() {
        None
    } else {
        let amount = accounts::balance(pool, family, &balances, today).await.map_err(unavailable)?;
        Some(AccountBalance {
            as_of: Date(today),
            amount: amount.decimal(),
            collection_mode: mode(&all),
            warning: warning(&all, language),
        })
    };
    let unpaid = if unpaids.is_empty() {
        None
    } else {
        let rows = accounts::unpaid(pool, family, &unpaids).await.map_err(unavailable)?;
        Some(UnpaidInvoices {
            as_of: Date(today),
            total: rows.iter().map(|r| r.open).sum::<Amount>().decimal(),
            invoices: rows.into_iter().map(|row| unpaid_invoice(&row, &all)).collect(),
            collection_mode: mode(&all),
            warning: warning(&all, language),
        })
    };
    Ok((balance, unpaid))
}

fn unpaid_invoice(row: &accounts::InvoiceRow, all: &Regies) -> UnpaidInvoice {
    UnpaidInvoice {
        number: number(all, &row.regie, row.number),
        date: Date(row.date),
        due: Date(row.due),
        amount: row.total.decimal(),
        open: row.open.decimal(),
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
        let rows = accounts::statement(pool, &family, year).await.map_err(unavailable)?;
        let mut years = accounts::years(pool, &family).await.map_err(unavailable)?;
        if !years.contains(&running) {
            years.push(running);
        }
        years.sort_unstable_by(|a, b| b.cmp(a));
        let all = all_regies(ctx).await?;
        let language = ctx.language();
        let debit: Amount = rows.operations.iter().map(|o| o.debit).sum();
        let credit: Amount = rows.operations.iter().map(|o| o.credit).sum();
        Ok(AccountStatement {
            document_url: documents::statement_url(&family, year),
            tax_certificate_urls: [year, year + 1].map(|y| documents::tax_certificate_url(&family, y)).into(),
            family_number: family,
            school_year: format!("{year}-{}", year + 1),
            years,
            previous_balance: rows.previous.decimal(),
            operations: rows.operations.iter().map(|o| operation(o, &all, language)).collect(),
            total_debit: debit.decimal(),
            total_credit: credit.decimal(),
            balance: (rows.previous + debit - credit).decimal(),
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
        let family = family_asked(ctx, family_number)?;
        let application = ctx.application()?;
        let date = at.map_or_else(|| application.clock().today(), |d| d.0);
        let all = all_regies(ctx).await?;
        let ids: Vec<String> = all.keys().cloned().collect();
        let amount = accounts::balance(application.pool(), &family, &ids, date).await.map_err(unavailable)?;
        Ok(AccountBalance {
            as_of: Date(date),
            amount: amount.decimal(),
            collection_mode: mode(&all),
            warning: warning(&all, ctx.language()),
        })
    }
}
