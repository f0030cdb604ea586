//! So much in a span of time, and no more: kept in the database, so that it holds for all servers
//! together and after a restart.
//!
//! The generic cell rate algorithm: an allowance is one instant, at which all of it is free again.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::limits::Rate;

/// The allowance of somebody for something.
#[derive(Debug, Clone)]
pub struct Allowance {
    key: Vec<u8>,
    rate: Rate,
}

impl Allowance {
    /// Of whom, for what.
    pub fn new(kind: &str, who: &str, rate: Rate) -> Self {
        Self { key: digest(kind, who), rate }
    }

    fn step(&self) -> f64 {
        self.rate.span.as_secs_f64() / f64::from(self.rate.most)
    }

    /// Uses one; when none is left, the time after which there is one again.
    ///
    /// # Errors
    /// The database failed.
    pub async fn take(&self, pool: &PgPool) -> Result<Option<Duration>, sqlx::Error> {
        let taken = sqlx::query(
            "INSERT INTO allowance AS a (key, free_at) \
             VALUES ($1, clock_timestamp() + make_interval(secs => $2)) \
             ON CONFLICT (key) DO UPDATE SET \
                free_at = greatest(a.free_at, clock_timestamp()) + make_interval(secs => $2) \
             WHERE a.free_at + make_interval(secs => $2) <= clock_timestamp() + make_interval(secs => $3)",
        )
        .bind(&self.key)
        .bind(self.step())
        // What a clock rounds must not cost the last one.
        .bind(self.rate.span.as_secs_f64() + 0.001)
        .execute(pool)
        .await?;
        if taken.rows_affected() > 0 {
            return Ok(None);
        }
        let wait: Option<f64> = sqlx::query_scalar(
            "SELECT (extract(epoch FROM free_at - clock_timestamp()) + $2 - $3)::float8 FROM allowance WHERE key = $1",
        )
        .bind(&self.key)
        .bind(self.step())
        .bind(self.rate.span.as_secs_f64())
        .fetch_optional(pool)
        .await?;
        Ok(Some(Duration::from_secs_f64(wait.unwrap_or_default().clamp(1.0, 1e6))))
    }

    /// Gives one back that was not used.
    ///
    /// # Errors
    /// The database failed.
    pub async fn give_back(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE allowance SET free_at = free_at - make_interval(secs => $2) WHERE key = $1")
            .bind(&self.key)
            .bind(self.step())
            .execute(pool)
            .await?;
        Ok(())
    }

    /// Gives all of it back.
    ///
    /// # Errors
    /// The database failed.
    pub async fn clear(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM allowance WHERE key = $1").bind(&self.key).execute(pool).await?;
        Ok(())
    }
}

/// Remembers something about somebody for a time.
///
/// # Errors
/// The database failed.
pub async fn remember(pool: &PgPool, kind: &str, who: &str, time: Duration) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO allowance (key, free_at) VALUES ($1, clock_timestamp() + make_interval(secs => $2)) \
         ON CONFLICT (key) DO UPDATE SET free_at = EXCLUDED.free_at",
    )
    .bind(digest(kind, who))
    .bind(time.as_secs_f64())
    .execute(pool)
    .await?;
    Ok(())
}

/// Whether it is remembered.
///
/// # Errors
/// The database failed.
pub async fn is_remembered(pool: &PgPool, kind: &str, who: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM allowance WHERE key = $1 AND free_at > clock_timestamp())")
        .bind(digest(kind, who))
        .fetch_one(pool)
        .await
}

/// Forgets what means nothing any more.
///
/// # Errors
/// The database failed.
pub async fn forget(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM allowance WHERE free_at < clock_timestamp()").execute(pool).await?;
    Ok(())
}

fn digest(kind: &str, who: &str) -> Vec<u8> {
    Sha256::digest(format!("{kind}\0{who}")).to_vec()
}
