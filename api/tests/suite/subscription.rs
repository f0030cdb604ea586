//! A live calendar over the `graphql-transport-ws` protocol.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::server::{Client, EMMA, LEO, PARENT, cell, demo};

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn connect(token: Option<&str>) -> Socket {
    let mut request = format!("ws://{}/graphql/ws", demo().await).into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    say(&mut socket, json!({ "type": "connection_init", "payload": { "Authorization": token.map(|t| format!("Bearer {t}")) } })).await;
    assert_eq!(hear(&mut socket).await["type"], "connection_ack");
    socket
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(socket: &mut Socket) -> Value {
    let heard = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    });
    heard.await.expect("a message")
}

fn subscribe(child: &str, after: &Value) -> Value {
    let query = "subscription ($child: ID!, $after: Position) { planning: planningChanged(childId: $child, month: \"2015-10\", after: $after) { \
        position rows { activityId cells { date status } } } }";
    json!({ "id": "1", "type": "subscribe", "payload": { "query": query, "variables": { "child": child, "after": after } } })
}

#[tokio::test]
async fn a_parent_sees_the_calendar_change_and_resumes_from_a_position() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let mut socket = connect(parent.token.as_deref()).await;
    say(&mut socket, subscribe(LEO, &Value::Null)).await;
    let first = hear(&mut socket).await["payload"]["data"].clone();
    assert_eq!(cell(&first, "garderie-matin", "2015-10-01")["status"], Value::Null);
    let input = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-10-01"] });
    let asked = parent.act("requestReservations", input).await;
    let changed = hear(&mut socket).await["payload"]["data"].clone();
    assert_eq!(cell(&changed, "garderie-matin", "2015-10-01")["status"], "RESERVED");

    let mut again = connect(parent.token.as_deref()).await;
    say(&mut again, subscribe(LEO, &asked["position"])).await;
    let input = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-10-02"] });
    parent.act("requestReservations", input).await;
    let news = hear(&mut again).await["payload"]["data"].clone();
    assert_eq!(
        cell(&news, "garderie-matin", "2015-10-02")["status"],
        "RESERVED",
        "what was seen is not repeated"
    );
}

#[tokio::test]
async fn nobody_watches_a_foreign_child() {
    let parent = Client::log_in(demo().await, PARENT).await;
    for (token, child, code) in [(parent.token.as_deref(), EMMA, "NOT_FOUND"), (None, LEO, "UNAUTHENTICATED")]
    {
        let mut socket = connect(token).await;
        say(&mut socket, subscribe(child, &Value::Null)).await;
        let message = hear(&mut socket).await.to_string();
        assert!(message.contains(code), "{message}");
    }
}
