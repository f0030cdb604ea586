//! Commands about days: each asked day is decided by its session, all of them are one append.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::NaiveDate;
use portail_domain::{
    attendance::session::{self, Act, BookingStatus, Latitude, Session, SessionCommand, SessionError},
    attendance::terms::Terms,
    catalogue::activity::Activity,
    catalogue::calendar::{self, TownCalendar},
    families::child::{Child, ChildCommand},
    shared::ids::{ActivityId, ChildId, FamilyNumber},
    shared::sealed::{Place, Purpose},
};
use portail_event_store::{CommandError, NotLoaded, UnitOfWork, Vault};

use crate::{
    attendance::asked::{Asked, AskedDay, Day},
    attendance::command::Target,
    caller::{Caller, Role},
    outcome::{CommandOutcome, DayOutcome, DayResult, Rejection},
    sealing::seal,
};

/// Decides what is asked of each day: by its session, and all of them in one append.
pub(super) async fn decide(
    caller: &Caller,
    asked: &Asked<'_>,
    work: &mut UnitOfWork<'_>,
    vault: &Vault,
) -> Result<CommandOutcome, CommandError> {
    if let Some(error) = asked.fault() {
        return Ok(CommandOutcome::rejected(error));
    }
    if let (Role::Parent, Some(payer)) = (caller.role, asked.payer)
        && caller.family().as_ref() != Some(payer)
    {
        return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND").at(&["input"])));
    }
    let targets: Vec<Target> = asked.days.iter().map(|day| day.target.clone()).collect();
    load(&targets, work).await?;
    if let Some(error) = unknown(&targets, asked.payer, work)? {
        return Ok(CommandOutcome::rejected(error));
    }
    let mut outcome = CommandOutcome::default();
    let mut first_start = None;
    for target in &targets {
        let starts = terms(target, work)?.map(|terms| terms.starts);
        first_start = [first_start, starts].into_iter().flatten().min();
    }
    for (index, AskedDay { target, path }) in asked.days.iter().enumerate() {
        let Some(terms) = terms(target, work)? else {
            outcome.days.push(rejected_day(target, path, &SessionError::NotOffered));
            continue;
        };
        if asked.skips_closed_days && terms.require_open().is_err() {
            continue;
        }
        let day = Day {
            target,
            path,
            index: u16::try_from(index).unwrap_or(u16::MAX),
            terms: Arc::new(terms),
            child: work.get::<Child>(&target.child.to_string())?,
            overlaps: overlaps(target, work)?,
            first_start,
            note: match asked.note {
                Some(text) => {
                    Some(seal(vault, &target.child.to_string(), Purpose::Note, Place::Note, text).await?)
                }
                None => None,
            },
        };
        outcome.days.push(match (asked.act)(&day) {
            Ok(act) => day.decide(caller, act, work)?,
            Err(error) => day.refused(&error, work)?,
        });
    }
    if outcome.days.is_empty() {
        outcome.errors.push(Rejection::of_code("NO_DAYS").at(&["input", "pattern"]));
    }
    outcome.recorded = !work.is_empty();
    Ok(outcome)
}

/// Loads what the decisions on these days depend on: the town's calendar, the children, the
/// activities they are enrolled in, and every session at the same hours.
pub(crate) async fn load(targets: &[Target], work: &mut UnitOfWork<'_>) -> Result<(), CommandError> {
    let children: BTreeSet<ChildId> = targets.iter().map(|t| t.child).collect();
    work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
    work.load::<Child>(children.iter().map(ChildId::to_string)).await?;
    let mut activities: BTreeSet<ActivityId> = targets.iter().map(|t| t.activity.clone()).collect();
    for child in &children {
        let child = work.get::<Child>(&child.to_string())?;
        activities.extend(child.enrolments().iter().map(|e| e.activity.clone()));
    }
    work.load::<Activity>(activities.iter().map(ActivityId::to_string)).await?;
    let mut sessions = BTreeSet::new();
    for target in targets {
        sessions.insert(session::stream_id(&target.activity, target.date));
        for other in at_the_same_hours(target, work)? {
            sessions.insert(session::stream_id(&other, target.date));
        }
    }
    work.load::<Session>(sessions).await?;
    Ok(())
}

/// The child's other activities at the same hours of that day.
fn at_the_same_hours(target: &Target, work: &UnitOfWork<'_>) -> Result<Vec<ActivityId>, NotLoaded> {
    let activity = work.get::<Activity>(target.activity.as_str())?;
    let Some((_, settings)) = activity.settings_on(target.date) else { return Ok(vec![]) };
    let child = work.get::<Child>(&target.child.to_string())?;
    let others: BTreeSet<&ActivityId> =
        child.enrolments().iter().map(|e| &e.activity).filter(|other| **other != target.activity).collect();
    let mut overlapping = vec![];
    for other in others {
        let state = work.get::<Activity>(other.as_str())?;
        if state.settings_on(target.date).is_some_and(|(_, o)| o.overlaps(settings)) {
            overlapping.push(other.clone());
        }
    }
    Ok(overlapping)
}

/// The child's reservations in the way.
pub(crate) fn overlaps(target: &Target, work: &UnitOfWork<'_>) -> Result<Vec<ActivityId>, NotLoaded> {
    let mut blocked = vec![];
    for other in at_the_same_hours(target, work)? {
        let session = work.get::<Session>(&session::stream_id(&other, target.date))?;
        if session.booking(target.child).is_some_and(|b| b.status.blocks_hours()) {
            blocked.push(other);
        }
    }
    Ok(blocked)
}

pub(crate) fn terms(target: &Target, work: &UnitOfWork<'_>) -> Result<Option<Terms>, NotLoaded> {
    let activity = work.get::<Activity>(target.activity.as_str())?;
    let calendar = work.get::<TownCalendar>(calendar::STREAM)?;
    Ok(Terms::resolve(&target.activity, &activity, &calendar, target.date))
}

/// Unknown activities, unknown children and foreign children answer alike.
fn unknown(
    targets: &[Target],
    payer: Option<&FamilyNumber>,
    work: &UnitOfWork<'_>,
) -> Result<Option<Rejection>, NotLoaded> {
    for target in targets {
        if work.get::<Activity>(target.activity.as_str())?.latest().is_none() {
            return Ok(Some(Rejection::of_code("NOT_FOUND").at(&["input", "activityId"])));
        }
        let child = work.get::<Child>(&target.child.to_string())?;
        let known = match payer {
            Some(payer) => child.belongs_to(payer),
            None => child.families().next().is_some(),
        };
        if !known {
            return Ok(Some(Rejection::of_code("NOT_FOUND").at(&["input", "childId"])));
        }
    }
    Ok(None)
}

impl Day<'_> {
    fn decide(
        &self,
        caller: &Caller,
        act: Act,
        work: &mut UnitOfWork<'_>,
    ) -> Result<DayOutcome, CommandError> {
        let Target { child, activity, date } = self.target;
        let stream = session::stream_id(activity, *date);
        let asks_for_a_place = matches!(act, Act::Request { .. });
        let leave = if let Act::TakeLeave { payer, .. } = &act { Some(payer.clone()) } else { None };
        let latitude = match caller.role {
            Role::Staff | Role::Administrator => Latitude::Staff { reason: self.note.clone() },
            Role::Parent | Role::Auditor | Role::Timer => Latitude::Family,
        };
        let command_of = |act| SessionCommand { terms: self.terms.clone(), at: caller.at, latitude, act };
        let events = match work.get::<Session>(&stream)?.decide(command_of(act)) {
            Ok(events) => events,
            Err(error) => return Ok(self.refused(&error, work)?),
        };
        if let Some(payer) = leave {
            let count = ChildCommand::CountLeave { activity: activity.clone(), payer, date: *date };
            match work.get::<Child>(&child.to_string())?.decide(count) {
                Ok(counted) => work.record::<Child>(&child.to_string(), counted)?,
                Err(error) => return Ok(self.rejected(&error)),
            }
        }
        work.record::<Session>(&stream, events)?;
        let session = work.get::<Session>(&stream)?;
        let status = session.booking(*child).map(|b| b.status);
        // Recorded, and not what was asked for: the refusal says so beside the day.
        let refusal = session.booking(*child).and_then(|b| b.refusal.as_ref()).and_then(|r| r.capacity);
        let full = refusal.filter(|_| asks_for_a_place && status == Some(BookingStatus::Refused));
        Ok(DayOutcome {
            child: *child,
            activity: activity.clone(),
            date: *date,
            result: status.map_or(DayResult::Rejected, DayResult::Done),
            rank: session.rank(*child),
            error: full.map(|capacity| Rejection {
                path: self.path.to_vec(),
                ..Rejection::of(&SessionError::SessionFull(capacity))
            }),
        })
    }

    /// A rule of the session that is in the way; activities are told by the names families know.
    fn refused(&self, rule: &SessionError, work: &UnitOfWork<'_>) -> Result<DayOutcome, NotLoaded> {
        let mut names = BTreeMap::new();
        for activity in &self.overlaps {
            let state = work.get::<Activity>(activity.as_str())?;
            let settings = state.settings_on(self.target.date);
            names.extend(settings.map(|(_, settings)| (activity, settings.name.clone())));
        }
        let args = rule
            .args_named(|activity| names.get(activity).cloned())
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        let mut day = self.rejected(rule);
        if let Some(error) = &mut day.error {
            error.args = args.collect();
        }
        Ok(day)
    }

    fn rejected(&self, rule: &impl portail_domain::i18n::Rule) -> DayOutcome {
        rejected_day(self.target, self.path, rule)
    }
}

fn rejected_day(target: &Target, path: &[String], rule: &impl portail_domain::i18n::Rule) -> DayOutcome {
    DayOutcome {
        child: target.child,
        activity: target.activity.clone(),
        date: target.date,
        result: DayResult::Rejected,
        rank: None,
        error: Some(Rejection { path: path.to_vec(), ..Rejection::of(rule) }),
    }
}

/// Decides what is asked of a session as a whole.
pub(super) async fn decide_whole(
    caller: &Caller,
    activity: &ActivityId,
    date: NaiveDate,
    act: Act,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    let stream = session::stream_id(activity, date);
    work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
    work.load::<Activity>([activity.to_string()]).await?;
    work.load::<Session>([stream.clone()]).await?;
    let state = work.get::<Activity>(activity.as_str())?;
    let calendar = work.get::<TownCalendar>(calendar::STREAM)?;
    let Some(terms) = Terms::resolve(activity, &state, &calendar, date) else {
        return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND").at(&["input", "activityId"])));
    };
    let latitude = Latitude::default();
    let command = SessionCommand { terms: Arc::new(terms), at: caller.at, latitude, act };
    match work.get::<Session>(&stream)?.decide(command) {
        Ok(events) => {
            let mut outcome = CommandOutcome { recorded: !events.is_empty(), ..CommandOutcome::default() };
            if events.is_empty() {
                outcome.errors.push(Rejection::of_code("NOTHING_CHANGED"));
            }
            work.record::<Session>(&stream, events)?;
            Ok(outcome)
        }
        Err(error) => Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
}
