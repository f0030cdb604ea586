//! What families are told, through a real SMTP server and an HTTP gateway on loopback.

use std::{
    io::{self, BufRead, BufReader},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, http::HeaderMap, routing::post};
use mailin::{Action, Handler, Response, SessionBuilder, response};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::server::{Client, Home, LEO, PARENT, STAFF};

/// A mailbox that refuses its first recipients.
#[derive(Clone)]
struct Mailbox {
    refuse: Arc<AtomicUsize>,
    arrived: mpsc::UnboundedSender<String>,
    current: Vec<u8>,
}

impl Handler for Mailbox {
    /// Refuses at first, as grey-listing does.
    fn rcpt(&mut self, _to: &str) -> Response {
        let grey = self.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if grey { response::INTERNAL_ERROR } else { response::OK }
    }

    fn data(&mut self, piece: &[u8]) -> io::Result<()> {
        self.current.extend_from_slice(piece);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let message = String::from_utf8(std::mem::take(&mut self.current)).unwrap();
        let _ = self.arrived.send(message);
        response::OK
    }
}

/// One SMTP conversation, to its end.
fn converse(mut stream: TcpStream, mailbox: Mailbox) -> io::Result<()> {
    let mut session = SessionBuilder::new("mail.test").build(stream.peer_addr()?.ip(), mailbox);
    session.greeting().write_to(&mut stream)?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut line = vec![];
    while lines.read_until(b'\n', &mut line)? > 0 {
        let answer = session.process(&line);
        line.clear();
        match answer.action {
            Action::NoReply => {}
            Action::Close => return answer.write_to(&mut stream),
            _ => answer.write_to(&mut stream)?,
        }
    }
    Ok(())
}

/// Starts a mail server; where it listens, and what arrives.
fn mail_server(refuse: usize) -> (String, mpsc::UnboundedReceiver<String>) {
    let (arrived, mail) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let mailbox = Mailbox { refuse: Arc::new(AtomicUsize::new(refuse)), arrived, current: vec![] };
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mailbox = mailbox.clone();
            std::thread::spawn(move || converse(stream.unwrap(), mailbox));
        }
    });
    (url, mail)
}

async fn next<T>(mail: &mut mpsc::UnboundedReceiver<T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), mail.recv()).await.expect("a message arrives").unwrap()
}

async fn mutate(client: &Client, mutation: &str, mut input: Value) -> Value {
    input["clientMutationId"] = json!(Uuid::new_v4());
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let query =
        format!("mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ id userErrors {{ code }} }} }}");
    let payload = client.ask(&query, json!({ "input": input })).await[mutation].clone();
    assert_eq!(payload["userErrors"], json!([]));
    payload
}

async fn write_to(staff: &Client, family: &str) {
    let input = json!({ "structureId": "garderie", "familyNumber": family, "subject": "Bonjour", "body": "Secret du dossier" });
    mutate(staff, "openConversation", input).await;
}

#[tokio::test]
async fn a_family_that_consented_is_told_by_mail_even_if_the_server_refuses_at_first() {
    let (url, mut mail) = mail_server(1);
    let mut home = Home::new().await;
    home.environment = vec![("PORTAIL_SMTP_URL", url), ("PORTAIL_MAIL_FROM", "portail@haisnes.test".into())];
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let silent = "1001001777009";
    mutate(
        &staff,
        "registerFamily",
        json!({ "number": silent, "title": "Madame", "surname": "MUET", "firstName": "EVE" }),
    )
    .await;
    write_to(&staff, silent).await;
    write_to(&staff, PARENT.0).await;
    let first = next(&mut mail).await;
    assert!(first.contains("To: jean.dupont@wanadoo.fr"), "{first}");
    assert!(first.contains("Subject: Portail Famille : Nouveau message"), "{first}");
    assert!(first.contains("@haisnes.test>"), "{first}");
    assert!(!first.contains("Secret"), "a mail holds nothing of the message");

    let parent = Client::log_in(&server.address, PARENT).await;
    let days = json!({ "childId": LEO, "activityId": "alsh-mercredi-apres-midi", "dates": ["2015-06-03", "2015-06-10"] });
    parent.act("requestReservations", days).await;
    let target =
        |date: &str| json!({ "childId": LEO, "activityId": "alsh-mercredi-apres-midi", "date": date });
    staff
        .act("confirmReservations", json!({ "requests": [target("2015-06-03"), target("2015-06-10")] }))
        .await;
    let decided = next(&mut mail).await;
    // One message for the whole decision, in quoted-printable.
    let plain = decided.replace("=\r\n", "").replace("=C3=A9", "é");
    assert!(plain.contains("03/06/2015, 10/06/2015"), "{plain}");

    // Told again by nobody: neither by a restart nor by a rebuild of the outbox.
    drop(server);
    let rebuilt = home.command().args(["rebuild", "outbox"]).output().unwrap();
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let close =
        "mutation ($input: CloseDaysInput!) { closeDays(input: $input) { position userErrors { code } } }";
    let input = json!({ "clientMutationId": Uuid::new_v4(), "from": "2015-06-03", "to": "2015-06-03", "reason": "STRIKE" });
    staff.send(close, json!({ "input": input })).await.unwrap();
    let closed = next(&mut mail).await;
    assert!(closed.contains("Fermeture"), "{closed}");
    let dead = staff.ask("{ failedDeliveries { id } }", json!({})).await;
    assert_eq!(dead["failedDeliveries"], json!([]));
}

type Sent = (String, Value);

async fn gateway(
    State(sent): State<mpsc::UnboundedSender<Sent>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    sent.send((key, body)).unwrap();
}

#[tokio::test]
async fn a_text_message_goes_to_a_consented_mobile_with_its_idempotency_key() {
    let (sender, mut sent) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sms", listener.local_addr().unwrap());
    let routes = Router::new().route("/sms", post(gateway)).with_state(sender);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let mut home = Home::new().await;
    home.environment = vec![("PORTAIL_SMS_URL", url)];
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let change = json!({ "responsible": { "mobilePhone": "06 01 02 03 04", "smsConsent": true } });
    let input = json!({ "familyNumber": PARENT.0, "seenRevision": 2, "change": change });
    mutate(&staff, "recordSection", input).await;
    write_to(&staff, PARENT.0).await;
    let (key, body) = next(&mut sent).await;
    assert!(key.parse::<Uuid>().is_ok());
    assert_eq!(body, json!({ "to": "06 01 02 03 04", "text": "Portail Famille : Nouveau message" }));
}
