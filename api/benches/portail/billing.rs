//! A month of a large town, billed: the draft of every family, then its invoices.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use chrono::{Datelike, NaiveDate, Weekday};
use portail_application::MoneyCommand;
use portail_domain::shared::ids::{RegieId, RunId};
use portail_projections::money::regies::{self, Stage};
use portail_testkit::Cluster;
use uuid::Uuid;

use crate::town::{GROUPS, Town, group, send, send_and_see};

/// Seconds for a month.
pub struct Billing {
    pub families: u64,
    pub sessions: i64,
    pub invoices: i32,
    pub draft: f64,
    pub issue: f64,
    pub scan: f64,
}

/// The days a canteen is open in a May.
fn days() -> impl Iterator<Item = NaiveDate> {
    let first: NaiveDate = "2015-05-01".parse().unwrap();
    let open =
        |day: &NaiveDate| matches!(day.weekday(), Weekday::Mon | Weekday::Tue | Weekday::Thu | Weekday::Fri);
    first.iter_days().take(31).filter(open)
}

/// Bills a month of `families` families, beside a plain scan of the sessions billed.
pub async fn month(cluster: &Cluster, families: u64) -> Result<Billing> {
    let town = Town::settle(cluster, families, false).await?;
    town.book(days(), u64::MAX).await?;
    let application = &town.application;
    let engine = application.engine().start();
    let catalogue = application.catalogue().get().await?;
    let canteen = catalogue.tariffs.get(&"restauration-scolaire".parse()?).context("its tariff")?;
    let (_, settings) = canteen.on("2015-05-01".parse()?).context("a tariff in May")?;
    for n in 0..GROUPS {
        let (settings, from) = (Box::new(settings.clone()), "2014-09-01".parse()?);
        let tariff = MoneyCommand::SetTariff { activity: group(n), settings, from };
        send(application, Uuid::new_v4(), tariff).await?;
    }
    let started = Instant::now();
    let cells: Vec<(Uuid, String, NaiveDate, String)> = sqlx::query_as(
        "SELECT child, activity, date, booking FROM rm_planning.cell WHERE date BETWEEN '2015-05-01' AND '2015-05-31'",
    )
    .fetch_all(application.pool())
    .await?;
    let scan = started.elapsed().as_secs_f64();

    let (id, regie): (Uuid, RegieId) = (Uuid::now_v7(), "al".parse()?);
    let day = |text: &str| text.parse::<NaiveDate>();
    let prepare = MoneyCommand::PrepareBillingRun {
        regie: regie.clone(),
        from: day("2015-05-01")?,
        to: day("2015-05-31")?,
        date: day("2015-06-01")?,
        due: day("2015-06-30")?,
    };
    send_and_see(application, id, prepare).await?;
    let started = Instant::now();
    application.advance_billing().await?;
    let draft = started.elapsed().as_secs_f64();
    let start = MoneyCommand::StartBillingRun { regie, run: RunId(id) };
    send_and_see(application, Uuid::new_v4(), start).await?;
    let started = Instant::now();
    application.advance_billing().await?;
    let issue = started.elapsed().as_secs_f64();
    engine.abort();
    let run = regies::run(application.pool(), id).await?.context("the run")?;
    ensure!(run.stage == Stage::Completed, "{run:?}");
    let invoices = run.invoices;
    ensure!(u64::from(invoices.unsigned_abs()) >= families, "{invoices} invoices");
    Ok(Billing { families, sessions: i64::try_from(cells.len())?, invoices, draft, issue, scan })
}
