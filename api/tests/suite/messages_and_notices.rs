//! Messages between a family and a structure, notices, and the home page.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Client, PARENT, STAFF, demo};

const CONVERSATIONS: &str = "query ($filter: ConversationFilter, $min: Position) { conversations(filter: $filter, first: 50, minPosition: $min) { \
    edges { node { id subject unreadCount deleted assignedTo structure messages { from body author readAt } } } } }";

async fn mutate(client: &Client, mutation: &str, mut input: Value) -> Value {
    input["clientMutationId"] = json!(Uuid::new_v4());
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let query = format!(
        "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ id position userErrors {{ code message path }} }} }}"
    );
    client.ask(&query, json!({ "input": input })).await[mutation].clone()
}

async fn found(client: &Client, id: &Value, filter: Value, min: &Value) -> Option<Value> {
    let page = client.ask(CONVERSATIONS, json!({ "filter": filter, "min": min })).await;
    let edges = page["conversations"]["edges"].as_array().unwrap().clone();
    edges.into_iter().map(|e| e["node"].clone()).find(|c| c["id"] == *id)
}

async fn unread(parent: &Client, min: &Value) -> i64 {
    let home = parent
        .ask("query ($min: Position) { home(minPosition: $min) { unreadMessages } }", json!({ "min": min }))
        .await;
    home["home"]["unreadMessages"].as_i64().unwrap()
}

#[tokio::test]
async fn a_message_is_answered_read_deleted_and_restored() {
    let address = demo().await;
    let (parent, staff) = (Client::log_in(address, PARENT).await, Client::log_in(address, STAFF).await);
    let opened = mutate(
        &parent,
        "openConversation",
        json!({ "structureId": "garderie", "subject": "Retard mardi", "body": "J'arriverai à 18 h 30." }),
    )
    .await;
    assert_eq!(opened["userErrors"], json!([]));
    let id = &opened["id"];
    let seen = found(&staff, id, json!({ "unread": true, "structureId": "garderie" }), &opened["position"])
        .await
        .unwrap();
    assert_eq!((seen["subject"].as_str(), seen["unreadCount"].as_i64()), (Some("Retard mardi"), Some(1)));
    assert!(found(&staff, id, json!({ "search": "18 h 30" }), &Value::Null).await.is_some());
    assert!(found(&staff, id, json!({ "search": "18_h" }), &Value::Null).await.is_none(), "no wildcards");
    let assigned =
        mutate(&staff, "assignConversation", json!({ "conversationId": id, "assignee": "mairie" })).await;
    let mine = found(&staff, id, json!({ "assignedTo": "mairie" }), &assigned["position"]).await.unwrap();
    assert_eq!(mine["assignedTo"], "mairie");

    let before = unread(&parent, &opened["position"]).await;
    mutate(&staff, "markConversation", json!({ "conversationId": id, "mark": "READ" })).await;
    let answered = mutate(&staff, "sendMessage", json!({ "conversationId": id, "body": "Bien noté." })).await;
    assert_eq!(unread(&parent, &answered["position"]).await, before + 1);
    let thread = found(&parent, id, json!({ "folder": "RECEIVED" }), &answered["position"]).await.unwrap();
    assert_eq!(thread["messages"][1]["body"], "Bien noté.");
    assert_eq!(
        (&thread["messages"][1]["author"], &thread["assignedTo"]),
        (&Value::Null, &Value::Null),
        "staff stay unnamed"
    );
    assert_ne!(thread["messages"][0]["readAt"], Value::Null);

    let read = mutate(&parent, "markConversation", json!({ "conversationId": id, "mark": "READ" })).await;
    assert_eq!(unread(&parent, &read["position"]).await, before);
    let again = mutate(&parent, "markConversation", json!({ "conversationId": id, "mark": "READ" })).await;
    assert_eq!(again["userErrors"][0]["code"], "NOTHING_CHANGED");
    let deleted =
        mutate(&parent, "markConversation", json!({ "conversationId": id, "mark": "DELETED" })).await;
    assert!(found(&parent, id, json!({}), &deleted["position"]).await.is_none());
    assert!(found(&parent, id, json!({ "folder": "DELETED" }), &deleted["position"]).await.is_some());
    assert!(found(&staff, id, json!({}), &deleted["position"]).await.is_some(), "only the own side's folder");
    let restored =
        mutate(&parent, "markConversation", json!({ "conversationId": id, "mark": "RESTORED" })).await;
    assert!(found(&parent, id, json!({ "folder": "SENT" }), &restored["position"]).await.is_some());
}

#[tokio::test]
async fn a_message_that_is_empty_too_long_foreign_or_to_nobody_is_refused_at_its_field() {
    let address = demo().await;
    let (parent, staff) = (Client::log_in(address, PARENT).await, Client::log_in(address, STAFF).await);
    let open = async |structure: &str, subject: &str, body: &str| {
        let input = json!({ "structureId": structure, "subject": subject, "body": body });
        let payload = mutate(&parent, "openConversation", input).await;
        assert_eq!(payload["position"], Value::Null);
        let error = payload["userErrors"][0].clone();
        (error["code"].as_str().unwrap().to_owned(), error["path"][1].as_str().unwrap().to_owned())
    };
    let long = "x".repeat(5_001);
    assert_eq!(open("garderie", "Bonjour", "  ").await, ("FIELD_REQUIRED".into(), "body".into()));
    assert_eq!(open("garderie", "Bonjour", &long).await, ("FIELD_TOO_LONG".into(), "body".into()));
    assert_eq!(open("piscine", "Bonjour", "Ouvert ?").await, ("NOT_FOUND".into(), "structureId".into()));
    let number = "1001001777002";
    mutate(
        &staff,
        "registerFamily",
        json!({ "number": number, "title": "Madame", "surname": "PETIT", "firstName": "ANNE" }),
    )
    .await;
    let foreign = mutate(
        &staff,
        "openConversation",
        json!({ "structureId": "garderie", "familyNumber": number, "subject": "Dossier", "body": "À compléter" }),
    )
    .await;
    let answer =
        mutate(&parent, "sendMessage", json!({ "conversationId": foreign["id"], "body": "Moi ?" })).await;
    assert_eq!(answer["userErrors"][0]["code"], "NOT_FOUND");
    let query = "query ($id: ID!, $min: Position) { conversation(id: $id, minPosition: $min) { id } }";
    let variables = json!({ "id": foreign["id"], "min": foreign["position"] });
    assert_eq!(parent.error(query, variables).await, "NOT_FOUND");
}

#[tokio::test]
async fn notices_are_shown_from_their_day_to_those_they_are_for_until_withdrawn() {
    let address = demo().await;
    let (parent, staff) = (Client::log_in(address, PARENT).await, Client::log_in(address, STAFF).await);
    let titles = async |min: &Value| {
        let query = "query ($min: Position) { home(minPosition: $min) { today family { surname firstName } notices { title } } }";
        let home = parent.ask(query, json!({ "min": min })).await["home"].clone();
        assert_eq!(home["family"], json!({ "surname": "DUPONT", "firstName": "JEAN" }));
        let notices = home["notices"].as_array().unwrap().clone();
        notices.into_iter().map(|n| n["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let publish = async |input: Value| mutate(&staff, "publishNotice", input).await;
    publish(json!({ "title": "Rentrée", "link": "https://www.haisnes.fr/rentree" })).await;
    publish(json!({ "title": "Plus tard", "from": "2030-01-01" })).await;
    publish(json!({ "title": "Terminé", "from": "2015-01-01", "to": "2015-02-01" })).await;
    publish(json!({ "title": "Cantine", "audience": { "structureId": "restauration" } })).await;
    let own =
        publish(json!({ "title": "Pour vous", "text": "Privé", "audience": { "familyNumber": PARENT.0 } }))
            .await;
    let shown = titles(&own["position"]).await;
    for title in ["Rentrée", "Cantine", "Pour vous"] {
        assert!(shown.iter().any(|t| t == title), "{title} in {shown:?}");
    }
    for title in ["Plus tard", "Terminé"] {
        assert!(shown.iter().all(|t| t != title), "{title} in {shown:?}");
    }
    let withdrawn = mutate(&staff, "withdrawNotice", json!({ "noticeId": own["id"] })).await;
    assert!(titles(&withdrawn["position"]).await.iter().all(|t| t != "Pour vous"));
    let insecure = publish(json!({ "title": "Lien", "link": "javascript:alert(1)" })).await;
    assert_eq!(insecure["userErrors"][0]["path"], json!(["input", "link"]));
    let backward = publish(json!({ "title": "Dates", "from": "2015-05-02", "to": "2015-05-01" })).await;
    assert_eq!(backward["userErrors"][0]["code"], "IMPOSSIBLE_DATE_RANGE");
}
