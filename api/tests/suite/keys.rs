//! The keys of a town, with the real binary: a wrong one is known, none is made silently, both are rotated.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use portail_event_store::{Appends, CheckpointSigner, MasterKey};
use portail_testkit::is_embedded;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};

use crate::{
    auditor_kit::auditor_kit,
    server::{AUDITOR, Client, Home},
};

/// The exit code and both outputs.
pub fn portail(home: &Home, arguments: &[&str]) -> (Option<i32>, String) {
    let done = home.command().args(arguments).stdin(Stdio::null()).output().unwrap();
    (done.status.code(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

/// What a tool says that comes to a good end.
pub fn well(home: &Home, arguments: &[&str]) -> String {
    let (code, said) = portail(home, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {said}");
    said
}

/// What a tool says that refuses.
pub fn refused(home: &Home, arguments: &[&str]) -> String {
    let (code, said) = portail(home, arguments);
    assert_ne!(code, Some(0), "{arguments:?}: {said}");
    said
}

/// Runs SQL as the owner.
async fn as_owner(home: &Home, sql: &str) {
    let mut connection = PgConnection::connect(home.url.as_ref().unwrap()).await.unwrap();
    connection.execute(sql).await.unwrap();
}

fn file(home: &Home, name: &str) -> PathBuf {
    home.folder.path().join(name)
}

/// A demo town with one account more, and a file to import.
fn town(home: &Home) -> PathBuf {
    home.prepare_demo();
    let families = file(home, "families.csv");
    std::fs::write(&families, "family_number;surname;first_name\n1001001020001;Martin;Zoé\n").unwrap();
    families
}

#[tokio::test]
async fn a_wrong_or_missing_master_key_stops_every_tool_and_none_is_made() {
    let mut home = Home::new().await;
    let families = town(&home);
    let right = MasterKey::from_file(&file(&home, "master.key")).unwrap().fingerprint();
    let tools: [&[&str]; 7] = [
        &["serve"],
        &["serve", "--demo"],
        &["init"],
        &["import", "families", families.to_str().unwrap()],
        &["rebuild"],
        &["account", "somebody"],
        &["check"],
    ];
    let kept = file(&home, "kept.key");
    std::fs::rename(file(&home, "master.key"), &kept).unwrap();
    for tool in tools {
        let said = refused(&home, tool);
        assert!(said.contains("master.key is missing") && said.contains(&right), "{tool:?}: {said}");
        assert!(!file(&home, "master.key").exists(), "{tool:?}");
    }
    // An auditor needs none.
    well(&home, &["audit", "verify"]);

    let wrong = MasterKey::make_file(&file(&home, "master.key")).unwrap().fingerprint();
    for tool in tools.into_iter().chain([&["audit", "verify"][..], &["audit", "effects", "3"]]) {
        let said = refused(&home, tool);
        assert!(said.contains(&right) && said.contains(&wrong), "{tool:?} says which key: {said}");
    }
    std::fs::remove_file(file(&home, "master.key")).unwrap();

    // From a file that a setting names; of two settings neither is taken.
    home.environment = vec![("PORTAIL_MASTER_KEY_FILE", kept.display().to_string())];
    assert!(well(&home, &["check"]).contains("everything fits"));
    home.environment.push(("PORTAIL_MASTER_KEY", "ab".repeat(32)));
    assert!(
        refused(&home, &["check"]).contains("PORTAIL_MASTER_KEY and PORTAIL_MASTER_KEY_FILE are both set")
    );
    home.environment = vec![("PORTAIL_MASTER_KEY_FILE", file(&home, "mistyped").display().to_string())];
    assert!(refused(&home, &["serve"]).contains("mistyped is missing"));
    assert!(!file(&home, "mistyped").exists() && !file(&home, "master.key").exists());
}

#[tokio::test]
async fn a_database_from_before_is_bound_to_the_key_that_opens_it() {
    if is_embedded() {
        return; // Its server goes on for a moment after it was let go of.
    }
    let home = Home::new().await;
    home.prepare_demo();
    as_owner(&home, "DELETE FROM master_key_check").await;
    std::fs::rename(file(&home, "master.key"), file(&home, "kept.key")).unwrap();
    let wrong = MasterKey::make_file(&file(&home, "master.key")).unwrap().fingerprint();
    assert!(refused(&home, &["serve"]).contains(&wrong));
    std::fs::remove_file(file(&home, "master.key")).unwrap();
    assert!(refused(&home, &["serve"]).contains("the database is in use"), "none is made");
    std::fs::rename(file(&home, "kept.key"), file(&home, "master.key")).unwrap();
    assert!(well(&home, &["check"]).contains("everything fits"));
    let right = MasterKey::from_file(&file(&home, "master.key")).unwrap().fingerprint();
    assert!(well(&home, &["keys", "show"]).contains(&format!("sealed with the master key {right}")));
}

#[tokio::test]
async fn a_rotated_master_key_opens_everything_and_an_interrupted_rotation_is_finished() {
    let mut home = Home::new().await;
    home.prepare_demo();
    let old = MasterKey::from_file(&file(&home, "master.key")).unwrap().fingerprint();
    let said = well(&home, &["keys", "rotate-master"]);
    let new = MasterKey::from_file(&file(&home, "master.key")).unwrap().fingerprint();
    assert!(said.contains(&new) && new != old, "{said}");
    let kept = file(&home, &format!("master.key.{old}"));
    assert_eq!(MasterKey::from_file(&kept).unwrap().fingerprint(), old);
    assert!(well(&home, &["check"]).contains("everything fits"));
    well(&home, &["rebuild"]);

    // The process died after the database was done, before the files were.
    std::fs::rename(file(&home, "master.key"), file(&home, "master.key.next")).unwrap();
    std::fs::rename(&kept, file(&home, "master.key")).unwrap();
    assert!(refused(&home, &["serve"]).contains("a rotation was interrupted"));
    well(&home, &["keys", "rotate-master"]);
    assert_eq!(MasterKey::from_file(&file(&home, "master.key")).unwrap().fingerprint(), new);
    assert!(kept.exists() && !file(&home, "master.key.next").exists());
    well(&home, &["rebuild", "family"]);

    // Where a setting says where the key is, the operator says where the new one goes.
    let (named, next) = (file(&home, "named.key"), file(&home, "other.key"));
    std::fs::rename(file(&home, "master.key"), &named).unwrap();
    home.environment = vec![("PORTAIL_MASTER_KEY_FILE", named.display().to_string())];
    assert!(refused(&home, &["keys", "rotate-master"]).contains("--to"));
    well(&home, &["keys", "rotate-master", "--to", next.to_str().unwrap()]);
    assert!(refused(&home, &["check"]).contains("is not this database's master key"));
    home.environment = vec![("PORTAIL_MASTER_KEY_FILE", next.display().to_string())];
    assert!(well(&home, &["check"]).contains("everything fits"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_key_is_not_rotated_beside_a_running_server() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let before = MasterKey::from_file(&file(&home, "master.key")).unwrap().fingerprint();
    let said = refused(&home, &["keys", "rotate-master"]);
    assert!(is_embedded() || said.contains("stop every server first"), "{said}");
    assert!(!file(&home, "master.key.next").exists());
    server.kill();
    well(&home, &["keys", "rotate-master"]);
    assert_ne!(MasterKey::from_file(&file(&home, "master.key")).unwrap().fingerprint(), before);
}

#[tokio::test]
async fn a_server_with_another_signing_key_signs_nothing_and_says_so() {
    let home = Home::new().await;
    home.prepare_demo();
    well(&home, &["audit", "checkpoint"]);
    let key = well(&home, &["audit", "key"]);
    std::fs::rename(file(&home, "signing.key"), file(&home, "kept.key")).unwrap();
    assert!(refused(&home, &["serve"]).contains("signing.key is missing"), "none is made");
    assert!(!file(&home, "signing.key").exists());

    let other = CheckpointSigner::make_file(&file(&home, "signing.key"), "another.example.org/log").unwrap();
    let server = home.serve(&["--demo"]);
    // The town is served; who watches is told.
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    assert!(auditor.ask("{ viewer { login } }", json!({})).await["viewer"]["login"].is_string());
    let health = reqwest::get(format!("http://{}/health", server.address)).await.unwrap();
    assert_eq!(health.status(), 503);
    let health: Value = health.json().await.unwrap();
    assert!(health["signing"].as_str().unwrap().contains(other.public_key()), "{health}");
    server.kill();
    let said = refused(&home, &["audit", "checkpoint"]);
    assert!(said.contains(key.trim()) && said.contains("nothing is signed"), "{said}");
    assert!(refused(&home, &["check"]).contains("nothing is signed"));

    std::fs::rename(file(&home, "kept.key"), file(&home, "signing.key")).unwrap();
    assert!(well(&home, &["check"]).contains("everything fits"), "nothing of it is left");
    well(&home, &["audit", "verify"]);
}

fn write(path: &Path, text: &str) -> String {
    std::fs::write(path, text).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn signing_keys_change_in_the_log_and_verification_follows_them() {
    let home = Home::new().await;
    home.prepare_demo();
    let first_note = well(&home, &["audit", "checkpoint"]);
    let first = well(&home, &["audit", "key"]).trim().to_owned();
    let said = well(&home, &["keys", "rotate-signing"]);
    let second = well(&home, &["audit", "key"]).trim().to_owned();
    assert!(said.contains(&second) && first != second, "{said}");
    let second_note = well(&home, &["audit", "checkpoint"]);

    // From either key to the other, here and without this program.
    for key in [&first, &second] {
        let said = well(&home, &["audit", "verify", "--key", key]);
        assert!(said.contains(&format!("from {first} to {second}")), "{said}");
    }
    let log = file(&home, "log.jsonl.gz").display().to_string();
    well(&home, &["audit", "export", &log]);
    let notes = [write(&file(&home, "1.note"), &first_note), write(&file(&home, "2.note"), &second_note)];
    for key in [&first, &second] {
        let (code, said) =
            auditor_kit(&["log", &log, "--key", key, "--checkpoint", &notes[0], "--checkpoint", &notes[1]]);
        assert!(code == Some(0) && said.contains("2 checkpoints fit"), "{said}");
    }
    // The old key has had its time.
    let old = CheckpointSigner::from_file(&file(&home, &format!("signing.key.{}", id(&first)))).unwrap();
    let events: u64 = second_note.lines().nth(1).unwrap().parse().unwrap();
    let root = portail_event_store::parse_hex(
        well(&home, &["audit", "verify"]).lines().next().unwrap().rsplit(' ').next().unwrap(),
    );
    let late = write(
        &file(&home, "late.note"),
        &old.sign(events, &root.unwrap(), None, Appends::Unsealed).unwrap().note,
    );
    let (code, said) = auditor_kit(&["log", &log, "--key", &first, "--checkpoint", &late]);
    assert!(code == Some(1) && said.contains("was not the log's"), "{said}");
    let copies = file(&home, "copies");
    std::fs::create_dir(&copies).unwrap();
    std::fs::copy(&late, copies.join(format!("{events:012}.checkpoint"))).unwrap();
    let (code, said) = portail(&home, &["audit", "verify", "--checkpoints", copies.to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("was not the log's"), "{said}");

    // The process died after the log was written, before the files were: nothing is signed until it is done
    // again.
    std::fs::rename(file(&home, "signing.key"), file(&home, "signing.key.next")).unwrap();
    std::fs::rename(file(&home, &format!("signing.key.{}", id(&first))), file(&home, "signing.key")).unwrap();
    assert!(refused(&home, &["audit", "checkpoint"]).contains("nothing is signed"));
    assert!(well(&home, &["keys", "rotate-signing"]).contains("recorded it already"));
    assert_eq!(well(&home, &["audit", "key"]).trim(), second);

    // A key is lost: another one takes over by itself, and whoever verifies hears of it.
    std::fs::remove_file(file(&home, "signing.key")).unwrap();
    assert!(refused(&home, &["keys", "rotate-signing"]).contains("signing.key is missing"));
    well(&home, &["keys", "rotate-signing", "--lost"]);
    let third = well(&home, &["audit", "key"]).trim().to_owned();
    let said = well(&home, &["audit", "verify"]);
    assert!(said.contains("WITHOUT the signature of the key before"), "{said}");
    assert!(well(&home, &["check"]).contains("everything fits"));
    let (code, said) = portail(&home, &["audit", "verify", "--key", &first]);
    assert_eq!(code, Some(1), "who trusts the first key does not trust what it did not sign: {said}");
    well(&home, &["audit", "verify", "--key", &first, "--key", &third]);
    well(&home, &["audit", "export", &log]);
    let third_note = write(&file(&home, "3.note"), &well(&home, &["audit", "checkpoint"]));
    assert_eq!(auditor_kit(&["log", &log, "--key", &first, "--checkpoint", &third_note]).0, Some(1));
    let (code, said) =
        auditor_kit(&["log", &log, "--key", &third, "--checkpoint", &third_note, "--checkpoint", &notes[0]]);
    assert!(code == Some(0) && said.contains("WITHOUT"), "{said}");
    // Every read model still is what the log says.
    well(&home, &["rebuild"]);
}

fn id(key: &str) -> &str {
    key.split('+').nth(1).unwrap()
}
