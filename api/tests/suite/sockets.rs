//! How many WebSockets a person holds, what runs on them, and what ends them.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::server::{Client, Home, LEO, PARENT};

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(address: &str) -> Socket {
    let mut request = format!("ws://{address}/graphql/ws").into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().unwrap());
    tokio_tungstenite::connect_async(request).await.unwrap().0
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next thing said, or the code and reason of the end.
async fn hear(socket: &mut Socket) -> Result<Value, (u16, String)> {
    let heard = async {
        loop {
            match socket.next().await.unwrap().unwrap() {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(Some(frame)) => return Err((frame.code.into(), frame.reason.to_string())),
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("an answer")
}

async fn begin(client: &Client) -> (Socket, Result<Value, (u16, String)>) {
    let mut socket = open(&client.address).await;
    let token = client.token.as_ref().map(|token| format!("Bearer {token}"));
    say(&mut socket, json!({ "type": "connection_init", "payload": { "Authorization": token } })).await;
    let first = hear(&mut socket).await;
    (socket, first)
}

fn watch(id: usize) -> Value {
    let query =
        format!("subscription {{ planningChanged(childId: \"{LEO}\", month: \"2015-10\") {{ position }} }}");
    json!({ "id": id.to_string(), "type": "subscribe", "payload": { "query": query } })
}

#[tokio::test]
async fn sockets_and_what_runs_on_them_are_bounded_per_person() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_SOCKETS_PER_PERSON", "2".into()));
    home.environment.push(("PORTAIL_SUBSCRIPTIONS_PER_PERSON", "3".into()));
    home.environment.push(("PORTAIL_SOCKET_INIT_SECONDS", "1".into()));
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;

    let mut mute = open(&server.address).await;
    assert_eq!(hear(&mut mute).await, Err((4408, "SOCKET_INIT_TIMEOUT".into())));

    let (mut first, begun) = begin(&parent).await;
    assert_eq!(begun.unwrap()["type"], "connection_ack");
    let (mut second, begun) = begin(&parent).await;
    assert_eq!(begun.unwrap()["type"], "connection_ack");
    let (_, refused) = begin(&parent).await;
    assert_eq!(refused, Err((4429, "TOO_MANY_SOCKETS".into())));
    let (_, anonymous) = begin(&Client::anonymous(&server.address)).await;
    assert_eq!(anonymous.unwrap()["type"], "connection_ack", "somebody else");

    for id in 0..3 {
        let socket = if id == 0 { &mut second } else { &mut first };
        say(socket, watch(id)).await;
        let heard = hear(socket).await.unwrap();
        assert!(heard["payload"]["data"].is_object(), "{heard}");
    }
    say(&mut second, watch(9)).await;
    let refused = hear(&mut second).await.unwrap();
    assert_eq!(refused["payload"]["errors"][0]["extensions"]["code"], "TOO_MANY_SUBSCRIPTIONS", "{refused}");
    assert_eq!(hear(&mut second).await.unwrap()["type"], "complete");
    say(&mut first, json!({ "id": "1", "type": "complete" })).await;
    assert_eq!(hear(&mut first).await.unwrap()["type"], "complete");
    say(&mut second, watch(10)).await;
    assert!(hear(&mut second).await.unwrap()["payload"]["data"].is_object(), "a place is free again");
    drop(first);
    let again = async { while begin(&parent).await.1.is_err() {} };
    tokio::time::timeout(Duration::from_secs(10), again).await.expect("a closed socket leaves its place");
}

#[tokio::test]
async fn who_is_no_longer_signed_in_is_shown_nothing_more() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let other = Client::log_in(&server.address, PARENT).await;
    let (mut socket, begun) = begin(&parent).await;
    assert_eq!(begun.unwrap()["type"], "connection_ack");
    say(&mut socket, watch(1)).await;
    assert!(hear(&mut socket).await.unwrap()["payload"]["data"].is_object());
    parent.ask("mutation { logOut { redirectTo } }", json!({})).await;
    let days = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-10-05"] });
    assert!(other.act("requestReservations", days).await["position"].is_string());
    let heard = hear(&mut socket).await.unwrap();
    assert_eq!(heard["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{heard}");
}
