//! Commands about régies, tariffs, and who bears what a child costs.

use chrono::NaiveDate;
use portail_domain::{
    catalogue::activity::Activity,
    families::child::{Child, ChildCommand},
    money::regie::{Regie, RegieChanges, RegieCommand, RegieSettings},
    money::tariff::{Tariff, TariffCommand, TariffSettings},
    shared::ids::{ActivityId, ChildId, RegieId},
};
use portail_event_store::{CommandError, UnitOfWork};
use portail_projections::money::regies;

use crate::{
    outcome::{CommandOutcome, Rejection},
    services::Services,
};

pub(super) async fn define(
    id: &RegieId,
    settings: &RegieSettings,
    (first_invoice, first_payment): (u32, u32),
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    if let Some(taken) = prefix_taken(id, &settings.prefix, services).await? {
        return Ok(taken);
    }
    let settings = Box::new(settings.clone());
    of_regie(id, RegieCommand::Define { settings, first_invoice, first_payment }, work).await
}

pub(super) async fn change(
    id: &RegieId,
    changes: &RegieChanges,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    if let Some(prefix) = &changes.prefix
        && let Some(taken) = prefix_taken(id, prefix, services).await?
    {
        return Ok(taken);
    }
    of_regie(id, RegieCommand::Change { changes: Box::new(changes.clone()) }, work).await
}

pub(super) async fn set_tariff(
    activity: &ActivityId,
    settings: &TariffSettings,
    from: NaiveDate,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Activity>([activity.to_string()]).await?;
    work.load::<Regie>([settings.regie.to_string()]).await?;
    let not_found = |path: &[&str]| CommandOutcome::rejected(Rejection::of_code("NOT_FOUND").at(path));
    if work.get::<Activity>(activity.as_str())?.latest().is_none() {
        return Ok(not_found(&["input", "activityId"]));
    }
    if work.get::<Regie>(settings.regie.as_str())?.settings().is_none() {
        return Ok(not_found(&["input", "settings", "regieId"]));
    }
    work.load::<Tariff>([activity.to_string()]).await?;
    let set = TariffCommand::Set { settings: Box::new(settings.clone()), from };
    match work.get::<Tariff>(activity.as_str())?.decide(set) {
        Ok(events) => work.record::<Tariff>(activity.as_str(), events)?,
        Err(error) => {
            return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input", "settings"])));
        }
    }
    Ok(CommandOutcome::made(activity.as_str()))
}

pub(super) async fn share_costs(
    child: ChildId,
    share: ChildCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    let id = child.to_string();
    work.load::<Child>([id.clone()]).await?;
    match work.get::<Child>(&id)?.decide(share) {
        Ok(events) => work.record::<Child>(&id, events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(id))
}

/// A number names one operation of a statement: two régies never have one prefix.
async fn prefix_taken(
    id: &RegieId,
    prefix: &str,
    services: &Services,
) -> Result<Option<CommandOutcome>, CommandError> {
    let known = regies::by_code(services.pool()).await;
    let known = known.map_err(|e| CommandError::Unavailable(e.to_string()))?;
    let taken = known.iter().any(|(code, regie)| code.as_str() != id.as_str() && regie.prefix == prefix);
    let error = || Rejection::of_code("PREFIX_TAKEN").with("prefix", prefix.to_owned());
    Ok(taken.then(|| CommandOutcome::rejected(error().at(&["input", "settings", "prefix"]))))
}

/// Sends a command to a régie.
pub(crate) async fn of_regie(
    id: &RegieId,
    command: RegieCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Regie>([id.to_string()]).await?;
    match work.get::<Regie>(id.as_str())?.decide(command) {
        Ok(events) => work.record::<Regie>(id.as_str(), events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(id.as_str()))
}
