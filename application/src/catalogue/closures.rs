//! Closing and reopening days: the calendar and every concerned session, in one append.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use portail_domain::{
    attendance::session::{self, Act, Latitude, Session, SessionCommand},
    attendance::terms::Terms,
    catalogue::activity::Activity,
    catalogue::calendar::{self, CalendarCommand, Closure, ClosureScope, TownCalendar},
    catalogue::structure::Structure,
    shared::ids::{ActivityId, ChildId, ClosureId},
    shared::time::days,
};
use portail_event_store::{CommandError, UnitOfWork};
use uuid::Uuid;

use crate::{
    attendance::sessions as of_days,
    caller::Caller,
    command::{Command, Target},
    outcome::{CommandOutcome, Rejection},
    services::Services,
};

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &Command,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
    let before = work.get::<TownCalendar>(calendar::STREAM)?;
    let (decision, closure) = match command {
        Command::CloseDays { scope, from, to, reason } => {
            if let Some(error) = unknown_place(scope, work).await? {
                return Ok(CommandOutcome::rejected(error));
            }
            let closure = Closure {
                id: ClosureId(id),
                scope: scope.clone(),
                from: *from,
                to: *to,
                reason: *reason,
                announced: Some(caller.at),
            };
            (CalendarCommand::CloseDays(closure.clone()), Some(closure))
        }
        Command::ReopenDays { closure } => {
            (CalendarCommand::ReopenDays { closure: *closure }, before.closure_by_id(*closure).cloned())
        }
        _ => return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND"))),
    };
    let events = match before.decide(decision) {
        Ok(events) => events,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    };
    work.record::<TownCalendar>(calendar::STREAM, events)?;
    let Some(closure) = closure else {
        return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND")));
    };
    let known = services.catalogue().get().await.map_err(|e| CommandError::Unavailable(e.to_string()))?;
    work.load::<Activity>(known.activities.keys().map(ActivityId::to_string)).await?;
    let mut sessions: Vec<(ActivityId, NaiveDate)> = Vec::new();
    for activity in known.activities.keys() {
        let state = work.get::<Activity>(activity.as_str())?;
        for date in days(closure.from, closure.to) {
            let concerned =
                state.settings_on(date).is_some_and(|(_, s)| closure.scope.covers(&s.structure, activity));
            if concerned {
                sessions.push((activity.clone(), date));
            }
        }
    }
    work.load::<Session>(sessions.iter().map(|(a, d)| session::stream_id(a, *d))).await?;
    for (activity, date) in &sessions {
        let stream = session::stream_id(activity, *date);
        if work.get::<Session>(&stream)?.bookings().next().is_none() {
            continue;
        }
        let state = work.get::<Activity>(activity.as_str())?;
        let calendar = work.get::<TownCalendar>(calendar::STREAM)?;
        let Some(terms) = Terms::resolve(activity, &state, &calendar, *date) else { continue };
        let closed_now = terms.day.closed;
        let act = match (command, closed_now) {
            (Command::CloseDays { reason, .. }, _) => Act::Close { reason: *reason },
            // Another closure still covers the day.
            (_, Some(_)) => continue,
            _ => Act::Reopen { reserved_elsewhere: reserved_elsewhere(activity, *date, work).await? },
        };
        let latitude = Latitude::default();
        let command = SessionCommand { terms: Arc::new(terms), at: caller.at, latitude, act };
        // A session closed already stays so: nothing to do for it.
        if let Ok(events) = work.get::<Session>(&stream)?.decide(command) {
            work.record::<Session>(&stream, events)?;
        }
    }
    Ok(CommandOutcome::made(closure.id.to_string()))
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
