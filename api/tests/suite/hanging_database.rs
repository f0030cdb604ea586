//! A database that answers nothing: the server goes on answering.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use portail_testkit::{Cluster, Durability, is_embedded};
use serde_json::json;

use crate::server::{Client, Home, PARENT, signal};

/// Stops the processes of a database until it is dropped.
struct Stopped(Vec<u32>);

impl Stopped {
    fn all_of(cluster: &Cluster) -> Self {
        let processes = cluster.processes().unwrap();
        signal("STOP", &processes);
        Self(processes)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal("CONT", &self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_hangs_nobody_and_all_goes_on_when_it_does() {
    if is_embedded() {
        return; // It runs in the server's own process there.
    }
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Durability::Fast).unwrap()).await.unwrap();
    let cluster = Arc::new(cluster);
    let mut home = Home::on(Some(cluster.clone())).await;
    home.environment.push(("PORTAIL_REQUEST_SECONDS", "2".into()));
    home.environment.push(("PORTAIL_TRANSFER_SECONDS", "3".into()));
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    assert_eq!(parent.get("/health", "*/*").await.0, 200);

    let stopped = Stopped::all_of(&cluster);
    let health = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..5 {
            let asked = Instant::now();
            let (status, body) = parent.get("/health", "*/*").await;
            assert_eq!((status, body.contains("DATABASE_")), (503, true), "{body}");
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let within = async |code: &str, query: &str, limit: Duration| {
        let asked = Instant::now();
        assert_eq!(parent.error(query, json!({})).await, code, "{query}");
        assert!(asked.elapsed() < limit, "{query}: {:?}", asked.elapsed());
    };
    let limit = Duration::from_millis(2_900);
    let booking = "mutation { requestReservations(input: { clientMutationId: \"0b8c7a3e-9a55-4a0e-8b62-1f6f4c7f0001\", \
        childId: \"5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a01\", activityId: \"garderie-matin\", dates: [\"2015-05-18\"] }) { position } }";
    let wrong = "mutation { logIn(input: { login: \"mairie\", password: \"Wrong2015\" }) { token } }";
    let download = async {
        let asked = Instant::now();
        let answer = parent.call("GET", "/documents/registration-form.pdf", &[], vec![]).await;
        assert_eq!((answer.status, asked.elapsed() < Duration::from_secs(4)), (503, true));
    };
    let (slowest, ..) = tokio::join!(
        health,
        within("TIMEOUT", "{ viewer { login } }", limit),
        within("TIMEOUT", "{ home { openBalance } }", limit),
        within("TIMEOUT", booking, limit),
        within("TIMEOUT", wrong, limit),
        download,
    );
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    drop(stopped);

    // It goes on by itself, as soon as the database does.
    let well = async {
        while parent.get("/health", "*/*").await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), well).await.expect("the server recovers");
    let viewer = parent.ask("{ viewer { login } }", json!({})).await;
    assert_eq!(viewer["viewer"]["login"], PARENT.0);
    // What was answered as unknown is told by the same command's id.
    let booked = parent.ask(booking, json!({})).await;
    assert!(booked["requestReservations"]["position"].is_string(), "{booked}");
}
