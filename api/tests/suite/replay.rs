//! The past, asked with the queries of the present.

use serde_json::{Value, json};

use crate::server::{AUDITOR, Client, Home, LEO, PARENT, PLANNING, STAFF, cell, demo};

const POSITION: &str = "{ logHead { position } }";

async fn head(auditor: &Client) -> String {
    auditor.ask(POSITION, json!({})).await["logHead"]["position"].as_str().unwrap().to_owned()
}

/// Asks with the header; waits while the past is folded.
pub async fn as_of(client: &Client, moment: &str, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables }).to_string().into_bytes();
    let headers = [("Content-Type", "application/json"), ("X-As-Of", moment)];
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(120);
    loop {
        assert!(std::time::Instant::now() < limit, "the past is never ready");
        let answer = client.call("POST", "/graphql", &headers, body.clone()).await.json().1;
        if answer["errors"][0]["extensions"]["code"] != "REPLAY_UNFINISHED" {
            return answer;
        }
    }
}

#[tokio::test]
async fn any_read_model_is_seen_as_it_was_and_what_changed_since_is_told() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    let day = "2015-06-26";
    let before = head(&auditor).await;
    let asked = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": [day] });
    let reserved = parent.act("requestReservations", asked.clone()).await;
    let between = reserved["position"].as_str().unwrap().to_owned();
    parent.act("cancelReservations", asked).await;
    let after = head(&auditor).await;

    // The calendar at three moments, by position; the present is what it is now.
    let month = json!({ "child": LEO, "month": "2015-06" });
    let status = |answer: &Value| cell(&answer["data"], "garderie-matin", day)["status"].clone();
    let then = as_of(&auditor, &format!("position={between}"), PLANNING, month.clone()).await;
    assert_eq!(status(&then), "RESERVED", "{then}");
    assert_eq!(then["extensions"]["asOf"]["position"], between);
    let earlier = as_of(&auditor, &format!("position={before}"), PLANNING, month.clone()).await;
    assert_ne!(status(&earlier), "RESERVED");
    let now = auditor.ask(PLANNING, month.clone()).await;
    assert_ne!(cell(&now, "garderie-matin", day)["status"], "RESERVED");

    // What belongs together, then as now.
    let together = "query ($p: Position!) { logEvent(position: $p) { event { eventType } ofCommand { position eventType } } }";
    let here = format!("position={between}");
    let then = as_of(&auditor, &here, together, json!({ "p": between })).await;
    assert_eq!(then["data"]["logEvent"]["ofCommand"][0]["eventType"], "ReservationRequested", "{then}");
    assert_eq!(then["data"], auditor.ask(together, json!({ "p": between })).await);

    // Before and after one event; every kind of read model.
    let requested = "query ($p: LogFilter) { logEvents(filter: $p, first: 200) { edges { node { eventId position eventType } } } }";
    let events = auditor
        .ask(requested, json!({ "p": { "eventTypes": ["ReservationConfirmed"], "about": LEO } }))
        .await;
    let confirmed =
        events["logEvents"]["edges"].as_array().unwrap().last().unwrap()["node"]["eventId"].clone();
    let everything = "query ($n: String!) { requests(first: 1) { totalCount } familyFile(number: $n) { children { __typename } } \
        accountStatement(familyNumber: $n) { balance } }";
    for moment in
        [format!("before={}", confirmed.as_str().unwrap()), format!("after={}", confirmed.as_str().unwrap())]
    {
        let answer = as_of(&auditor, &moment, everything, json!({ "n": PARENT.0 })).await;
        assert!(answer["errors"].is_null(), "{answer}");
        assert!(answer["data"]["accountStatement"]["balance"].is_string(), "{answer}");
    }

    // What differs between two moments.
    let differs = "query ($from: MomentInput!, $to: MomentInput!, $query: String!, $variables: JSON) { \
        pastDifferences(from: $from, to: $to, query: $query, variables: $variables) { from to differences { path before after } } }";
    let cells = "query ($child: ID!, $month: Month!) { planning(childId: $child, month: $month) { rows { activityId cells { date status } } } }";
    let compared = json!({ "from": { "position": before }, "to": { "position": between }, "query": cells, "variables": month });
    let found = auditor.ask(differs, compared).await["pastDifferences"].clone();
    let expected = json!([{ "path": format!("planning.rows[garderie-matin].cells[{day}].status"),
        "before": null, "after": "RESERVED" }]);
    assert_eq!(found["differences"], expected, "{found}");

    // The past is asked, not changed; not by parents; and only where it exists.
    let mutation = "mutation { logOut { redirectTo } }";
    let refused = |answer: Value| answer["errors"][0]["extensions"]["code"].clone();
    assert_eq!(refused(as_of(&auditor, &here, mutation, json!({})).await), "NOT_A_QUERY");
    assert_eq!(refused(as_of(&parent, &here, POSITION, json!({})).await), "FORBIDDEN");
    assert_eq!(
        refused(as_of(&Client::anonymous(&server.address), &here, POSITION, json!({})).await),
        "UNAUTHENTICATED"
    );
    for wrong in
        ["position=999999999", "yesterday", "date=1999-01-01", "before=5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a01"]
    {
        assert_eq!(refused(as_of(&auditor, wrong, POSITION, json!({})).await), "INVALID_MOMENT", "{wrong}");
    }
    assert_eq!(head(&auditor).await, after, "nothing was written to the log");
    server.kill();

    // The same from the command line, and by date.
    let portail = |arguments: &[&str]| {
        let done = home.command().args(["audit", "replay"]).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let variables = month.to_string();
    let (before, between) = (format!("position={before}"), format!("position={between}"));
    let told = portail(&["--at", &before, "--against", &between, "--variables", &variables, cells]);
    assert_eq!(told, format!("planning.rows[garderie-matin].cells[{day}].status: null -> \"RESERVED\"\n"));
    let earlier = portail(&["--at", "date=2015-02-15", "{ logHead { position } viewer { today } }"]);
    let earlier: Value = serde_json::from_str(&earlier).unwrap();
    assert_eq!(earlier["viewer"]["today"], "2015-02-15", "{earlier}");
}

#[tokio::test]
async fn staff_see_the_past_with_their_own_eyes() {
    let staff = Client::log_in(demo().await, STAFF).await;
    let answer = as_of(&staff, "position=40", "{ viewer { role login } }", json!({})).await;
    assert_eq!(answer["data"]["viewer"], json!({ "role": "STAFF", "login": STAFF.0 }), "{answer}");
}
