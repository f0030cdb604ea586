//! What the town's policy asks of its own people.

pub mod command;
pub mod dual_control;

use portail_domain::governance::policy::{self, Policy, PolicyCommand};
use portail_event_store::{CommandError, UnitOfWork};

use crate::{
    caller::Caller,
    governance::command::GovernanceCommand,
    outcome::{CommandOutcome, Rejection},
};

pub(crate) async fn decide(
    caller: &Caller,
    command: &GovernanceCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    let at = caller.at;
    let adopt = match command {
        GovernanceCommand::AdoptRetention { rules } => {
            PolicyCommand::AdoptRetention { rules: rules.clone(), at }
        }
        GovernanceCommand::AdoptFourEyes { what } => PolicyCommand::AdoptFourEyes { what: *what, at },
    };
    work.load::<Policy>([policy::STREAM.to_owned()]).await?;
    match work.get::<Policy>(policy::STREAM)?.decide(adopt) {
        Ok(events) => work.record::<Policy>(policy::STREAM, events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(policy::STREAM))
}
