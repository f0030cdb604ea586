//! Commands about billing runs: prepared, reviewed, and issued chunk by chunk.

use portail_domain::{
    money::account::{Account, AccountCommand},
    money::regie::{Regie, RegieCommand},
    shared::ids::{FamilyNumber, RegieId, RunId},
};
use portail_event_store::{CommandError, UnitOfWork};
use portail_projections::money::billing_drafts;
use uuid::Uuid;

use super::regies::of_regie;
use crate::{
    caller::Caller,
    money::command::MoneyCommand,
    outcome::{CommandOutcome, Rejection},
    services::Services,
};

/// How many invoices one append issues.
const ISSUED: i64 = 250;

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &MoneyCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    let at = caller.at;
    let decided = match command {
        MoneyCommand::PrepareBillingRun { regie, from, to, date, due } => {
            let (run, from, to, date, due) = (RunId(id), *from, *to, *date, *due);
            of_regie(regie, RegieCommand::PrepareRun { run, from, to, date, due, at }, work).await?
        }
        MoneyCommand::StartBillingRun { regie, run } => {
            work.load::<Regie>([regie.to_string()]).await?;
            let is_open = work.get::<Regie>(regie.as_str())?.run().is_some_and(|open| open.id == *run);
            let progress = billing_drafts::progress(services.pool(), run.0).await.map_err(unavailable)?;
            if is_open && !progress.is_some_and(|draft| draft.complete) {
                return Ok(CommandOutcome::rejected(
                    Rejection::of_code("BILLING_RUN_NOT_READY").at(&["input"]),
                ));
            }
            of_regie(regie, RegieCommand::StartIssuing { run: *run, at }, work).await?
        }
        MoneyCommand::AbandonBillingRun { regie, run } => {
            of_regie(regie, RegieCommand::AbandonRun { run: *run, at }, work).await?
        }
        MoneyCommand::IssueInvoices { regie, run, after } => {
            return issue(caller, regie, *run, after.as_ref(), work, services).await;
        }
        _ => CommandOutcome::rejected(Rejection::of_code("NOT_FOUND")),
    };
    // The run is what was made, not the régie.
    let id = if decided.recorded { run_of(id, command) } else { None };
    Ok(CommandOutcome { id, ..decided })
}

fn run_of(id: Uuid, command: &MoneyCommand) -> Option<String> {
    match command {
        MoneyCommand::StartBillingRun { run, .. } | MoneyCommand::AbandonBillingRun { run, .. } => {
            Some(run.to_string())
        }
        _ => Some(id.to_string()),
    }
}

fn unavailable(error: sqlx::Error) -> CommandError {
    CommandError::Unavailable(error.to_string())
}

/// Issues the next invoices of a run: their numbers and the accounts in one append.
async fn issue(
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
