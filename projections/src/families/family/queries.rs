//! What is asked of families and children.

use chrono::NaiveDate;
use portail_domain::{
    families::child::Enrolment,
    shared::ids::{ActivityId, ChildId},
};
use sqlx::PgPool;
use uuid::Uuid;

use super::rows::{ChildRow, Responsible, identity_of};

/// A family's responsible guardian; `None` when there is no such family.
///
/// # Errors
/// The database failed.
pub async fn family(pool: &PgPool, number: &str) -> Result<Option<Option<Responsible>>, sqlx::Error> {
    let row: Option<(Option<String>,)> =
        sqlx::query_as("SELECT responsible::text FROM rm_family.family WHERE number = $1")
            .bind(number)
            .fetch_optional(pool)
            .await?;
    Ok(row.map(|(text,)| identity_of(text)))
}

/// The responsible guardians of several families.
///
/// # Errors
/// The database failed.
pub async fn responsibles(
    pool: &PgPool,
    numbers: &[String],
) -> Result<Vec<(String, Option<Responsible>)>, sqlx::Error> {
    let rows: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT number, responsible::text FROM rm_family.family WHERE number = ANY($1)")
            .bind(numbers)
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|(number, text)| (number, identity_of(text))).collect())
}

/// The children of a family, by first name.
///
/// # Errors
/// The database failed.
pub async fn children(pool: &PgPool, family: &str) -> Result<Vec<ChildRow>, sqlx::Error> {
    let rows: Vec<(Uuid, Option<String>)> = sqlx::query_as(
        "SELECT c.id, c.identity::text FROM rm_family.child_family f JOIN rm_family.child c ON c.id = f.child \
         WHERE f.family = $1 ORDER BY c.identity->>'first_name', c.id",
    )
    .bind(family)
    .fetch_all(pool)
    .await?;
    let of_row = |(id, text)| ChildRow { id: ChildId(id), identity: identity_of(text) };
    Ok(rows.into_iter().map(of_row).collect())
}

/// Several children by id.
///
/// # Errors
/// The database failed.
pub async fn children_by_id(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<ChildRow>, sqlx::Error> {
    let rows: Vec<(Uuid, Option<String>)> =
        sqlx::query_as("SELECT id, identity::text FROM rm_family.child WHERE id = ANY($1)")
            .bind(ids)
            .fetch_all(pool)
            .await?;
    let of_row = |(id, text)| ChildRow { id: ChildId(id), identity: identity_of(text) };
    Ok(rows.into_iter().map(of_row).collect())
}

/// The families of a child; empty when there is no such child.
///
/// # Errors
/// The database failed.
pub async fn families_of(pool: &PgPool, child: ChildId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT family FROM rm_family.child_family WHERE child = $1 ORDER BY family")
        .bind(child.0)
        .fetch_all(pool)
        .await
}

/// The enrolments of a child that share a day with a range.
///
/// # Errors
/// The database failed.
pub async fn enrolments(
    pool: &PgPool,
    child: ChildId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Enrolment>, sqlx::Error> {
    let rows: Vec<(String, Option<NaiveDate>)> = sqlx::query_as(
        "SELECT document::text, last_day FROM rm_family.enrolment WHERE child = $1 \
         AND first_day <= $3 AND (last_day IS NULL OR last_day >= $2) ORDER BY line",
    )
    .bind(child.0)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(text, last_day)| {
            let mut enrolment: Enrolment =
                serde_json::from_str(&text).map_err(|e| sqlx::Error::Decode(e.into()))?;
            enrolment.to = last_day;
            Ok(enrolment)
        })
        .collect()
}

/// The children enrolled in an activity on a day, with their payer.
///
/// # Errors
/// The database failed.
pub async fn enrolled(
    pool: &PgPool,
    activity: &ActivityId,
    date: NaiveDate,
) -> Result<Vec<(ChildId, String)>, sqlx::Error> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT child, payer FROM rm_family.enrolment WHERE activity = $1 AND first_day <= $2 \
         AND (last_day IS NULL OR last_day >= $2) ORDER BY line",
    )
    .bind(activity.as_str())
    .bind(date)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(child, payer)| (ChildId(child), payer)).collect())
}
