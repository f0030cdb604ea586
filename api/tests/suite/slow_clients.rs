//! Clients that send slowly, never end, or are too many; and a server that stops while they do.

use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::server::{Client, Home, PARENT};

const HALF: &[u8] = b"POST /graphql HTTP/1.1\r\nHost: portail\r\nContent-Type: application/json\r\n";

async fn connect(address: &str) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// What comes until the connection ends, and whether it ended in time.
async fn rest(stream: &mut TcpStream, limit: Duration) -> (String, bool) {
    let mut heard = Vec::new();
    let ended = tokio::time::timeout(limit, stream.read_to_end(&mut heard)).await.is_ok();
    (String::from_utf8_lossy(&heard).into_owned(), ended)
}

#[tokio::test]
async fn heads_and_bodies_that_do_not_come_are_cut() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_HEAD_SECONDS", "1".into()));
    home.environment.push(("PORTAIL_STALL_SECONDS", "1".into()));
    home.environment.push(("PORTAIL_REQUEST_SECONDS", "3".into()));
    let server = home.serve(&["--demo"]);
    let limit = Duration::from_millis(2_500);

    let mut silent = connect(&server.address).await;
    let mut half = connect(&server.address).await;
    half.write_all(HALF).await.unwrap();
    let mut body = connect(&server.address).await;
    body.write_all(&[HALF, b"Content-Length: 100\r\n\r\n{\"query\""].concat()).await.unwrap();
    let ((_, silent), (_, half), (answer, body)) =
        tokio::join!(rest(&mut silent, limit), rest(&mut half, limit), rest(&mut body, limit));
    assert!(silent && half && body, "all are cut: {silent} {half} {body}");
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("BODY_INCOMPLETE"), "{answer}");

    // A byte now and then keeps no request open beyond its limit.
    let mut drop_by_drop = connect(&server.address).await;
    drop_by_drop.write_all(&[HALF, b"Content-Length: 100000\r\n\r\n"].concat()).await.unwrap();
    let (mut read, mut write) = drop_by_drop.split();
    let began = Instant::now();
    let dripping = async {
        while write.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let mut heard = vec![0; 4096];
    let answer = tokio::select! {
        count = read.read(&mut heard) => String::from_utf8_lossy(&heard[..count.unwrap()]).into_owned(),
        () = dripping => panic!("cut without an answer"),
    };
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("TIMEOUT"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn connections_are_bounded_and_who_is_one_too_many_is_told() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_MAX_CONNECTIONS_PER_ADDRESS", "20".into()));
    home.environment.push(("PORTAIL_HEAD_SECONDS", "3".into()));
    let server = home.serve(&["--demo"]);
    let mut open = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&server.address).await;
        stream.write_all(HALF).await.unwrap();
        open.push(stream);
    }
    let told = async {
        let mut stream = connect(&server.address).await;
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: portail\r\n\r\n").await.unwrap();
        rest(&mut stream, Duration::from_secs(2)).await
    };
    let (answer, ended) = told.await;
    assert!(
        ended && answer.starts_with("HTTP/1.1 503") && answer.contains("TOO_MANY_CONNECTIONS"),
        "{answer}"
    );
    assert!(answer.to_lowercase().contains("retry-after: 1"), "{answer}");
    // 900 half-sent requests: only so many stand open, and none for long.
    for _ in 0..900 {
        let mut stream = connect(&server.address).await;
        let _ = stream.write_all(HALF).await;
        open.push(stream);
    }
    let health = async {
        while !matches!(reqwest::get(format!("http://{}/health", server.address)).await, Ok(a) if a.status() == 200)
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), health).await.expect("places are free again");
    drop(open);
}

#[tokio::test]
async fn a_server_that_stops_ends_what_is_under_way_and_cuts_what_does_not_end() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_DRAIN_SECONDS", "2".into()));
    let mut server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let mut half = connect(&server.address).await;
    half.write_all(HALF).await.unwrap();
    // A request whose body is on its way is answered.
    let query = json!({ "query": "{ viewer { login } }" }).to_string();
    let mut late = connect(&server.address).await;
    let token = parent.token.as_deref().unwrap();
    let head = format!(
        "Authorization: Bearer {token}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        query.len()
    );
    late.write_all(&[HALF, head.as_bytes(), &query.as_bytes()[..5]].concat()).await.unwrap();
    let mut request = format!("ws://{}/graphql/ws", server.address).into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    socket.send(Message::text(json!({ "type": "connection_init" }).to_string())).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Text(text))) if text.contains("connection_ack")));

    server.terminate();
    let closed = tokio::time::timeout(Duration::from_secs(2), async {
        loop {
            if let Some(Ok(Message::Close(frame))) = socket.next().await {
                return frame.unwrap();
            }
        }
    });
    let frame = closed.await.expect("a close frame");
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1001, "SERVER_STOPS"));
    late.write_all(&query.as_bytes()[5..]).await.unwrap();
    let (answer, ended) = rest(&mut late, Duration::from_secs(2)).await;
    assert!(ended && answer.contains(PARENT.0), "what was under way is answered: {answer}");
    assert!(server.ends_within(Duration::from_secs(6)).await, "it ends in spite of the half-sent request");
    drop(half);
}
