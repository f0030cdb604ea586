//! What printed documents ask of accounts.

use chrono::NaiveDate;
use portail_domain::shared::amount::Amount;
use sqlx::PgPool;
use uuid::Uuid;

use super::invoices::{InvoiceRow, invoices_numbered};
use crate::decode::parsed;

/// What a payment settles, invoice by invoice, rejections taken off.
///
/// # Errors
/// The database failed.
pub async fn settled_by(
    pool: &PgPool,
    regie: &str,
    payment: i32,
) -> Result<Vec<(InvoiceRow, Amount)>, sqlx::Error> {
    let sums: Vec<(i32, String)> = sqlx::query_as(
        "SELECT invoice, sum(amount)::text FROM rm_accounts.allocation \
         WHERE regie = $1 AND number = $2 AND NOT credit_note AND invoice IS NOT NULL GROUP BY invoice HAVING sum(amount) > 0 ORDER BY invoice",
    )
    .bind(regie)
    .bind(payment)
    .fetch_all(pool)
    .await?;
    with_invoices(pool, regie, sums).await
}

/// What a family paid on its invoices in a range of days, by invoice, for each régie: rejections
/// taken off, credit notes left out.
///
/// # Errors
/// The database failed.
pub async fn paid_between(
    pool: &PgPool,
    family: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(InvoiceRow, Amount)>, sqlx::Error> {
    let sums: Vec<(String, i32, String)> = sqlx::query_as(
        "SELECT regie, invoice, sum(amount)::text FROM rm_accounts.allocation \
         WHERE family = $1 AND date BETWEEN $2 AND $3 AND NOT credit_note AND invoice IS NOT NULL \
         GROUP BY regie, invoice HAVING sum(amount) <> 0 ORDER BY regie, invoice",
    )
    .bind(family)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    let mut paid = vec![];
    for of_regie in sums.chunk_by(|a, b| a.0 == b.0) {
        let sums = of_regie.iter().map(|(_, invoice, sum)| (*invoice, sum.clone())).collect();
        paid.extend(with_invoices(pool, &of_regie[0].0, sums).await?);
    }
    Ok(paid)
}

async fn with_invoices(
    pool: &PgPool,
    regie: &str,
    sums: Vec<(i32, String)>,
) -> Result<Vec<(InvoiceRow, Amount)>, sqlx::Error> {
    let numbers: Vec<i32> = sums.iter().map(|(number, _)| *number).collect();
    let invoices = invoices_numbered(pool, regie, &numbers).await?;
    let mut found = vec![];
    for invoice in invoices {
        if let Some((_, sum)) = sums.iter().find(|(number, _)| *number == invoice.number) {
            found.push((invoice, parsed(sum)?));
        }
    }
    Ok(found)
}

/// The kept copy of a printed document: where it is, and its SHA-256 as the log has it.
///
/// # Errors
/// The database failed.
pub async fn archived(
    pool: &PgPool,
    family: &str,
    document: &str,
) -> Result<Option<(Uuid, String)>, sqlx::Error> {
    sqlx::query_as("SELECT attachment, sha256 FROM rm_accounts.archive WHERE family = $1 AND document = $2")
        .bind(family)
        .bind(document)
        .fetch_optional(pool)
        .await
}
