//! Rows of the outbox and its deliveries.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use uuid::Uuid;

/// A message to send on a channel.
#[derive(Debug, Clone, FromRow)]
pub struct Due {
    /// Its id: the idempotency key of its delivery.
    pub id: Uuid,
    /// `EMAIL` or `SMS`.
    pub channel: String,
    /// What it says.
    pub template: String,
    /// To which family; none when a booking without a payer is meant.
    pub family: Option<String>,
    /// About which child.
    pub child: Option<Uuid>,
    /// About which activity.
    pub activity: Option<String>,
    /// About which days.
    pub dates: Vec<NaiveDate>,
}

/// A delivery that was given up.
#[derive(Debug, Clone, FromRow)]
pub struct AbandonedDelivery {
    /// Which message.
    pub notification: Uuid,
    /// Which channel.
    pub channel: String,
    /// What it says.
    pub template: String,
    /// How often it was tried.
    pub attempts: i32,
    /// What was wrong the last time.
    pub error: Option<String>,
    /// When it was given up.
    pub updated_at: DateTime<Utc>,
}
