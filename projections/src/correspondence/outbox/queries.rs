//! What is asked of the outbox, and how far deliveries got.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::rows::{AbandonedDelivery, Channel, DeliveryStatus, Due};

/// What is to be sent now: of what happened since `since`, whole commands only (a command's days
/// are one message), never tried or due again.
///
/// # Errors
/// The database failed.
pub async fn due(
    pool: &PgPool,
    channels: &[Channel],
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as(
        "SELECT m.id, h.channel, m.template, m.child, m.activity, m.dates, coalesce(m.family, ( \
            SELECT c.booking::json->>'payer' FROM rm_planning.cell c \
            WHERE c.child = m.child AND c.activity = m.activity AND c.date = m.dates[1])) AS family \
         FROM rm_outbox.message m \
         JOIN command_log l ON l.command_id = m.command \
         JOIN projection p ON p.name = 'outbox' AND p.status = 'live' AND p.position >= l.position \
         CROSS JOIN unnest($1::text[]) AS h (channel) \
         LEFT JOIN delivery d ON d.notification = m.id AND d.channel = h.channel \
         WHERE m.occurred >= $2 AND (d.status IS NULL OR (d.status = 'PENDING' AND d.next_at <= now())) \
         ORDER BY m.line LIMIT $3",
    )
    .bind(channels.iter().map(<&str>::from).collect::<Vec<_>>())
    .bind(since)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Claims a delivery until a moment; how often it was tried then, none when another node has it.
/// Should this process die, it is due again at that moment: at least once.
///
/// # Errors
/// The database failed.
pub async fn claim(pool: &PgPool, message: &Due, lease_seconds: f64) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO delivery (notification, channel, status, attempts, next_at) \
         VALUES ($1, $2, 'PENDING', 1, now() + make_interval(secs => $3)) \
         ON CONFLICT (notification, channel) DO UPDATE SET attempts = delivery.attempts + 1, \
            next_at = EXCLUDED.next_at, updated_at = now() \
         WHERE delivery.status = 'PENDING' AND delivery.next_at <= now() RETURNING attempts",
    )
    .bind(message.id)
    .bind(message.channel)
    .bind(lease_seconds)
    .fetch_optional(pool)
    .await
}

/// Notes how a claimed delivery ended, or when it is tried again.
///
/// # Errors
/// The database failed.
pub async fn settle(
    pool: &PgPool,
    message: &Due,
    status: DeliveryStatus,
    retry_seconds: f64,
    error: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE delivery SET status = $3, error = $4, next_at = now() + make_interval(secs => $5), \
            updated_at = now() WHERE notification = $1 AND channel = $2",
    )
    .bind(message.id)
    .bind(message.channel)
    .bind(status)
    .bind(error)
    .bind(retry_seconds)
    .execute(pool)
    .await?;
    Ok(())
}

/// The deliveries that were given up, the latest first.
///
/// # Errors
/// The database failed.
pub async fn dead(pool: &PgPool, limit: i64) -> Result<Vec<AbandonedDelivery>, sqlx::Error> {
    sqlx::query_as(
        "SELECT d.notification, d.channel, m.template, d.attempts, d.error, d.updated_at FROM delivery d \
         JOIN rm_outbox.message m ON m.id = d.notification WHERE d.status = 'DEAD' \
         ORDER BY d.updated_at DESC LIMIT $1",
    )
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Tries a given-up delivery again; whether there was one.
///
/// # Errors
/// The database failed.
pub async fn retry(pool: &PgPool, notification: Uuid, channel: Channel) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query(
        "UPDATE delivery SET status = 'PENDING', attempts = 0, next_at = now(), updated_at = now() \
         WHERE notification = $1 AND channel = $2 AND status = 'DEAD'",
    )
    .bind(notification)
    .bind(channel)
    .execute(pool)
    .await?;
    Ok(updated.rows_affected() == 1)
}
