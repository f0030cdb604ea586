//! What is asked of notices.

use chrono::NaiveDate;
use sqlx::PgPool;

use super::rows::{NoticeRow, Stored, row_of};

const COLUMNS: &str = "n.id, n.audience, n.target, n.said::text AS said, n.link, n.form::text AS form, \
    n.first_day, n.last_day, n.published, n.withdrawn";

/// What a family sees on a day: the town's notices, its own, and those of the structures a child of
/// its is enrolled with that day (`activities` maps each activity to its structure).
///
/// # Errors
/// The database failed.
pub async fn shown_to(
    pool: &PgPool,
    family: &str,
    today: NaiveDate,
    activities: &[(String, String)],
) -> Result<Vec<NoticeRow>, sqlx::Error> {
    let (ids, structures): (Vec<&str>, Vec<&str>) =
        activities.iter().map(|(a, s)| (a.as_str(), s.as_str())).unzip();
    let query = format!(
        "SELECT {COLUMNS} FROM rm_notices.notice n WHERE n.withdrawn IS NULL AND n.first_day <= $2 \
            AND (n.last_day IS NULL OR n.last_day >= $2) \
            AND (n.audience = 'TOWN' OR (n.audience = 'FAMILY' AND n.target = $1) \
                OR (n.audience = 'STRUCTURE' AND n.target IN ( \
                    SELECT a.structure FROM rm_family.child_family f \
                    JOIN rm_family.enrolment e ON e.child = f.child \
                    JOIN unnest($3::text[], $4::text[]) AS a (activity, structure) ON a.activity = e.activity \
                    WHERE f.family = $1 AND e.first_day <= $2 AND (e.last_day IS NULL OR e.last_day >= $2)))) \
         ORDER BY n.first_day DESC, n.line DESC LIMIT 100"
    );
    let rows: Vec<Stored> =
        sqlx::query_as(&query).bind(family).bind(today).bind(ids).bind(structures).fetch_all(pool).await?;
    rows.into_iter().map(row_of).collect()
}

/// Every notice, the newest first: those scheduled and withdrawn too.
///
/// # Errors
/// The database failed.
pub async fn all(pool: &PgPool, limit: i64) -> Result<Vec<NoticeRow>, sqlx::Error> {
    let query = format!("SELECT {COLUMNS} FROM rm_notices.notice n ORDER BY n.line DESC LIMIT $1");
    let rows: Vec<Stored> = sqlx::query_as(&query).bind(limit).fetch_all(pool).await?;
    rows.into_iter().map(row_of).collect()
}
