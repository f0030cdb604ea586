//! What is asked of files that nothing refers to, and their deletion.

use std::time::Duration;

use sqlx::{Executor, PgPool};
use uuid::Uuid;

use super::rows::{UnreferencedFile, UnreferencedFiles};

/// How long a file that a command names is not deleted: longer than any command takes.
const CLAIM: &str = "interval '1 hour'";

/// What a login has sent that nothing refers to.
///
/// # Errors
/// The database failed.
pub async fn loose(pool: &PgPool, login: &str) -> Result<UnreferencedFiles, sqlx::Error> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE sha256 IS NULL) AS unfinished, coalesce(sum(size), 0)::bigint AS bytes \
         FROM attachment a WHERE uploaded_by = $1 \
            AND NOT EXISTS (SELECT FROM rm_attachments.attached r WHERE r.id = a.id)",
    )
    .bind(login)
    .fetch_one(pool)
    .await
}

/// Those of a login, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn loose_files(pool: &PgPool, login: &str) -> Result<Vec<UnreferencedFile>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, size, received, sha256 IS NOT NULL AS complete, started_at FROM attachment a \
         WHERE uploaded_by = $1 AND NOT EXISTS (SELECT FROM rm_attachments.attached r WHERE r.id = a.id) \
         ORDER BY started_at, id LIMIT 1000",
    )
    .bind(login)
    .fetch_all(pool)
    .await
}

/// Deletes a file of a login that nothing refers to and no command is naming; whether there was one.
///
/// # Errors
/// The database failed.
pub async fn delete_loose(pool: &PgPool, login: &str, id: Uuid) -> Result<bool, sqlx::Error> {
    let query = format!(
        "DELETE FROM attachment a WHERE id = $1 AND uploaded_by = $2 \
         AND (named_at IS NULL OR named_at < now() - {CLAIM}) AND {NOBODYS}"
    );
    Ok(sqlx::query(&query).bind(id).bind(login).execute(pool).await?.rows_affected() > 0)
}

/// Deletes what nobody has worked at for some time and nothing refers to; how many.
///
/// # Errors
/// The database failed.
pub async fn collect(pool: &PgPool, kept: Duration) -> Result<u64, sqlx::Error> {
    let query = format!(
        "DELETE FROM attachment a WHERE touched_at < now() - make_interval(secs => $1) \
         AND (named_at IS NULL OR named_at < now() - greatest({CLAIM}, make_interval(secs => $1))) AND {NOBODYS}"
    );
    let mut tx = pool.begin().await?;
    // One moment for what the log has and what the read model shows; a file that is named meanwhile ends
    // this in an error, and the next turn sees it.
    tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    let collected = sqlx::query(&query).bind(kept.as_secs_f64()).execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(collected)
}

/// A file nothing refers to: an unfinished upload, one that no command has ever named, or one the log is
/// known, to its end, not to name.
const NOBODYS: &str = "(sha256 IS NULL OR named_at IS NULL OR \
    (EXISTS (SELECT FROM projection p WHERE p.name = 'attachments' AND p.status = 'live' \
        AND p.position >= (SELECT coalesce(max(position), 0) FROM events)) \
     AND NOT EXISTS (SELECT FROM rm_attachments.attached r WHERE r.id = a.id)))";
