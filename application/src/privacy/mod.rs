//! Commands about personal data.

pub mod command;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::{
    families::child::Child,
    families::family::Family,
    governance::policy::{self, Policy},
    money::account::Account,
    privacy::erasure::{Erasure, ErasureCommand, ErasureEvent, Kept, LegalBasis, Obligations, Subject},
    shared::ids::FamilyNumber,
    shared::sealed::Purpose,
    shared::time::local_date,
};
use portail_event_store::{CommandError, UnitOfWork};
use portail_projections::{families::family, privacy::erasures};

use crate::{
    caller::Caller,
    outcome::{CommandOutcome, ItemOutcome, Rejection},
    privacy::command::PrivacyCommand,
    services::Services,
};

pub(crate) async fn decide(
    caller: &Caller,
    command: &PrivacyCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    match command {
        PrivacyCommand::ErasePersonalData { subject, purposes, basis } => {
            erase(caller, subject, purposes, *basis, work, services).await
        }
    }
}

async fn erase(
    caller: &Caller,
    subject: &Subject,
    purposes: &BTreeSet<Purpose>,
    basis: LegalBasis,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Policy>([policy::STREAM.to_owned()]).await?;
    let rules = work.get::<Policy>(policy::STREAM)?.retention().clone();
    let Some(ties) = ties(subject, caller.at, work, services).await? else {
        return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND").at(&["input", "subjectId"])));
    };
    let health_files = match subject {
        Subject::Child(id) => erasures::health_files(services.pool(), id.0).await.map_err(database)?,
        Subject::Family(_) => vec![],
    };
    let id = subject.to_string();
    work.load::<Erasure>([id.clone()]).await?;
    let erasure = work.get::<Erasure>(&id)?;
    let kept = erasure.kept(subject, &ties, &rules, basis);
    let (subject, purposes, at) = (subject.clone(), purposes.clone(), caller.at);
    let erase = ErasureCommand::Erase { subject, purposes, basis, ties, rules, health_files, at };
    Ok(match erasure.decide(erase) {
        Ok(events) => {
            let outcome = outcome(&id, &events, &kept);
            work.record::<Erasure>(&id, events)?;
            outcome
        }
        Err(error) => CommandOutcome::rejected(Rejection::of(&error).at(&["input", "purposes"])),
    })
}

pub(crate) fn database(error: sqlx::Error) -> CommandError {
    CommandError::Unavailable(error.to_string())
}

/// What was erased, and what is kept and why.
fn outcome(id: &str, events: &[ErasureEvent], kept: &[Kept]) -> CommandOutcome {
    let erased = events.iter().flat_map(|ErasureEvent::PersonalDataErased { purposes, .. }| purposes);
    let erased = erased.map(|purpose| ItemOutcome { id: purpose.to_string(), error: None });
    let kept = kept.iter().map(|kept| {
        let error = kept
            .args()
            .into_iter()
            .fold(Rejection::of_code(kept.reason.key()), |error, (name, value)| error.with(name, value));
        ItemOutcome { id: kept.purpose.to_string(), error: Some(error) }
    });
    CommandOutcome { items: erased.chain(kept).collect(), ..CommandOutcome::made(id) }
}

/// What binds a subject to the town; none when there is no such subject.
pub(crate) async fn ties(
    subject: &Subject,
    at: DateTime<Utc>,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<Option<Obligations>, CommandError> {
    let mut ties = Obligations { today: local_date(at), ..Obligations::default() };
    let changed = erasures::last_change(services.pool(), &subject.to_string()).await.map_err(database)?;
    ties.last_change = changed.map(local_date);
    let (children, families): (Vec<String>, Vec<FamilyNumber>) = match subject {
        Subject::Family(number) => {
            work.load::<Family>([number.to_string()]).await?;
            if !work.get::<Family>(number.as_str())?.registered {
                return Ok(None);
            }
            let children = family::children(services.pool(), number.as_str()).await.map_err(database)?;
            (children.iter().map(|child| child.id.to_string()).collect(), vec![number.clone()])
        }
        Subject::Child(id) => {
            work.load::<Child>([id.to_string()]).await?;
            let families: Vec<_> = work.get::<Child>(&id.to_string())?.families().cloned().collect();
            if families.is_empty() {
                return Ok(None);
            }
            (vec![id.to_string()], families)
        }
    };
    work.load::<Child>(children.clone()).await?;
    work.load::<Account>(families.iter().map(ToString::to_string)).await?;
    for child in &children {
        let child = work.get::<Child>(child)?;
        let last = child.enrolments().iter().map(|e| e.to.unwrap_or(NaiveDate::MAX)).max();
        ties.enrolled_until = ties.enrolled_until.max(last);
    }
    for number in &families {
        let account = work.get::<Account>(number.as_str())?;
        ties.last_operation = ties.last_operation.max(account.last_operation());
        ties.last_debit = ties.last_debit.max(account.last_debit());
        if account.balance() != portail_domain::shared::amount::Amount::ZERO {
            ties.balance = account.balance();
        }
    }
    Ok(Some(ties))
}

/// A subject by its id.
pub fn subject(id: &str) -> Option<Subject> {
    let family = id.parse().map(Subject::Family).ok();
    family.or_else(|| id.parse().map(Subject::Child).ok())
}
