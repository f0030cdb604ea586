//! Who may do what: deny by default.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, process::Stdio};

use serde_json::{Value, json};

use crate::server::{AUDITOR, Client, DIRECTOR, Home, PARENT, STAFF, demo};

const FIELDS: &str = "{ __schema { types { name kind \
    inputFields { name defaultValue type { ...T } } enumValues { name } \
    fields { name args { name defaultValue type { ...T } } type { ...T } } } } } \
    fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }";

/// A literal of a type that passes validation, for calling fields blindly.
fn literal(kind: &Value, types: &BTreeMap<String, Value>) -> String {
    match kind["kind"].as_str().unwrap() {
        "NON_NULL" => literal(&kind["ofType"], types),
        "LIST" => "[]".into(),
        "ENUM" => types[kind["name"].as_str().unwrap()]["enumValues"][0]["name"].as_str().unwrap().into(),
        "INPUT_OBJECT" => {
            let fields = types[kind["name"].as_str().unwrap()]["inputFields"].as_array().unwrap();
            let required = |f: &&Value| f["type"]["kind"] == "NON_NULL" && f["defaultValue"].is_null();
            let mut chosen: Vec<&Value> = fields.iter().filter(required).collect();
            if chosen.is_empty() {
                chosen.extend(fields.first());
            }
            let fields: Vec<String> = chosen
                .iter()
                .map(|f| format!("{}: {}", f["name"].as_str().unwrap(), literal(&f["type"], types)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        _ => match kind["name"].as_str().unwrap() {
            "Int" | "Float" => "1".into(),
            "Decimal" => "\"1.00\"".into(),
            "Boolean" => "true".into(),
            "UUID" => format!("\"{}\"", uuid::Uuid::new_v4()),
            "Position" => "\"1\"".into(),
            // Staff really do what is called here: far from the other tests' days.
            "Date" => "\"2035-01-01\"".into(),
            "Month" => "\"2015-04\"".into(),
            "Time" => "\"08:00:00\"".into(),
            "DateTime" => "\"2015-04-01T08:00:00Z\"".into(),
            _ => "\"x\"".into(),
        },
    }
}

/// Calls every root field as every role; the matrix is checked in.
#[tokio::test]
async fn the_authorisation_matrix_is_as_published() {
    // Of its own: what an administrator calls changes the town.
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let address = server.address.as_str();
    let callers = [
        ("anonymous", Client::anonymous(address)),
        ("parent", Client::log_in(address, PARENT).await),
        ("staff", Client::log_in(address, STAFF).await),
        ("auditor", Client::log_in(address, AUDITOR).await),
        ("administrator", Client::log_in(address, DIRECTOR).await),
    ];
    let schema = callers[0].1.ask(FIELDS, json!({})).await;
    let types: BTreeMap<String, Value> = schema["__schema"]["types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (t["name"].as_str().unwrap().to_owned(), t.clone()))
        .collect();
    let mut matrix = String::new();
    for (root, operation) in [("Query", "query"), ("Mutation", "mutation")] {
        for field in types[root]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            // Calling it would end the session the other calls are made with.
            if name == "logOut" {
                continue;
            }
            let required = |a: &&Value| a["type"]["kind"] == "NON_NULL" && a["defaultValue"].is_null();
            let arguments: Vec<String> = field["args"]
                .as_array()
                .unwrap()
                .iter()
                .filter(required)
                .map(|a| format!("{}: {}", a["name"].as_str().unwrap(), literal(&a["type"], &types)))
                .collect();
            let arguments =
                if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
            let mut verdicts = Vec::new();
            for (who, client) in &callers {
                let answer = client
                    .send(&format!("{operation} {{ {name}{arguments} {{ __typename }} }}"), json!({}))
                    .await
                    .unwrap();
                let code = answer["errors"][0]["extensions"]["code"].as_str();
                // `pastDifferences` takes a query of its own, and says that the sample is none.
                assert!(code != Some("BAD_REQUEST") || name == "pastDifferences", "{name}: {answer}");
                let verdict = match code {
                    Some("UNAUTHENTICATED" | "FORBIDDEN") => "-",
                    _ => "yes",
                };
                verdicts.push(format!("{who} {verdict}"));
            }
            writeln!(matrix, "{root}.{name}: {}", verdicts.join(", ")).unwrap();
        }
    }
    insta::assert_snapshot!("authorisation_matrix", matrix);
}

#[tokio::test]
async fn the_published_schema_is_the_servers() {
    let published = include_str!("../../../docs/schema.graphql");
    assert_eq!(published, portail_api::graphql::definition(), "run `make schema`");
}

#[tokio::test]
async fn a_session_ends_with_log_out_and_wrong_credentials_tell_nothing() {
    let address = demo().await;
    let parent = Client::log_in(address, PARENT).await;
    let out = parent.ask("mutation { logOut { redirectTo } }", json!({})).await;
    assert_eq!(out["logOut"]["redirectTo"], "https://www.haisnes.fr");
    assert_eq!(parent.error("{ viewer { login } }", json!({})).await, "UNAUTHENTICATED");
    let anonymous = Client::anonymous(address);
    let log_in =
        "mutation ($input: LogInInput!) { logIn(input: $input) { token userErrors { code message } } }";
    let wrong =
        anonymous.ask(log_in, json!({ "input": { "login": PARENT.0, "password": "Bonbons2016" } })).await;
    let unknown = anonymous
        .ask(log_in, json!({ "input": { "login": "1001001019999", "password": "Bonbons2015" } }))
        .await;
    assert_eq!(wrong, unknown);
    assert_eq!(wrong["logIn"]["userErrors"][0]["code"], "BAD_CREDENTIALS");
}

#[tokio::test]
async fn without_the_demo_the_town_is_empty_and_its_first_administrator_comes_from_the_command_line() {
    let home = Home::new().await;
    home.init();
    let account = |password: &str| {
        let mut child = home
            .command()
            .args(["account", "directrice"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait().unwrap().success()
    };
    assert!(!account("weak\n"));
    assert!(account("Directrice2015\n"));
    let server = home.serve(&[]);
    let administrator = Client::log_in(&server.address, DIRECTOR).await;
    let town =
        administrator.ask("{ viewer { role } structures { name } logHead { position } }", json!({})).await;
    assert_eq!(town, json!({ "viewer": { "role": "ADMINISTRATOR" }, "structures": [], "logHead": null }));
    let set =
        "mutation ($input: SetAccountInput!) { setAccount(input: $input) { login userErrors { code } } }";
    let made = administrator
        .ask(set, json!({ "input": { "login": "agent", "role": "STAFF", "password": "Agent2015x" } }))
        .await;
    assert_eq!(made["setAccount"]["login"], "agent");
    assert!(Client::log_in(&server.address, ("agent", "Agent2015x")).await.token.is_some());
}
