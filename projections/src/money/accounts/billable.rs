//! What billing asks: what was booked, and what of it was billed, here or by the software before.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_domain::{
    money::account::InvoiceLine,
    money::billing::{Billed, BilledKey, Booked, TakenOverInvoice},
    money::tariff::Charge,
    shared::ids::ChildId,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::decode::{json, parsed};

/// The bookings of some children.
///
/// # Errors
/// The database failed.
pub async fn billable(
    pool: &PgPool,
    children: &[Uuid],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Booked>, sqlx::Error> {
    // Child by child, whatever the planner believes of the table: that is what OFFSET is for.
    let rows: Vec<Cell> = sqlx::query_as(
        "SELECT c.* FROM unnest($1::uuid[]) AS asked (child) CROSS JOIN LATERAL \
            (SELECT c.child, c.activity, c.date, c.booking, c.position FROM rm_planning.cell c \
             WHERE c.child = asked.child AND c.date BETWEEN $2 AND $3 OFFSET 0) AS c \
         ORDER BY c.child, c.date, c.activity",
    )
    .bind(children)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(booked).collect()
}

type Cell = (Uuid, String, NaiveDate, String, i64);

fn booked((child, name, date, booking, position): Cell) -> Result<Booked, sqlx::Error> {
    let (activity, booking) = (parsed(&name)?, json(&booking)?);
    Ok(Booked { child: ChildId(child), activity, date, booking, position: position.unsigned_abs() })
}

/// The bookings of some children in some activities, from a day on and before another, that nobody was
/// ever billed for.
///
/// # Errors
/// The database failed.
pub async fn never_billed(
    pool: &PgPool,
    children: &[Uuid],
    activities: &[String],
    from: NaiveDate,
    before: NaiveDate,
) -> Result<Vec<Booked>, sqlx::Error> {
    let rows: Vec<Cell> = sqlx::query_as(
        "SELECT c.* FROM unnest($1::uuid[]) AS asked (child) CROSS JOIN LATERAL \
            (SELECT c.child, c.activity, c.date, c.booking, c.position FROM rm_planning.cell c \
             WHERE c.child = asked.child AND c.date >= $3 AND c.date < $4 AND c.activity = ANY($2) \
                AND NOT EXISTS (SELECT FROM rm_accounts.billed b WHERE b.child = c.child AND b.date = c.date \
                    AND b.activity = c.activity AND NOT b.month) OFFSET 0) AS c \
         ORDER BY c.child, c.date, c.activity",
    )
    .bind(children)
    .bind(activities)
    .bind(from)
    .bind(before)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(booked).collect()
}

/// The invoices of the software before that a régie keeps of some families and that bill days from a day
/// on, by family.
///
/// # Errors
/// The database failed.
pub async fn taken_over(
    pool: &PgPool,
    regie: &str,
    families: &[String],
    from: NaiveDate,
) -> Result<HashMap<String, Vec<TakenOverInvoice>>, sqlx::Error> {
    type Row = (String, i32, NaiveDate, NaiveDate, String, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT i.* FROM unnest($2::text[]) AS asked (family) CROSS JOIN LATERAL \
            (SELECT i.family, i.number, i.first_day, i.last_day, i.lines, i.line FROM rm_accounts.invoice i \
             WHERE i.family = asked.family AND i.taken_over AND i.regie = $1 AND i.last_day >= $3 OFFSET 0) AS i",
    )
    .bind(regie)
    .bind(families)
    .bind(from)
    .fetch_all(pool)
    .await?;
    let mut invoices: HashMap<String, Vec<TakenOverInvoice>> = HashMap::new();
    for (family, number, from, to, lines, line) in rows {
        let (number, lines, position) = (number.unsigned_abs(), json(&lines)?, line.unsigned_abs());
        invoices.entry(family).or_default().push(TakenOverInvoice { number, from, to, lines, position });
    }
    Ok(invoices)
}

/// What stands on the invoices of a régie that were credited by hand, of some families, by family: each with
/// the invoice's number.
///
/// # Errors
/// The database failed.
pub async fn credited(
    pool: &PgPool,
    regie: &str,
    families: &[String],
    from: NaiveDate,
) -> Result<HashMap<String, HashMap<BilledKey, u32>>, sqlx::Error> {
    let rows: Vec<(String, i32, String)> = sqlx::query_as(
        "SELECT i.* FROM unnest($2::text[]) AS asked (family) CROSS JOIN LATERAL \
            (SELECT i.family, i.number, i.lines FROM rm_accounts.operation o JOIN rm_accounts.invoice i \
                ON i.regie = o.regie AND i.number = (o.detail::json->>'about')::int AND NOT i.credit_note \
             WHERE o.family = asked.family AND o.regie = $1 AND o.kind = 'CREDIT_NOTE' AND i.last_day >= $3 \
             OFFSET 0) AS i",
    )
    .bind(regie)
    .bind(families)
    .bind(from)
    .fetch_all(pool)
    .await?;
    let mut credited: HashMap<String, HashMap<BilledKey, u32>> = HashMap::new();
    for (family, number, lines) in rows {
        let of_family = credited.entry(family).or_default();
        for line in json::<Vec<InvoiceLine>>(&lines)? {
            let month = line.charge == Charge::Month;
            for date in line.dates {
                let key = BilledKey { child: line.child, activity: line.activity.clone(), date, month };
                of_family.insert(key, number.unsigned_abs());
            }
        }
    }
    Ok(credited)
}

/// What some families were billed for some children, by family, with the positions those prices
/// were computed from.
///
/// # Errors
/// The database failed.
pub async fn billed(
    pool: &PgPool,
    children: &[Uuid],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<String, Billed>, sqlx::Error> {
    let rows: Vec<(String, Uuid, String, NaiveDate, bool, String, i64)> = sqlx::query_as(
        "SELECT b.* FROM unnest($1::uuid[]) AS asked (child) CROSS JOIN LATERAL \
            (SELECT b.family, b.child, b.activity, b.date, b.month, b.amount::text, b.seen FROM rm_accounts.billed b \
             WHERE b.child = asked.child AND b.date BETWEEN $2 AND $3 OFFSET 0) AS b",
    )
    .bind(children)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    let mut billed: HashMap<String, Billed> = HashMap::new();
    for (family, child, name, date, month, text, seen) in rows {
        let key = BilledKey { child: ChildId(child), activity: parsed(&name)?, date, month };
        billed.entry(family).or_default().insert(key, (parsed(&text)?, seen.unsigned_abs()));
    }
    Ok(billed)
}
