//! Invoices and credit notes.

use chrono::NaiveDate;
use portail_domain::{money::account::InvoiceLine, shared::amount::Amount};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::decode::{json, parsed};

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
