//! What is asked of erasures and of the policy.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;

use super::rows::{ErasureRow, PolicyRow};
use crate::decode::{json, parsed};

/// The erasures before a line, the newest first; of one subject only, where one is named.
///
/// # Errors
/// The database failed.
pub async fn erasures(
    pool: &PgPool,
    subject: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ErasureRow>, sqlx::Error> {
    type Row = (i64, String, Vec<String>, String, i32, String, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT line, subject, purposes, basis, files, actor, erased FROM rm_privacy.erasure \
         WHERE ($1::text IS NULL OR subject = $1) AND ($2::bigint IS NULL OR line < $2) ORDER BY line DESC LIMIT $3",
    )
    .bind(subject)
    .bind(before)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let read = |(line, subject, purposes, basis, files, actor, erased): Row| {
        let purposes = purposes.iter().map(|purpose| parsed(purpose)).collect::<Result<_, _>>()?;
        Ok(ErasureRow { line, subject, purposes, basis: parsed(&basis)?, files, actor, erased })
    };
    rows.into_iter().map(read).collect()
}

/// The town's policy; the law's least where it adopted nothing.
///
/// # Errors
/// The database failed.
pub async fn policy(pool: &PgPool) -> Result<PolicyRow, sqlx::Error> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT name, document FROM rm_privacy.policy").fetch_all(pool).await?;
    let rows: HashMap<String, String> = rows.into_iter().collect();
    Ok(PolicyRow {
        retention: rows.get("retention").map(|text| json(text)).transpose()?.unwrap_or_default(),
        four_eyes: rows.get("fourEyes").map(|text| json(text)).transpose()?.unwrap_or_default(),
    })
}

/// Subjects with data whose last tie to the town is before a day, the longest first: what the
/// retention rules may concern. Whether they do, is decided over the log.
///
/// # Errors
/// The database failed.
pub async fn untied_since(
    pool: &PgPool,
    day: NaiveDate,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "WITH ties AS ( \
            SELECT child::text AS subject, max(coalesce(last_day, 'infinity')) AS last FROM rm_family.enrolment GROUP BY 1 \
            UNION ALL SELECT payer, max(coalesce(last_day, 'infinity')) FROM rm_family.enrolment GROUP BY 1 \
            UNION ALL SELECT f.family, max(coalesce(e.last_day, 'infinity')) FROM rm_family.child_family f \
                JOIN rm_family.enrolment e ON e.child = f.child GROUP BY 1 \
            UNION ALL SELECT family, max(date) FROM rm_accounts.operation GROUP BY 1 \
            UNION ALL SELECT owner, max(changed)::date FROM rm_file.section GROUP BY 1) \
         SELECT k.subject FROM (SELECT DISTINCT split_part(subject, '/', 1) AS subject FROM public.subject_key \
            WHERE wrapped_key IS NOT NULL) k \
         JOIN (SELECT subject, max(last) AS last FROM ties GROUP BY subject) t ON t.subject = k.subject \
         WHERE t.last < $1 AND k.subject > $2 ORDER BY k.subject LIMIT $3",
    )
    .bind(day)
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// When the file of a subject last changed.
///
/// # Errors
/// The database failed.
pub async fn last_change(pool: &PgPool, subject: &str) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar("SELECT max(changed) FROM rm_file.section WHERE owner = $1")
        .bind(subject)
        .fetch_one(pool)
        .await
}

/// The files that hold health data of a child: proofs of its health section, certificates of its
/// absences.
///
/// # Errors
/// The database failed.
pub async fn health_files(pool: &PgPool, child: uuid::Uuid) -> Result<Vec<uuid::Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT (f->>'id')::uuid FROM ( \
            SELECT json_array_elements(attachments) AS f FROM rm_file.request WHERE child = $1 AND section = 'HEALTH' \
            UNION ALL SELECT json_array_elements(files::json) FROM rm_requests.line WHERE child = $1 AND files IS NOT NULL) x",
    )
    .bind(child)
    .fetch_all(pool)
    .await
}
