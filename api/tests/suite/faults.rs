//! Crashes under load: what was acknowledged is in the log exactly once, the chain verifies, and
//! the read models equal a rebuild.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use portail_application::{Application, clock::Clock};
use portail_event_store::{Database, MasterKey, VerifiedLog, verify};
use portail_projections::{FoldContext, engine::rebuild};
use portail_testkit::{Cluster, Durability, is_embedded};
use serde_json::json;
use uuid::Uuid;

use crate::{
    application::with_master,
    server::{Client, Home, LEO, PARENT},
};

/// Parents who book and cancel without end, and remember what was acknowledged.
pub struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Acknowledged>>,
    /// A client of each server; they share them out among them.
    servers: Arc<Mutex<Vec<Client>>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// What was acknowledged since the load was told to forget.
#[derive(Default)]
struct Acknowledged {
    /// How often it was: an answer to what was sent before belongs to what is forgotten.
    forgotten: u32,
    ids: HashSet<Uuid>,
}

const MUTATION: [&str; 2] = [
    "mutation ($input: RequestReservationsInput!) { done: requestReservations(input: $input) { position } }",
    "mutation ($input: ChildDaysInput!) { done: cancelReservations(input: $input) { position } }",
];

impl Load {
    pub fn start(clients: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::<Mutex<Acknowledged>>::default();
        let servers = Arc::<Mutex<Vec<Client>>>::default();
        let tasks = (0..clients)
            .map(|number| {
                let (stop, acknowledged, servers) = (stop.clone(), acknowledged.clone(), servers.clone());
                // Each client has its own Monday.
                let day = chrono::NaiveDate::from_ymd_opt(2015, 6, 1).unwrap() + chrono::Days::new(u64::from(number) * 7);
                let chosen = move |servers: &[Client]| {
                    servers.get((number as usize).checked_rem(servers.len())?).cloned()
                };
                tokio::spawn(async move {
                    let (mut turn, mut id) = (0, Uuid::new_v4());
                    while !stop.load(Ordering::Relaxed) {
                        let Some(client) = chosen(&servers.lock().unwrap()) else {
                            tokio::task::yield_now().await;
                            continue;
                        };
                        let input = json!({ "clientMutationId": id, "childId": LEO, "activityId": "garderie-matin", "dates": [day] });
                        let sent = acknowledged.lock().unwrap().forgotten;
                        let answer = client.send(MUTATION[turn % 2], json!({ "input": input })).await;
                        // An answer lost on the way, or an unavailable service: the same command again.
                        let Ok(answer) = answer else { continue };
                        if answer["data"]["done"].is_object() {
                            let mut acknowledged = acknowledged.lock().unwrap();
                            if acknowledged.forgotten == sent {
                                acknowledged.ids.insert(id);
                            }
                            drop(acknowledged);
                            (turn, id) = (turn + 1, Uuid::new_v4());
                        }
                    }
                })
            })
            .collect();
        Self { stop, acknowledged, servers, tasks }
    }

    /// Turns to other servers.
    pub async fn aim(&self, addresses: &[&str]) {
        let mut clients = vec![];
        for address in addresses {
            clients.push(Client::log_in(address, PARENT).await);
        }
        *self.servers.lock().unwrap() = clients;
    }

    /// Forgets what was acknowledged so far, and what was sent already.
    pub fn forget(&self) {
        let mut acknowledged = self.acknowledged.lock().unwrap();
        *acknowledged = Acknowledged { forgotten: acknowledged.forgotten + 1, ids: HashSet::new() };
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().ids.len()
    }

    /// Lets the load run until so many more commands were acknowledged.
    pub async fn run_for(&self, commands: usize) {
        let target = self.count() + commands;
        let reached = async {
            while self.count() < target {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reached).await.expect("the load gets through");
    }

    pub async fn end(self) -> HashSet<Uuid> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.acknowledged.lock().unwrap().ids.clone()
    }
}

/// Every acknowledged command is in the log once, the chain verifies, and every read model equals
/// its rebuild.
pub async fn all_is_well(database: &Database, key: MasterKey, acknowledged: &HashSet<Uuid>) {
    let ids: Vec<Uuid> = acknowledged.iter().copied().collect();
    let logged: i64 = sqlx::query_scalar("SELECT count(*) FROM command_log WHERE command_id = ANY($1)")
        .bind(&ids)
        .fetch_one(database.pool())
        .await
        .unwrap();
    let lost = ids.len() - usize::try_from(logged).unwrap();
    assert_eq!(lost, 0, "every acknowledged command is in the log, of {}", ids.len());
    let status = portail_projections::engine::status(database.pool()).await.unwrap();
    let stopped: Vec<_> = status.iter().filter(|projection| projection.is_stopped()).collect();
    assert!(stopped.is_empty(), "every read model stands in the log: {stopped:?}");
    let doubled: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT command_id FROM events WHERE command_id = ANY($1) \
         AND event_type IN ('ReservationRequested', 'ReservationCancelled') GROUP BY 1 HAVING count(*) > 1) d",
    )
    .bind(&ids)
    .fetch_one(database.pool())
    .await
    .unwrap();
    assert_eq!(doubled, 0, "and has its effect once");
    verify(database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap();
    let application = Application::open(database, with_master(key), Clock::system()).await.unwrap();
    application.engine().catch_up().await.unwrap();
    let context = FoldContext { log: application.log().clone(), vault: application.vault().clone() };
    for projection in portail_projections::all() {
        let rebuilt = rebuild::rebuild(&*projection, &context, |_, _| ()).await.unwrap();
        assert_eq!(rebuilt.differences, Some(0), "{}", projection.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_killed_under_load_many_times() {
    let home = Home::new().await;
    let load = Load::start(6);
    let mut server = home.serve(&["--demo"]);
    for round in 0..6 {
        load.aim(&[&server.address]).await;
        load.run_for(25 + 7 * round).await;
        server.kill();
        server = home.serve(&["--demo"]);
    }
    load.aim(&[&server.address]).await;
    load.run_for(10).await;
    let acknowledged = load.end().await;
    server.kill();
    let database = match &home.url {
        Some(url) => Database::connect(url, 4).await.unwrap(),
        None => Database::embedded(home.folder.path()).await.unwrap(),
    };
    let key = MasterKey::from_file(&home.folder.path().join("master.key")).unwrap();
    all_is_well(&database, key, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_stopped_in_immediate_mode_under_load() {
    if is_embedded() {
        return; // It lives and dies with the server there.
    }
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Durability::Durable).unwrap()).await.unwrap();
    let cluster = Arc::new(cluster);
    let home = Home::on(Some(cluster.clone())).await;
    let server = home.serve(&["--demo"]);
    let load = Load::start(16);
    load.aim(&[&server.address]).await;
    for _ in 0..3 {
        load.run_for(30).await;
        cluster.crash().await.unwrap();
    }
    load.run_for(30).await;
    let acknowledged = load.end().await;
    server.kill();
    let database = Database::connect(home.url.as_ref().unwrap(), 4).await.unwrap();
    let key = MasterKey::from_file(&home.folder.path().join("master.key")).unwrap();
    all_is_well(&database, key, &acknowledged).await;
}
