//! What ends releases what follows it, and what is back brings it back, in the same append.
//!
//! Which sessions may be concerned is asked of the planning; what happens there is decided on the
//! sessions themselves. Nothing escapes: whoever books later reads the child and the activity, whose
//! versions the append checks; whatever was booked at that very moment is found by the planning when
//! it reaches the end in the log's order, and released by the clock (decision 37).

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::{
    attendance::session::{
        self, Act, BookingStatus, Latitude, ReleaseReason, Session, SessionCommand, SessionError, Whose,
    },
    attendance::terms::{Opening, Terms},
    catalogue::activity::{Activity, ActivityEvent},
    catalogue::calendar::{self, TownCalendar},
    families::child::Child,
    shared::ids::{ActivityId, ChildId},
};
use portail_event_store::{CommandError, UnitOfWork};
use portail_projections::attendance::planning;

use crate::{
    attendance::{command::Target, sessions},
    caller::Caller,
    outcome::{CommandOutcome, Rejection},
    services::{PATIENCE, Services},
};

/// A session, by its activity and day.
pub(crate) type SessionKey = (ActivityId, NaiveDate);

fn unavailable(error: impl std::fmt::Display) -> CommandError {
    CommandError::Unavailable(error.to_string())
}

impl Services {
    /// Lets the planning reach what is in the log by now, as far as it does in time: what it has not
    /// seen is released when it has.
    async fn planning_is_fresh(&self) -> Result<(), CommandError> {
        let head = self.log().read_head().await?;
        self.engine().wait_for(&[planning::NAME], head, PATIENCE).await;
        Ok(())
    }

    /// The sessions from a day on in which a child may have bookings.
    pub(crate) async fn sessions_of_child(
        &self,
        child: ChildId,
        activity: Option<&ActivityId>,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<Vec<SessionKey>, CommandError> {
        self.planning_is_fresh().await?;
        let cells = planning::cells(self.pool(), child, from, to).await.map_err(unavailable)?;
        let cells = cells.into_iter().filter(|cell| activity.is_none_or(|id| cell.activity == *id));
        Ok(cells.map(|cell| (cell.activity, cell.date)).collect())
    }

    /// The sessions of an activity with bookings from a day on.
    pub(crate) async fn sessions_of_activity(
        &self,
        activity: &ActivityId,
        from: NaiveDate,
    ) -> Result<Vec<SessionKey>, CommandError> {
        self.planning_is_fresh().await?;
        let dates = planning::booked_days(self.pool(), activity, from).await.map_err(unavailable)?;
        Ok(dates.into_iter().map(|date| (activity.clone(), date)).collect())
    }
}

/// Releases bookings in sessions. What has ended is recorded afterwards: until then the sessions
/// still have their terms.
pub(crate) async fn release(
    at: DateTime<Utc>,
    sessions: &[SessionKey],
    whose: &Whose,
    reason: ReleaseReason,
    work: &mut UnitOfWork<'_>,
) -> Result<(), CommandError> {
    load(sessions, work).await?;
    for (activity, date) in sessions {
        let calendar = work.get::<TownCalendar>(calendar::STREAM)?;
        let state = work.get::<Activity>(activity.as_str())?;
        // Without terms there is no session: nothing can be held in it.
        let Some(terms) = Terms::resolve(activity, &state, &calendar, *date) else { continue };
        decide(at, terms, Act::Release { whose: whose.clone(), reason }, work)?;
    }
    Ok(())
}

/// Restores what was released for reasons that no longer hold, where it still can stand.
pub(crate) async fn restore(
    at: DateTime<Utc>,
    sessions: &[SessionKey],
    whose: &Whose,
    reasons: &'static [ReleaseReason],
    work: &mut UnitOfWork<'_>,
) -> Result<(), CommandError> {
    load(sessions, work).await?;
    let mut targets = vec![];
    for (activity, date) in sessions {
        let session = work.get::<Session>(&session::stream_id(activity, *date))?;
        let released = session.bookings().filter(|(child, booking)| {
            booking.status == BookingStatus::Released
                && match whose {
                    Whose::Child { child: one, .. } => one == child,
                    Whose::Children(children) => children.contains(child),
                    Whose::Everybody => true,
                }
        });
        let payers = released.map(|(child, booking)| (child, booking.payer.clone()));
        let target = |child| Target { child, activity: activity.clone(), date: *date };
        targets.extend(payers.map(|(child, payer)| (target(child), payer)));
    }
    sessions::load(&targets.iter().map(|(target, _)| target.clone()).collect::<Vec<_>>(), work).await?;
    for of_session in targets.chunk_by(|(a, _), (b, _)| (&a.activity, a.date) == (&b.activity, b.date)) {
        let Some((Target { activity, date, .. }, _)) = of_session.first() else { continue };
        let calendar = work.get::<TownCalendar>(calendar::STREAM)?;
        let state = work.get::<Activity>(activity.as_str())?;
        let Some(terms) = Terms::resolve(activity, &state, &calendar, *date) else { continue };
        let (mut still, mut reserved_elsewhere) = (BTreeSet::new(), BTreeSet::new());
        for (target, payer) in of_session {
            let child = work.get::<Child>(&target.child.to_string())?;
            if child.enrolment(activity, payer, *date).is_some() {
                still.insert(target.child);
            }
            if !sessions::overlaps(target, work)?.is_empty() {
                reserved_elsewhere.insert(target.child);
            }
        }
        let whose = match whose {
            Whose::Everybody => Whose::Children(still),
            Whose::Child { .. } | Whose::Children(_) => whose.clone(),
        };
        decide(at, terms, Act::Restore { whose, reasons, reserved_elsewhere }, work)?;
    }
    Ok(())
}

async fn load(sessions: &[SessionKey], work: &mut UnitOfWork<'_>) -> Result<(), CommandError> {
    let activities: BTreeSet<String> = sessions.iter().map(|(activity, _)| activity.to_string()).collect();
    work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
    work.load::<Activity>(activities).await?;
    work.load::<Session>(sessions.iter().map(|(activity, date)| session::stream_id(activity, *date))).await?;
    Ok(())
}

fn decide(
    at: DateTime<Utc>,
    terms: Terms,
    act: Act,
    work: &mut UnitOfWork<'_>,
) -> Result<bool, CommandError> {
    let stream = session::stream_id(&terms.activity, terms.date);
    let command = SessionCommand { terms: Arc::new(terms), at, latitude: Latitude::default(), act };
    // A closed session restores nothing: its bookings are what they were when it reopens.
    let events = work.get::<Session>(&stream)?.decide(command).unwrap_or_default();
    let decided = !events.is_empty();
    work.record::<Session>(&stream, events)?;
    Ok(decided)
}

/// The clock: releases a booking that was made while what it follows from ended.
pub(crate) async fn leftover(
    caller: &Caller,
    target: &Target,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    let Target { child, activity, date } = target;
    sessions::load(std::slice::from_ref(target), work).await?;
    load(&[(activity.clone(), *date)], work).await?;
    let not_due = || Ok(CommandOutcome::rejected(Rejection::of(&SessionError::NotDue)));
    let session = work.get::<Session>(&session::stream_id(activity, *date))?;
    let Some(payer) = session.booking(*child).map(|booking| booking.payer.clone()) else {
        return not_due();
    };
    let (known, state) = (work.get::<Child>(&child.to_string())?, work.get::<Activity>(activity.as_str())?);
    let calendar = work.get::<TownCalendar>(calendar::STREAM)?;
    // An activity that has ended has the terms it had.
    let mut running = Activity::clone(&state);
    running.evolve(&ActivityEvent::ActivityReopened {});
    let Some(terms) = Terms::resolve(activity, &running, &calendar, *date) else { return not_due() };
    let reason = if state.settings_on(*date).is_none() {
        ReleaseReason::ActivityEnded
    } else if !known.belongs_to(&payer) {
        ReleaseReason::LeftFamily
    } else if known.enrolment(activity, &payer, *date).is_none() {
        ReleaseReason::EnrolmentEnded
    } else if terms.opening == Opening::NotOffered {
        ReleaseReason::NotOffered
    } else {
        return not_due();
    };
    let whose = Whose::Child { child: *child, payer };
    let recorded = decide(caller.at, terms, Act::Release { whose, reason }, work)?;
    if recorded { Ok(CommandOutcome { recorded, ..CommandOutcome::default() }) } else { not_due() }
}
