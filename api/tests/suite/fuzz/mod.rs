//! Every field and input of the schema, as every role, with values of every kind: whatever is sent,
//! the server answers in time and by its rules, nothing stops, and the log and the read models agree
//! afterwards.
//!
//! `PORTAIL_TEST_FUZZ_SECONDS` says for how long (every field is called by every role at least once),
//! `PORTAIL_TEST_FUZZ_SEED` what is sent; a request that failed is printed as it was sent.

#![allow(clippy::print_stdout, reason = "the seed and what was reached are for who reads the test")]

mod requests;
mod schema;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    time::{Duration, Instant},
};

use rand::{
    SeedableRng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use serde_json::{Value, json};

use self::{
    requests::Asked,
    schema::Schema,
    values::{Seen, Values},
};
use crate::server::{Client, EMMA, Home, LEO};

/// Who asks, by login and password.
const LOGINS: [(&str, &str); 4] = [
    ("1001001010331", "Bonbons2015"),
    ("mairie", "Mairie2015"),
    ("auditeur", "Auditeur2015"),
    ("directrice", "Directrice2015"),
];

/// Whose accounts and data are not changed or erased.
const KEPT: [&str; 6] = [LOGINS[0].0, LOGINS[1].0, LOGINS[2].0, LOGINS[3].0, LEO, EMMA];

/// What closes ways for what comes after it: sent last.
const LAST: [&str; 6] =
    ["adoptFourEyes", "erasePersonalData", "retireActivity", "closeDays", "closeCashDay", "endEnrolment"];

/// How many requests are on their way at once.
const AT_ONCE: usize = 16;

/// The longest an answer may take: the server's own limit, and what the way takes on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

/// What is not sent: it would end the session the others are sent with.
const LEFT_OUT: [&str; 1] = ["logOut"];

/// What folds the log in a database of its own for each request: sent seldom.
const SLOW: [&str; 4] = ["eventEffects", "pastDifferences", "explainField", "explainOperation"];

/// What the server says of itself when it fails.
const FAILURES: [&str; 4] = ["UNAVAILABLE", "INTERNAL", "TIMEOUT", "REPLAY_FAILED"];

/// What to read first, so that ids of the town are known.
const FIRST: [(usize, &str); 5] = [
    (1, "{ structures { id name activities { id name } } regies { code name } logHead { position } }"),
    (1, "{ family(number: \"1001001010331\") { number children { id firstName } } }"),
    (1, "{ requests { edges { node { id requestId } } } conversations { edges { node { id } } } }"),
    (2, "{ logEvents { edges { cursor node { id position stream kind commandId } } } }"),
    (0, "{ myFamily { number children { id } } }"),
];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// What is wrong with an answer.
fn wrong(status: u16, answer: &Value) -> Option<String> {
    if status >= 500 {
        return Some(format!("status {status}"));
    }
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    for error in errors {
        match error["extensions"]["code"].as_str() {
            None => return Some(format!("an error without a code: {error}")),
            Some(code) if FAILURES.contains(&code) => return Some(code.to_owned()),
            Some(_) => {}
        }
    }
    let said = answer["data"].to_string();
    FAILURES.iter().find(|code| said.contains(&format!("\"code\":\"{code}\""))).map(|code| (*code).to_owned())
}

/// Sends a request; its answer, how long it took, and what is wrong with it.
async fn send(client: &Client, asked: &Asked) -> (Value, Duration, Option<String>) {
    let started = Instant::now();
    let body = json!({ "query": asked.query, "variables": asked.variables }).to_string().into_bytes();
    let headers = [("Content-Type", "application/json"), ("Accept-Language", "en")];
    let sent = client.call("POST", "/graphql", &headers, body);
    match tokio::time::timeout(LONGEST, sent).await {
        Err(_) => (Value::Null, LONGEST, Some(format!("no answer in {LONGEST:?}"))),
        Ok(answer) => {
            let (status, answer) = answer.json();
            let wrong = wrong(status, &answer);
            (answer, started.elapsed(), wrong)
        }
    }
}

/// A request and its sender, to be sent again by hand.
fn shown(who: &str, asked: &Asked) -> String {
    let variables = asked.variables.to_string();
    let cut: String = variables.chars().take(4_000).collect();
    format!("as {who}: {}\nvariables: {cut}", asked.query)
}

/// What was found: a failure is named once per field.
#[derive(Default)]
struct Found {
    sent: usize,
    codes: BTreeMap<String, usize>,
    /// What is not open to whom.
    closed: BTreeSet<(usize, String)>,
    /// What was recorded.
    accepted: BTreeSet<String>,
    /// Why others were not.
    refused: BTreeMap<String, BTreeSet<String>>,
    /// The slowest answers.
    slowest: BTreeMap<Duration, String>,
    failures: BTreeMap<(String, String), String>,
}

impl Found {
    fn note(
        &mut self,
        (number, who): (usize, &str),
        asked: &Asked,
        (answer, took, wrong): (Value, Duration, Option<String>),
    ) {
        self.sent += 1;
        let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("data");
        *self.codes.entry(code.to_owned()).or_default() += 1;
        if matches!(code, "UNAUTHENTICATED" | "FORBIDDEN") && answer["data"][&asked.field].is_null() {
            self.closed.insert((number, asked.field.clone()));
        }
        let payload = &answer["data"][&asked.field];
        if payload["position"].is_string() {
            self.accepted.insert(asked.field.clone());
        }
        for error in payload["userErrors"].as_array().into_iter().flatten() {
            let (code, path) = (error["code"].as_str().unwrap_or_default(), error["path"].to_string());
            self.refused.entry(asked.field.clone()).or_default().insert(format!("{code} {path}"));
        }
        self.slowest.insert(took, format!("{} as {who}", asked.field));
        if self.slowest.len() > 5 {
            self.slowest.pop_first();
        }
        if let Some(wrong) = wrong {
            let answer: String = answer.to_string().chars().take(1_000).collect();
            let shown = format!("{wrong}: {}\nanswer: {answer}", shown(who, asked));
            self.failures.entry((asked.field.clone(), wrong)).or_insert(shown);
        }
    }
}

/// Waits until every read model has reached the end of the log; says which do not.
async fn caught_up(staff: &Client) -> Result<(), String> {
    let started = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    loop {
        tick.tick().await;
        let query = "{ projections { name status error lagEvents quarantinedStreams } }";
        let answer = staff.ask(query, json!({})).await;
        let behind: Vec<&Value> = answer["projections"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|p| p["status"] != "live" || p["lagEvents"] != 0 || p["quarantinedStreams"] != 0)
            .collect();
        if behind.is_empty() {
            return Ok(());
        }
        if started.elapsed() > Duration::from_secs(30) || behind.iter().any(|p| p["status"] == "failed") {
            return Err(format!("{behind:?}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_is_answered_and_nothing_stops() {
    let seed = setting("PORTAIL_TEST_FUZZ_SEED").unwrap_or(2015);
    let time = Duration::from_secs(setting("PORTAIL_TEST_FUZZ_SECONDS").unwrap_or(20));
    println!("PORTAIL_TEST_FUZZ_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let home = Home::new().await;
    let log = home.folder.path().join("server.log");
    let errors = File::create(&log).unwrap();
    let (home, server) =
        tokio::task::spawn_blocking(move || (home.serve_saying(&["--demo"], errors.into()), home))
            .await
            .map(|(server, home)| (home, server))
            .unwrap();
    let anonymous = Client::anonymous(&server.address);
    let mut clients = vec![];
    for login in LOGINS {
        clients.push((login.0, Client::log_in(&server.address, login).await));
    }
    let schema = Schema::of(&anonymous).await;
    let mut seen = Seen::default();
    for (name, value) in [("childId", LEO), ("childId", EMMA), ("familyNumber", LOGINS[0].0)] {
        seen.add(name, value);
    }
    for (who, query) in FIRST {
        seen.learn(&clients[who].1.send(query, json!({})).await.unwrap()["data"], "");
    }
    let staff = clients[1].1.clone();
    clients.insert(0, ("anonymous", anonymous));

    let mut found = Found::default();
    let started = Instant::now();
    let mut round = 0;
    while round == 0 || started.elapsed() < time {
        let mut batch = vec![];
        for (root, operation) in [("Query", "query"), ("Mutation", "mutation")] {
            for field in schema.fields(root) {
                let seldom = SLOW.contains(&field.name.as_str()) && round % 20 != 0;
                if LEFT_OUT.contains(&field.name.as_str()) || seldom {
                    continue;
                }
                // What is not open to somebody is not tried again and again.
                let open = |who: &usize| round == 0 || !found.closed.contains(&(*who, field.name.clone()));
                batch.extend((0..clients.len()).filter(open).map(|who| (who, operation, field)));
            }
        }
        batch.shuffle(&mut random);
        batch.sort_by_key(|(_, _, field)| LAST.contains(&field.name.as_str()));
        for group in batch.chunks(AT_ONCE) {
            let mut ask = |(who, operation, field): &(usize, &str, &schema::Field)| {
                let hostility = *[0.0, 0.08, 0.08, 0.4].choose(&mut random).unwrap();
                let mut values = Values { schema: &schema, seen: &seen, random: &mut random, hostility };
                (*who, requests::ask(operation, field, &mut values))
            };
            let asked: Vec<(usize, Asked)> = group.iter().map(&mut ask).collect();
            let answers = asked.iter().map(|(who, asked)| send(&clients[*who].1, asked));
            let answers = futures::future::join_all(answers).await;
            for ((who, asked), answer) in asked.iter().zip(answers) {
                seen.learn(&answer.0["data"], "");
                if let Some(id) = asked.variables.pointer("/v0/clientMutationId").and_then(Value::as_str) {
                    seen.add("clientMutationId", id);
                }
                found.note((*who, clients[*who].0), asked, answer);
            }
            if round > 0 && started.elapsed() > time {
                break;
            }
        }
        round += 1;
    }
    println!("{} requests in {round} rounds: {:?}", found.sent, found.codes);
    println!("slowest: {:?}", found.slowest);
    found.accepted.retain(|field| schema.fields("Mutation").iter().any(|known| known.name == *field));
    found.refused.retain(|field, _| !found.accepted.contains(field));
    println!("recorded: {} of {} mutations", found.accepted.len(), schema.fields("Mutation").len());
    println!("never recorded: {:#?}", found.refused);
    let mut failures: Vec<String> = found.failures.into_values().collect();

    if let Err(behind) = caught_up(&staff).await {
        failures.push(format!("read models are behind or failed: {behind}"));
    }
    let health = staff.call("GET", "/health", &[], vec![]).await;
    if health.status != 200 {
        failures.push(format!("the health check says {:?}", health.json()));
    }
    server.kill();
    for arguments in [["audit", "verify"].as_slice(), &["rebuild"]] {
        let done = home.command().args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        if !done.status.success() {
            failures.push(format!("{arguments:?} fails: {said}"));
        }
    }
    let said = std::fs::read_to_string(&log).unwrap();
    failures
        .extend(said.lines().filter(|l| l.contains("panicked") || l.contains(" ERROR ")).map(str::to_owned));
    assert!(
        failures.is_empty(),
        "{} failures with PORTAIL_TEST_FUZZ_SEED={seed}:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}
