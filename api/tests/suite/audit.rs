//! The exported log, verified by a program that shares nothing with ours but the description of the
//! format; and copies of it that somebody tampered with.

use std::{
    io::{Read, Write},
    path::Path,
    process::Command,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use portail_event_store::{Hash, merkle};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::server::{AUDITOR, Client, Home, LEO, PARENT, STAFF, demo};

fn portail(home: &Home, arguments: &[&str]) -> String {
    let done = home.command().args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// The exit code and the answer of the independent verifier.
fn verify(file: &Path, root: Option<&str>) -> (Option<i32>, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/audit/verify_log.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(file);
    if let Some(root) = root {
        command.args(["--root", root]);
    }
    let done = command.output().expect("python3 runs");
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test]
async fn an_exported_log_is_verified_independently_and_every_tampering_is_found() {
    let home = Home::new().await;
    home.serve(&["--demo"]).kill();
    let file = home.folder.path().join("log.jsonl.gz");
    let exported = portail(&home, &["audit", "export", file.to_str().unwrap()]);
    let verified = portail(&home, &["audit", "verify"]);
    let (code, answer) = verify(&file, None);
    assert_eq!(code, Some(0), "{answer}");
    assert_eq!(answer, verified, "both programs come to the same end");
    assert!(exported.trim().ends_with(answer.split_once("chain").unwrap().1.trim()), "{exported}");

    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(&file).unwrap()).read_to_string(&mut text).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let tampered = |name: &str, change: &dyn Fn(&mut Vec<String>)| {
        let mut copy = lines.clone();
        change(&mut copy);
        let path = home.folder.path().join(name);
        let mut out = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
        out.write_all((copy.join("\n") + "\n").as_bytes()).unwrap();
        out.finish().unwrap();
        verify(&path, None)
    };
    let middle = lines.len() / 2;
    let found = |name: &str, change: &dyn Fn(&mut Vec<String>), expected: &str| {
        let (code, answer) = tampered(name, change);
        assert_eq!(code, Some(1), "{name}: {answer}");
        assert!(answer.contains(expected), "{name}: {answer}");
    };
    let at = |what: &str| what.replace("{}", &middle.to_string());
    let edit = |lines: &mut Vec<String>| {
        lines[middle] = lines[middle].replace("\\\"sequence\\\":", "\\\"sequence\\\":1")
    };
    found("altered", &edit, &at("event {} was altered"));
    let rehash = |lines: &mut Vec<String>| {
        edit(lines);
        let mut line: Value = serde_json::from_str(&lines[middle]).unwrap();
        line["leaf"] = hex(&hash(&[&[0], line["event"].as_str().unwrap().as_bytes()])).into();
        lines[middle] = line.to_string();
    };
    found("rehashed", &rehash, &at("event {} breaks the chain"));
    found("dropped", &|lines| drop(lines.remove(middle)), &at("position {} is missing"));
    found("inserted", &|lines| lines.insert(middle, lines[middle].clone()), "is missing");
    found("moved", &|lines| lines.swap(middle, middle + 1), &at("position {} is missing"));
    found("cut off", &|lines| lines.truncate(middle), "cut off");
    let shortened = |lines: &mut Vec<String>| {
        let end = lines.len() - 1;
        drop(lines.remove(end - 1));
    };
    found("shortened", &shortened, "the end says");
    assert_eq!(verify(&file, Some(&"0".repeat(64))).0, Some(1), "another root than the one published");

    // The proof of one event, checked against the root and not only against itself.
    let proof: Value =
        serde_json::from_str(&portail(&home, &["audit", "prove", &middle.to_string()])).unwrap();
    let digest = |text: &Value| -> Hash { bytes(text.as_str().unwrap()).try_into().unwrap() };
    let path: Vec<Hash> = proof["proof"].as_array().unwrap().iter().map(digest).collect();
    let (size, root) = (proof["size"].as_u64().unwrap(), digest(&proof["root"]));
    assert!(answer.trim().ends_with(proof["root"].as_str().unwrap()));
    let index = u64::try_from(middle).unwrap() - 1;
    assert!(merkle::includes(&digest(&proof["leaf"]), index, size, &path, &root));
    let line: Value = serde_json::from_str(&lines[middle]).unwrap();
    assert_eq!(line["leaf"], proof["leaf"]);
}

#[tokio::test]
async fn an_auditor_searches_the_log_by_what_and_who_and_page_by_page() {
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    let query = "query ($filter: LogFilter, $first: Int!, $after: String) { logEvents(filter: $filter, first: $first, after: $after) { \
        pageInfo { hasNextPage endCursor } edges { node { position streamType streamId sequence eventType payload actor commandId } } } }";
    let ask = async |filter: Value, first: i32, after: Option<String>| {
        let answer = auditor.ask(query, json!({ "filter": filter, "first": first, "after": after })).await;
        let page = answer["logEvents"].clone();
        let events: Vec<Value> =
            page["edges"].as_array().unwrap().iter().map(|e| e["node"].clone()).collect();
        (events, page["pageInfo"].clone())
    };
    // Sessions, page by page: no event is missing or comes twice.
    let (whole, _) = ask(json!({ "streamType": "Session" }), 20, None).await;
    let (mut pages, mut after) = (vec![], None);
    while pages.len() < whole.len() {
        let (events, info) = ask(json!({ "streamType": "Session" }), 7, after).await;
        pages.extend(events);
        after = info["endCursor"].as_str().map(str::to_owned);
    }
    assert_eq!((whole.len(), &pages[..20]), (20, &whole[..]));

    let (account, _) = ask(json!({ "streamType": "Account", "about": PARENT.0 }), 200, None).await;
    let sequences: Vec<u64> = account.iter().map(|e| e["sequence"].as_u64().unwrap()).collect();
    assert!(account.len() >= 3 && account.iter().all(|e| e["streamId"] == PARENT.0), "{account:?}");
    assert_eq!(sequences, (1..=account.len() as u64).collect::<Vec<_>>(), "a stream has no gap");
    let named = json!({ "about": LEO, "eventTypes": ["ReservationConfirmed"] });
    let (of_leo, info) = ask(named, 2, None).await;
    assert_eq!((of_leo.len(), &info["hasNextPage"]), (2, &json!(true)));
    for event in &of_leo {
        assert!(
            event["payload"].as_str().unwrap().contains(LEO) && event["eventType"] == "ReservationConfirmed"
        );
        let (command, _) = ask(json!({ "commandId": event["commandId"] }), 200, None).await;
        assert!(command.contains(event) && command.iter().all(|e| e["commandId"] == event["commandId"]));
    }
    let (of_staff, _) = ask(json!({ "actor": "staff:mairie", "streamType": "Regie" }), 10, None).await;
    assert!(!of_staff.is_empty() && of_staff.iter().all(|e| e["actor"] == "staff:mairie"));
    let all = json!({ "filter": {}, "first": 1 });
    for other in [PARENT, STAFF] {
        assert_eq!(Client::log_in(demo().await, other).await.error(query, all.clone()).await, "FORBIDDEN");
    }
}

#[tokio::test]
async fn an_auditor_gets_proofs_that_hold_against_the_root_alone() {
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    let parent = Client::log_in(demo().await, PARENT).await;
    let digest = |text: &Value| -> Hash { bytes(text.as_str().unwrap()).try_into().unwrap() };
    let number = |text: &Value| text.as_str().unwrap().parse::<u64>().unwrap();
    let of = |proof: &Value| {
        let path: Vec<Hash> = proof["path"].as_array().unwrap().iter().map(digest).collect();
        (number(&proof["size"]), digest(&proof["root"]), digest(&proof["subject"]), path)
    };
    let inclusion = "query ($p: Position!) { proof: logInclusion(position: $p) { size root subject path } }";
    let consistency = "query ($p: Position!) { proof: logConsistency(size: $p) { size root subject path } }";
    let (size, root, leaf, path) = of(&auditor.ask(inclusion, json!({ "p": "7" })).await["proof"]);
    assert!(merkle::includes(&leaf, 6, size, &path, &root));
    assert!(!merkle::includes(&leaf, 5, size, &path, &root));

    // The log grows; what was published before is what it goes on from.
    let more = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-06-25"] });
    parent.act("requestReservations", more).await;
    let asked = json!({ "p": size.to_string() });
    let (later, new_root, old_root, path) = of(&auditor.ask(consistency, asked).await["proof"]);
    assert!(later > size && old_root == root);
    assert!(merkle::continues((size, &root), (later, &new_root), &path));
    let beyond = json!({ "p": "999999999" });
    assert_eq!(auditor.error(inclusion, beyond.clone()).await, "NOT_FOUND");
    assert_eq!(auditor.error(consistency, beyond.clone()).await, "NOT_FOUND");
    assert_eq!(parent.error(inclusion, beyond).await, "FORBIDDEN");
}
