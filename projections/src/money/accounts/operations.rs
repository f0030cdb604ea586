//! The operations of statements and books.

use chrono::NaiveDate;
use portail_domain::{money::account::OperationKind, shared::amount::Amount};
use sqlx::PgPool;

use super::Detail;
use crate::decode::{json, parsed};

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
    /// What it is.
    pub kind: OperationKind,
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
    let (kind, debit, credit, detail) = (parsed(&kind)?, parsed(&debit)?, parsed(&credit)?, json(&detail)?);
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
