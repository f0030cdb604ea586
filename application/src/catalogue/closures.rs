//! Closing and reopening days: the calendar and every concerned session, in one append.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use portail_domain::{
    attendance::session::{self, Act, Latitude, Session, SessionCommand},
    attendance::terms::Terms,
    catalogue::activity::Activity,
    catalogue::calendar::{self, CalendarCommand, Closure, ClosureReason, ClosureScope, TownCalendar},
    catalogue::structure::Structure,
    shared::ids::{ActivityId, ChildId, ClosureId},
    shared::time::days,
};
use portail_event_store::{CommandError, NotLoaded, UnitOfWork};
use uuid::Uuid;

use crate::{
    attendance::{command::Target, sessions as of_days},
    caller::Caller,
    outcome::{CommandOutcome, Rejection},
    services::Services,
};

pub(super) struct Closing<'a> {
    pub(super) caller: &'a Caller,
    pub(super) services: &'a Services,
}

impl Closing<'_> {
    /// Closes days of a place: what is booked there is excused.
    pub(super) async fn close(
        &self,
        id: Uuid,
        scope: &ClosureScope,
        (from, to): (NaiveDate, NaiveDate),
        reason: ClosureReason,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        if let Some(error) = unknown_place(scope, work).await? {
            return Ok(CommandOutcome::rejected(error));
        }
        let closure = Closure {
            id: ClosureId(id),
            scope: scope.clone(),
            from,
            to,
            reason,
            announced: Some(self.caller.at),
        };
        work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
        let close = CalendarCommand::CloseDays(closure.clone());
        if let Err(error) = record(close, work)? {
            return Ok(CommandOutcome::rejected(error));
        }
        for (activity, date) in self.concerned(&closure, work).await? {
            if let Some(terms) = terms(&activity, date, work)? {
                self.decide(terms, Act::Close { reason }, work)?;
            }
        }
        Ok(CommandOutcome::made(closure.id.to_string()))
    }

    /// Takes a closure back: what was booked stands again, where no other closure covers its day.
    pub(super) async fn reopen(
        &self,
        closure: ClosureId,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
        let before = work.get::<TownCalendar>(calendar::STREAM)?;
        if let Err(error) = record(CalendarCommand::ReopenDays { closure }, work)? {
            return Ok(CommandOutcome::rejected(error));
        }
        let Some(closure) = before.closure_by_id(closure) else {
            return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND")));
        };
        for (activity, date) in self.concerned(closure, work).await? {
            let Some(terms) = terms(&activity, date, work)?.filter(|terms| terms.day.closed.is_none()) else {
                continue;
            };
            let reserved_elsewhere = reserved_elsewhere(&activity, date, work).await?;
            self.decide(terms, Act::Reopen { reserved_elsewhere }, work)?;
        }
        Ok(CommandOutcome::made(closure.id.to_string()))
    }

    /// The sessions a closure covers in which something is booked, loaded.
    async fn concerned(
        &self,
        closure: &Closure,
        work: &mut UnitOfWork<'_>,
    ) -> Result<Vec<(ActivityId, NaiveDate)>, CommandError> {
        let known = self.services.catalogue().get().await;
        let known = known.map_err(|e| CommandError::Unavailable(e.to_string()))?;
        work.load::<Activity>(known.activities.keys().map(ActivityId::to_string)).await?;
        let mut sessions: Vec<(ActivityId, NaiveDate)> = Vec::new();
        for activity in known.activities.keys() {
            let state = work.get::<Activity>(activity.as_str())?;
            let is_covered = |date: &NaiveDate| {
                state.settings_on(*date).is_some_and(|(_, s)| closure.scope.covers(&s.structure, activity))
            };
            let covered = days(closure.from, closure.to).filter(is_covered);
            sessions.extend(covered.map(|date| (activity.clone(), date)));
        }
        work.load::<Session>(sessions.iter().map(|(a, d)| session::stream_id(a, *d))).await?;
        let mut concerned = vec![];
        for (activity, date) in sessions {
            let session = work.get::<Session>(&session::stream_id(&activity, date))?;
            if session.bookings().next().is_some() {
                concerned.push((activity, date));
            }
        }
        Ok(concerned)
    }

    fn decide(&self, terms: Terms, act: Act, work: &mut UnitOfWork<'_>) -> Result<(), CommandError> {
        let stream = session::stream_id(&terms.activity, terms.date);
        let (terms, latitude) = (Arc::new(terms), Latitude::default());
        let command = SessionCommand { terms, at: self.caller.at, latitude, act };
        // A session closed already stays so: nothing to do for it.
        if let Ok(events) = work.get::<Session>(&stream)?.decide(command) {
            work.record::<Session>(&stream, events)?;
        }
        Ok(())
    }
}

/// Lets the calendar decide; what it refuses is the answer.
fn record(
    command: CalendarCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<Result<(), Rejection>, CommandError> {
    match work.get::<TownCalendar>(calendar::STREAM)?.decide(command) {
        Ok(events) => work.record::<TownCalendar>(calendar::STREAM, events)?,
        Err(error) => return Ok(Err(Rejection::of(&error).at(&["input"]))),
    }
    Ok(Ok(()))
}

/// The terms of a session as the calendar has them by now.
fn terms(activity: &ActivityId, date: NaiveDate, work: &UnitOfWork<'_>) -> Result<Option<Terms>, NotLoaded> {
    let state = work.get::<Activity>(activity.as_str())?;
    let calendar = work.get::<TownCalendar>(calendar::STREAM)?;
    Ok(Terms::resolve(activity, &state, &calendar, date))
}

/// Why there is nothing to close: the place is not the town's.
async fn unknown_place(
    scope: &ClosureScope,
    work: &mut UnitOfWork<'_>,
) -> Result<Option<Rejection>, CommandError> {
    let (is_known, field) = match scope {
        ClosureScope::Town => return Ok(None),
        ClosureScope::Structure(id) => {
            work.load::<Structure>([id.to_string()]).await?;
            (work.get::<Structure>(id.as_str())?.name.is_some(), "structureId")
        }
        ClosureScope::Activity(id) => {
            work.load::<Activity>([id.to_string()]).await?;
            (work.get::<Activity>(id.as_str())?.latest().is_some(), "activityId")
        }
    };
    Ok((!is_known).then(|| Rejection::of_code("NOT_FOUND").at(&["input", "scope", field])))
}

/// Children of a closed session who are reserved at the same hours elsewhere by now.
async fn reserved_elsewhere(
    activity: &ActivityId,
    date: NaiveDate,
    work: &mut UnitOfWork<'_>,
) -> Result<BTreeSet<ChildId>, CommandError> {
    let session = work.get::<Session>(&session::stream_id(activity, date))?;
    let targets: Vec<Target> =
        session.bookings().map(|(child, _)| Target { child, activity: activity.clone(), date }).collect();
    of_days::load(&targets, work).await?;
    let mut blocked = BTreeSet::new();
    for target in &targets {
        if !of_days::overlaps(target, work)?.is_empty() {
            blocked.insert(target.child);
        }
    }
    Ok(blocked)
}
