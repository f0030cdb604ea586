//! A database that recovers when the server starts, as after a power cut of both: it is waited for.

use std::{fs::File, process::Stdio, time::Duration};

use portail_testkit::{Cluster, Durability, is_embedded};

use crate::server::{Client, Home, PARENT};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_waits_for_a_database_that_recovers() {
    if is_embedded() {
        return; // It recovers in the server's own process there.
    }
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Durability::Fast).unwrap()).await.unwrap();
    let cluster = std::sync::Arc::new(cluster);
    let home = Home::on(Some(cluster.clone())).await;
    home.prepare_demo();
    let data = cluster.socket().join("data");
    let try_control = |arguments: &[&str]| {
        let mut control = cluster.program("pg_ctl");
        control.arg("-D").arg(&data).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        control.status().unwrap().success()
    };
    let control = |arguments: &[&str]| assert!(try_control(arguments), "{arguments:?}");
    control(&["stop", "-w", "-m", "immediate"]);
    // In this state it recovers until it is promoted, and takes no connection meanwhile.
    File::create(data.join("standby.signal")).unwrap();
    control(&["start", "-W", "-o", "-c hot_standby=off", "-l", data.join("log").to_str().unwrap()]);
    while !cluster.socket().join(".s.PGSQL.5432").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }

    let said = home.folder.path().join("said");
    let errors = Stdio::from(File::create(&said).unwrap());
    let server = std::thread::scope(|threads| {
        let serving = threads.spawn(|| home.serve_saying(&["--demo"], errors));
        while !std::fs::read_to_string(&said).unwrap().contains("waiting for the database") {
            assert!(!serving.is_finished(), "it gave up: {}", std::fs::read_to_string(&said).unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
        // It can be promoted from when it has begun to recover.
        while !try_control(&["promote", "-W"]) {
            std::thread::sleep(Duration::from_millis(10));
        }
        serving.join().unwrap()
    });
    let parent = Client::log_in(&server.address, PARENT).await;
    assert_eq!(parent.get("/health", "*/*").await.0, 200);
}
