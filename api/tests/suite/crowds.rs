//! More of anything than a family or an answer needs.

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Client, Home, LEO, PARENT, STAFF};

#[tokio::test(flavor = "multi_thread")]
async fn a_family_opens_so_many_conversations_and_sends_so_many_messages() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_CONVERSATIONS_PER_HOUR", "20".into()));
    home.environment.push(("PORTAIL_MESSAGES_PER_HOUR", "5".into()));
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let open = async |client: &Client, id: Uuid| {
        let mutation = "mutation ($input: OpenConversationInput!) { openConversation(input: $input) { id userErrors { code message } } }";
        let mut input = json!({ "clientMutationId": id, "structureId": "garderie", "subject": "Question", "body": "Bonjour" });
        if client.token != parent.token {
            input["familyNumber"] = json!(PARENT.0);
        }
        client.ask(mutation, json!({ "input": input })).await["openConversation"].clone()
    };
    let ids: Vec<Uuid> = (0..150).map(|_| Uuid::new_v4()).collect();
    let answers = join_all(ids.iter().map(|id| open(&parent, *id))).await;
    let opened: Vec<usize> = (0..150).filter(|n| answers[*n]["id"].is_string()).collect();
    assert_eq!(opened.len(), 20, "of 150 at once");
    let refused = answers.iter().find(|answer| answer["id"].is_null()).unwrap();
    assert_eq!(refused["userErrors"][0]["code"], "TOO_OFTEN");
    let again = open(&parent, ids[opened[0]]).await;
    assert_eq!(again["id"], answers[opened[0]]["id"], "the first outcome, though no more may be opened");
    let staff = Client::log_in(&server.address, STAFF).await;
    assert!(open(&staff, Uuid::new_v4()).await["id"].is_string(), "staff are not counted");

    let send =
        "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id userErrors { code } } }";
    let messages = join_all((0..20).map(|n| {
        let input = json!({ "clientMutationId": Uuid::new_v4(), "conversationId": again["id"], "body": format!("{n}") });
        parent.ask(send, json!({ "input": input }))
    }))
    .await;
    assert_eq!(messages.iter().filter(|m| m["sendMessage"]["userErrors"] == json!([])).count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_sends_so_many_commands_in_a_minute() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_COMMANDS_PER_MINUTE", "30".into()));
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let days = (0..150).map(|n| chrono::NaiveDate::from_ymd_opt(2015, 5, 4).unwrap() + chrono::Days::new(n));
    let asked = join_all(days.map(|day| {
        let input = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": [day] });
        parent.act("requestReservations", input)
    }))
    .await;
    let too_often = asked.iter().filter(|a| a["userErrors"][0]["code"] == "TOO_OFTEN").count();
    // What the guide's story says of this family counts as well.
    assert!((115..=135).contains(&too_often), "{too_often}");
}

#[tokio::test]
async fn an_answer_lists_so_many_errors() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_MAX_ERRORS", "5".into()));
    let server = home.serve(&["--demo"]);
    let fields: Vec<String> = (0..20).map(|n| format!("nonsense{n}")).collect();
    let query = format!("{{ {} }}", fields.join(" "));
    let answer = Client::anonymous(&server.address).send(&query, json!({})).await.unwrap();
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 6, "{answer}");
    assert_eq!(errors[5]["extensions"]["code"], "TOO_MANY_ERRORS");
    assert_eq!(errors[5]["message"], "15 more errors are not listed");
}

#[tokio::test]
async fn a_town_says_who_may_ask_for_the_schema() {
    let mut closed = Home::new().await;
    closed.environment.push(("PORTAIL_INTROSPECTION", "signed-in".into()));
    let server = closed.serve(&["--demo"]);
    let names = "{ __schema { types { name } } }";
    assert_eq!(Client::anonymous(&server.address).ask(names, json!({})).await["__schema"], Value::Null);
    let parent = Client::log_in(&server.address, PARENT).await;
    assert!(parent.ask(names, json!({})).await["__schema"]["types"].is_array());
}
