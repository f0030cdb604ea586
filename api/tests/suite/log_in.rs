//! Logging in under attack, and what ends a session.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::server::{Client, Home, PARENT, STAFF};

const LOG_IN: &str = "mutation ($input: LogInInput!) { logIn(input: $input) { token retryAfter userErrors { code message } } }";
const SET: &str =
    "mutation ($input: SetAccountInput!) { setAccount(input: $input) { login userErrors { code path } } }";

const ADMINISTRATOR: (&str, &str) = ("directrice", "Directrice2015");

async fn attempt(address: &str, login: &str, password: &str) -> Value {
    let input = json!({ "input": { "login": login, "password": password } });
    Client::anonymous(address).ask(LOG_IN, input).await["logIn"].clone()
}

fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or("")
}

#[tokio::test]
async fn another_role_or_password_takes_effect_and_ends_all_sessions() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let administrator = Client::log_in(&server.address, ADMINISTRATOR).await;
    let set = async |login: &str, role: &str, password: &str| {
        let input = json!({ "input": { "login": login, "role": role, "password": password } });
        administrator.ask(SET, input).await["setAccount"].clone()
    };
    let viewer = "{ viewer { role } }";
    assert_eq!(set("agent", "STAFF", "Agent2015x").await["login"], "agent");
    let sessions = [
        Client::log_in(&server.address, ("agent", "Agent2015x")).await,
        Client::log_in(&server.address, ("agent", "Agent2015x")).await,
    ];
    assert_eq!(set("agent", "STAFF", "Agent2015x").await["login"], "agent");
    assert_eq!(sessions[0].ask(viewer, json!({})).await["viewer"]["role"], "STAFF", "nothing changed");

    assert_eq!(set("agent", "AUDITOR", "Agent2015x").await["login"], "agent");
    for session in &sessions {
        assert_eq!(session.error(viewer, json!({})).await, "UNAUTHENTICATED", "another role");
    }
    let auditor = Client::log_in(&server.address, ("agent", "Agent2015x")).await;
    assert_eq!(auditor.ask(viewer, json!({})).await["viewer"]["role"], "AUDITOR");

    assert_eq!(set("agent", "AUDITOR", "Agent2016x").await["login"], "agent");
    assert_eq!(auditor.error(viewer, json!({})).await, "UNAUTHENTICATED", "another password");
    assert_eq!(code(&attempt(&server.address, "agent", "Agent2015x").await), "BAD_CREDENTIALS");

    let last = set(ADMINISTRATOR.0, "STAFF", ADMINISTRATOR.1).await;
    assert_eq!(last["userErrors"], json!([{ "code": "LAST_ADMINISTRATOR", "path": ["input", "role"] }]));
    assert_eq!(code(&set(" agent", "STAFF", "Agent2015x").await), "INVALID_LOGIN");
    assert_eq!(set("adjoint", "ADMINISTRATOR", "Adjoint2015").await["login"], "adjoint");
    assert_eq!(set(ADMINISTRATOR.0, "STAFF", ADMINISTRATOR.1).await["login"], ADMINISTRATOR.0);
    assert_eq!(administrator.error(viewer, json!({})).await, "UNAUTHENTICATED", "their own role");
    drop(server);
    // From the command line as well.
    home.account(("agent", "Agent2016x"), "staff");
    let server = home.serve(&["--demo"]);
    let agent = Client::log_in(&server.address, ("agent", "Agent2016x")).await;
    assert_eq!(agent.ask(viewer, json!({})).await["viewer"]["role"], "STAFF");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_wrong_passwords_costs_little_memory_and_leaves_others_their_answers() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_HASHING_SLOTS", "2".into()));
    home.environment.push(("PORTAIL_HASHING_QUEUE", "16".into()));
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let before = server.peak_mib();
    let address = server.address.clone();
    let crowd = tokio::spawn(async move {
        join_all((0..150).map(|n| {
            let address = address.clone();
            async move { attempt(&address, &format!("somebody{n}"), "Wrong2015").await }
        }))
        .await
    });
    let mut slowest = Duration::ZERO;
    while !crowd.is_finished() {
        let asked = Instant::now();
        staff.ask("{ viewer { login } }", json!({})).await;
        slowest = slowest.max(asked.elapsed());
    }
    let answers = crowd.await.unwrap();
    let busy: Vec<&Value> = answers.iter().filter(|answer| code(answer) == "BUSY").collect();
    let wrong = answers.iter().filter(|answer| code(answer) == "BAD_CREDENTIALS").count();
    assert_eq!(busy.len() + wrong, 150);
    assert!(wrong >= 18, "{wrong} were looked at");
    assert!(busy.iter().all(|answer| answer["retryAfter"] == 2), "{busy:?}");
    let grown = server.peak_mib() - before;
    assert!(grown < 150, "{grown} MiB more");
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
}

#[tokio::test]
async fn wrong_passwords_are_counted_per_login_and_after_a_restart() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_LOGIN_ATTEMPTS", "5".into()));
    let server = home.serve(&["--demo"]);
    // The family has logged in from here before; another login never has.
    Client::log_in(&server.address, PARENT).await;
    for login in [PARENT.0, "nobody", "1001001019999"] {
        let mut codes = Vec::new();
        for _ in 0..8 {
            let payload = attempt(&server.address, login, "Wrong2015").await;
            codes.push(code(&payload).to_owned());
            let waits = payload["retryAfter"].as_u64();
            // One comes back every three minutes.
            assert!(waits.is_none_or(|seconds| (150..=180).contains(&seconds)), "{payload}");
        }
        assert_eq!(codes[..5], ["BAD_CREDENTIALS"; 5], "{login}: {codes:?}");
        assert_eq!(codes[5..], ["TOO_MANY_ATTEMPTS"; 3], "{login}: known and unknown alike: {codes:?}");
    }
    assert_eq!(code(&attempt(&server.address, PARENT.0, PARENT.1).await), "TOO_MANY_ATTEMPTS");
    assert!(Client::log_in(&server.address, STAFF).await.token.is_some(), "another login");
    drop(server);
    let server = home.serve(&["--demo"]);
    assert_eq!(code(&attempt(&server.address, "nobody", "Wrong2015").await), "TOO_MANY_ATTEMPTS");

    let body = json!({ "query": LOG_IN, "variables": { "input": { "login": "nobody", "password": "x" } } });
    let client = Client::anonymous(&server.address);
    let kind = [("Content-Type", "application/json")];
    let answer = client.call("POST", "/graphql", &kind, body.to_string().into_bytes()).await;
    assert!((150..=180).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
}

#[tokio::test]
async fn wrong_passwords_are_counted_per_address_and_a_proxy_says_which() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_LOGIN_ATTEMPTS_PER_ADDRESS", "4".into()));
    home.environment.push(("PORTAIL_TRUSTED_PROXIES", "127.0.0.1".into()));
    let server = home.serve(&["--demo"]);
    let from = async |place: &str, login: &str, password: &str| {
        let input = json!({ "input": { "login": login, "password": password } });
        let body = json!({ "query": LOG_IN, "variables": input }).to_string().into_bytes();
        let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", place)];
        let client = Client::anonymous(&server.address);
        let (_, answer) = client.call("POST", "/graphql", &headers, body).await.json();
        code(&answer["data"]["logIn"]).to_owned()
    };
    for n in 0..6 {
        let expected = if n < 4 { "BAD_CREDENTIALS" } else { "TOO_MANY_ATTEMPTS" };
        assert_eq!(from("198.51.100.7", &format!("somebody{n}"), "Wrong2015").await, expected);
    }
    assert_eq!(from("198.51.100.7", PARENT.0, PARENT.1).await, "TOO_MANY_ATTEMPTS");
    assert_eq!(from("198.51.100.8", PARENT.0, PARENT.1).await, "", "another address");
    assert_eq!(from("198.51.100.8", "a\0b", "Wrong2015").await, "BAD_CREDENTIALS", "no text of a database");
}

#[tokio::test]
async fn somebody_elses_wrong_passwords_do_not_keep_a_login_out_where_it_is_at_home() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_LOGIN_ATTEMPTS", "3".into()));
    home.environment.push(("PORTAIL_TRUSTED_PROXIES", "127.0.0.0/8".into()));
    let server = home.serve(&["--demo"]);
    let from = async |place: &str, password: &str| {
        let input = json!({ "input": { "login": PARENT.0, "password": password } });
        let body = json!({ "query": LOG_IN, "variables": input }).to_string().into_bytes();
        let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", place)];
        let client = Client::anonymous(&server.address);
        let (_, answer) = client.call("POST", "/graphql", &headers, body).await.json();
        code(&answer["data"]["logIn"]).to_owned()
    };
    assert_eq!(from("2001:db8:1:1::7", PARENT.1).await, "");
    for n in 0..9 {
        from(&format!("203.0.113.{n}"), "Wrong2015").await;
    }
    assert_eq!(from("203.0.113.9", PARENT.1).await, "TOO_MANY_ATTEMPTS");
    assert_eq!(from("2001:db8:1:1::8", PARENT.1).await, "", "the same household");
}

#[tokio::test]
async fn one_request_tries_one_password() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let fields: Vec<String> = (0..20)
        .map(|n| format!("a{n}: logIn(input: {{ login: \"mairie\", password: \"Wrong{n}\" }}) {{ token }}"))
        .collect();
    let mutation = format!("mutation {{ {} }}", fields.join(" "));
    let answer = Client::anonymous(&server.address).send(&mutation, json!({})).await.unwrap();
    let errors = answer["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["extensions"]["code"] == "ONE_LOG_IN"), "{answer}");
    assert!(!answer["data"].to_string().contains("token"), "none was tried: {answer}");
}
