//! A moment of the log.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use portail_domain::shared::time::instant;
use sqlx::PgPool;
use uuid::Uuid;

/// A moment of the log: what was known then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After the event at a position.
    Position(u64),
    /// At the end of a day of the town.
    Date(NaiveDate),
    /// Before an event, by its id.
    Before(Uuid),
    /// After an event, by its id.
    After(Uuid),
}

/// There is no such moment.
#[derive(Debug, thiserror::Error)]
pub enum MomentError {
    /// It is not written as one.
    #[error("{0}: position=123, date=2015-04-10, before=ID or after=ID of an event is expected")]
    Malformed(String),
    /// The log does not reach it, or has no such event.
    #[error("the log knows no such moment")]
    Unknown,
    /// The log cannot be read.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl FromStr for Moment {
    type Err = MomentError;
    fn from_str(text: &str) -> Result<Self, MomentError> {
        let malformed = || MomentError::Malformed(text.to_owned());
        let (kind, value) = text.split_once('=').ok_or_else(malformed)?;
        let moment = match kind.trim() {
            "position" => value.trim().parse().ok().map(Self::Position),
            "date" => value.trim().parse().ok().map(Self::Date),
            "before" => value.trim().parse().ok().map(Self::Before),
            "after" => value.trim().parse().ok().map(Self::After),
            _ => None,
        };
        moment.ok_or_else(malformed)
    }
}

impl Moment {
    /// The last position known at the moment, and what the clock showed then.
    ///
    /// # Errors
    /// The log knows no such moment.
    pub async fn find(self, pool: &PgPool) -> Result<(u64, DateTime<Utc>), MomentError> {
        let (position, end) = match self {
            Self::Position(position) => (position.cast_signed(), None),
            Self::Date(date) => {
                let next = date.checked_add_days(Days::new(1)).ok_or(MomentError::Unknown)?;
                let end = instant(next, NaiveTime::MIN);
                let last = "SELECT max(position) FROM events WHERE recorded_at < $1";
                let last: Option<i64> = sqlx::query_scalar(last).bind(end).fetch_one(pool).await?;
                (last.ok_or(MomentError::Unknown)?, Some(end - chrono::Duration::seconds(1)))
            }
            Self::Before(event) | Self::After(event) => {
                let found = "SELECT position FROM events WHERE event_id = $1 ORDER BY position LIMIT 1";
                let found: Option<i64> = sqlx::query_scalar(found).bind(event).fetch_optional(pool).await?;
                let found = found.ok_or(MomentError::Unknown)?;
                (found - i64::from(matches!(self, Self::Before(_))), None)
            }
        };
        let found = "SELECT position, recorded_at FROM events WHERE position = $1";
        let found: Option<(i64, DateTime<Utc>)> =
            sqlx::query_as(found).bind(position).fetch_optional(pool).await?;
        let (position, recorded) = found.ok_or(MomentError::Unknown)?;
        // The clock of a day that is not over yet is the present's, whatever the day's end.
        Ok((position.unsigned_abs(), end.map_or(recorded, |end| end.max(recorded))))
    }
}
