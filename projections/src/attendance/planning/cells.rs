//! The cells and sessions a batch changes.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::{
    attendance::session::{Booking, BookingStatus, SessionEvent},
    shared::ids::{ActivityId, ChildId},
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{decode::asked, engine::projection::FoldError};

type SessionKey = (ActivityId, NaiveDate);

pub(super) type Decoded<'a> = (&'a RecordedEvent, SessionKey, SessionEvent);

type CellKey<'a> = (ChildId, &'a SessionKey);

#[derive(Default)]
struct Cell {
    booking: Option<Booking>,
    queued: Option<i64>,
    position: i64,
    /// Whether an earlier batch wrote it.
    stored: bool,
    changed: bool,
}

#[derive(Default)]
struct Occupancy {
    held: i32,
    waiting: i32,
    closes: Option<DateTime<Utc>>,
}

pub(super) struct Cells<'a> {
    cells: HashMap<CellKey<'a>, Cell>,
    sessions: HashMap<&'a SessionKey, Occupancy>,
}

impl<'a> Cells<'a> {
    /// Reads the cells a batch will change, in one query of one index look-up per cell (`OFFSET 0`
    /// keeps the planner from joining the whole table instead). A session that begins in the batch has
    /// none yet.
    pub(super) async fn load(
        decoded: &'a [Decoded<'a>],
        connection: &mut PgConnection,
    ) -> Result<Self, FoldError> {
        let mut cells: HashMap<CellKey<'a>, Cell> = HashMap::new();
        let mut begun: HashSet<&SessionKey> = HashSet::new();
        let mut wanted: Vec<CellKey<'a>> = vec![];
        for (event, session, change) in decoded {
            if event.sequence == 1 {
                begun.insert(session);
            }
            for child in change.children() {
                let key = (child, session);
                if let Entry::Vacant(vacant) = cells.entry(key) {
                    vacant.insert(Cell::default());
                    wanted.extend(Some(key).filter(|_| !begun.contains(session)));
                }
            }
        }
        if wanted.is_empty() {
            return Ok(Self { cells, sessions: HashMap::new() });
        }
        let (mut children, mut activities, mut dates) = (vec![], vec![], vec![]);
        for (child, (activity, date)) in &wanted {
            children.push(child.0);
            activities.push(activity.as_str());
            dates.push(*date);
        }
        let rows: Vec<(i64, String, Option<i64>)> = sqlx::query_as(
            "SELECT k.place, c.booking, c.queued \
             FROM unnest($1::uuid[], $2::text[], $3::date[]) WITH ORDINALITY AS k (child, activity, date, place) \
             CROSS JOIN LATERAL (SELECT * FROM cell WHERE cell.child = k.child AND cell.date = k.date \
                AND cell.activity = k.activity OFFSET 0) c",
        )
        .bind(children)
        .bind(activities)
        .bind(dates)
        .fetch_all(connection)
        .await?;
        for (place, booking, queued) in rows {
            let booking = serde_json::from_str(&booking).map_err(|e| sqlx::Error::Decode(e.into()))?;
            if let Some(cell) = asked(&wanted, place).and_then(|key| cells.get_mut(key)) {
                *cell = Cell { booking: Some(booking), queued, stored: true, ..Cell::default() };
            }
        }
        Ok(Self { cells, sessions: HashMap::new() })
    }

    pub(super) fn fold(&mut self, event: &RecordedEvent, session: &'a SessionKey, change: &SessionEvent) {
        let occupancy = self.sessions.entry(session).or_default();
        if let SessionEvent::ReservationWaitlisted { closes, .. } = change {
            occupancy.closes = Some(*closes);
        }
        for child in change.children() {
            let Some(cell) = self.cells.get_mut(&(child, session)) else { continue };
            let (held, waiting) = weight(cell.booking.as_ref());
            Booking::evolve(&mut cell.booking, child, change);
            let (holds, waits) = weight(cell.booking.as_ref());
            occupancy.held += holds - held;
            occupancy.waiting += waits - waiting;
            let queues = cell
                .booking
                .as_ref()
                .is_some_and(|b| matches!(b.status, BookingStatus::Waitlisted | BookingStatus::Offered));
            cell.queued = match (queues, cell.queued) {
                (true, None) => Some(event.position.cast_signed()),
                (true, kept) => kept,
                // A closed session keeps the order of those who wait.
                (false, kept) if matches!(change, SessionEvent::SessionClosed { .. }) => kept,
                (false, _) => None,
            };
            cell.position = event.position.cast_signed();
            cell.changed = true;
        }
    }

    pub(super) async fn flush(self, connection: &mut PgConnection) -> Result<(), FoldError> {
        let changed = self.cells.iter().filter(|(_, cell)| cell.changed);
        let mut changed: Vec<(CellKey<'_>, &Cell)> = changed.map(|(key, cell)| (*key, cell)).collect();
        changed.sort_unstable_by_key(|((child, session), _)| (*session, *child));
        let (mut new, mut known) = (Rows::default(), Rows::default());
        for (key, cell) in changed {
            if cell.stored { &mut known } else { &mut new }.push(key, cell)?;
        }
        new.write("", connection).await?;
        known
            .write(
                "ON CONFLICT (activity, date, child) DO UPDATE SET status = EXCLUDED.status, \
                    booking = EXCLUDED.booking, due = EXCLUDED.due, queued = EXCLUDED.queued, ended = NULL, \
                    position = EXCLUDED.position",
                connection,
            )
            .await?;
        let (mut activity, mut date, mut held, mut waiting, mut closes) =
            (vec![], vec![], vec![], vec![], vec![]);
        for (key, occupancy) in &self.sessions {
            activity.push(key.0.as_str());
            date.push(key.1);
            held.push(occupancy.held);
            waiting.push(occupancy.waiting);
            closes.push(occupancy.closes);
        }
        sqlx::query(
            "INSERT INTO session (activity, date, held, waiting, list_closes) \
             SELECT * FROM unnest($1::text[], $2::date[], $3::int[], $4::int[], $5::timestamptz[]) \
             ON CONFLICT (activity, date) DO UPDATE SET held = session.held + EXCLUDED.held, \
                waiting = session.waiting + EXCLUDED.waiting, \
                list_closes = coalesce(EXCLUDED.list_closes, session.list_closes)",
        )
        .bind(activity)
        .bind(date)
        .bind(held)
        .bind(waiting)
        .bind(closes)
        .execute(connection)
        .await?;
        Ok(())
    }
}

#[derive(Default)]
struct Rows<'a> {
    child: Vec<Uuid>,
    activity: Vec<&'a str>,
    date: Vec<NaiveDate>,
    status: Vec<&'static str>,
    booking: Vec<String>,
    due: Vec<Option<DateTime<Utc>>>,
    queued: Vec<Option<i64>>,
    position: Vec<i64>,
}

impl<'a> Rows<'a> {
    fn push(&mut self, (child, (activity, date)): CellKey<'a>, cell: &Cell) -> Result<(), sqlx::Error> {
        let Some(booking) = &cell.booking else { return Ok(()) };
        self.child.push(child.0);
        self.activity.push(activity.as_str());
        self.date.push(*date);
        self.status.push(booking.status.into());
        self.booking.push(serde_json::to_string(booking).map_err(|e| sqlx::Error::Encode(e.into()))?);
        self.due.push(booking.timer().map(|(_, at)| at));
        self.queued.push(cell.queued);
        self.position.push(cell.position);
        Ok(())
    }

    async fn write(self, on_conflict: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.child.is_empty() {
            return Ok(());
        }
        let query = format!(
            "INSERT INTO cell (child, activity, date, status, booking, due, queued, position) \
             SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::text[], $5::text[], \
                $6::timestamptz[], $7::bigint[], $8::bigint[]) {on_conflict}"
        );
        sqlx::query(&query)
            .bind(self.child)
            .bind(self.activity)
            .bind(self.date)
            .bind(self.status)
            .bind(self.booking)
            .bind(self.due)
            .bind(self.queued)
            .bind(self.position)
            .execute(connection)
            .await?;
        Ok(())
    }
}

fn weight(booking: Option<&Booking>) -> (i32, i32) {
    booking.map_or((0, 0), |b| (i32::from(b.holds_place()), i32::from(b.status == BookingStatus::Waitlisted)))
}
