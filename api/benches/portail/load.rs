//! What is measured: our append, our commands, a large town, its rebuild and its planning.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command as Process, Stdio},
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use futures::{TryStreamExt, future::BoxFuture};
use portail_application::access::{self, AccountRole};
use portail_domain::{
    attendance::session::{Act, Basis, Latitude, Session, SessionCommand, SessionEvent},
    attendance::terms::Terms,
    shared::ids::{ChildId, FamilyNumber, RequestId},
    upcasters,
};
use portail_event_store::{
    Append, CommandBus, CommandError, CommandMeta, Database, Decide, EVENT_COLUMNS, EventLog, MasterKey,
    NewEvent, Outcome, RecordedEvent, StreamAppend, StreamId, UnitOfWork, Vault, VerifiedLog, canonical_json,
    verify,
};
use portail_projections::{
    FoldContext,
    engine::rebuild::{self, Step},
};
use portail_testkit::Cluster;
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::{
    middle,
    town::{SIGNING_KEY, Town, child, family},
};

pub const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";

pub fn basis() -> Basis {
    let at = "2015-04-03T09:00:00Z".parse().unwrap();
    Basis { policy: 1, calendar: 1, cutoff: Some(at), received: at }
}

fn payer() -> FamilyNumber {
    "1001001010331".parse().unwrap()
}

pub fn requested(child: ChildId, payer: FamilyNumber, request: RequestId) -> SessionEvent {
    SessionEvent::ReservationRequested { child, payer, request, late: false, exception: None, basis: basis() }
}

/// A payload as the log holds them.
pub fn sample_payload() -> String {
    let event = requested(ChildId(Uuid::from_u128(1)), payer(), RequestId(Uuid::from_u128(2)));
    canonical_json(&event).unwrap().get().to_owned()
}

/// The terms of a canteen day without limits.
static TERMS: LazyLock<Arc<Terms>> = LazyLock::new(|| {
    use portail_domain::{catalogue::activity::*, catalogue::calendar::*, catalogue::deadline::DeadlineRule};
    let settings = ActivitySettings {
        structure: "restauration".parse().unwrap(),
        name: "Restauration scolaire".into(),
        rank: 1,
        starts: "12:00:00".parse().unwrap(),
        ends: "13:30:00".parse().unwrap(),
        weekdays: [chrono::Weekday::Tue].into(),
        periods: [Period::School].into(),
        capacity: None,
        approval: ApprovalMode::Instant,
        waiting_list: true,
        offer_hours: 24,
        booking_deadline: DeadlineRule::AtStart,
        cancel_deadline: DeadlineRule::AtStart,
        late_requests: LateRequests::Refuse,
        absence: AbsencePolicy::default(),
        leave: None,
    };
    let mut activity = Activity::default();
    activity.evolve(&ActivityEvent::ActivityDefined { settings: Box::new(settings) });
    let day = "2015-04-07".parse().unwrap();
    let id = "restauration-scolaire".parse().unwrap();
    Arc::new(Terms::resolve(&id, &activity, &TownCalendar::default(), day).unwrap())
});

/// Each client has two hundred sessions of its own, taken in turn.
pub fn session_of(client: usize, turn: u64) -> String {
    format!("bench-{client}-{}:2015-04-07", turn % 200)
}

/// A new child asks for a place.
pub fn reservation(turn: u64) -> SessionCommand {
    let act = Act::Request {
        child: ChildId(Uuid::from_u128(u128::from(turn))),
        payer: payer(),
        request: RequestId(Uuid::from_u128(u128::from(turn))),
        enrolled: true,
        overlaps: vec![],
    };
    SessionCommand { terms: TERMS.clone(), at: basis().received, latitude: Latitude::default(), act }
}

pub fn meta() -> CommandMeta {
    let id = Uuid::now_v7();
    CommandMeta {
        command_id: id,
        request_hash: [0; 32],
        actor: "parent:1001001010331".into(),
        correlation_id: id,
        causation_id: None,
        received_at: chrono::Utc::now(),
    }
}

pub fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

async fn empty_log(cluster: &Cluster) -> Result<EventLog> {
    let database = Database::connect(&cluster.create_database().await?, 8).await?;
    let vault = Vault::unlock(database.pool().clone(), MasterKey::from_hex(&"5a".repeat(32))?).await?;
    Ok(EventLog::open(&database, upcasters::all(), vault.append_key().await?).await?)
}

async fn clients<F, Fut>(count: usize, time: Duration, work: F) -> Result<f64>
where
    F: Fn(usize, u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let end = Instant::now() + time;
    let tasks: Vec<_> = (0..count)
        .map(|client| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut done = 0;
                while Instant::now() < end {
                    work(client, done).await;
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut total = 0;
    for task in tasks {
        total += task.await?;
    }
    Ok(total as f64 / time.as_secs_f64())
}

/// Events per second: one event a command, each to a new stream, durable before it is answered.
pub async fn append(cluster: &Cluster, count: usize, time: Duration) -> Result<f64> {
    let log = empty_log(cluster).await?;
    clients(count, time, move |client, turn| {
        let log = log.clone();
        async move {
            let event = requested(ChildId(Uuid::from_u128(1)), payer(), RequestId(Uuid::from_u128(2)));
            let stream = StreamAppend {
                stream: StreamId::new("Session", format!("activity-{client}-{turn}")),
                expected: 0,
                events: vec![NewEvent::from_domain(&event).unwrap()],
            };
            let append = Append::new(meta(), raw("{}"), vec![], vec![stream], &raw("{}")).unwrap();
            log.append(append).await.unwrap();
        }
    })
    .await
}

#[derive(Serialize, Deserialize)]
struct Done;

impl Outcome for Done {
    fn is_rejection(&self) -> bool {
        false
    }
}

struct Reserve(String, SessionCommand);

impl Decide for Reserve {
    type Outcome = Done;
    fn decide<'w>(&'w self, work: &'w mut UnitOfWork<'_>) -> BoxFuture<'w, Result<Done, CommandError>> {
        Box::pin(async move {
            work.load::<Session>([self.0.clone()]).await?;
            let events = work.get::<Session>(&self.0)?.decide(self.1.clone());
            work.record::<Session>(&self.0, events.map_err(|e| CommandError::Unreadable(e.to_string()))?)?;
            Ok(Done)
        })
    }
}

/// Commands per second through the bus: the same decisions on the same streams as the baseline.
pub async fn commands(cluster: &Cluster, count: usize, time: Duration) -> Result<f64> {
    let bus = Arc::new(CommandBus::new(empty_log(cluster).await?));
    clients(count, time, move |client, turn| {
        let bus = bus.clone();
        async move {
            bus.execute(meta(), &Reserve(session_of(client, turn), reservation(turn))).await.unwrap();
        }
    })
    .await
}

const FAMILIES: u64 = 5_000;

/// A town of five thousand families whose log holds `events` events.
pub async fn town(cluster: &Cluster, events: u64) -> Result<Town> {
    let town = Town::settle(cluster, FAMILIES, true).await?;
    let first: chrono::NaiveDate = "2015-04-01".parse()?;
    town.book(first.iter_days(), events).await?;
    rest(&town).await?;
    Ok(town)
}

/// What autovacuum and the checkpointer are about to do after a million rows, before the next thing is
/// measured rather than meanwhile.
pub async fn rest(town: &Town) -> Result<()> {
    let mut owner = PgConnection::connect(&town.url).await?;
    owner.execute("VACUUM (ANALYZE)").await?;
    owner.execute("CHECKPOINT").await?;
    Ok(())
}

/// Seconds for verifying the whole log.
pub struct Verification {
    pub events: u64,
    pub verify: f64,
    pub copy: f64,
}

/// Verifies the log, beside the `COPY` of the same rows that it reads: of five turns, the middle times.
pub async fn verification(town: &Town) -> Result<Verification> {
    let pool = town.application.pool();
    let (mut copies, mut verifications, mut events) = (vec![], vec![], 0);
    for _ in 0..5 {
        let started = Instant::now();
        let mut connection = pool.acquire().await?;
        let query = "COPY (SELECT * FROM events ORDER BY position) TO STDOUT (FORMAT binary)";
        let out = connection.copy_out_raw(query).await?;
        let bytes = out.try_fold(0, |n, chunk| async move { Ok(n + chunk.len()) }).await?;
        ensure!(bytes > 0);
        drop(connection);
        copies.push(started.elapsed().as_secs_f64());
        let started = Instant::now();
        events = verify(pool, VerifiedLog::default(), &[], |_, _| ()).await?.events();
        verifications.push(started.elapsed().as_secs_f64());
    }
    Ok(Verification { events, verify: middle(verifications), copy: middle(copies) })
}

/// Seconds for the whole log.
pub struct Rebuilds {
    pub events: u64,
    pub rebuild: f64,
    pub of_which_comparing: f64,
    pub scan: f64,
    pub copy: f64,
}

/// Rebuilds every read model, beside a plain ordered scan and a `COPY` of the same rows.
pub async fn rebuild(town: &Town) -> Result<Rebuilds> {
    let log = town.application.log();
    let events = log.read_head().await?;
    let started = Instant::now();
    let rows =
        sqlx::query_as::<_, RecordedEvent>(&format!("SELECT {EVENT_COLUMNS} FROM events ORDER BY position"))
            .fetch(town.application.pool())
            .try_fold(0u64, |n, _| async move { Ok(n + 1) })
            .await?;
    ensure!(rows == events);
    let scan = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let mut connection = town.application.pool().acquire().await?;
    let out = connection.copy_out_raw("COPY (SELECT * FROM events ORDER BY position) TO STDOUT").await?;
    let bytes = out.try_fold(0, |n, chunk| async move { Ok(n + chunk.len()) }).await?;
    ensure!(bytes > 0);
    drop(connection);
    let copy = started.elapsed().as_secs_f64();
    let context = FoldContext { log: log.clone(), vault: town.application.vault().clone() };
    let started = Instant::now();
    let (mut of_which_comparing, mut differing) = (0.0, vec![]);
    rebuild::rebuild_all(portail_projections::all(), &context, |name, step| {
        let Step::Done(rebuilt) = step else { return };
        of_which_comparing += rebuilt.comparing.as_secs_f64();
        if rebuilt.differences != Some(0) {
            differing.push((name, rebuilt));
        }
        println!("  {name} after {:.1} s", started.elapsed().as_secs_f64());
    })
    .await?;
    ensure!(differing.is_empty(), "{differing:?}");
    Ok(Rebuilds { events, rebuild: started.elapsed().as_secs_f64(), of_which_comparing, scan, copy })
}

/// Latencies of the planning query.
pub struct Planning {
    pub requests_per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    pub baseline_per_second: f64,
}

struct Server(Child, String);

impl Server {
    fn start(url: &str, folder: &std::path::Path) -> Result<Self> {
        let mut child = Process::new(env!("CARGO_BIN_EXE_portail"))
            .arg("serve")
            // The log is signed by this key already: without it no server starts.
            .env("PORTAIL_SIGNING_KEY", SIGNING_KEY)
            .env("DATABASE_URL", url)
            .env("PORTAIL_DATA_DIR", folder)
            .env("PORTAIL_MASTER_KEY", KEY)
            .env("PORTAIL_TODAY", "2015-04-08")
            .env("PORTAIL_LISTEN", "127.0.0.1:0")
            .env("PORTAIL_TOWN", "Mairie de Haisnes")
            .env("PORTAIL_SITE", "https://www.haisnes.fr")
            // What is measured is not how much one family may send.
            .env("PORTAIL_COMMANDS_PER_MINUTE", "1000000")
            .env("PORTAIL_MAX_CONNECTIONS_PER_ADDRESS", "100000")
            .env("PORTAIL_MAX_CONNECTIONS", "100000")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout")?).lines();
        let first = lines.next().context("an address")??;
        let address =
            first.split("http://").nth(1).and_then(|a| a.split('/').next()).context("an address")?;
        let server = Self(child, address.to_owned());
        std::thread::spawn(move || lines.for_each(drop));
        Ok(server)
    }

    fn resident_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find(|l| l.starts_with("VmRSS")).context("VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const QUERY: &str = "query ($child: ID!) { planning(childId: $child, month: \"2015-04\") { position rows { structure activity responsible \
    cells { date markerLetter status statusLabel attendance { present } actions { action allowed until reason { code } } } } } }";

async fn post(
    http: &reqwest::Client,
    address: &str,
    token: Option<&str>,
    body: &serde_json::Value,
) -> Result<Bytes> {
    let mut request = http.post(format!("http://{address}/graphql")).json(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Ok(request.send().await?.error_for_status()?.bytes().await?)
}

/// Eight parents read a month's planning over HTTP, as fast as they are answered.
pub async fn planning(town: &Town, time: Duration) -> Result<Planning> {
    const READERS: u64 = 8;
    let folder = tempfile::tempdir()?;
    let server = Server::start(&town.url, folder.path())?;
    let http = reqwest::Client::new();
    let mut readers = Vec::new();
    for n in 0..READERS {
        let n = n * 617;
        let hashing = town.application.log_ins().hashing();
        let login = family(n);
        access::set_account(
            town.application.pool(),
            hashing,
            login.as_str(),
            AccountRole::Parent,
            "Bonbons2015",
        )
        .await?;
        let log_in = json!({ "query": "mutation ($i: LogInInput!) { logIn(input: $i) { token } }",
            "variables": { "i": { "login": family(n), "password": "Bonbons2015" } } });
        let answer: serde_json::Value =
            serde_json::from_slice(&post(&http, &server.1, None, &log_in).await?)?;
        readers.push((child(n), answer["data"]["logIn"]["token"].as_str().context("a token")?.to_owned()));
    }
    let run = |query: &'static str| {
        let (http, address, readers) = (http.clone(), server.1.clone(), readers.clone());
        async move {
            let end = Instant::now() + time;
            let tasks: Vec<_> = readers
                .into_iter()
                .map(|(child, token)| {
                    let (http, address) = (http.clone(), address.clone());
                    tokio::spawn(async move {
                        let body = json!({ "query": query, "variables": { "child": child } });
                        let mut times = Vec::new();
                        while Instant::now() < end {
                            let started = Instant::now();
                            let answer = post(&http, &address, Some(&token), &body).await.unwrap();
                            times.push(started.elapsed());
                            assert!(
                                memchr::memmem::find(&answer, b"\"errors\"").is_none(),
                                "{}",
                                String::from_utf8_lossy(&answer)
                            );
                        }
                        times
                    })
                })
                .collect();
            let mut times = Vec::new();
            for task in tasks {
                times.extend(task.await?);
            }
            times.sort();
            anyhow::Ok(times)
        }
    };
    run(QUERY).await?;
    let times = run(QUERY).await?;
    // The floor: the same round trip with the same authentication and no read model.
    let floor = run("query { viewer { login } }").await;
    let baseline = match floor {
        Ok(times) => times.len() as f64 / time.as_secs_f64(),
        Err(_) => f64::NAN,
    };
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Ok(Planning {
        requests_per_second: times.len() as f64 / time.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        baseline_per_second: baseline,
    })
}

/// The memory of a server at rest on the guide's town, in MiB.
pub async fn idle_memory(cluster: &Cluster) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(&cluster.create_database().await?, folder.path())?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.resident_mib()
}
