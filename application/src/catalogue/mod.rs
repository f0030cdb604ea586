//! Commands about what the town offers, and about its calendar.

mod closures;
pub mod command;

use chrono::NaiveDate;
use portail_domain::{
    attendance::session::{ReleaseReason, Whose},
    attendance::terms::{Opening, Terms},
    catalogue::activity::{Activity, ActivityCommand, ActivitySettings},
    catalogue::calendar::{self, CalendarCommand, TownCalendar},
    catalogue::structure::{Structure, StructureCommand},
    shared::ids::{ActivityId, StructureId},
    shared::time::FIRST_DAY,
};
use portail_event_store::{CommandError, UnitOfWork};
use uuid::Uuid;

use crate::{
    attendance::ends,
    caller::Caller,
    catalogue::{closures::Closing, command::CatalogueCommand},
    outcome::{CommandOutcome, Rejection},
    services::Services,
};

type Decided = Result<CommandOutcome, CommandError>;

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &CatalogueCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Decided {
    let deciding = Deciding { caller, services };
    let closing = Closing { caller, services };
    match command {
        CatalogueCommand::CloseDays { scope, from, to, reason } => {
            closing.close(id, scope, (*from, *to), *reason, work).await
        }
        CatalogueCommand::ReopenDays { closure } => closing.reopen(*closure, work).await,
        CatalogueCommand::AdoptZone { zone, from } => {
            deciding.calendar(CalendarCommand::AdoptZone { zone: *zone, from: *from }, *from, work).await
        }
        CatalogueCommand::AdoptRegion { region, from } => {
            deciding
                .calendar(CalendarCommand::AdoptRegion { region: *region, from: *from }, *from, work)
                .await
        }
        CatalogueCommand::EnterSchoolYear { year, holidays } => {
            let enter = CalendarCommand::EnterSchoolYear { year: *year, holidays: holidays.clone() };
            deciding.calendar(enter, first_day(*year), work).await
        }
        CatalogueCommand::DefineStructure { id, name } => {
            structure(id, StructureCommand::Define { name: name.clone() }, work).await
        }
        CatalogueCommand::RenameStructure { id, name } => {
            structure(id, StructureCommand::Rename { name: name.clone() }, work).await
        }
        CatalogueCommand::RetireStructure { id, from } => {
            deciding.end_structure(id, StructureCommand::Retire { from: *from }, work).await
        }
        CatalogueCommand::ReopenStructure { id } => {
            deciding.end_structure(id, StructureCommand::Reopen, work).await
        }
        CatalogueCommand::DefineActivity { id, settings } => {
            if let Some(error) = no_structure(&settings.structure, work).await? {
                return Ok(CommandOutcome::rejected(error));
            }
            deciding.activity(id, ActivityCommand::Define { settings: settings.clone() }, work).await
        }
        CatalogueCommand::ChangeActivity { id, changes, from } => {
            if let Some(structure) = &changes.structure
                && let Some(error) = no_structure(structure, work).await?
            {
                return Ok(CommandOutcome::rejected(error));
            }
            let change = ActivityCommand::ChangeSettings { changes: changes.clone(), from: *from };
            deciding.activity(id, change, work).await
        }
        CatalogueCommand::RetireActivity { id, from } => {
            deciding.activity(id, ActivityCommand::Retire { from: *from }, work).await
        }
        CatalogueCommand::ReopenActivity { id } => deciding.activity(id, ActivityCommand::Reopen, work).await,
    }
}

async fn structure(id: &StructureId, command: StructureCommand, work: &mut UnitOfWork<'_>) -> Decided {
    work.load::<Structure>([id.to_string()]).await?;
    match work.get::<Structure>(id.as_str())?.decide(command) {
        Ok(events) => work.record::<Structure>(id.as_str(), events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(id.as_str()))
}

/// Why an activity cannot belong to a structure.
async fn no_structure(
    id: &StructureId,
    work: &mut UnitOfWork<'_>,
) -> Result<Option<Rejection>, CommandError> {
    work.load::<Structure>([id.to_string()]).await?;
    let known = work.get::<Structure>(id.as_str())?;
    let code = match (&known.name, known.retired_from) {
        (None, _) => "NOT_FOUND",
        (Some(_), Some(_)) => "STRUCTURE_RETIRED",
        (Some(_), None) => return Ok(None),
    };
    Ok(Some(Rejection::of_code(code).at(&["input", "settings", "structureId"])))
}

/// The first day of a school year.
fn first_day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 9, 1).unwrap_or(FIRST_DAY)
}

struct Deciding<'a> {
    caller: &'a Caller,
    services: &'a Services,
}

impl Deciding<'_> {
    /// Decides a command to the calendar, with what it does to what was booked from a day on: days
    /// that are no longer offered release it, days that are again bring it back.
    async fn calendar(
        &self,
        command: CalendarCommand,
        from: NaiveDate,
        work: &mut UnitOfWork<'_>,
    ) -> Decided {
        work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
        let before = work.get::<TownCalendar>(calendar::STREAM)?;
        let events = match before.decide(command) {
            Ok(events) => events,
            Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
        };
        let mut after = TownCalendar::clone(&before);
        events.iter().for_each(|event| after.evolve(event));
        let (mut gone, mut back) = (vec![], vec![]);
        for id in self.activities(work).await? {
            let state = work.get::<Activity>(id.as_str())?;
            for (id, date) in self.services.sessions_of_activity(&id, from).await? {
                let is_open = |calendar: &TownCalendar| {
                    Terms::resolve(&id, &state, calendar, date).is_some_and(|t| t.require_open().is_ok())
                };
                match (is_open(&before), is_open(&after)) {
                    (true, false) => gone.push((id, date)),
                    (false, true) => back.push((id, date)),
                    (true, true) | (false, false) => {}
                }
            }
        }
        let reason = ReleaseReason::NotOffered;
        ends::release(self.caller.at, &gone, &Whose::Everybody, reason, work).await?;
        work.record::<TownCalendar>(calendar::STREAM, events)?;
        ends::restore(self.caller.at, &back, &Whose::Everybody, &[ReleaseReason::NotOffered], work).await?;
        Ok(CommandOutcome::made(calendar::STREAM))
    }

    /// The activities of the town, loaded.
    async fn activities(&self, work: &mut UnitOfWork<'_>) -> Result<Vec<ActivityId>, CommandError> {
        let catalogue = self.services.catalogue().get().await;
        let catalogue = catalogue.map_err(|e| CommandError::Unavailable(e.to_string()))?;
        let activities: Vec<ActivityId> = catalogue.activities.keys().cloned().collect();
        work.load::<Activity>(activities.iter().map(ActivityId::to_string)).await?;
        Ok(activities)
    }

    /// Decides a command to an activity, with what it does to what was booked.
    async fn activity(
        &self,
        id: &ActivityId,
        command: ActivityCommand,
        work: &mut UnitOfWork<'_>,
    ) -> Decided {
        work.load::<Activity>([id.to_string()]).await?;
        let before = work.get::<Activity>(id.as_str())?;
        let ended = before.retired_from();
        let events = match before.decide(command.clone()) {
            Ok(events) => events,
            Err(error) => {
                return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input", "settings"])));
            }
        };
        match command {
            ActivityCommand::Define { .. } => work.record::<Activity>(id.as_str(), events)?,
            ActivityCommand::Retire { from } => {
                let sessions = self.services.sessions_of_activity(id, from).await?;
                let reason = ReleaseReason::ActivityEnded;
                ends::release(self.caller.at, &sessions, &Whose::Everybody, reason, work).await?;
                work.record::<Activity>(id.as_str(), events)?;
            }
            ActivityCommand::Reopen => {
                work.record::<Activity>(id.as_str(), events)?;
                let Some(from) = ended else { return Ok(CommandOutcome::made(id.as_str())) };
                let sessions = self.services.sessions_of_activity(id, from).await?;
                let reasons = &[ReleaseReason::ActivityEnded];
                ends::restore(self.caller.at, &sessions, &Whose::Everybody, reasons, work).await?;
            }
            ActivityCommand::ChangeSettings { from, .. } => {
                let mut after = Activity::clone(&before);
                events.iter().for_each(|event| after.evolve(event));
                work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
                let calendar = work.get::<TownCalendar>(calendar::STREAM)?;
                let (gone, kept): (Vec<_>, Vec<_>) =
                    self.services.sessions_of_activity(id, from).await?.into_iter().partition(|(_, date)| {
                        let terms = Terms::resolve(id, &after, &calendar, *date);
                        terms.is_none_or(|terms| terms.opening == Opening::NotOffered)
                    });
                let reason = ReleaseReason::NotOffered;
                ends::release(self.caller.at, &gone, &Whose::Everybody, reason, work).await?;
                work.record::<Activity>(id.as_str(), events)?;
                let reasons = &[ReleaseReason::NotOffered];
                ends::restore(self.caller.at, &kept, &Whose::Everybody, reasons, work).await?;
            }
        }
        Ok(CommandOutcome::made(id.as_str()))
    }

    /// Ends or reopens a structure with its activities: all that run when it ends, and those that
    /// ended with it when it is back.
    async fn end_structure(
        &self,
        id: &StructureId,
        command: StructureCommand,
        work: &mut UnitOfWork<'_>,
    ) -> Decided {
        work.load::<Structure>([id.to_string()]).await?;
        let ended = work.get::<Structure>(id.as_str())?.retired_from;
        let outcome = structure(id, command.clone(), work).await?;
        if !outcome.errors.is_empty() {
            return Ok(outcome);
        }
        for activity in &self.activities(work).await? {
            let state = work.get::<Activity>(activity.as_str())?;
            if state.latest().is_none_or(|settings: &ActivitySettings| settings.structure != *id) {
                continue;
            }
            let own = match (&command, state.retired_from()) {
                (StructureCommand::Retire { from }, None) => ActivityCommand::Retire { from: *from },
                (StructureCommand::Reopen, retired) if retired.is_some() && retired == ended => {
                    ActivityCommand::Reopen
                }
                (StructureCommand::Retire { .. } | StructureCommand::Reopen, _)
                | (StructureCommand::Define { .. } | StructureCommand::Rename { .. }, _) => continue,
            };
            let decided = self.activity(activity, own, work).await?;
            if !decided.errors.is_empty() {
                return Ok(decided);
            }
        }
        Ok(outcome)
    }
}
