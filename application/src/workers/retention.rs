//! The day's look after what is over: whose last tie to the town ended, and what is erased by itself; and at the
//! school calendar, which nobody asks about until nothing can be booked any more.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::{Months, NaiveDate};
use cqrs_es::Aggregate;
use portail_domain::{
    privacy::erasure::{Erasure, Kept, LegalBasis, RetentionRules},
    shared::sealed::Purpose,
};
use portail_event_store::{CommandError, forget_old_reads};
use portail_projections::privacy::erasures;
use uuid::Uuid;

use crate::{
    application::Application,
    caller::{Caller, Role},
    privacy::{command::PrivacyCommand, database, subject, ties},
};

/// How often it is asked whether the day was looked after.
const TICK: Duration = Duration::from_secs(60);

/// How many subjects are looked at together.
const PAGE: i64 = 200;

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
        let Some(day) = untied_day(&rules, self.clock().today()) else { return Ok(vec![]) };
        let mut lines = vec![];
        for id in erasures::untied_since(self.pool(), day, after, limit).await.map_err(database)? {
            let Some(subject) = subject(&id) else { continue };
            let mut work = self.read_only();
            let Some(ties) = ties(&subject, self.clock().now(), &mut work, self.services()).await? else {
                continue;
            };
            work.load::<Erasure>([id.clone()]).await?;
            let erasure = work.get::<Erasure>(&id)?;
            let kept = erasure.kept(&subject, &ties, &rules, LegalBasis::RetentionEnded);
            let is_due = |p: &Purpose| !erasure.is_erased(*p) && kept.iter().all(|kept| kept.purpose != *p);
            let due = subject.purposes().filter(is_due).collect();
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
        let today = self.clock().today();
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
                let command = PrivacyCommand::ErasePersonalData {
                    subject,
                    purposes: BTreeSet::new(),
                    basis: LegalBasis::RetentionEnded,
                };
                let name = format!("{}/{id}/{today}", Erasure::TYPE);
                let caller = Caller { role: Role::Timer, login: "retention".into(), at: self.clock().now() };
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
            if let Some(until) = application.catalogue().get().await?.calendar.ends_soon(today) {
                tracing::warn!(%until, "the school calendar ends: enter the next school year, or update the program");
            }
            tracing::info!(subjects = erased, "the day was looked after");
            let query = "INSERT INTO retention_day (day) VALUES ($1) ON CONFLICT DO NOTHING";
            sqlx::query(query).bind(today).execute(application.pool()).await.map(drop)
        };
        if let Err(error) = done.await {
            let error: sqlx::Error = error;
            tracing::warn!(%error, "retention could not be looked after");
        }
    }
}
