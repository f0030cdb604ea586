//! A large town: the guide's, with many families more, each with a child, and the mass of their
//! bookings.

use std::{sync::Arc, time::Instant};

use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt, stream};
use portail_api::tools::demo;
use portail_application::{
    Application, Caller, CatalogueCommand, Command, FamiliesCommand, Keys, PersonName, Role, clock::Clock,
};
use portail_domain::{
    attendance::session::{SessionEvent, stream_id},
    families::child::Enrolment,
    shared::ids::{ActivityId, ChildId, FamilyNumber, RequestId},
};
use portail_event_store::{Append, CheckpointSigner, Database, MasterKey, NewEvent, StreamAppend, StreamId};
use portail_testkit::Cluster;
use uuid::Uuid;

use crate::load::{KEY, basis, meta, raw, requested};

/// Signs the checkpoints of the measured town.
pub const SIGNING_KEY: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

/// Activities that hold the mass of bookings.
pub const GROUPS: u64 = 100;

/// A town and the database it is in.
pub struct Town {
    pub application: Arc<Application>,
    pub url: String,
    pub families: u64,
}

pub fn family(n: u64) -> FamilyNumber {
    format!("{:013}", 2_000_000_000_000 + n).parse().unwrap()
}

pub fn child(n: u64) -> ChildId {
    ChildId(Uuid::from_u128(u128::from(n) + 1_000_000))
}

pub fn group(n: u64) -> ActivityId {
    format!("groupe-{:02}", n % GROUPS).parse().unwrap()
}

fn staff(application: &Application) -> Caller {
    Caller { role: Role::Staff, login: "mairie".into(), at: application.clock().now() }
}

/// Sends a command as staff; it must be recorded.
pub async fn send(application: &Application, id: Uuid, command: impl Into<Command>) -> Result<()> {
    let executed = application.decide(&staff(application), id, command).await?;
    ensure!(executed.outcome.recorded, "{:?}", executed.outcome.errors);
    Ok(())
}

/// Sends a command as staff and waits until the read models show it.
pub async fn send_and_see(application: &Application, id: Uuid, command: impl Into<Command>) -> Result<()> {
    let executed = application.execute(&staff(application), id, command).await?;
    ensure!(executed.outcome.recorded, "{:?}", executed.outcome.errors);
    Ok(())
}

impl Town {
    /// The guide's town with families more, each with a child enrolled in its group, and in the
    /// guide's activities when so asked.
    pub async fn settle(cluster: &Cluster, families: u64, in_every_activity: bool) -> Result<Self> {
        let url = cluster.create_database().await?;
        let database = Database::connect(&url, 12).await?;
        let clock = Clock::starting_on(demo::TODAY);
        let keys = Keys { master: MasterKey::from_hex(KEY)?, signer: CheckpointSigner::new(SIGNING_KEY)? };
        let application = Application::open(&database, keys, clock).await?;
        let engine = application.engine().start();
        demo::prepare(&application).await?;
        let catalogue = application.catalogue().get().await?;
        let mut activities: Vec<ActivityId> = catalogue.activities.keys().cloned().collect();
        activities.retain(|_| in_every_activity);
        activities.sort();
        let canteen = &"restauration-scolaire".parse()?;
        let settings = catalogue.activities[canteen].latest().context("the canteen")?.clone();
        for n in 0..GROUPS {
            let define =
                CatalogueCommand::DefineActivity { id: group(n), settings: Box::new(settings.clone()) };
            send(&application, Uuid::new_v4(), define).await?;
        }
        let register = |n: u64| register(&application, &activities, n);
        stream::iter(0..families).map(register).buffer_unordered(32).try_collect::<Vec<()>>().await?;
        engine.abort();
        Ok(Self { application, url, families })
    }

    /// Bookings of every child in its group: a day after the other, until the log holds `events`.
    pub async fn book(&self, days: impl Iterator<Item = NaiveDate>, events: u64) -> Result<()> {
        let sessions = days.flat_map(|day| (0..GROUPS).map(move |g| (day, g)));
        let log = self.application.log();
        let head = log.read_head().await?;
        let per_session = 2 * self.families / GROUPS;
        let wanted = events.saturating_sub(head).div_ceil(per_session);
        let append = |(date, g): (NaiveDate, u64)| async move {
            let mut new = Vec::new();
            for n in (g..self.families).step_by(GROUPS as usize) {
                let request = RequestId(Uuid::now_v7());
                new.push(NewEvent::from_domain(&requested(child(n), family(n), request))?);
                let confirmed =
                    SessionEvent::ReservationConfirmed { child: child(n), request, basis: basis() };
                new.push(NewEvent::from_domain(&confirmed)?);
            }
            let stream = StreamId::new("Session", stream_id(&group(g), date));
            let streams = vec![StreamAppend { stream, expected: 0, events: new }];
            log.append(Append::new(meta(), raw("{}"), vec![], streams, &raw("{}"))?).await?;
            anyhow::Ok(())
        };
        let sessions = sessions.take(usize::try_from(wanted)?);
        stream::iter(sessions).map(append).buffered(8).try_collect::<Vec<()>>().await?;
        let started = Instant::now();
        self.application.engine().catch_up().await?;
        println!("  caught up in {:.1} s", started.elapsed().as_secs_f64());
        Ok(())
    }
}

async fn register(application: &Application, activities: &[ActivityId], n: u64) -> Result<()> {
    let name = PersonName { surname: format!("Famille {n}").parse()?, first_name: "Camille".parse()? };
    let (number, title) = (family(n), Some("Madame".parse()?));
    let register =
        FamiliesCommand::RegisterFamily { number: number.clone(), title, responsible: name.clone() };
    send(application, Uuid::new_v4(), register).await?;
    let birth_date = "2009-01-01".parse()?;
    let register = FamiliesCommand::RegisterChild { family: number.clone(), name, birth_date };
    send(application, child(n).0, register).await?;
    for activity in activities.iter().cloned().chain([group(n)]) {
        let enrolment = Enrolment {
            activity,
            payer: number.clone(),
            from: "2014-09-01".parse()?,
            to: None,
            contract: [].into(),
            leave_days: 0,
        };
        send(application, Uuid::new_v4(), FamiliesCommand::EnrolChild { child: child(n), enrolment }).await?;
    }
    Ok(())
}
