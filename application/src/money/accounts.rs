//! Commands about the accounts of families. A number is the régie's, and taken in the same append.

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::{
    catalogue::activity::Activity,
    families::child::Child,
    families::family::Family,
    governance::dual_control::Action,
    money::account::{
        Account, AccountCommand, Allocation, InvoiceLine, PaymentMethod, RejectionReason, TakenOver,
    },
    money::billing::BilledKey,
    money::regie::{Regie, RegieCommand},
    shared::amount::Amount,
    shared::ids::{FamilyNumber, RegieId},
    shared::sealed::{Place, Purpose, Sealed},
    shared::text::{Note, Reference},
    shared::time::Month,
};
use portail_event_store::{CommandError, UnitOfWork};
use portail_projections::money::accounts as billed;
use uuid::Uuid;

use crate::{
    caller::Caller,
    governance::dual_control,
    outcome::{CommandOutcome, Rejection},
    sealing::seal,
    services::{PATIENCE, Services},
};

/// Money that comes in or goes out.
#[derive(Clone, Copy)]
pub(super) struct Payment {
    pub(super) date: NaiveDate,
    pub(super) method: PaymentMethod,
    pub(super) amount: Amount,
}

/// A family's account at a régie, and who does something with it.
pub(super) struct Desk<'a> {
    pub(super) caller: &'a Caller,
    pub(super) services: &'a Services,
    pub(super) regie: &'a RegieId,
    pub(super) family: &'a FamilyNumber,
}

impl Desk<'_> {
    pub(super) async fn record_payment(
        &self,
        payment: Payment,
        reference: Option<&Reference>,
        allocations: &[Allocation],
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        let at = self.caller.at;
        let mut till = Till::open(self.regie, self.family, work).await?;
        let reference = match reference {
            Some(text) => Some(self.note(text).await?),
            None => None,
        };
        let Payment { date, method, amount } = payment;
        let (regie, allocations, debited) = (self.regie.clone(), allocations.to_vec(), None);
        till.numbered(Take::Payment(payment), at, |number| AccountCommand::Pay {
            regie,
            number,
            date,
            method,
            amount,
            reference,
            allocations,
            debited,
            at,
        })
    }

    pub(super) async fn reject_payment(
        &self,
        payment: u32,
        date: NaiveDate,
        reason: RejectionReason,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        let (at, regie) = (self.caller.at, self.regie.clone());
        let mut till = Till::open(self.regie, self.family, work).await?;
        let account = till.work.get::<Account>(self.family.as_str())?;
        let paid =
            account.credits().iter().find(|c| c.regie == regie && !c.is_credit_note() && c.number == payment);
        let paid = paid.and_then(|credit| Some((credit.method?, credit.total)));
        let Some((method, paid)) = paid else {
            return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND").at(&["input", "payment"])));
        };
        let take = Take::Payment(Payment { date, method, amount: -paid });
        till.numbered(take, at, |number| AccountCommand::Reject { regie, payment, number, date, reason, at })
    }

    pub(super) async fn refund(
        &self,
        Payment { date, method, amount }: Payment,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        let (at, family) = (self.caller.at, self.family);
        work.load::<Account>([family.to_string()]).await?;
        let refund =
            |number| AccountCommand::Refund { regie: self.regie.clone(), number, date, method, amount, at };
        // What cannot be done is refused at once, not when somebody seconds it.
        if work.get::<Account>(family.as_str())?.decide(refund(0)).is_ok() {
            let action = Action::Refund { regie: self.regie.clone(), date, method, amount };
            let verdict =
                dual_control::second(self.caller, family, action, work, self.services.vault()).await?;
            if let Some(outcome) = verdict.outcome(family.as_str()) {
                return Ok(outcome);
            }
        }
        let mut till = Till::open(self.regie, family, work).await?;
        till.numbered(Take::Payment(Payment { date, method, amount: -amount }), at, refund)
    }

    pub(super) async fn credit(
        &self,
        invoice: u32,
        date: NaiveDate,
        amount: Amount,
        words: &Note,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        let (at, regie) = (self.caller.at, self.regie.clone());
        let note = self.note(words).await?;
        let mut till = Till::open(self.regie, self.family, work).await?;
        till.numbered(Take::CreditNote, at, |number| AccountCommand::Credit {
            regie,
            number,
            date,
            invoice,
            amount,
            note,
            at,
        })
    }

    pub(super) async fn take_over(
        &self,
        number: u32,
        date: NaiveDate,
        amount: Amount,
        operation: &TakenOver,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        let (at, regie) = (self.caller.at, self.regie.clone());
        if let TakenOver::Invoice { lines, .. } = operation
            && let Some(error) = unknown_line(lines, self.family, work).await?
        {
            return Ok(CommandOutcome::rejected(error));
        }
        let mut till = Till::open(self.regie, self.family, work).await?;
        // The régie is loaded: no run numbers an invoice between this look and the append.
        if let TakenOver::Invoice { from, to, lines, .. } = operation
            && let Some(error) = already_billed(lines, (*from, *to), self.family, self.services).await?
        {
            return Ok(CommandOutcome::rejected(error));
        }
        let operation = operation.clone();
        let invoice = match operation {
            TakenOver::Invoice { .. } => true,
            TakenOver::Payment { .. } => false,
        };
        let take = Take::Given { invoice, number };
        till.numbered(take, at, |_| AccountCommand::TakeOver { regie, number, date, amount, operation, at })
    }

    async fn note(&self, text: &str) -> Result<Sealed, CommandError> {
        seal(self.services.vault(), self.family.as_str(), Purpose::Note, Place::Operation, text).await
    }
}

/// Keeps a printed document with the account it is of.
pub(super) async fn archive(
    family: &FamilyNumber,
    archive: AccountCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Account>([family.to_string()]).await?;
    match work.get::<Account>(family.as_str())?.decide(archive) {
        Ok(events) => work.record::<Account>(family.as_str(), events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error))),
    }
    Ok(CommandOutcome::made(family.as_str()))
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

/// The number an operation takes of the régie.
enum Take {
    /// The next of its payments.
    Payment(Payment),
    /// The next of its invoices.
    CreditNote,
    /// One that the software before gave.
    Given { invoice: bool, number: u32 },
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

    /// Takes a number of the régie and does with the account what needs it; the operation's number is
    /// what was made.
    fn numbered(
        &mut self,
        take: Take,
        at: DateTime<Utc>,
        order: impl FnOnce(u32) -> AccountCommand,
    ) -> Result<CommandOutcome, CommandError> {
        let (regie, family) = (self.regie.as_str(), self.family.as_str());
        if !self.work.get::<Family>(family)?.registered {
            return Ok(CommandOutcome::rejected(
                Rejection::of_code("NOT_FOUND").at(&["input", "familyNumber"]),
            ));
        }
        let till = self.work.get::<Regie>(regie)?;
        let (number, is_invoice, take) = match take {
            Take::Payment(Payment { date, method, amount }) => {
                let take = RegieCommand::NumberPayment { date, method, amount, at };
                (till.next_payment(), false, take)
            }
            Take::CreditNote => (till.next_invoice(), true, RegieCommand::NumberCreditNote { at }),
            Take::Given { invoice, number } => (number, invoice, RegieCommand::TakeOver { invoice, number }),
        };
        let taken = match till.decide(take) {
            Ok(taken) => taken,
            Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
        };
        let done = match self.work.get::<Account>(family)?.decide(order(number)) {
            Ok(done) => done,
            Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
        };
        let mut series = till.series();
        taken.iter().for_each(|event| series.evolve(event));
        let text = if is_invoice { series.invoice(number) } else { series.payment(number) };
        self.work.record::<Regie>(regie, taken)?;
        self.work.record::<Account>(family, done)?;
        Ok(CommandOutcome::made(text))
    }
}
