//! The exported log, verified by a program that shares nothing with ours but the description of the
//! format; and copies of it that somebody tampered with.

use std::{
    io::{Read, Write},
    path::Path,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use portail_event_store::{Hash, TrustedKeys, merkle};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    auditor_kit::auditor_kit,
    server::{AUDITOR, Client, Home, LEO, PARENT, STAFF, demo},
};

/// A family that is not the guide's.
const OTHER: (&str, &str) = ("4000000000001", "Bonbons2016");

/// The exit code and both outputs.
fn portail_ends(home: &Home, arguments: &[&str]) -> (Option<i32>, String) {
    let done = home.command().args(arguments).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8(said).unwrap())
}

fn portail(home: &Home, arguments: &[&str]) -> String {
    let done = home.command().args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// The exit code and the answer of the auditor's kit about an export.
fn verify(file: &Path, root: Option<&str>) -> (Option<i32>, String) {
    let root = root.map(|root| ["--root", root]);
    let log = ["log", file.to_str().unwrap()];
    auditor_kit(&log.into_iter().chain(root.into_iter().flatten()).collect::<Vec<_>>())
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
    let answer = answer.lines().next().unwrap();
    assert!(verified.starts_with(answer), "both programs come to the same end: {verified}");
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
    found("inserted", &|lines| lines.insert(middle, lines[middle].clone()), &at("position {} follows {}"));
    found("moved", &|lines| lines.swap(middle, middle + 1), &at("position {} is missing"));
    found("cut off", &|lines| lines.truncate(middle), "cut off");
    let shortened = |lines: &mut Vec<String>| {
        let end = lines.len() - 1;
        drop(lines.remove(end - 1));
    };
    found("shortened", &shortened, "the end says");
    assert_eq!(verify(&file, Some(&"0".repeat(64))).0, Some(1), "another root than the one published");

    // The copies outside the database are what the log is held against.
    let (events, rest) = answer.split_once(' ').unwrap();
    assert!(rest.contains("verified"));
    portail(&home, &["audit", "checkpoint"]);
    let copies = home.folder.path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    let note = portail(&home, &["audit", "checkpoint"]);
    assert_eq!(note.lines().nth(1), Some(events), "a signed head says how many events");
    std::fs::write(copies.join("1.checkpoint"), &note).unwrap();
    let copies = copies.to_str().unwrap();
    let again = portail(&home, &["audit", "verify", "--since-last", "--checkpoints", copies]);
    assert!(again.contains("and 1 held outside it fit"), "{again}");
    assert!(again.contains(&format!("{events} events were verified before")), "{again}");
    let forged = note.replace(&format!("\n{events}\n"), "\n1\n");
    std::fs::write(Path::new(copies).join("2.checkpoint"), forged).unwrap();
    let (code, said) = portail_ends(&home, &["audit", "verify", "--checkpoints", copies]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("2.checkpoint) is not one"), "{said}");
    let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(portail_ends(&home, &["audit", "verify", "--key", other]).0, Some(1), "another's key");
    let key = portail(&home, &["audit", "key"]);
    assert!(portail(&home, &["audit", "verify", "--key", key.trim()]).starts_with(answer));
    assert_eq!(portail_ends(&home, &["audit", "verify", "--key", "none"]).0, Some(2), "no verdict");

    // The proof of one event, checked against the root and not only against itself.
    let proof: Value =
        serde_json::from_str(&portail(&home, &["audit", "prove", &middle.to_string()])).unwrap();
    let digest = |text: &Value| -> Hash { bytes(text.as_str().unwrap()).try_into().unwrap() };
    let path: Vec<Hash> = proof["proof"].as_array().unwrap().iter().map(digest).collect();
    let (size, root) = (proof["size"].as_u64().unwrap(), digest(&proof["root"]));
    assert!(answer.trim().ends_with(proof["root"].as_str().unwrap()));
    let signed =
        TrustedKeys::new([key.as_str()]).unwrap().read(proof["checkpoint"].as_str().unwrap()).unwrap();
    assert_eq!((signed.size, signed.root), (size, root));
    let index = u64::try_from(middle).unwrap() - 1;
    assert!(merkle::includes(&digest(&proof["leaf"]), index, size, &path, &root));
    let line: Value = serde_json::from_str(&lines[middle]).unwrap();
    assert_eq!(line["leaf"], proof["leaf"]);

    // Without a key there is no verdict, and no new key is made for one.
    let signing = home.folder.path().join("signing.key");
    std::fs::remove_file(&signing).unwrap();
    let (code, said) = portail_ends(&home, &["audit", "verify"]);
    assert!(code == Some(2) && said.contains("give --key"), "{said}");
    assert!(!signing.exists());
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

#[tokio::test]
async fn a_family_proves_what_was_decided_on_its_request() {
    let home = Home::new().await;
    home.prepare_demo();
    home.account(OTHER, "parent");
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let staff = Client::log_in(&server.address, STAFF).await;
    let asked = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-06-26"] });
    parent.act("requestReservations", asked).await;
    let mine = "query ($c: ID!) { requests(filter: { childId: $c }, first: 100) { edges { node { id date status } } } logKey { publicKey } }";
    let listed = parent.ask(mine, json!({ "c": LEO })).await;
    let lines = listed["requests"]["edges"].as_array().unwrap();
    let line = lines.iter().find(|l| l["node"]["date"] == "2015-06-26").unwrap();
    let proofs = "query ($id: ID!) { requestProofs(id: $id) { position eventType actor event \
        proof { size root subject path checkpoint { note size } } } }";
    let id = json!({ "id": line["node"]["id"] });
    let proved = parent.ask(proofs, id.clone()).await;
    let events = proved["requestProofs"].as_array().unwrap();
    let types: Vec<&str> = events.iter().map(|e| e["eventType"].as_str().unwrap()).collect();
    assert_eq!(types[0], "ReservationRequested");
    assert!(types.contains(&"ReservationConfirmed"), "{types:?}");
    assert_eq!(events[0]["actor"], format!("parent:{}", PARENT.0));
    let keys = TrustedKeys::new([listed["logKey"]["publicKey"].as_str().unwrap()]).unwrap();
    let digest = |text: &Value| -> Hash { bytes(text.as_str().unwrap()).try_into().unwrap() };
    for event in events {
        let (proof, text) = (&event["proof"], event["event"].as_str().unwrap());
        assert!(text.contains(LEO));
        let signed = keys.read(proof["checkpoint"]["note"].as_str().unwrap()).unwrap();
        let leaf: Hash = hash(&[&[0], text.as_bytes()]).try_into().unwrap();
        assert_eq!(leaf, digest(&proof["subject"]));
        let path: Vec<Hash> = proof["path"].as_array().unwrap().iter().map(digest).collect();
        let index = event["position"].as_str().unwrap().parse::<u64>().unwrap() - 1;
        assert!(merkle::includes(&leaf, index, signed.size, &path, &signed.root));
    }
    // Nobody else's, and none that is not there.
    let other = Client::log_in(&server.address, OTHER).await;
    assert_eq!(other.error(proofs, id.clone()).await, "NOT_FOUND");
    assert_eq!(parent.error(proofs, json!({ "id": "999999999" })).await, "NOT_FOUND");
    assert_eq!(staff.ask(proofs, id).await["requestProofs"].as_array().unwrap().len(), events.len());
}

#[tokio::test]
async fn checkpoints_leave_the_database_as_the_log_grows() {
    let received = std::sync::Arc::new(tokio::sync::Mutex::new(Vec::<String>::new()));
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let kept = received.clone();
    let take = axum::routing::post(move |body: String| async move {
        kept.lock().await.push(body);
        told.send(()).unwrap();
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/", take)).await });
    let mut home = Home::new().await;
    home.environment = vec![("PORTAIL_CHECKPOINT_URL", url), ("PORTAIL_CHECKPOINT_SECONDS", "1".into())];
    let server = home.serve(&["--demo"]);
    hears.recv().await.unwrap();
    let parent = Client::log_in(&server.address, PARENT).await;
    let asked = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-06-26"] });
    parent.act("requestReservations", asked).await;
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    let head = auditor
        .ask("{ logHead { position } logKey { publicKey } logCheckpoints { size note } }", json!({}))
        .await;
    let keys = TrustedKeys::new([head["logKey"]["publicKey"].as_str().unwrap()]).unwrap();
    let position: u64 = head["logHead"]["position"].as_str().unwrap().parse().unwrap();
    while keys.read(received.lock().await.last().unwrap()).unwrap().size < position {
        hears.recv().await.unwrap();
    }
    server.kill();
    let folder = home.folder.path().join("checkpoints");
    let file = folder.join(format!("{position:012}.checkpoint"));
    assert_eq!(&std::fs::read_to_string(file).unwrap(), received.lock().await.last().unwrap());
    assert_eq!(std::fs::read_to_string(folder.join("log.pub")).unwrap().trim(), head["logKey"]["publicKey"]);
    let verified = portail(&home, &["audit", "verify"]);
    assert!(!verified.contains("no checkpoint is held outside"), "{verified}");
}
