//! Commands about personal data and the town's policy; and the day's look after what is over.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Months, NaiveDate, Utc};
use cqrs_es::Aggregate;
use portail_domain::{
    account::Account,
    child::Child,
    erasure::{Erasure, ErasureCommand, ErasureEvent, Kept, LegalBasis, RetentionRules, Subject, Ties},
    family::Family,
    ids::FamilyNumber,
    policy::{self, Policy, PolicyCommand},
    sealed::Purpose,
    time::local_date,
};
use portail_event_store::{CommandError, UnitOfWork, forget_old_reads};
use portail_projections::{families::family, privacy::erasures};
use uuid::Uuid;

use super::{Application, Caller, Command, CommandOutcome, ItemOutcome, Rejection, Role};

/// How often it is asked whether the day was looked after.
const TICK: Duration = Duration::from_secs(60);

/// How many subjects are looked at together.
const PAGE: i64 = 200;

pub(super) async fn decide(
    caller: &Caller,
    command: &Command,
    work: &mut UnitOfWork<'_>,
    application: &Application,
) -> Result<CommandOutcome, CommandError> {
    let town = policy::STREAM;
    work.load::<Policy>([town.to_owned()]).await?;
    let adopt = match command {
        Command::ErasePersonalData { subject, purposes, basis } => {
            let rules = work.get::<Policy>(town)?.retention().clone();
            let Some(ties) = ties(subject, caller.at, work, application).await? else {
                return Ok(CommandOutcome::rejected(
                    Rejection::of_code("NOT_FOUND").at(&["input", "subjectId"]),
                ));
            };
            let health_files = match subject {
                Subject::Child(id) => {
                    erasures::health_files(application.pool(), id.0).await.map_err(database)?
                }
                Subject::Family(_) => vec![],
            };
            let id = subject.to_string();
            work.load::<Erasure>([id.clone()]).await?;
            let erasure = work.get::<Erasure>(&id)?;
            let kept = erasure.kept(subject, &ties, &rules, *basis);
            let (subject, purposes, basis, at) = (subject.clone(), purposes.clone(), *basis, caller.at);
            let erase = ErasureCommand::Erase { subject, purposes, basis, ties, rules, health_files, at };
            return Ok(match erasure.decide(erase) {
                Ok(events) => {
                    let outcome = outcome(&id, &events, &kept);
                    work.record::<Erasure>(&id, events)?;
                    outcome
                }
                Err(error) => CommandOutcome::rejected(Rejection::of(&error).at(&["input", "purposes"])),
            });
        }
        Command::AdoptRetention { rules } => {
            PolicyCommand::AdoptRetention { rules: rules.clone(), at: caller.at }
        }
        Command::AdoptFourEyes { what } => PolicyCommand::AdoptFourEyes { what: *what, at: caller.at },
        _ => return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND"))),
    };
    match work.get::<Policy>(town)?.decide(adopt) {
        Ok(events) => work.record::<Policy>(town, events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(town))
}

fn database(error: sqlx::Error) -> CommandError {
    CommandError::Unavailable(error.to_string())
}

/// What was erased, and what is kept and why.
fn outcome(id: &str, events: &[ErasureEvent], kept: &[Kept]) -> CommandOutcome {
    let erased = events.iter().flat_map(|ErasureEvent::PersonalDataErased { purposes, .. }| purposes);
    let erased = erased.map(|purpose| ItemOutcome { id: purpose.as_str().to_owned(), error: None });
    let kept = kept.iter().map(|kept| {
        let error = kept
            .args()
            .into_iter()
            .fold(Rejection::of_code(kept.reason.key()), |error, (name, value)| error.with(name, value));
        ItemOutcome { id: kept.purpose.as_str().to_owned(), error: Some(error) }
    });
    CommandOutcome { items: erased.chain(kept).collect(), ..CommandOutcome::made(id) }
}

/// What binds a subject to the town; none when there is no such subject.
async fn ties(
    subject: &Subject,
    at: DateTime<Utc>,
    work: &mut UnitOfWork<'_>,
    application: &Application,
) -> Result<Option<Ties>, CommandError> {
    let mut ties = Ties { today: local_date(at), ..Ties::default() };
    let changed = erasures::last_change(application.pool(), &subject.to_string()).await.map_err(database)?;
    ties.last_change = changed.map(local_date);
    let (children, families): (Vec<String>, Vec<FamilyNumber>) = match subject {
        Subject::Family(number) => {
            work.load::<Family>([number.to_string()]).await?;
            if !work.get::<Family>(number.as_str())?.registered {
                return Ok(None);
            }
            let children = family::children(application.pool(), number.as_str()).await.map_err(database)?;
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
        if account.balance() != portail_domain::amount::Amount::ZERO {
            ties.balance = account.balance();
        }
    }
    Ok(Some(ties))
}

impl Application {
    /// The subjects after one whose last tie is over: what is due to be erased by the town's rules,
    /// what is kept and why.
    ///
    /// # Errors
    /// The read models or the log cannot be read.
    pub async fn retention(
        &self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(String, Vec<Purpose>, Vec<Kept>)>, CommandError> {
        let rules = erasures::policy(self.pool()).await.map_err(database)?.retention;
        let Some(day) = untied_day(&rules, self.clock.today()) else { return Ok(vec![]) };
        let mut lines = vec![];
        for id in erasures::untied_since(self.pool(), day, after, limit).await.map_err(database)? {
            let Some(subject) = subject(&id) else { continue };
            let mut work = self.bus.read_only();
            let Some(ties) = ties(&subject, self.clock.now(), &mut work, self).await? else { continue };
            work.load::<Erasure>([id.clone()]).await?;
            let erasure = work.get::<Erasure>(&id)?;
            let kept = erasure.kept(&subject, &ties, &rules, LegalBasis::RetentionEnded);
            let is_due =
                |p: &&Purpose| !erasure.is_erased(**p) && kept.iter().all(|kept| kept.purpose != **p);
            let due = subject.purposes().iter().filter(is_due).copied().collect();
            lines.push((id, due, kept));
        }
        Ok(lines)
    }

    /// Erases what the town's retention rules say is over, if they say that this happens by itself;
    /// how many subjects it was. A subject's id and the day make the command's id: doing it again,
    /// or on two nodes at once, changes nothing.
    ///
    /// # Errors
    /// The read models cannot be read.
    pub async fn look_after_retention(&self) -> Result<usize, sqlx::Error> {
        let rules = erasures::policy(self.pool()).await?.retention;
        let today = self.clock.today();
        let Some(day) = untied_day(&rules, today).filter(|_| rules.automatic) else {
            return Ok(0);
        };
        let (mut after, mut erased) = (String::new(), 0);
        loop {
            let page = erasures::untied_since(self.pool(), day, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(erased) };
            after.clone_from(last);
            for id in &page {
                let Some(subject) = subject(id) else { continue };
                let command = Command::ErasePersonalData {
                    subject,
                    purposes: std::collections::BTreeSet::new(),
                    basis: LegalBasis::RetentionEnded,
                };
                let name = format!("{}/{id}/{today}", Erasure::TYPE);
                let caller = Caller { role: Role::Timer, login: "retention".into(), at: self.clock.now() };
                let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
                match self.execute(&caller, id, command).await {
                    Ok(executed) => erased += usize::from(executed.outcome.recorded),
                    Err(error) => tracing::warn!(%error, "an erasure will be tried again tomorrow"),
                }
            }
        }
    }
}

/// Whose last tie is before this day may have something that is over.
fn untied_day(rules: &RetentionRules, today: NaiveDate) -> Option<NaiveDate> {
    let least = rules.months.values().min().copied().unwrap_or_default();
    today.checked_sub_months(Months::new(least.into()))
}

/// A subject by its id.
pub fn subject(id: &str) -> Option<Subject> {
    let family = id.parse().map(Subject::Family).ok();
    family.or_else(|| id.parse().map(Subject::Child).ok())
}

/// Looks after retention once a day, for as long as the application runs.
pub async fn run_retention(application: Arc<Application>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        let today = application.clock().today();
        let done = async {
            let query = "SELECT EXISTS (SELECT FROM retention_day WHERE day = $1)";
            if sqlx::query_scalar::<_, bool>(query).bind(today).fetch_one(application.pool()).await? {
                return Ok(());
            }
            let erased = application.look_after_retention().await?;
            forget_old_reads(application.pool()).await?;
            tracing::info!(subjects = erased, "retention was looked after");
            let query = "INSERT INTO retention_day (day) VALUES ($1) ON CONFLICT DO NOTHING";
            sqlx::query(query).bind(today).execute(application.pool()).await.map(drop)
        };
        if let Err(error) = done.await {
            let error: sqlx::Error = error;
            tracing::warn!(%error, "retention could not be looked after");
        }
    }
}
