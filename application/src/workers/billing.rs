//! Takes billing runs forward: a draft is computed family by family, reviewed, and issued chunk by
//! chunk. Both go on where they stopped, on whichever node. A draft that waits too long is given up, and goes when
//! its run has ended.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{Days, NaiveDate, TimeDelta};
use portail_domain::{
    money::billing::{BillInput, Billed, Booked, Household, bill},
    money::tariff::Unit,
    shared::ids::{ChildId, FamilyNumber, RegieId, RunId},
};
use portail_projections::{
    catalogue::Catalogue,
    families::household,
    money::{
        accounts,
        billing_drafts::{self, Draft},
        regies::{self, Stage},
    },
};
use uuid::Uuid;

use crate::{
    application::Application,
    caller::{Caller, Role},
    money::command::MoneyCommand,
    services::PATIENCE,
};

/// How many families one step of a draft computes.
const DRAFTED: i64 = 500;

/// How many days before its period a run still looks for changes: later ones need a credit note. What was
/// never billed before that is told in the draft.
const REACH_BACK: u64 = 92;

/// How long a draft waits to be issued. It says what families were to pay when it was computed.
const DRAFT_VALID: TimeDelta = TimeDelta::days(60);

fn by_child(cells: &[Booked]) -> HashMap<ChildId, Vec<&Booked>> {
    let mut of_child: HashMap<ChildId, Vec<&Booked>> = HashMap::new();
    for cell in cells {
        of_child.entry(cell.child).or_default().push(cell);
    }
    of_child
}

fn of_household<'a>(household: &Household, of_child: &HashMap<ChildId, Vec<&'a Booked>>) -> Vec<&'a Booked> {
    household.children.iter().filter_map(|c| of_child.get(&c.id)).flatten().copied().collect()
}

/// What a régie bills by the session, and since when.
fn billed_since(catalogue: &Catalogue, regie: &RegieId) -> Option<(NaiveDate, Vec<String>)> {
    let (mut since, mut activities) = (None, vec![]);
    for (activity, tariff) in &catalogue.tariffs {
        let own = tariff.versions().filter(|(_, _, s)| s.regie == *regie && s.unit != Unit::Month);
        if let Some(first) = own.map(|(from, _, _)| from).min() {
            since = Some(since.map_or(first, |before: NaiveDate| before.min(first)));
            activities.push(activity.to_string());
        }
    }
    Some((since?, activities))
}

impl Application {
    /// Takes every open billing run as far as it goes without staff.
    ///
    /// # Errors
    /// A read model cannot be read, or a chunk was not decided.
    pub async fn advance_billing(&self) -> anyhow::Result<()> {
        for run in regies::open_runs(self.pool()).await? {
            let regie: RegieId = run.regie.parse()?;
            match run.stage {
                Stage::Prepared if self.clock().now() - run.prepared > DRAFT_VALID => {
                    self.give_up(&run, regie).await?;
                }
                Stage::Prepared => while self.draft(&run, &regie).await? {},
                Stage::Issuing => self.issue_all(&run, regie).await?,
                // These are not open.
                Stage::Completed | Stage::Abandoned => {}
            }
        }
        let discarded = billing_drafts::discard_ended(self.pool()).await?;
        if discarded > 0 {
            tracing::info!(discarded, "deleted drafts of billing runs that ended");
        }
        Ok(())
    }

    /// Gives a run up that nobody started.
    async fn give_up(&self, run: &regies::RunRow, regie: RegieId) -> anyhow::Result<()> {
        let command = Uuid::new_v5(&run.id, b"given up");
        let abandon = MoneyCommand::AbandonBillingRun { regie, run: RunId(run.id) };
        let executed = self.decide(&self.billing_timer(), command, abandon).await?;
        tracing::warn!(run = %run.id, "nobody started this billing run in {} days: given up", DRAFT_VALID.num_days());
        self.wait_for(executed.position).await;
        Ok(())
    }

    fn billing_timer(&self) -> Caller {
        Caller { role: Role::Timer, login: "billing".into(), at: self.clock().now() }
    }

    /// Computes the drafts of the next families; whether there were any left.
    async fn draft(&self, run: &regies::RunRow, regie: &RegieId) -> anyhow::Result<bool> {
        let pool = self.pool();
        let progress = match billing_drafts::progress(pool, run.id).await? {
            Some(progress) if progress.complete => return Ok(false),
            Some(progress) => progress,
            None => {
                billing_drafts::begin(pool, run.id, household::count_families(pool).await?).await?;
                return Ok(true);
            }
        };
        let seen = self.log().read_head().await?;
        anyhow::ensure!(self.engine().wait_for_all(seen, PATIENCE).await, "the read models lag behind");
        let families = household::next_families(pool, &progress.last_family, DRAFTED).await?;
        let households = household::households(pool, &families).await?;
        let children: BTreeSet<Uuid> =
            households.values().flat_map(|h| h.children.iter().map(|c| c.id.0)).collect();
        let children: Vec<Uuid> = children.into_iter().collect();
        let catalogue = self.catalogue().get().await?;
        let since = run.first_day - Days::new(REACH_BACK);
        let cells = accounts::billable(pool, &children, since, run.last_day).await?;
        let billed = accounts::billed(pool, &children, since, run.last_day).await?;
        let credited = accounts::credited(pool, regie.as_str(), &families, since).await?;
        let taken_over = accounts::taken_over(pool, regie.as_str(), &families, since).await?;
        let out_of_reach = match billed_since(&catalogue, regie) {
            Some((from, activities)) if from < since => {
                accounts::never_billed(pool, &children, &activities, from, since).await?
            }
            _ => vec![],
        };
        let known = regies::by_code(pool).await?;
        let quotient_corrections =
            known.get(regie.as_str()).map(|r| r.quotient_corrections).unwrap_or_default();
        let (today, nothing, none) = (self.clock().today(), Billed::new(), HashMap::new());
        let (of_child, older) = (by_child(&cells), by_child(&out_of_reach));
        let mut computed = vec![];
        for family in &families {
            let (Some(household), Ok(number)) = (households.get(family), family.parse()) else { continue };
            let made = bill(&BillInput {
                family: &number,
                household,
                regie,
                period: (run.first_day, run.last_day),
                booked: &of_household(household, &of_child),
                out_of_reach: &of_household(household, &older),
                billed: billed.get(family).unwrap_or(&nothing),
                credited: credited.get(family).unwrap_or(&none),
                taken_over: taken_over.get(family).map_or(&[], Vec::as_slice),
                quotient_corrections,
                offer: &*catalogue,
                today,
            });
            if !made.lines.is_empty() || !made.warnings.is_empty() {
                let (total, previous) = (made.total(), portail_domain::shared::amount::Amount::default());
                let (family, lines, warnings) = (family.clone(), made.lines, made.warnings);
                computed.push(Draft { family, total, previous, lines, warnings, seen });
            }
        }
        let last = families.last().map(String::as_str);
        billing_drafts::keep(pool, run.id, &progress, &computed, families.len(), last).await?;
        tracing::info!(run = %run.id, done = progress.done as usize + families.len(), of = progress.families, "billing draft");
        Ok(true)
    }

    /// Issues a run to its end.
    async fn issue_all(&self, run: &regies::RunRow, regie: RegieId) -> anyhow::Result<()> {
        let id = RunId(run.id);
        let mut after: Option<FamilyNumber> = run.last_family.as_deref().map(str::parse).transpose()?;
        loop {
            let place = after.as_ref().map_or("", FamilyNumber::as_str);
            let command = Uuid::new_v5(&run.id, place.as_bytes());
            let issue = MoneyCommand::IssueInvoices { regie: regie.clone(), run: id, after: after.clone() };
            let executed = self.decide(&self.billing_timer(), command, issue).await?;
            self.wait_for(executed.position).await;
            match regies::run(self.pool(), run.id).await? {
                Some(now) if now.stage == Stage::Issuing && now.last_family.as_deref() != Some(place) => {
                    tracing::info!(run = %run.id, invoices = now.invoices, "billing run");
                    after = now.last_family.as_deref().map(str::parse).transpose()?;
                }
                _ => return Ok(()),
            }
        }
    }
}

/// Takes billing runs forward for as long as the application runs: at once when a régie changes,
/// and every few seconds for what an interruption left.
pub async fn run_billing(application: Arc<Application>) {
    let engine = application.engine();
    let mut positions = engine.subscribe(regies::NAME);
    loop {
        let seen = engine.effects(regies::NAME);
        if let Err(error) = application.advance_billing().await {
            tracing::warn!(%error, "a billing run will go on later");
        }
        // The position moves with every event of the log; only a régie's own can bring work.
        let changed = async {
            match &mut positions {
                Some(positions) => while engine.effects(regies::NAME) == seen && positions.changed().await {},
                None => std::future::pending().await,
            }
        };
        tokio::select! { () = changed => {}, () = tokio::time::sleep(Duration::from_secs(5)) => {} }
    }
}
