//! What is asked of the planning.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::{
    attendance::session::{Booking, Expires},
    shared::ids::{ActivityId, ChildId},
};
use sqlx::PgPool;
use uuid::Uuid;

/// A cell of the planning.
#[derive(Debug, Clone)]
pub struct CellRow {
    /// The child it is about.
    pub child: ChildId,
    /// Which activity.
    pub activity: ActivityId,
    /// Which day.
    pub date: NaiveDate,
    /// The booking.
    pub booking: Booking,
    /// The rank on the waiting list, from 1, while it waits.
    pub rank: Option<i64>,
    /// The last event that made it.
    pub position: u64,
}

type StoredCell = (Uuid, String, NaiveDate, String, Option<i64>, i64);

pub(crate) fn cell_row(
    (child, activity, date, booking, rank, position): StoredCell,
) -> Result<CellRow, sqlx::Error> {
    Ok(CellRow {
        child: ChildId(child),
        activity: activity
            .parse()
            .map_err(|e: portail_domain::shared::ids::IdError| sqlx::Error::Decode(e.into()))?,
        date,
        booking: serde_json::from_str(&booking).map_err(|e| sqlx::Error::Decode(e.into()))?,
        rank,
        position: position.unsigned_abs(),
    })
}

/// The rank of a cell `c` on the waiting list.
pub(crate) const RANK: &str = "CASE WHEN c.status = 'WAITLISTED' THEN (SELECT count(*) FROM rm_planning.cell o \
    WHERE o.activity = c.activity AND o.date = c.date AND o.status = 'WAITLISTED' AND o.queued <= c.queued) END";

fn select_cell(condition: &str) -> String {
    format!(
        "SELECT c.child, c.activity, c.date, c.booking, {RANK}, c.position FROM rm_planning.cell c WHERE {condition}"
    )
}

/// The cells of a child in a range of days.
///
/// # Errors
/// The database failed.
pub async fn cells(
    pool: &PgPool,
    child: ChildId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<CellRow>, sqlx::Error> {
    let query = select_cell("c.child = $1 AND c.date BETWEEN $2 AND $3");
    let rows: Vec<StoredCell> =
        sqlx::query_as(&query).bind(child.0).bind(from).bind(to).fetch_all(pool).await?;
    rows.into_iter().map(cell_row).collect()
}

/// The cells of a session, in the order their requests came.
///
/// # Errors
/// The database failed.
pub async fn session_cells(
    pool: &PgPool,
    activity: &ActivityId,
    date: NaiveDate,
) -> Result<Vec<CellRow>, sqlx::Error> {
    let query = select_cell("c.activity = $1 AND c.date = $2 ORDER BY c.child");
    let rows: Vec<StoredCell> =
        sqlx::query_as(&query).bind(activity.as_str()).bind(date).fetch_all(pool).await?;
    rows.into_iter().map(cell_row).collect()
}

/// The days from one on for which an activity has bookings of any kind.
///
/// # Errors
/// The database failed.
pub async fn booked_days(
    pool: &PgPool,
    activity: &ActivityId,
    from: NaiveDate,
) -> Result<Vec<NaiveDate>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT date FROM rm_planning.cell WHERE activity = $1 AND date >= $2 ORDER BY date",
    )
    .bind(activity.as_str())
    .bind(from)
    .fetch_all(pool)
    .await
}

/// How many places are held and how many children wait, per session of a range.
///
/// # Errors
/// The database failed.
pub async fn occupancy(
    pool: &PgPool,
    activities: &[String],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<(String, NaiveDate), (i32, i32)>, sqlx::Error> {
    let rows: Vec<(String, NaiveDate, i32, i32)> = sqlx::query_as(
        "SELECT activity, date, held, waiting FROM rm_planning.session \
         WHERE activity = ANY($1) AND date BETWEEN $2 AND $3",
    )
    .bind(activities)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(a, d, held, waiting)| ((a, d), (held, waiting))).collect())
}

/// Something a timer must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    /// A child's offer or certificate ran out.
    Booking {
        /// The child it is about.
        child: ChildId,
        /// Which activity.
        activity: ActivityId,
        /// Which day.
        date: NaiveDate,
        /// Which of them.
        expires: Expires,
        /// When it was due.
        at: DateTime<Utc>,
    },
    /// A booking stands although what it followed from has ended.
    Leftover {
        /// The child it is about.
        child: ChildId,
        /// Which activity.
        activity: ActivityId,
        /// Which day.
        date: NaiveDate,
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// A session's waiting list closes.
    WaitingList {
        /// Which activity.
        activity: ActivityId,
        /// Which day.
        date: NaiveDate,
        /// When it closes.
        at: DateTime<Utc>,
    },
}

/// What is due, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn due(pool: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<Vec<Due>, sqlx::Error> {
    type Row = (Option<Uuid>, String, NaiveDate, Option<String>, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "(SELECT child, activity, date, booking, due FROM rm_planning.cell WHERE due < $1 ORDER BY due LIMIT $2) \
         UNION ALL \
         (SELECT child, activity, date, NULL, ended FROM rm_planning.cell WHERE ended IS NOT NULL \
          ORDER BY ended LIMIT $2) \
         UNION ALL \
         (SELECT NULL, activity, date, NULL, list_closes FROM rm_planning.session \
          WHERE waiting > 0 AND list_closes < $1 ORDER BY list_closes LIMIT $2)",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(child, activity, date, booking, at)| {
            let activity = activity
                .parse()
                .map_err(|e: portail_domain::shared::ids::IdError| sqlx::Error::Decode(e.into()))?;
            Ok(match (child, booking) {
                (Some(child), Some(booking)) => {
                    let booking: Booking =
                        serde_json::from_str(&booking).map_err(|e| sqlx::Error::Decode(e.into()))?;
                    let Some((expires, _)) = booking.timer() else {
                        return Err(sqlx::Error::Decode(
                            "a booking is due that nothing is awaited of".into(),
                        ));
                    };
                    Due::Booking { child: ChildId(child), activity, date, expires, at }
                }
                (Some(child), None) => Due::Leftover { child: ChildId(child), activity, date, at },
                (None, _) => Due::WaitingList { activity, date, at },
            })
        })
        .collect()
}
