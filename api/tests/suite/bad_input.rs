//! Bad input: a typed error that names the field and what to do; never a 500, never half a write.

use serde_json::{Value, json};

use crate::server::{AUDITOR, Client, EMMA, LEO, PARENT, STAFF, demo};

const MODERN: &str = "application/graphql-response+json";

async fn head() -> Value {
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    auditor.ask("{ logHead { position } }", json!({})).await["logHead"]["position"].clone()
}

#[tokio::test]
async fn rejected_requests_name_the_field_and_write_nothing() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let ask = |child: &str, activity: &str, dates: Value| json!({ "childId": child, "activityId": activity, "dates": dates });
    for (input, code, path) in [
        (ask(LEO, "no-such-activity", json!(["2015-04-10"])), "NOT_FOUND", "activityId"),
        (ask(LEO, "NOT A CODE", json!(["2015-04-10"])), "NOT_FOUND", "activityId"),
        (
            ask("5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2aff", "garderie-matin", json!(["2015-04-10"])),
            "NOT_FOUND",
            "childId",
        ),
        (ask(EMMA, "garderie-matin", json!(["2015-04-10"])), "NOT_FOUND", "childId"),
        (ask("nonsense", "garderie-matin", json!(["2015-04-10"])), "NOT_FOUND", "childId"),
        (ask(LEO, "garderie-matin", json!([])), "NO_DAYS", "dates"),
        (ask(LEO, "garderie-matin", json!(["2015-04-02"])), "DEADLINE_PASSED", "dates"),
        (ask(LEO, "garderie-matin", json!(["2015-04-06"])), "PUBLIC_HOLIDAY", "dates"),
        (ask(LEO, "garderie-matin", json!(["2015-04-12"])), "NOT_OFFERED", "dates"),
    ] {
        let payload = parent.act("requestReservations", input.clone()).await;
        let error = &payload["userErrors"][0];
        assert_eq!(
            (error["code"].as_str(), error["path"][1].as_str()),
            (Some(code), Some(path)),
            "{input}: {payload}"
        );
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert_eq!(payload["position"], Value::Null);
    }
    let many: Vec<String> = (0..500).map(|n| format!("20{:02}-01-{:02}", 15 + n / 28, 1 + n % 28)).collect();
    let payload = parent.act("requestReservations", ask(LEO, "garderie-matin", json!(many))).await;
    assert_eq!(payload["userErrors"][0]["code"], "TOO_MANY_DAYS");
}

#[tokio::test]
async fn a_foreign_child_and_an_unknown_one_answer_alike() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let query = "query ($child: ID!) { planning(childId: $child, month: \"2015-04\") { position } }";
    for child in [EMMA, "5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2aff", "nonsense"] {
        assert_eq!(parent.error(query, json!({ "child": child })).await, "NOT_FOUND", "{child}");
    }
    let foreign = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-04-10"], "onBehalfOf": "1001001010348" });
    let payload = parent.act("requestReservations", foreign).await;
    assert_eq!(payload["userErrors"][0]["code"], "NOT_FOUND", "the payer comes from the session");
}

#[tokio::test]
async fn malformed_documents_are_the_clients_mistake() {
    let parent = Client::log_in(demo().await, PARENT).await;
    for (query, variables) in [
        ("query {", json!({})),
        ("query { nonsense }", json!({})),
        ("query { planning(childId: \"x\", month: \"2015-13\") { position } }", json!({})),
        ("query { planning(childId: \"x\", month: \"2015-02-30\") { position } }", json!({})),
        ("query { planning(childId: \"x\") { position } }", json!({})),
        ("query ($m: Month!) { planning(childId: \"x\", month: $m) { position } }", json!({ "m": 7 })),
    ] {
        let answer = parent.send(query, variables).await.unwrap();
        assert!(answer["errors"][0]["message"].is_string(), "{query}: {answer}");
        assert!(answer["errors"][0]["extensions"]["code"].is_string(), "{query}: {answer}");
    }
    let impossible = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-02-30"], "clientMutationId": "x" });
    let mutation =
        "mutation ($input: RequestReservationsInput!) { requestReservations(input: $input) { position } }";
    let answer = parent.send(mutation, json!({ "input": impossible })).await.unwrap();
    assert!(answer["errors"].is_array());
}

#[tokio::test]
async fn http_answers_by_the_specification() {
    let client = Client::anonymous(demo().await);
    let huge = format!("{{\"query\":\"{{ viewer {{ login }} }} #{}\"}}", "x".repeat(10 << 20));
    let (status, body) = client.post("application/json", MODERN, huge.into_bytes()).await;
    assert_eq!((status, body["errors"][0]["extensions"]["code"].as_str()), (413, Some("DOCUMENT_TOO_LARGE")));
    for (kind, body, expected) in [
        ("application/json", "not json", 400),
        ("application/json", "[{\"query\":\"{viewer{login}}\"}]", 400),
        ("text/plain", "{\"query\":\"{viewer{login}}\"}", 415),
        ("application/x-www-form-urlencoded", "query={viewer{login}}", 415),
        ("application/json", "{\"query\":\"{\"}", 400),
        ("application/json", "{\"query\":\"{ __typename }\"}", 200),
    ] {
        let (status, answer) = client.post(kind, MODERN, body.as_bytes().to_vec()).await;
        assert_eq!(status, expected, "{kind} {body}: {answer}");
    }
    let deep = format!(
        "{{\"query\":\"{{ {} }}\"}}",
        "__schema { types { fields { type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } }"
    );
    let (_, answer) = client.post("application/json", MODERN, deep.into_bytes()).await;
    assert!(answer.get("errors").is_none() || answer["errors"][0]["message"].is_string());
    assert_eq!(client.get("/graphql", "text/html").await.0, 200, "GraphiQL");
    assert!(client.get("/graphql", "text/html").await.1.contains("graphiql"));
    assert_eq!(client.get("/graphql", MODERN).await.0, 400, "no query");
    assert_eq!(client.get("/graphql?query=%7B__typename%7D", MODERN).await.0, 200);
    assert_eq!(client.get("/graphql?query=mutation%7BlogOut%7BredirectTo%7D%7D", MODERN).await.0, 405);
    assert_eq!(client.get("/nowhere", MODERN).await.0, 404);
    assert_eq!(client.get("/health", MODERN).await.0, 200);
}

#[tokio::test]
async fn impossible_settings_and_ranges_are_refused_whole() {
    let staff = Client::log_in(demo().await, STAFF).await;
    let before = head().await;
    let range = json!({ "from": "2015-05-10", "to": "2015-05-01", "reason": "STRIKE" });
    let payload = staff.act("closeDays", range).await;
    assert_eq!(payload["userErrors"][0]["code"], "IMPOSSIBLE_DATE_RANGE");
    for (place, id) in [("structureId", "no-such"), ("activityId", "garderie")] {
        let nowhere =
            json!({ "from": "2015-05-12", "to": "2015-05-13", "reason": "OTHER", "scope": { place: id } });
        let payload = staff.act("closeDays", nowhere).await;
        let error = &payload["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["path"]),
            (&json!("NOT_FOUND"), &json!(["input", "scope", place]))
        );
    }
    let family = "mutation ($input: RegisterFamilyInput!) { registerFamily(input: $input) { id position userErrors { code path message } } }";
    for (number, surname, code, field) in [
        ("12", "X", "INVALID_VALUE", "number"),
        ("1001001010331", "X", "ALREADY_EXISTS", "number"),
        ("1001001010399", " ", "FIELD_REQUIRED", "surname"),
    ] {
        let input = json!({ "clientMutationId": uuid::Uuid::new_v4(), "number": number, "title": "Madame", "surname": surname, "firstName": "Y" });
        let payload = staff.ask(family, json!({ "input": input })).await["registerFamily"].clone();
        assert_eq!(
            (payload["userErrors"][0]["code"].as_str(), payload["userErrors"][0]["path"][1].as_str()),
            (Some(code), Some(field)),
            "{payload}"
        );
        assert_eq!(payload["position"], Value::Null);
    }
    let number = |v: &Value| v.as_str().unwrap().parse::<u64>().unwrap();
    // Other tests write meanwhile; what was refused here wrote nothing of its own.
    assert!(number(&head().await) >= number(&before));
}
