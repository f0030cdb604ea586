//! Commands about the accounts of families. A number is the régie's, and taken in the same append.

use chrono::NaiveDate;
use portail_domain::{
    catalogue::activity::Activity,
    families::child::Child,
    families::family::Family,
    governance::dual_control::Action,
    money::account::{Account, AccountCommand, InvoiceLine, TakenOver},
    money::billing::BilledKey,
    money::regie::{Regie, RegieCommand},
    shared::ids::{FamilyNumber, RegieId},
    shared::sealed::{Purpose, Sealed},
    shared::time::Month,
};
use portail_event_store::{CommandError, UnitOfWork, Vault};
use portail_projections::money::accounts::{self as billed, NOTE};
use uuid::Uuid;

use crate::{
    caller::Caller,
    governance::dual_control,
    money::command::MoneyCommand,
    outcome::{CommandOutcome, Rejection},
    sealing::seal,
    services::{PATIENCE, Services},
};

pub(crate) async fn decide(
    caller: &Caller,
    command: &MoneyCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    let (at, vault) = (caller.at, services.vault());
    let decided = match command {
        MoneyCommand::RecordPayment { regie, family, date, method, amount, reference, allocations } => {
            let mut till = Till::open(regie, family, work).await?;
            let reference = match reference {
                Some(text) => Some(note(vault, family, text).await?),
                None => None,
            };
            let (date, method, amount) = (*date, *method, *amount);
            let (regie, allocations) = (regie.clone(), allocations.clone());
            till.numbered(RegieCommand::NumberPayment { date, method, amount, at }, |number| {
                let debited = None;
                AccountCommand::Pay {
                    regie,
                    number,
                    date,
                    method,
                    amount,
                    reference,
                    allocations,
                    debited,
                    at,
                }
            })?
        }
        MoneyCommand::RejectPayment { regie, family, payment, date, reason } => {
            let mut till = Till::open(regie, family, work).await?;
            let account = till.work.get::<Account>(family.as_str())?;
            let paid = account
                .credits()
                .iter()
                .find(|c| c.regie == *regie && !c.is_credit_note() && c.number == *payment);
            let paid = paid.and_then(|credit| Some((credit.method?, credit.total)));
            let Some((method, paid)) = paid else {
                return Ok(CommandOutcome::rejected(
                    Rejection::of_code("NOT_FOUND").at(&["input", "payment"]),
                ));
            };
            let (regie, date, payment, reason, amount) = (regie.clone(), *date, *payment, *reason, -paid);
            till.numbered(RegieCommand::NumberPayment { date, method, amount, at }, |number| {
                AccountCommand::Reject { regie, payment, number, date, reason, at }
            })?
        }
        MoneyCommand::RefundFamily { regie, family, date, method, amount } => {
            work.load::<Account>([family.to_string()]).await?;
            let refund = |number| {
                let (regie, date, method, amount) = (regie.clone(), *date, *method, *amount);
                AccountCommand::Refund { regie, number, date, method, amount, at }
            };
            // What cannot be done is refused at once, not when somebody seconds it.
            if work.get::<Account>(family.as_str())?.decide(refund(0)).is_ok() {
                let (regie, date, method, amount) = (regie.clone(), *date, *method, *amount);
                let action = Action::Refund { regie, date, method, amount };
                let verdict = dual_control::second(caller, family, action, work, vault).await?;
                if let Some(outcome) = verdict.outcome(family.as_str()) {
                    return Ok(outcome);
                }
            }
            let mut till = Till::open(regie, family, work).await?;
            let take = RegieCommand::NumberPayment { date: *date, method: *method, amount: -*amount, at };
            till.numbered(take, refund)?
        }
        MoneyCommand::CreditInvoice { regie, family, invoice, date, amount, note: words } => {
            let note = note(vault, family, words).await?;
            let mut till = Till::open(regie, family, work).await?;
            let (regie, invoice, date, amount) = (regie.clone(), *invoice, *date, *amount);
            till.numbered(RegieCommand::NumberCreditNote { at }, |number| AccountCommand::Credit {
                regie,
                number,
                date,
                invoice,
                amount,
                note,
                at,
            })?
        }
        MoneyCommand::TakeOverOperation { regie, family, number, date, amount, operation } => {
            if let TakenOver::Invoice { lines, .. } = operation
                && let Some(error) = unknown_line(lines, family, work).await?
            {
                return Ok(CommandOutcome::rejected(error));
            }
            let mut till = Till::open(regie, family, work).await?;
            // The régie is loaded: no run numbers an invoice between this look and the append.
            if let TakenOver::Invoice { from, to, lines, .. } = operation
                && let Some(error) = already_billed(lines, (*from, *to), family, services).await?
            {
                return Ok(CommandOutcome::rejected(error));
            }
            let (regie, number, date, amount) = (regie.clone(), *number, *date, *amount);
            let operation = operation.clone();
            let invoice = matches!(operation, TakenOver::Invoice { .. });
            till.numbered(RegieCommand::TakeOver { invoice, number }, |_| AccountCommand::TakeOver {
                regie,
                number,
                date,
                amount,
                operation,
                at,
            })?
        }
        MoneyCommand::ArchiveDocument { family, document, attachment, sha256 } => {
            work.load::<Account>([family.to_string()]).await?;
            let (document, attachment, sha256) = (document.clone(), *attachment, sha256.clone());
            let archive = AccountCommand::Archive { document, attachment, sha256 };
            let account = work.get::<Account>(family.as_str())?;
            match account.decide(archive) {
                Ok(events) => work.record::<Account>(family.as_str(), events)?,
                Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error))),
            }
            return Ok(CommandOutcome::made(family.as_str()));
        }
        _ => Err(Rejection::of_code("NOT_FOUND")),
    };
    Ok(decided.map_or_else(CommandOutcome::rejected, CommandOutcome::made))
}

/// The first line of an invoice taken over that is of no child of the family, or of no activity.
async fn unknown_line(
    lines: &[InvoiceLine],
    family: &FamilyNumber,
    work: &mut UnitOfWork<'_>,
) -> Result<Option<Rejection>, CommandError> {
    work.load::<Child>(lines.iter().map(|l| l.child.to_string())).await?;
    work.load::<Activity>(lines.iter().map(|l| l.activity.to_string())).await?;
    let not_found = |index: usize, field: &str| {
        Some(Rejection::of_code("NOT_FOUND").at(&["input", "lines", &index.to_string(), field]))
    };
    for (index, line) in lines.iter().enumerate() {
        if !work.get::<Child>(&line.child.to_string())?.families().any(|f| f == family) {
            return Ok(not_found(index, "childId"));
        }
        if work.get::<Activity>(line.activity.as_str())?.latest().is_none() {
            return Ok(not_found(index, "activityId"));
        }
    }
    Ok(None)
}

/// The first line of an invoice taken over that bills what a run has billed the family for.
async fn already_billed(
    lines: &[InvoiceLine],
    (from, to): (NaiveDate, NaiveDate),
    family: &FamilyNumber,
    services: &Services,
) -> Result<Option<Rejection>, CommandError> {
    let unavailable = |e: sqlx::Error| CommandError::Unavailable(e.to_string());
    if lines.is_empty() {
        return Ok(None);
    }
    let head = services.log().read_head().await?;
    if !services.engine().wait_for(&[billed::NAME], head, PATIENCE).await {
        return Err(CommandError::Unavailable("the accounts lag behind".into()));
    }
    let children: Vec<Uuid> = lines.iter().map(|line| line.child.0).collect();
    let first = Month::of(from).first();
    let known = billed::billed(services.pool(), &children, first, to).await.map_err(unavailable)?;
    let Some(known) = known.get(family.as_str()) else { return Ok(None) };
    for (index, line) in lines.iter().enumerate() {
        let is_of_line = |key: &BilledKey| {
            let is_in_period = key.month || (from <= key.date && key.date <= to);
            let is_same = (key.child, &key.activity) == (line.child, &line.activity);
            is_same && is_in_period && (line.dates.is_empty() || line.dates.contains(&key.date))
        };
        let billed = known.iter().filter(|(key, (amount, _))| is_of_line(key) && !amount.is_zero());
        if let Some(date) = billed.map(|(key, _)| key.date).min() {
            let date = date.format("%d/%m/%Y").to_string();
            let error = Rejection::of_code("ALREADY_BILLED").with("date", date);
            return Ok(Some(error.at(&["input", "lines", &index.to_string()])));
        }
    }
    Ok(None)
}

async fn note(vault: &Vault, family: &FamilyNumber, text: &str) -> Result<Sealed, CommandError> {
    seal(vault, family.as_str(), Purpose::Note, NOTE, text).await
}

/// A régie and the account of a family, loaded.
struct Till<'w, 'l> {
    regie: &'w RegieId,
    family: &'w FamilyNumber,
    work: &'w mut UnitOfWork<'l>,
}

impl<'w, 'l> Till<'w, 'l> {
    async fn open(
        regie: &'w RegieId,
        family: &'w FamilyNumber,
        work: &'w mut UnitOfWork<'l>,
    ) -> Result<Self, CommandError> {
        work.load::<Regie>([regie.to_string()]).await?;
        work.load::<Family>([family.to_string()]).await?;
        work.load::<Account>([family.to_string()]).await?;
        Ok(Self { regie, family, work })
    }

    /// Takes a number of the régie and does with the account what needs it; the operation's number.
    fn numbered(
        &mut self,
        take: RegieCommand,
        order: impl FnOnce(u32) -> AccountCommand,
    ) -> Result<Result<String, Rejection>, CommandError> {
        let (regie, family) = (self.regie.as_str(), self.family.as_str());
        if !self.work.get::<Family>(family)?.registered {
            return Ok(Err(Rejection::of_code("NOT_FOUND").at(&["input", "familyNumber"])));
        }
        let till = self.work.get::<Regie>(regie)?;
        let is_invoice = matches!(
            take,
            RegieCommand::NumberCreditNote { .. } | RegieCommand::TakeOver { invoice: true, .. }
        );
        let number = match &take {
            RegieCommand::NumberCreditNote { .. } => till.next_invoice(),
            RegieCommand::TakeOver { number, .. } => *number,
            _ => till.next_payment(),
        };
        let taken = match till.decide(take) {
            Ok(taken) => taken,
            Err(error) => return Ok(Err(Rejection::of(&error).at(&["input"]))),
        };
        let done = match self.work.get::<Account>(family)?.decide(order(number)) {
            Ok(done) => done,
            Err(error) => return Ok(Err(Rejection::of(&error).at(&["input"]))),
        };
        let mut series = till.series();
        taken.iter().for_each(|event| series.evolve(event));
        let text = if is_invoice { series.invoice(number) } else { series.payment(number) };
        self.work.record::<Regie>(regie, taken)?;
        self.work.record::<Account>(family, done)?;
        Ok(Ok(text))
    }
}
