//! What is asked of households.

use std::collections::HashMap;

use portail_domain::money::billing::{Household, HouseholdChild};
use sqlx::PgPool;

use super::rows::OwnDocument;
use crate::decode::json;

/// Several households.
///
/// # Errors
/// The database failed.
pub async fn households(
    pool: &PgPool,
    families: &[String],
) -> Result<HashMap<String, Household>, sqlx::Error> {
    // A family without a card of its own yet still has children. Each is looked up by its key: joined, a
    // few hundred would read all households.
    let rows: Vec<(String, Option<String>, Vec<String>)> = sqlx::query_as(
        "SELECT f.family, (SELECT h.document FROM rm_household.household h WHERE h.id = f.family), \
            ARRAY(SELECT c.document FROM rm_household.link l CROSS JOIN LATERAL \
                (SELECT o.document FROM rm_household.child o WHERE o.id = l.child OFFSET 0) AS c \
                WHERE l.family = f.family ORDER BY l.child) \
         FROM unnest($1::text[]) AS f (family)",
    )
    .bind(families)
    .fetch_all(pool)
    .await?;
    let household = |(family, own, children): (String, Option<String>, Vec<String>)| {
        let own: OwnDocument = own.as_deref().map(json).transpose()?.unwrap_or_default();
        let children: Result<Vec<HouseholdChild>, _> = children.iter().map(|text| json(text)).collect();
        let household = Household { quotients: own.quotients, address: own.address, children: children? };
        Ok((family, household))
    };
    rows.into_iter().map(household).collect()
}

/// The next families with children, by number, after one.
///
/// # Errors
/// The database failed.
pub async fn next_families(pool: &PgPool, after: &str, most: i64) -> Result<Vec<String>, sqlx::Error> {
    // From key to key: to find the distinct ones, all might be read and sorted.
    sqlx::query_scalar(
        "WITH RECURSIVE next (family) AS ( \
            SELECT min(l.family) FROM rm_household.link l WHERE l.family > $1 \
            UNION ALL \
            SELECT (SELECT min(l.family) FROM rm_household.link l WHERE l.family > next.family) \
                FROM next WHERE next.family IS NOT NULL) \
         SELECT family FROM next WHERE family IS NOT NULL LIMIT $2",
    )
    .bind(after)
    .bind(most)
    .fetch_all(pool)
    .await
}

/// How many families have children.
///
/// # Errors
/// The database failed.
pub async fn count_families(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(DISTINCT family) FROM rm_household.link").fetch_one(pool).await
}
