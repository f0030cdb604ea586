//! The auditor's kit: it verifies what the portal hands out, and finds what the list of cases says.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    keys::well,
    server::{AUDITOR, Client, Home, LEO, PARENT},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The demo's administrator.
const OFFICER: (&str, &str) = ("directrice", "Directrice2015");

/// The exit code and the answer of the kit.
pub fn auditor_kit(arguments: &[&str]) -> (Option<i32>, String) {
    let script = format!("{ROOT}/docs/audit/auditor_kit.py");
    let done = Command::new("python3").arg(script).args(arguments).output().expect("python3 runs");
    (done.status.code(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

#[test]
fn it_finds_what_the_list_of_cases_says() {
    let tests = ["-m", "unittest", "discover", "fixtures/audit"];
    let done =
        Command::new("python3").current_dir(ROOT).env("PYTHONDONTWRITEBYTECODE", "1").args(tests).output();
    let done = done.expect("python3 runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// What the kit is given, as files of a folder.
struct Evidence {
    folder: PathBuf,
    key: String,
}

impl Evidence {
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The kit's verdict with the key that was kept.
    fn verdict(&self, arguments: &[&str]) -> (Option<i32>, String) {
        auditor_kit(&[arguments, &["--key", &self.key]].concat())
    }

    /// A proof verifies, and does not after a part of it was altered.
    fn holds(&self, command: &str, proof: &Value, more: &[&str], altered: (&str, Value)) {
        let file = self.file("proof.json", &proof.to_string());
        let (code, said) = self.verdict(&[&[command, &file], more].concat());
        assert_eq!(code, Some(0), "{command}: {said}");
        let (pointer, value) = altered;
        let mut forged = proof.clone();
        let part = forged.pointer_mut(pointer).unwrap();
        assert_ne!(*part, value);
        *part = value;
        let file = self.file("forged.json", &forged.to_string());
        let (code, said) = self.verdict(&[&[command, &file], more].concat());
        assert_eq!(code, Some(1), "{command} with another {pointer}: {said}");
    }
}

fn printed(home: &Home, arguments: &[&str]) -> Value {
    serde_json::from_str(&well(home, arguments)).unwrap()
}

const PROOF: &str = "proof { size root subject path checkpoint { note size madeAt } }";

#[tokio::test]
async fn it_verifies_everything_the_portal_hands_out() {
    let home = Home::new().await;
    home.prepare_demo();
    let folder = home.folder.path().join("evidence");
    std::fs::create_dir(&folder).unwrap();
    let evidence = Evidence { folder, key: well(&home, &["audit", "key"]).trim().to_owned() };
    let old = evidence.file("old.checkpoint", &well(&home, &["audit", "checkpoint"]));
    let old_head = well(&home, &["audit", "verify"]).lines().next().unwrap().to_owned();
    let old_size: u64 = old_head.split(' ').next().unwrap().parse().unwrap();
    let (chain, root) = old_head.split_once("chain ").unwrap().1.split_once(", root ").unwrap();

    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    let officer = Client::log_in(&server.address, OFFICER).await;
    let asked = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-06-26"] });
    parent.act("requestReservations", asked).await;
    let listed = "query ($c: ID!) { requests(filter: { childId: $c }, first: 1) { edges { node { id } } } }";
    let listed = parent.ask(listed, json!({ "c": LEO })).await;
    let id = &listed["requests"]["edges"][0]["node"]["id"];
    let query = format!(
        "query ($id: ID!) {{ requestProofs(id: $id) {{ position eventType recordedAt actor event {PROOF} }} }}"
    );
    let proofs = parent.ask(&query, json!({ "id": id })).await;
    evidence.holds("requests", &proofs, &[], ("/requestProofs/0/actor", json!("staff:mairie")));

    let erase = "mutation ($i: ErasePersonalDataInput!) { erasePersonalData(input: $i) { erased userErrors { code } } }";
    let erase_family =
        json!({ "clientMutationId": Uuid::new_v4(), "subjectId": PARENT.0, "basis": "OBJECTION" });
    officer.ask(erase, json!({ "i": erase_family })).await;
    let query = format!(
        "query ($id: ID!) {{ erasureCertificate(subjectId: $id) {{ \
            erasures {{ position subjectId purposes basis files actor erasedAt }} \
            proofs {{ position eventType recordedAt actor event {PROOF} }} keys {{ subject purpose destroyedAt }} }} }}"
    );
    let certificate = auditor.ask(&query, json!({ "id": PARENT.0 })).await;
    let other_ground = ("/erasureCertificate/erasures/0/basis", json!("UNLAWFUL"));
    evidence.holds("erasure", &certificate, &[], other_ground);

    let body = PROOF.trim_start_matches("proof ");
    let query = format!("{{ logInclusion(position: \"7\") {body} }}");
    let none = json!("0".repeat(64));
    let inclusion = auditor.ask(&query, json!({})).await;
    evidence.holds("inclusion", &inclusion, &["--position", "7"], ("/logInclusion/path/0", none.clone()));
    let query = format!("{{ logConsistency(size: \"{old_size}\") {body} }}");
    let consistency = auditor.ask(&query, json!({})).await;
    evidence.holds("consistency", &consistency, &["--old", &old], ("/logConsistency/path/0", none.clone()));
    let reads =
        auditor.ask("{ reads(first: 200) { number at actor operation fields subjects } }", json!({})).await;
    // The last entry is that of asking for them. A checkpoint is made as the log grows, and covers all.
    let asked = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-06-25"] });
    parent.act("requestReservations", asked).await;
    server.kill();
    let new = evidence.file("new.checkpoint", &well(&home, &["audit", "checkpoint"]));
    let nobody = ("/reads/1/actor", json!("staff:nobody"));
    evidence.holds("reads", &reads, &["--checkpoint", &new], nobody);

    let log = evidence.folder.join("log.jsonl.gz").display().to_string();
    well(&home, &["audit", "export", &log]);
    let inclusion = printed(&home, &["audit", "prove", "7"]);
    evidence.holds("inclusion", &inclusion, &["--log", &log], ("/position", json!(8)));
    let consistency = printed(&home, &["audit", "consistency", &old_size.to_string()]);
    let from = format!("{old_size}:{root}");
    evidence.holds("consistency", &consistency, &["--old-root", &from], ("/proof", json!([])));

    // The log has grown since: what was kept before is of its first events. Its types are all known.
    let kept = ["--checkpoint", &old, "--checkpoint", &new, "--root", root, "--chain", chain];
    let types = format!("{ROOT}/fixtures/events");
    let arguments = [&["log", &log, "--types", &types][..], &kept].concat();
    let (code, said) = evidence.verdict(&arguments);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("2 checkpoints fit"), "{said}");
    assert!(said.contains(&format!("is that of the log's first {old_size} events")), "{said}");
    let copies = home.folder.path().join("checkpoints");
    let (code, said) = evidence.verdict(&["checkpoints", copies.to_str().unwrap(), "--log", &log]);
    assert_eq!(code, Some(0), "{said}");

    let (code, said) = evidence.verdict(&[&arguments[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &report["verdict"]), (Some(0), &json!("verified")));
    assert!(Path::new(&log).exists() && report["eventTypes"].as_array().unwrap().len() > 10, "{report}");
}
