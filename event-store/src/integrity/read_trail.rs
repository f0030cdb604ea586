//! The trail of reads: who looked at what. It is not part of the log, because it may not be kept for
//! ever; its entries are chained like the log's, and signed checkpoints carry where its chain stands.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};

use crate::{
    integrity::{diagnosis::IntegrityViolation, signed_checkpoint::ReadTrailHead, verify::CheckpointCopy},
    log::hashing::Hash,
};

/// A read to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRead {
    /// The role and login that read.
    pub actor: String,
    /// The operation: a query, a download, a query of the past.
    pub operation: String,
    /// The fields that were selected, or the path of a file.
    pub fields: Vec<String>,
    /// The numbers of families and ids of children that the request named.
    pub subjects: Vec<String>,
}

/// An entry of the trail.
#[derive(Debug, Clone, FromRow)]
pub struct RecordedRead {
    /// Its number, from 1 without gaps.
    pub number: i64,
    /// The time of the read.
    pub at: DateTime<Utc>,
    /// The role and login that read.
    pub actor: String,
    /// The operation.
    pub operation: String,
    /// The fields, or the path of a file.
    pub fields: Vec<String>,
    /// The families and children named.
    pub subjects: Vec<String>,
}

/// Records a read. Its answer may only be given if this succeeds.
///
/// # Errors
/// The database failed.
pub async fn record_read(pool: &PgPool, at: DateTime<Utc>, read: &NewRead) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT record_read($1, $2, $3, $4, $5)")
        .bind(at)
        .bind(&read.actor)
        .bind(&read.operation)
        .bind(&read.fields)
        .bind(&read.subjects)
        .execute(pool)
        .await?;
    Ok(())
}

/// The reads before an entry, the newest first; of one actor only, or about one subject.
///
/// # Errors
/// The database failed.
pub async fn reads(
    pool: &PgPool,
    (actor, subject): (Option<&str>, Option<&str>),
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<RecordedRead>, sqlx::Error> {
    sqlx::query_as(
        "SELECT number, at, actor, operation, fields, subjects FROM read_trail \
         WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR subjects @> ARRAY[$2]) \
         AND ($3::bigint IS NULL OR number < $3) ORDER BY number DESC LIMIT $4",
    )
    .bind(actor)
    .bind(subject)
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
}

/// Where the trail stands; none while it is empty.
pub(crate) async fn tip(connection: &mut PgConnection) -> Result<Option<ReadTrailHead>, sqlx::Error> {
    let query = "SELECT number, chain FROM read_trail ORDER BY number DESC LIMIT 1";
    let row: Option<(i64, Vec<u8>)> = sqlx::query_as(query).fetch_optional(connection).await?;
    Ok(row.and_then(|(number, chain)| {
        Some(ReadTrailHead { number: number.unsigned_abs(), chain: Hash::try_from(chain).ok()? })
    }))
}

/// Deletes entries older than a year, except the last of them: the chain continues from it.
///
/// # Errors
/// The database failed.
pub async fn forget_old_reads(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let old = "DELETE FROM read_trail WHERE kept_from < now() - interval '1 year' AND number < \
        (SELECT max(number) FROM read_trail WHERE kept_from < now() - interval '1 year')";
    Ok(sqlx::query(old).execute(pool).await?.rows_affected())
}

/// Recomputes the trail's chain, from the oldest entry that is kept, and holds it against what the
/// checkpoints carry; how many entries there are.
///
/// # Errors
/// The first thing wrong, or that the database cannot be read.
pub async fn verify_reads(
    pool: &PgPool,
    held: &[CheckpointCopy],
) -> Result<u64, crate::integrity::verify::VerifyError> {
    let wrong: Option<i64> = sqlx::query_scalar(
        "SELECT min(number) FROM (SELECT number, chain, lag(number) OVER w AS before, \
            sha256(lag(chain) OVER w || convert_to(read_trail_text(number, at, actor, operation, fields, subjects), 'UTF8')) AS again, \
            sha256(convert_to(read_trail_text(number, at, actor, operation, fields, subjects), 'UTF8')) AS first \
            FROM read_trail WINDOW w AS (ORDER BY number)) t \
         WHERE (before IS NOT NULL AND (number <> before + 1 OR chain <> again)) \
            OR (before IS NULL AND number = 1 AND chain <> first)",
    )
    .fetch_one(pool)
    .await?;
    if let Some(number) = wrong {
        return Err(IntegrityViolation::ReadTrail { number: number.unsigned_abs() }.into());
    }
    let (first, last): (Option<i64>, Option<i64>) =
        sqlx::query_as("SELECT min(number), max(number) FROM read_trail").fetch_one(pool).await?;
    let (first, last) = (first.unwrap_or(0).unsigned_abs(), last.unwrap_or(0).unsigned_abs());
    for reads in held.iter().filter_map(|held| held.checkpoint.reads.as_ref()) {
        if first > 0 && reads.number < first {
            continue; // Deleted since.
        }
        let query = "SELECT chain FROM read_trail WHERE number = $1";
        let chain: Option<Vec<u8>> =
            sqlx::query_scalar(query).bind(reads.number.cast_signed()).fetch_optional(pool).await?;
        if chain.as_deref() != Some(reads.chain.as_slice()) {
            return Err(IntegrityViolation::ReadTrail { number: reads.number }.into());
        }
    }
    Ok(if first == 0 { 0 } else { last - first + 1 })
}
