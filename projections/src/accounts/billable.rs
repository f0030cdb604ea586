//! What billing asks: what was booked, and what of it was billed.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_domain::{
    billing::{Billed, BilledKey, Booked},
    ids::ChildId,
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
    let rows: Vec<(Uuid, String, NaiveDate, String, i64)> = sqlx::query_as(
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
    rows.into_iter()
        .map(|(child, name, date, booking, position)| {
            let (activity, booking) = (parsed(&name)?, json(&booking)?);
            Ok(Booked { child: ChildId(child), activity, date, booking, position: position.unsigned_abs() })
        })
        .collect()
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
