//! Rows of the outbox and its deliveries.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use uuid::Uuid;

use crate::decode::kept_as_text;

/// How a message leaves the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// By e-mail.
    Email,
    /// As a text message.
    Sms,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Template {
    /// A place is offered.
    PlaceOffered,
    /// A day is closed.
    DayClosed,
    /// Bookings were released.
    BookingsReleased,
    /// Bookings stand again.
    BookingsRestored,
    /// A reservation was granted.
    ReservationAccepted,
    /// A reservation waits for a place.
    ReservationWaitlisted,
    /// A reservation was cancelled.
    ReservationCancelled,
    /// A reservation was refused.
    ReservationRefused,
    /// An absence was decided.
    AbsenceDecided,
    /// A change of the file was accepted.
    ModificationAccepted,
    /// A change of the file was refused.
    ModificationRefused,
    /// A structure wrote.
    MessageReceived,
}

/// How a delivery ended, or that it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryStatus {
    /// It is tried, or tried again.
    Pending,
    /// It was sent.
    Sent,
    /// Nobody was to be told.
    Skipped,
    /// It was given up.
    Dead,
}
kept_as_text!(Channel, Template, DeliveryStatus);

/// A message to send on a channel.
#[derive(Debug, Clone, FromRow)]
pub struct Due {
    /// Its id: the idempotency key of its delivery.
    pub id: Uuid,
    /// How it is sent.
    pub channel: Channel,
    /// What it says.
    pub template: Template,
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
    pub channel: Channel,
    /// What it says.
    pub template: Template,
    /// How often it was tried.
    pub attempts: i32,
    /// What was wrong the last time.
    pub error: Option<String>,
    /// When it was given up.
    pub updated_at: DateTime<Utc>,
}
