//! PostgreSQL's own processes are killed under bursts from many clients, with one server and with two, and
//! an older data folder is put back under them: nothing acknowledged is lost, nothing is done twice, no
//! read model stands ahead of the log.

use std::{collections::HashSet, sync::Arc, time::Duration};

use portail_event_store::{Database, MasterKey};
use portail_testkit::{Cluster, Durability, Process, is_embedded};
use uuid::Uuid;

use crate::{
    faults::{Load, all_is_well},
    server::{Home, Server},
};

/// Servers of one database, each with fewer connections than there are clients.
struct Nodes {
    cluster: Arc<Cluster>,
    home: Home,
    servers: Vec<Server>,
}

impl Nodes {
    async fn new(count: usize) -> Self {
        let start = || Cluster::start(Durability::Durable).unwrap();
        let cluster = Arc::new(tokio::task::spawn_blocking(start).await.unwrap());
        let home = Home::on(Some(cluster.clone())).await;
        let servers = (0..count).map(|_| home.serve(&["--demo"])).collect();
        Self { cluster, home, servers }
    }

    /// Parents of every node, so many of them.
    async fn load(&self, clients: u32) -> Load {
        let load = Load::start(clients);
        let addresses: Vec<&str> = self.servers.iter().map(|server| server.address.as_str()).collect();
        load.aim(&addresses).await;
        load
    }

    /// Every node says of itself that it is well, once it has caught up.
    async fn are_healthy(&self) {
        for server in &self.servers {
            let health = async {
                loop {
                    let answer = reqwest::get(format!("http://{}/health", server.address)).await.unwrap();
                    let (status, body) = (answer.status(), answer.json::<serde_json::Value>().await.unwrap());
                    if status.is_success() && body["lagEvents"] == 0 {
                        return body;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            let body =
                tokio::time::timeout(Duration::from_secs(20), health).await.expect("the node catches up");
            assert_eq!(
                (body["failed"].clone(), body["ahead"].clone()),
                (serde_json::json!([]), serde_json::json!([]))
            );
        }
    }

    async fn end(self, acknowledged: &HashSet<Uuid>) {
        self.are_healthy().await;
        self.servers.into_iter().for_each(Server::kill);
        let database = Database::connect(self.home.url.as_ref().unwrap(), 4).await.unwrap();
        let key = MasterKey::from_file(&self.home.folder.path().join("master.key")).unwrap();
        all_is_well(&database, key, acknowledged).await;
    }
}

/// What is killed next: mostly what takes commits back that nobody has flushed.
fn victim(round: usize) -> Process {
    match round % 6 {
        0 | 2 => Process::WalWriter,
        4 => Process::Checkpointer,
        5 => Process::Server,
        _ => Process::Backend(round),
    }
}

/// Kills PostgreSQL's processes under load; how many commands were acknowledged.
async fn storm(nodes: usize, crashes: usize, clients: u32, between: usize) -> usize {
    let nodes = Nodes::new(nodes).await;
    let load = nodes.load(clients).await;
    for round in 0..crashes {
        load.run_for(between).await;
        assert!(nodes.cluster.kill(victim(round)).await.unwrap());
    }
    load.run_for(between).await;
    let acknowledged = load.end().await;
    nodes.end(&acknowledged).await;
    acknowledged.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_killed_from_within_under_many_clients_of_two_servers() {
    if is_embedded() {
        return; // It lives and dies with the server there.
    }
    storm(2, 4, 40, 60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_data_folder_is_put_back_under_running_servers() {
    if is_embedded() {
        return; // The folder is the server's own.
    }
    let nodes = Nodes::new(2).await;
    let load = nodes.load(16).await;
    load.run_for(30).await;
    nodes.cluster.save().await.unwrap();
    load.run_for(120).await;
    nodes.cluster.restore().await.unwrap();
    // What was acknowledged since is gone, as the operator wanted; from here on nothing is.
    load.forget();
    load.run_for(120).await;
    let acknowledged = load.end().await;
    nodes.end(&acknowledged).await;
}

/// `make torture`: the long form, with the counts.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes many minutes: make torture"]
#[allow(clippy::print_stdout, reason = "the counts are what it is run for")]
async fn long_form() {
    let setting = |name: &str, default: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let crashes = setting("TORTURE_CRASHES", 60);
    let commands = setting("TORTURE_COMMANDS", 20_000);
    let mut acknowledged = 0;
    for nodes in [1, 2] {
        let half = crashes / 2;
        acknowledged += storm(nodes, half, 40, commands / 2 / (half + 1) + 1).await;
    }
    println!("{crashes} crashes, {acknowledged} acknowledged, 0 lost, 0 doubled, 0 read models ahead");
    assert!(acknowledged >= commands);
}
