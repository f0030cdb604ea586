//! Commands about billing runs: prepared, reviewed, and issued chunk by chunk.

use chrono::{DateTime, Utc};
use portail_domain::{
    money::account::{Account, AccountCommand},
    money::regie::{Regie, RegieCommand},
    shared::ids::{FamilyNumber, RegieId, RunId},
};
use portail_event_store::{CommandError, UnitOfWork};
use portail_projections::money::billing_drafts;

use super::regies::of_regie;
use crate::{
    caller::Caller,
    outcome::{CommandOutcome, Rejection},
    services::Services,
};

/// How many invoices one append issues.
const ISSUED: i64 = 250;

/// Lets a prepared run be issued, once its draft is complete.
pub(super) async fn start(
    regie: &RegieId,
    run: RunId,
    at: DateTime<Utc>,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Regie>([regie.to_string()]).await?;
    let is_open = work.get::<Regie>(regie.as_str())?.run().is_some_and(|open| open.id == run);
    let progress = billing_drafts::progress(services.pool(), run.0).await.map_err(unavailable)?;
    if is_open && !progress.is_some_and(|draft| draft.complete) {
        return Ok(CommandOutcome::rejected(Rejection::of_code("BILLING_RUN_NOT_READY").at(&["input"])));
    }
    of_run(regie, run, RegieCommand::StartIssuing { run, at }, work).await
}

/// Sends a command about a run to its régie: the run is what was made, not the régie.
pub(super) async fn of_run(
    regie: &RegieId,
    run: RunId,
    command: RegieCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    let decided = of_regie(regie, command, work).await?;
    let id = decided.recorded.then(|| run.to_string());
    Ok(CommandOutcome { id, ..decided })
}

fn unavailable(error: sqlx::Error) -> CommandError {
    CommandError::Unavailable(error.to_string())
}

/// Issues the next invoices of a run: their numbers and the accounts in one append.
pub(super) async fn issue(
    caller: &Caller,
    regie: &RegieId,
    run: RunId,
    after: Option<&FamilyNumber>,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Regie>([regie.to_string()]).await?;
    let till = work.get::<Regie>(regie.as_str())?;
    let (Some(settings), Some(open)) = (till.settings(), till.run().cloned()) else {
        return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND")));
    };
    let progress = billing_drafts::progress(services.pool(), run.0).await.map_err(unavailable)?;
    if !progress.is_some_and(|draft| draft.complete) {
        // Without its draft a run would seem to be issued to the end.
        return Ok(CommandOutcome::rejected(Rejection::of_code("BILLING_RUN_NOT_READY")));
    }
    let begin = after.map_or("", FamilyNumber::as_str);
    let next =
        billing_drafts::to_issue(services.pool(), run.0, begin, settings.minimum_invoice, ISSUED).await;
    let next = next.map_err(unavailable)?;
    let last = next.last().and_then(|d| d.family.parse().ok());
    let count = u32::try_from(next.len()).unwrap_or(u32::MAX);
    let number = RegieCommand::NumberInvoices { run, after: after.cloned(), last, count, at: caller.at };
    let numbered = match till.decide(number) {
        Ok(events) => events,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error))),
    };
    work.record::<Regie>(regie.as_str(), numbered)?;
    work.load::<Account>(next.iter().map(|d| d.family.clone())).await?;
    for (number, draft) in (till.next_invoice()..).zip(next) {
        let invoice = AccountCommand::Invoice {
            regie: regie.clone(),
            number,
            run,
            date: open.date,
            due: open.due,
            from: open.from,
            to: open.to,
            lines: draft.lines,
            seen: draft.seen,
            at: caller.at,
        };
        match work.get::<Account>(&draft.family)?.decide(invoice) {
            Ok(events) => work.record::<Account>(&draft.family, events)?,
            Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error))),
        }
    }
    Ok(CommandOutcome::made(run.to_string()))
}
