//! Payments and direct debits.

use chrono::NaiveDate;
use portail_domain::shared::amount::Amount;
use sqlx::PgPool;
use uuid::Uuid;

use crate::decode::{decoding, json, parsed};

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
    pub method: portail_domain::money::account::PaymentMethod,
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
