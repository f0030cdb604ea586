//! What is asked of accounts.

use chrono::NaiveDate;
use portail_domain::{account::InvoiceLine, amount::Amount};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::Detail;
use crate::decode::{decoding, json, parsed};

/// An operation of a statement.
#[derive(Debug, Clone)]
pub struct OperationRow {
    /// Its position in the log.
    pub line: i64,
    /// The family.
    pub family: String,
    /// The régie.
    pub regie: String,
    /// Its number.
    pub number: i32,
    /// `INVOICE`, `CREDIT_NOTE`, `PAYMENT`, `REJECTION` or `REFUND`.
    pub kind: String,
    /// Its date.
    pub date: NaiveDate,
    /// The day it counts from.
    pub counts_from: NaiveDate,
    /// What the family owes more.
    pub debit: Amount,
    /// What it owes less.
    pub credit: Amount,
    /// What else is known.
    pub detail: Detail,
}

type StoredOperation = (i64, String, String, i32, String, NaiveDate, String, String, String, NaiveDate);

fn operation(row: StoredOperation) -> Result<OperationRow, sqlx::Error> {
    let (line, family, regie, number, kind, date, debit, credit, detail, counts_from) = row;
    let (debit, credit, detail) = (parsed(&debit)?, parsed(&credit)?, json(&detail)?);
    Ok(OperationRow { line, family, regie, number, kind, date, counts_from, debit, credit, detail })
}

const OPERATION: &str = "SELECT line, family, regie, number, kind, date, debit::text, credit::text, detail, counts_from \
    FROM rm_accounts.operation";

/// The operations of a family in a school year, by its first calendar year; the newest first.
///
/// # Errors
/// The database failed.
pub async fn operations_of_year(
    pool: &PgPool,
    family: &str,
    year: i32,
) -> Result<Vec<OperationRow>, sqlx::Error> {
    let query = format!("{OPERATION} WHERE family = $1 AND school_year = $2 ORDER BY date DESC, line DESC");
    let rows: Vec<StoredOperation> = sqlx::query_as(&query).bind(family).bind(year).fetch_all(pool).await?;
    rows.into_iter().map(operation).collect()
}

/// The school years a family has operations in, the newest first.
///
/// # Errors
/// The database failed.
pub async fn years(pool: &PgPool, family: &str) -> Result<Vec<i32>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT school_year FROM rm_accounts.operation WHERE family = $1 ORDER BY school_year DESC",
    )
    .bind(family)
    .fetch_all(pool)
    .await
}

/// The operations of a régie in a range of days, in the order they were recorded.
///
/// # Errors
/// The database failed.
pub async fn operations_between(
    pool: &PgPool,
    regie: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<OperationRow>, sqlx::Error> {
    let query = format!("{OPERATION} WHERE regie = $1 AND date BETWEEN $2 AND $3 ORDER BY date, line");
    let rows: Vec<StoredOperation> =
        sqlx::query_as(&query).bind(regie).bind(from).bind(to).fetch_all(pool).await?;
    rows.into_iter().map(operation).collect()
}

/// The debits and the credits of a régie up to the end of a day, and what is open on all its invoices
/// then: the sum of the ledgers of all families.
///
/// # Errors
/// The database failed.
pub async fn totals(
    pool: &PgPool,
    regie: &str,
    date: NaiveDate,
) -> Result<(Amount, Amount, Amount), sqlx::Error> {
    let (debits, credits, open): (String, String, String) = sqlx::query_as(
        "SELECT coalesce(sum(o.debit), 0)::numeric(14,2)::text, coalesce(sum(o.credit), 0)::numeric(14,2)::text, \
            (SELECT coalesce(sum(greatest(i.open + coalesce(later.amount, 0), 0)), 0)::numeric(14,2)::text \
             FROM rm_accounts.invoice i LEFT JOIN (SELECT a.invoice, sum(a.amount) AS amount FROM rm_accounts.allocation a \
                WHERE a.regie = $1 AND a.counts_from > $2 AND a.invoice IS NOT NULL GROUP BY a.invoice) AS later \
                ON later.invoice = i.number \
             WHERE i.regie = $1 AND i.date <= $2 AND NOT i.credit_note) \
         FROM rm_accounts.operation o WHERE o.regie = $1 AND o.counts_from <= $2",
    )
    .bind(regie)
    .bind(date)
    .fetch_one(pool)
    .await?;
    Ok((parsed(&debits)?, parsed(&credits)?, parsed(&open)?))
}

/// An invoice or a credit note.
#[derive(Debug, Clone)]
pub struct InvoiceRow {
    /// The régie.
    pub regie: String,
    /// Its number.
    pub number: i32,
    /// The family.
    pub family: String,
    /// Whether it is a credit note.
    pub credit_note: bool,
    /// Its date.
    pub date: NaiveDate,
    /// Until when it is to be paid.
    pub due: NaiveDate,
    /// The period it bills.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// What it comes to.
    pub total: Amount,
    /// What is still to be paid once everything recorded counts, of later days too. What is open as of a
    /// day the ledger says.
    pub open: Amount,
    /// The run that issued it.
    pub run: Option<Uuid>,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
    /// What staff wrote on a credit note.
    pub note: Option<String>,
    /// Its position in the log.
    pub line: i64,
}

#[derive(FromRow)]
struct StoredInvoice {
    regie: String,
    number: i32,
    family: String,
    credit_note: bool,
    date: NaiveDate,
    due: NaiveDate,
    first_day: Option<NaiveDate>,
    last_day: Option<NaiveDate>,
    total: String,
    open: String,
    run: Option<Uuid>,
    lines: String,
    note: Option<String>,
    line: i64,
}

impl TryFrom<StoredInvoice> for InvoiceRow {
    type Error = sqlx::Error;
    fn try_from(row: StoredInvoice) -> Result<Self, sqlx::Error> {
        Ok(Self {
            period: row.first_day.zip(row.last_day),
            total: parsed(&row.total)?,
            open: parsed(&row.open)?,
            lines: json(&row.lines)?,
            regie: row.regie,
            number: row.number,
            family: row.family,
            credit_note: row.credit_note,
            date: row.date,
            due: row.due,
            run: row.run,
            note: row.note,
            line: row.line,
        })
    }
}

const INVOICE: &str = "SELECT i.regie, i.number, i.family, i.credit_note, i.date, i.due, i.first_day, i.last_day, \
    i.total::text AS total, i.open::text AS open, i.run, i.lines, i.note, i.line FROM rm_accounts.invoice i";

fn rows(stored: Vec<StoredInvoice>) -> Result<Vec<InvoiceRow>, sqlx::Error> {
    stored.into_iter().map(TryInto::try_into).collect()
}

/// An invoice or credit note by its number.
///
/// # Errors
/// The database failed.
pub async fn invoice(pool: &PgPool, regie: &str, number: i32) -> Result<Option<InvoiceRow>, sqlx::Error> {
    let query = format!("{INVOICE} WHERE i.regie = $1 AND i.number = $2");
    let row: Option<StoredInvoice> =
        sqlx::query_as(&query).bind(regie).bind(number).fetch_optional(pool).await?;
    row.map(TryInto::try_into).transpose()
}

/// Invoices and credit notes of a régie by their numbers, in their order.
pub(super) async fn invoices_numbered(
    pool: &PgPool,
    regie: &str,
    numbers: &[i32],
) -> Result<Vec<InvoiceRow>, sqlx::Error> {
    let query = format!("{INVOICE} WHERE i.regie = $1 AND i.number = ANY($2) ORDER BY i.number");
    rows(sqlx::query_as(&query).bind(regie).bind(numbers).fetch_all(pool).await?)
}

/// The invoices and credit notes of a family, the newest first.
///
/// # Errors
/// The database failed.
pub async fn invoices_of(pool: &PgPool, family: &str, most: i64) -> Result<Vec<InvoiceRow>, sqlx::Error> {
    let query = format!("{INVOICE} WHERE i.family = $1 ORDER BY i.line DESC LIMIT $2");
    rows(sqlx::query_as(&query).bind(family).bind(most).fetch_all(pool).await?)
}

/// The open invoices of families that pay by direct debit, due by a day: with their bank details.
///
/// # Errors
/// The database failed.
pub async fn due_for_debit(
    pool: &PgPool,
    regie: &str,
    by: NaiveDate,
) -> Result<Vec<(InvoiceRow, serde_json::Value)>, sqlx::Error> {
    let query = INVOICE.replacen(" FROM", ", s.value::text AS bank FROM", 1)
        + " JOIN rm_file.section s ON s.owner = i.family AND s.section = 'BANK' \
           WHERE i.regie = $1 AND i.open > 0 AND i.due <= $2 AND s.value->>'direct_debit' = 'true' \
           ORDER BY i.family, i.number";
    let rows: Vec<InvoiceWithBank> = sqlx::query_as(&query).bind(regie).bind(by).fetch_all(pool).await?;
    rows.into_iter().map(|row| Ok((row.invoice.try_into()?, json(&row.bank)?))).collect()
}

#[derive(FromRow)]
struct InvoiceWithBank {
    #[sqlx(flatten)]
    invoice: StoredInvoice,
    bank: String,
}

/// A payment.
#[derive(Debug, Clone)]
pub struct PaymentRow {
    /// The régie.
    pub regie: String,
    /// Its number.
    pub number: i32,
    /// The family.
    pub family: String,
    /// Its date.
    pub date: NaiveDate,
    /// How it was paid.
    pub method: portail_domain::account::PaymentMethod,
    /// How much.
    pub amount: Amount,
    /// What settles no invoice once everything recorded counts.
    pub free: Amount,
    /// The cheque's number and the like.
    pub reference: Option<String>,
    /// When the bank rejected it.
    pub rejected: Option<NaiveDate>,
}

type StoredPayment =
    (String, i32, String, NaiveDate, String, String, String, Option<String>, Option<NaiveDate>);

fn payment_row(row: StoredPayment) -> Result<PaymentRow, sqlx::Error> {
    let (regie, number, family, date, method, paid, free, reference, rejected) = row;
    let method = serde_json::from_value(method.into()).map_err(decoding)?;
    let (amount, free) = (parsed(&paid)?, parsed(&free)?);
    Ok(PaymentRow { regie, number, family, date, method, amount, free, reference, rejected })
}

const PAYMENT: &str = "SELECT regie, number, family, date, method, amount::text, free::text, reference, rejected \
    FROM rm_accounts.payment";

/// The payments of a family, the newest first.
///
/// # Errors
/// The database failed.
pub async fn payments(pool: &PgPool, family: &str, most: i64) -> Result<Vec<PaymentRow>, sqlx::Error> {
    let query = format!("{PAYMENT} WHERE family = $1 ORDER BY line DESC LIMIT $2");
    let rows: Vec<StoredPayment> = sqlx::query_as(&query).bind(family).bind(most).fetch_all(pool).await?;
    rows.into_iter().map(payment_row).collect()
}

/// A payment by its number.
///
/// # Errors
/// The database failed.
pub async fn payment(pool: &PgPool, regie: &str, number: i32) -> Result<Option<PaymentRow>, sqlx::Error> {
    let query = format!("{PAYMENT} WHERE regie = $1 AND number = $2");
    let row: Option<StoredPayment> =
        sqlx::query_as(&query).bind(regie).bind(number).fetch_optional(pool).await?;
    row.map(payment_row).transpose()
}

/// Payments of a régie by their numbers.
pub(super) async fn payments_numbered(
    pool: &PgPool,
    regie: &str,
    numbers: &[i32],
) -> Result<Vec<PaymentRow>, sqlx::Error> {
    let query = format!("{PAYMENT} WHERE regie = $1 AND number = ANY($2)");
    let rows: Vec<StoredPayment> = sqlx::query_as(&query).bind(regie).bind(numbers).fetch_all(pool).await?;
    rows.into_iter().map(payment_row).collect()
}

/// One collection of a batch of direct debits.
#[derive(Debug, Clone)]
pub struct DebitRow {
    /// The régie.
    pub regie: String,
    /// The payment's number.
    pub number: i32,
    /// The family.
    pub family: String,
    /// The day it is collected.
    pub date: NaiveDate,
    /// How much.
    pub amount: Amount,
    /// The invoice it settles.
    pub invoice: Option<i32>,
    /// The mandate's reference.
    pub mandate: String,
    /// Whether it is the mandate's first collection.
    pub first: bool,
    /// Whether the account is another than that of the mandate's collection before.
    pub amended: bool,
    /// Holder, IBAN, BIC and the mandate's day; none once erased.
    pub details: Option<serde_json::Value>,
}

/// A batch of direct debits.
///
/// # Errors
/// The database failed.
pub async fn debits(pool: &PgPool, batch: Uuid) -> Result<Vec<DebitRow>, sqlx::Error> {
    type Row = (String, i32, String, NaiveDate, String, Option<i32>, String, bool, bool, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT regie, number, family, date, amount::text, invoice, mandate, first, amended, details \
         FROM rm_accounts.debit WHERE batch = $1 ORDER BY number",
    )
    .bind(batch)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(regie, number, family, date, text, invoice, mandate, first, amended, details)| {
            let (amount, details) = (parsed(&text)?, details.as_deref().map(json).transpose()?);
            Ok(DebitRow { regie, number, family, date, amount, invoice, mandate, first, amended, details })
        })
        .collect()
}
