//! What monitoring reads.

use std::collections::BTreeMap;

use serde_json::json;

use crate::server::{Client, EMMA, PARENT, PLANNING, STAFF, demo};

/// The samples, by their name and labels. Every line is of the format, and each metric says what it is first.
async fn samples(client: &Client) -> BTreeMap<String, u64> {
    let answer = client.call("GET", "/metrics", &[], vec![]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(answer.body).unwrap();
    let (mut samples, mut told) = (BTreeMap::new(), vec![]);
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            told.extend(comment.strip_prefix("TYPE ").and_then(|of| of.split(' ').next()).map(str::to_owned));
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let metric = name.split('{').next().unwrap();
        assert!(told.last().is_some_and(|last| last == metric), "{line}");
        assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line}");
    }
    for person in [PARENT.0, STAFF.0, EMMA] {
        assert!(!text.contains(person), "{text}");
    }
    samples
}

#[tokio::test]
async fn the_log_read_models_workers_requests_and_the_pool_are_told() {
    let address = demo().await;
    let (nobody, staff) = (Client::anonymous(address), Client::log_in(address, STAFF).await);
    let before = samples(&nobody).await;
    let query = "mutation ($input: RegisterFamilyInput!) { registerFamily(input: $input) { position userErrors { code } } }";
    let input = json!({ "clientMutationId": uuid::Uuid::new_v4(), "number": "1001001019901", "title": "Madame",
        "surname": "MESURE", "firstName": "Anne" });
    let recorded = staff.ask(query, json!({ "input": input })).await["registerFamily"].clone();
    assert!(recorded["position"].is_string(), "{recorded}");
    let code = nobody.error(PLANNING, json!({ "child": EMMA, "month": "2015-06" })).await;
    assert_eq!(code, "UNAUTHENTICATED");
    assert_eq!(nobody.get("/exports/regies/al/operations?from=2014-09-01&to=2015-08-31", "*/*").await.0, 401);
    assert_eq!(nobody.get("/somewhere/else", "*/*").await.0, 404);
    let after = samples(&nobody).await;

    let grew = |name: &str| {
        let (before, after) = (before.get(name).copied().unwrap_or(0), after.get(name).copied());
        assert!(after.is_some_and(|after| after > before), "{name}: {before}, then {after:?}");
    };
    for name in ["log_head_position", "append_batches_total", "append_commands_total", "append_events_total"]
    {
        grew(&format!("portail_{name}"));
    }
    grew("portail_requests_total{route=\"/graphql\",status=\"200\"}");
    grew("portail_requests_total{route=\"none\",status=\"404\"}");
    grew("portail_errors_total{code=\"UNAUTHENTICATED\"}");
    assert!(!after.keys().any(|name| name.contains("somewhere")), "{after:?}");

    let position: u64 = recorded["position"].as_str().unwrap().parse().unwrap();
    let of = |metric: &str| {
        let start = format!("portail_{metric}{{");
        after.iter().filter(move |(name, _)| name.starts_with(&start)).collect::<Vec<_>>()
    };
    assert!(after["portail_log_head_position"] >= position);
    let planning =
        of("projection_position").into_iter().find(|(name, _)| name.contains("\"planning\"")).unwrap();
    assert!(*planning.1 >= position, "{planning:?}");
    assert!(of("projection_stopped").iter().all(|(_, stopped)| **stopped == 0), "{after:?}");
    assert_eq!(of("projection_lag_events").len(), of("projection_quarantined_streams").len());
    assert!(of("worker_running").len() > 3 && of("worker_running").iter().all(|(_, running)| **running == 1));
    assert_eq!(of("worker_restarts_total").len(), of("worker_running").len());
    let open = of("database_connections").iter().map(|(_, count)| **count).sum::<u64>();
    assert!((1..=after["portail_database_connections_max"]).contains(&open), "{after:?}");
    assert_eq!(after["portail_database_up"], 1);
}
