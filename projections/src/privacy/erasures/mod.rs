//! What was erased, and the town's policy. Its fold is also what destroys the keys: they are a
//! projection of the log like everything else, so that an erasure and its event are never apart.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    erasure::{Erasure, ErasureEvent, RetentionRules, Subject},
    policy::{FourEyes, Policy, PolicyEvent},
    sealed::Purpose,
};
use portail_event_store::RecordedEvent;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgPool};

use crate::{
    decode::json,
    engine::projection::{FoldContext, FoldError, Projection},
};

/// Its name in databases that stand.
pub const NAME: &str = "privacy";

/// The projection of erasures and of the policy.
#[derive(Debug, Clone, Copy)]
pub struct ErasuresProjection;

impl Projection for ErasuresProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        1
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE erasure (line bigint PRIMARY KEY, subject text NOT NULL, purposes text[] NOT NULL, \
            basis text NOT NULL, files int NOT NULL, actor text NOT NULL, erased timestamptz NOT NULL); \
         CREATE INDEX erasure_subject ON erasure (subject); \
         CREATE TABLE policy (name text PRIMARY KEY, document text NOT NULL)"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Erasure::TYPE, Policy::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            for event in events {
                if event.stream.kind == Erasure::TYPE {
                    erase(event, context, connection).await?;
                    continue;
                }
                let (name, document) = match context.decode(event)? {
                    PolicyEvent::RetentionAdopted { rules, .. } => {
                        ("retention", serde_json::to_string(&rules))
                    }
                    PolicyEvent::FourEyesAdopted { what, .. } => ("fourEyes", serde_json::to_string(&what)),
                };
                sqlx::query(
                    "INSERT INTO policy VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET document = EXCLUDED.document",
                )
                .bind(name)
                .bind(document.map_err(|e| FoldError::poison(event, e))?)
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        })
    }
}

async fn erase(
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let ErasureEvent::PersonalDataErased { subject, purposes, basis, files, received } =
        context.decode(event)?;
    for purpose in &purposes {
        for key in subject.keys(*purpose) {
            context.vault.destroy(connection, &key, purpose.as_str(), received).await?;
        }
    }
    let names: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    // Sealed files are unreadable from here on; they go as well.
    sqlx::query("DELETE FROM public.attachment WHERE id = ANY($1) OR (subject = $2 AND purpose = ANY($3))")
        .bind(&files)
        .bind(subject.to_string())
        .bind(&names)
        .execute(&mut *connection)
        .await?;
    if let Subject::Family(number) = &subject
        && purposes.contains(&Purpose::Identity)
    {
        // Who has no file any more does not log in.
        sqlx::query("DELETE FROM public.account WHERE login = $1")
            .bind(number.as_str())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("INSERT INTO erasure VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(event.position.cast_signed())
        .bind(subject.to_string())
        .bind(names)
        .bind(basis.as_str())
        .bind(i32::try_from(files.len()).unwrap_or(i32::MAX))
        .bind(&event.actor)
        .bind(received)
        .execute(connection)
        .await?;
    Ok(())
}

/// An erasure.
#[derive(Debug, Clone, FromRow)]
pub struct ErasureRow {
    /// The position of its event.
    pub line: i64,
    /// Whose data: a family's number or a child's id.
    pub subject: String,
    /// The erased purposes.
    pub purposes: Vec<String>,
    /// The ground.
    pub basis: String,
    /// How many single files went with them.
    pub files: i32,
    /// Who decided it.
    pub actor: String,
    /// When.
    pub erased: DateTime<Utc>,
}

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
    sqlx::query_as(
        "SELECT * FROM rm_privacy.erasure WHERE ($1::text IS NULL OR subject = $1) \
         AND ($2::bigint IS NULL OR line < $2) ORDER BY line DESC LIMIT $3",
    )
    .bind(subject)
    .bind(before)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// The town's policy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PolicyRow {
    /// How long data are kept.
    pub retention: RetentionRules,
    /// What takes two of the staff.
    pub four_eyes: FourEyes,
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
