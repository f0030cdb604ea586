//! Commands about what the town offers.

use portail_domain::{
    activity::{Activity, ActivityCommand},
    calendar::{self, CalendarCommand, TownCalendar},
    ids::StructureId,
    structure::{Structure, StructureCommand},
};
use portail_event_store::{CommandError, UnitOfWork};

use super::{Command, CommandOutcome, Rejection};

pub(super) async fn decide(
    command: &Command,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    match command {
        Command::AdoptZone { zone, from } => {
            work.load::<TownCalendar>([calendar::STREAM.to_owned()]).await?;
            let calendar = work.get::<TownCalendar>(calendar::STREAM);
            match calendar.decide(CalendarCommand::AdoptZone { zone: *zone, from: *from }) {
                Ok(events) => work.record::<TownCalendar>(calendar::STREAM, events)?,
                Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error))),
            }
            Ok(CommandOutcome::made(calendar::STREAM))
        }
        Command::DefineStructure { id, name } => {
            structure(id, StructureCommand::Define { name: name.clone() }, work).await
        }
        Command::RenameStructure { id, name } => {
            structure(id, StructureCommand::Rename { name: name.clone() }, work).await
        }
        Command::DefineActivity { id, settings } => {
            let define = ActivityCommand::Define { settings: settings.clone() };
            activity(id.as_str(), Some(&settings.structure), define, work).await
        }
        Command::ChangeActivity { id, settings, from } => {
            let change = ActivityCommand::ChangeSettings { settings: settings.clone(), from: *from };
            activity(id.as_str(), Some(&settings.structure), change, work).await
        }
        Command::RetireActivity { id, from } => {
            activity(id.as_str(), None, ActivityCommand::Retire { from: *from }, work).await
        }
        _ => Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND"))),
    }
}

async fn structure(
    id: &StructureId,
    command: StructureCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Structure>([id.to_string()]).await?;
    match work.get::<Structure>(id.as_str()).decide(command) {
        Ok(events) => work.record::<Structure>(id.as_str(), events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(id.as_str()))
}

async fn activity(
    id: &str,
    structure: Option<&StructureId>,
    command: ActivityCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Activity>([id.to_owned()]).await?;
    if let Some(structure) = structure {
        work.load::<Structure>([structure.to_string()]).await?;
        if work.get::<Structure>(structure.as_str()).name.is_none() {
            let error = Rejection::of_code("NOT_FOUND").at(&["input", "settings", "structureId"]);
            return Ok(CommandOutcome::rejected(error));
        }
    }
    match work.get::<Activity>(id).decide(command) {
        Ok(events) => work.record::<Activity>(id, events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input", "settings"]))),
    }
    Ok(CommandOutcome::made(id))
}
