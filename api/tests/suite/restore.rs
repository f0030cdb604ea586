//! A dump of the database, restored into another cluster as the operator's manual says.

use std::{path::Path, process::Command, sync::Arc};

use portail_testkit::{Cluster, Durability, is_embedded};
use serde_json::json;

use crate::{
    keys::{refused, well},
    server::{Client, Home, LEO, PARENT},
};

/// Runs a program of PostgreSQL, which says nothing but what it was asked.
fn quiet(command: &mut Command) {
    let done = command.output().unwrap();
    let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    assert!(done.status.success() && said.trim().is_empty(), "{command:?}: {said}");
}

fn sql(cluster: &Cluster, database: &str, statements: &[&str]) {
    for statement in statements {
        quiet(
            cluster
                .program("psql")
                .args(["-qX", "-v", "ON_ERROR_STOP=1", "-d"])
                .arg(cluster.url(database))
                .args(["-c", statement]),
        );
    }
}

fn copy_keys(from: &Home, to: &Home) {
    for name in ["master.key", "signing.key"] {
        std::fs::copy(from.folder.path().join(name), to.folder.path().join(name)).unwrap();
    }
}

/// A home whose database is one of a cluster's.
fn home_at(url: String) -> Home {
    let folder = tempfile::tempdir().unwrap();
    Home::at(folder, Some(url))
}

fn restore(cluster: &Cluster, database: &str, dump: &Path, more: &[&str]) -> Command {
    let mut command = cluster.program("pg_restore");
    command.args(["--no-owner", "-d"]).arg(cluster.url(database)).args(more).arg(dump);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_restored_into_another_cluster_is_checked_rebuilt_and_served() {
    if is_embedded() {
        return; // Its backup is a copy of its folder.
    }
    let start = || tokio::task::spawn_blocking(|| Cluster::start(Durability::Fast).unwrap());
    let (old, new) = (Arc::new(start().await.unwrap()), start().await.unwrap());
    let home = Home::on(Some(old.clone())).await;
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let asked = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-06-26"] });
    parent.act("requestReservations", asked).await;
    server.kill();
    let verified = well(&home, &["audit", "verify"]);
    let verified = verified.lines().next().unwrap();
    let dump = old.socket().join("portail.dump");
    quiet(old.program("pg_dump").arg("-Fc").arg("-f").arg(&dump).arg(home.url.as_ref().unwrap()));
    let moved = new.socket().join("portail.dump");
    std::fs::copy(&dump, &moved).unwrap();

    // As the manual says: the roles, the database, the dump, the keys, one command.
    sql(
        &new,
        "postgres",
        &[
            "CREATE ROLE portail LOGIN",
            "CREATE ROLE portail_app NOLOGIN",
            "GRANT portail_app TO portail",
            "CREATE DATABASE portail OWNER portail",
        ],
    );
    quiet(&mut restore(&new, "portail", &moved, &["--role=portail", "--exit-on-error"]));
    let restored = home_at(new.url("portail").replace("postgres@", "portail@"));
    assert!(refused(&restored, &["check"]).contains("master.key is missing"));
    copy_keys(&home, &restored);
    let said = well(&restored, &["check"]);
    assert!(said.contains("everything fits") && said.contains(verified), "{said}");
    assert!(well(&restored, &["audit", "verify"]).starts_with(verified));
    let rebuilt = well(&restored, &["rebuild"]);
    assert!(rebuilt.contains("the same rows as the live one") && !rebuilt.contains("differ"), "{rebuilt}");
    let server = restored.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let asked = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-06-29"] });
    parent.act("requestReservations", asked).await;
    server.kill();
    assert!(well(&restored, &["check"]).contains("everything fits"));

    // Who forgets the application's role is told so, whatever errors were ignored.
    let third = start().await.unwrap();
    let dump = third.socket().join("portail.dump");
    std::fs::copy(&moved, &dump).unwrap();
    sql(&third, "postgres", &["CREATE DATABASE portail"]);
    assert!(!restore(&third, "portail", &dump, &[]).output().unwrap().status.success());
    let forgotten = home_at(third.url("portail"));
    copy_keys(&home, &forgotten);
    let said = refused(&forgotten, &["check"]);
    assert!(said.contains("CREATE ROLE portail_app NOLOGIN"), "{said}");
}

/// As database administrators make it who give nobody the right to make roles.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_made_beforehand_owns_nothing_of_a_new_log() {
    if is_embedded() {
        return; // Its roles are its own.
    }
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Durability::Fast).unwrap()).await.unwrap();
    sql(
        &cluster,
        "postgres",
        &[
            "CREATE ROLE portail LOGIN",
            "CREATE ROLE portail_app NOLOGIN",
            "GRANT portail_app TO portail",
            "CREATE DATABASE portail OWNER portail",
        ],
    );
    let home = home_at(cluster.url("portail").replace("postgres@", "portail@"));
    let made = well(&home, &["init"]);
    assert!(!made.contains("portail_app is missing"), "{made}");
    let said = well(&home, &["check"]);
    assert!(said.contains("works as portail_app and owns nothing of the log"), "{said}");
}
