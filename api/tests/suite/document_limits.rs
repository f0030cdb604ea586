//! One document does not occupy the server, however it is made and whichever way it comes.

use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::server::{AUDITOR, Client, Home, Server, demo};

/// What a refusal may take; on an idle machine it takes some milliseconds.
const SOON: Duration = Duration::from_secs(2);

/// Fragments that spread the next one twice, in a field of their own or flat.
fn doubling(levels: usize, in_field: bool) -> String {
    let mut document = "{ ...F0 }".to_owned();
    for level in 0..levels {
        let next = format!("...F{next} ...F{next}", next = level + 1);
        let next = if in_field { format!("viewer {{ {next} }}") } else { next };
        document += &format!(" fragment F{level} on Query {{ {next} }}");
    }
    document + &format!(" fragment F{levels} on Query {{ __typename }}")
}

/// Documents that would occupy the server, and how each is refused.
fn hostile() -> Vec<(&'static str, String, &'static str)> {
    let wide = "login ".repeat(900);
    let unknown: String = (0..1_900).map(|n| format!("f{n:04} ")).collect();
    let aliases: String = (0..31).map(|n| format!("a{n}: login ")).collect();
    let nested = |open: &str, close: &str, n: usize| format!("{}x{}", open.repeat(n), close.repeat(n));
    vec![
        ("12 levels", doubling(12, false), "QUERY_TOO_COMPLEX"),
        ("22 levels", doubling(22, false), "QUERY_TOO_COMPLEX"),
        ("25 levels", doubling(25, false), "QUERY_TOO_COMPLEX"),
        ("40 levels", doubling(40, false), "QUERY_TOO_DEEP"),
        ("250 levels", doubling(250, false), "QUERY_TOO_DEEP"),
        ("levels in fields", doubling(20, true), "QUERY_TOO_DEEP"),
        (
            "wide and flat",
            format!("{{ viewer {{ {} }} }} fragment F on Viewer {{ {wide} }}", "...F ".repeat(900)),
            "QUERY_TOO_COMPLEX",
        ),
        (
            "wide, nobody spreads it",
            format!(
                "{{ __typename }} fragment F on Viewer {{ {wide} }} {}",
                (0..300).map(|n| format!("fragment G{n} on Viewer {{ ...F }} ")).collect::<String>()
            ),
            "QUERY_TOO_COMPLEX",
        ),
        ("unknown fields", format!("{{ viewer {{ {unknown} }} }}"), "BAD_REQUEST"),
        ("root fields", format!("{{ {unknown} }}"), "TOO_MANY_ROOT_FIELDS"),
        ("a long unknown name", format!("{{ {} }}", "x".repeat(200_000)), "BAD_REQUEST"),
        ("aliases", format!("{{ viewer {{ {aliases} }} }}"), "TOO_MANY_ALIASES"),
        ("tokens", "{ a }".repeat(2_000), "TOO_MANY_TOKENS"),
        ("brackets", nested("{ a ", "}", 20_000), "BRACKETS_TOO_DEEP"),
        ("selections", nested("{ a ", "}", 100), "BRACKETS_TOO_DEEP"),
        ("lists", format!("{{ a(b: {}) }}", nested("[", "]", 1_900)), "BRACKETS_TOO_DEEP"),
        ("objects", format!("{{ a(b: {}) }}", nested("{c: ", "}", 900)), "BRACKETS_TOO_DEEP"),
        ("types", format!("query ($a: {}) {{ a }}", nested("[", "]", 1_900)), "BRACKETS_TOO_DEEP"),
        (
            "directives",
            format!("{{ viewer {{ login {} }} }}", "@include(if: true) ".repeat(5)),
            "TOO_MANY_DIRECTIVES",
        ),
        ("a cycle", "{ ...A } fragment A on Query { ...A }".to_owned(), "FRAGMENT_CYCLE"),
        (
            "introspection of introspection",
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".to_owned(),
            "INTROSPECTION_TOO_LARGE",
        ),
        ("comments", format!("{{ __typename }} {}", "# {{{{\n".repeat(30_000)), ""),
        ("block strings", format!("{{ a(b: {}) }}", "\"\"\"\n".repeat(20_001)), "TOO_MANY_TOKENS"),
    ]
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// Asks for the server's health again and again; the longest it took.
fn watch_health(address: &str) -> tokio::task::JoinHandle<Duration> {
    let client = Client::anonymous(address);
    tokio::spawn(async move {
        let mut longest = Duration::ZERO;
        for _ in 0..40 {
            let asked = Instant::now();
            assert_eq!(client.get("/health", "*/*").await.0, 200);
            longest = longest.max(asked.elapsed());
        }
        longest
    })
}

async fn empty_town() -> (Home, Server) {
    let home = Home::new().await;
    let serve = move || {
        let server = home.serve(&[]);
        (home, server)
    };
    tokio::task::spawn_blocking(serve).await.unwrap()
}

#[tokio::test]
async fn no_anonymous_document_occupies_the_server() {
    let (_home, server) = empty_town().await;
    let anonymous = Client::anonymous(&server.address);
    let health = watch_health(&server.address);
    for (what, document, expected) in hostile() {
        let asked = Instant::now();
        let answer = anonymous.send(&document, json!({})).await.unwrap();
        let took = asked.elapsed();
        assert_eq!(code(&answer), expected, "{what}: {answer:.500}");
        assert!(took < SOON, "{what} took {took:?}");
    }
    let together = hostile().into_iter().map(|(_, document, _)| {
        let anonymous = anonymous.clone();
        async move { anonymous.send(&document, json!({})).await.unwrap() }
    });
    futures::future::join_all(together).await;
    let longest = health.await.unwrap();
    assert!(longest < SOON, "the health check took {longest:?}");
}

#[tokio::test]
async fn a_get_is_measured_as_a_post_is() {
    let anonymous = Client::anonymous(demo().await);
    for (what, document, expected) in hostile() {
        // An address holds less than a body.
        let query: String = document.bytes().map(|byte| format!("%{byte:02X}")).collect();
        if query.len() < 30_000 {
            let (_, answer) = anonymous.get(&format!("/graphql?query={query}"), "application/json").await;
            assert_eq!(code(&serde_json::from_str(&answer).unwrap()), expected, "{what}: {answer:.500}");
        }
    }
}

#[tokio::test]
async fn the_past_is_measured_before_it_is_made() {
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    let query = json!({ "query": doubling(25, false) });
    let headers = [("X-As-Of", "position=1"), ("Content-Type", "application/json")];
    let answer = auditor.call("POST", "/graphql", &headers, query.to_string().into_bytes()).await;
    assert_eq!(code(&answer.json().1), "QUERY_TOO_COMPLEX");
    // A query that is the argument of another.
    let ask = "query ($q: String!) { pastDifferences(from: { position: \"1\" }, to: { position: \"2\" }, query: $q) { __typename } }";
    let answer = auditor.send(ask, json!({ "q": doubling(25, false) })).await.unwrap();
    assert_eq!(code(&answer), "QUERY_TOO_COMPLEX", "{answer}");
}

#[tokio::test]
async fn a_socket_is_measured_as_well() {
    let (_home, server) = empty_town().await;
    let mut request = format!("ws://{}/graphql/ws", server.address).into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().unwrap());
    request.headers_mut().insert("Accept-Language", "en".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let init = json!({ "type": "connection_init", "payload": {} });
    socket.send(Message::text(init.to_string())).await.unwrap();
    let mut hear = async |message: Option<Value>| {
        if let Some(message) = message {
            socket.send(Message::text(message.to_string())).await.unwrap();
        }
        let heard = tokio::time::timeout(SOON, socket.next()).await.expect("an answer in time");
        serde_json::from_str::<Value>(heard.unwrap().unwrap().to_text().unwrap()).unwrap()
    };
    assert_eq!(hear(None).await["type"], "connection_ack");
    for (n, (what, document, expected)) in hostile().into_iter().enumerate() {
        // A message's own end follows its answer, unless it is an error.
        let id = n.to_string();
        let start = json!({ "id": id, "type": "subscribe", "payload": { "query": document } });
        let mut heard = hear(Some(start)).await;
        while heard["id"] != id.as_str() {
            heard = hear(None).await;
        }
        let answer = if heard["type"] == "error" {
            json!({ "errors": heard["payload"] })
        } else {
            heard["payload"].clone()
        };
        assert_eq!(code(&answer), expected, "{what}: {answer:.500}");
    }
}

#[tokio::test]
async fn developers_tools_read_the_schema() {
    let anonymous = Client::anonymous(demo().await);
    let of_type = format!("kind name {}{}", "ofType { kind name ".repeat(9), "} ".repeat(9));
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name kind }} \
         subscriptionType {{ name kind }} types {{ ...FullType }} \
         directives {{ name description isRepeatable locations args(includeDeprecated: true) {{ ...InputValue }} }} }} }} \
         fragment FullType on __Type {{ kind name description specifiedByURL isOneOf \
         fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ ...InputValue }} \
         type {{ ...TypeRef }} isDeprecated deprecationReason }} \
         inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }} \
         enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} \
         possibleTypes {{ ...TypeRef }} }} \
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason }} \
         fragment TypeRef on __Type {{ {of_type} }}"
    );
    let answer = anonymous.send(&query, json!({})).await.unwrap();
    assert!(answer.get("errors").is_none(), "{:.500}", answer.to_string());
    let types = answer["data"]["__schema"]["types"].as_array().unwrap();
    assert!(types.iter().any(|t| t["name"] == "Query" && !t["fields"].as_array().unwrap().is_empty()));
}

#[tokio::test]
async fn a_limit_is_a_setting_and_its_refusal_is_in_the_callers_language() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_QUERY_DEPTH", "1".to_owned()));
    let server = tokio::task::spawn_blocking(move || (home.serve(&[]), home)).await.unwrap();
    for (language, expected) in [("fr", "plus de 1 niveau de"), ("en", "more than 1 level of")] {
        let mut client = Client::anonymous(&server.0.address);
        client.language = language;
        let answer = client.send("{ viewer { login } }", json!({})).await.unwrap();
        assert_eq!(code(&answer), "QUERY_TOO_DEEP");
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains(expected), "{answer}");
        let (_, batch) =
            client.post("application/json", "application/json", b" [{\"query\":\"{a}\"}]".to_vec()).await;
        assert_eq!(code(&batch), "BATCH_NOT_ACCEPTED");
    }
}
