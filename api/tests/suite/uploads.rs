//! Files: sent whole or in pieces, recognised by their content, given only to those they belong to.

use portail_event_store::Database;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::server::{AUDITOR, Client, Home, LEO, PARENT, STAFF, cell, demo};

pub fn pdf(size: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7\n".to_vec();
    content.resize(size, b' ');
    content
}

pub async fn send_whole(client: &Client, name: &str, content: Vec<u8>) -> (u16, Value) {
    let boundary = "portail-boundary";
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: image/png\r\n\r\n"
    )
    .into_bytes();
    body.extend(content);
    body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={boundary}");
    client.call("POST", "/uploads", &[("Content-Type", &kind)], body).await.json()
}

#[tokio::test]
async fn a_file_sent_whole_is_attached_to_a_request_and_downloaded_by_its_owner_and_staff_only() {
    let address = demo().await;
    let (parent, staff) = (Client::log_in(address, PARENT).await, Client::log_in(address, STAFF).await);
    let content = pdf(5_000);
    let (status, sent) = send_whole(&parent, "../../avis d'imposition.exe", content.clone()).await;
    assert_eq!((status, sent["mediaType"].as_str()), (201, Some("application/pdf")), "{sent}");
    let digest: String = Sha256::digest(&content).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(sent["sha256"], digest);

    let mutation = "mutation ($input: OpenConversationInput!) { openConversation(input: $input) { id position userErrors { code path } } }";
    let open = |id: &Value| {
        json!({ "input": { "clientMutationId": Uuid::new_v4(), "structureId": "garderie", "subject": "Justificatif",
            "body": "Ci-joint", "attachmentIds": [id] } })
    };
    let opened = parent.ask(mutation, open(&sent["uploadId"])).await["openConversation"].clone();
    let query = "query ($id: ID!, $min: Position) { conversation(id: $id, minPosition: $min) { messages { attachments { path sha256 mediaType size } } } }";
    let thread = staff.ask(query, json!({ "id": opened["id"], "min": opened["position"] })).await;
    let file = &thread["conversation"]["messages"][0]["attachments"][0];
    assert_eq!((&file["sha256"], file["size"].as_u64()), (&sent["sha256"], Some(5_000)));

    let path = file["path"].as_str().unwrap();
    let own = parent.call("GET", path, &[], vec![]).await;
    assert_eq!((own.status, &own.body), (200, &content));
    assert_eq!(own.header("content-disposition"), "attachment; filename*=UTF-8''avis%20d%27imposition.pdf");
    assert_eq!(own.header("x-content-type-options"), "nosniff");
    assert_eq!(staff.call("GET", path, &[], vec![]).await.body, content);
    let auditor = Client::log_in(address, AUDITOR).await;
    assert_eq!(auditor.call("GET", path, &[], vec![]).await.status, 403);
    assert_eq!(Client::anonymous(address).call("GET", path, &[], vec![]).await.status, 401);

    let unknown = parent.ask(mutation, open(&json!(Uuid::new_v4()))).await["openConversation"].clone();
    assert_eq!(unknown["userErrors"], json!([{ "code": "NOT_FOUND", "path": ["input", "attachmentIds"] }]));
    let town = send_whole(&staff, "formulaire.pdf", pdf(100)).await.1;
    let foreign = parent.ask(mutation, open(&town["uploadId"])).await["openConversation"].clone();
    assert_eq!(foreign["userErrors"][0]["code"], "NOT_FOUND", "the town's file is not the family's");
}

#[tokio::test]
async fn an_upload_in_pieces_goes_on_where_it_broke_off() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let content = pdf(30_000);
    let announce = json!({ "fileName": "certificat.pdf", "size": content.len() }).to_string().into_bytes();
    let (status, begun) =
        parent.call("POST", "/uploads", &[("Content-Type", "application/json")], announce).await.json();
    assert_eq!(status, 201);
    let path = format!("/uploads/{}", begun["uploadId"].as_str().unwrap());
    let piece = async |at: usize, to: usize| {
        let offset = at.to_string();
        parent.call("PATCH", &path, &[("Upload-Offset", &offset)], content[at..to].to_vec()).await
    };
    assert_eq!(piece(0, 10_000).await.status, 204);
    let repeated = piece(0, 10_000).await;
    assert_eq!((repeated.status, repeated.header("upload-offset")), (409, "10000"));
    let standing = parent.call("HEAD", &path, &[], vec![]).await;
    assert_eq!((standing.header("upload-offset"), standing.header("upload-length")), ("10000", "30000"));
    let done = piece(10_000, 30_000).await.json();
    assert_eq!((done.0, &done.1["complete"]), (201, &json!(true)));
    let file = format!("/attachments/{}", begun["uploadId"].as_str().unwrap());
    assert_eq!(parent.call("GET", &file, &[], vec![]).await.body, content);
    assert_eq!(piece(0, 1).await.status, 404, "a finished upload takes nothing more");
}

#[tokio::test]
async fn an_empty_piece_and_a_piece_from_nowhere_jam_nothing() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let content = pdf(100);
    let announce = json!({ "fileName": "certificat.pdf", "size": content.len() }).to_string().into_bytes();
    let begun =
        parent.call("POST", "/uploads", &[("Content-Type", "application/json")], announce).await.json().1;
    let path = format!("/uploads/{}", begun["uploadId"].as_str().unwrap());
    let piece = async |at: u64, piece: &[u8]| {
        let offset = at.to_string();
        let answer = parent.call("PATCH", &path, &[("Upload-Offset", &offset)], piece.to_vec()).await;
        (answer.status, answer.header("upload-offset").to_owned())
    };
    for _ in 0..2 {
        assert_eq!(piece(0, b"").await, (204, "0".into()));
    }
    assert_eq!(piece(u64::MAX, b"x").await.0, 413);
    assert_eq!(piece(7, b"").await, (409, "0".into()));
    assert_eq!(piece(0, &content[..60]).await, (204, "60".into()));
    assert_eq!(piece(60, b"").await, (204, "60".into()));
    assert_eq!(piece(60, &content[60..]).await.0, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_nothing_refers_to_have_a_quota_can_be_given_up_and_are_collected() {
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_UPLOAD_QUOTA_MIB", "10".into()));
    home.environment.push(("PORTAIL_UNFINISHED_UPLOADS", "3".into()));
    let server = home.serve(&["--demo"]);
    let (parent, staff) =
        (Client::log_in(&server.address, PARENT).await, Client::log_in(&server.address, STAFF).await);
    let list = async || parent.call("GET", "/uploads", &[], vec![]).await.json().1["uploads"].clone();
    let begin = async |size: usize| {
        let announce = json!({ "fileName": "x.pdf", "size": size }).to_string().into_bytes();
        parent.call("POST", "/uploads", &[("Content-Type", "application/json")], announce).await.json()
    };
    // Of several at once no more are begun than may be.
    let begun = futures::future::join_all((0..12).map(|_| begin(10))).await;
    let taken: Vec<&Value> =
        begun.iter().filter(|(status, _)| *status == 201).map(|(_, body)| body).collect();
    assert!(taken.len() <= 3, "{begun:?}");
    assert!(
        begun.iter().all(|(status, body)| *status == 201 || body["code"] == "TOO_MANY_UPLOADS"),
        "{begun:?}"
    );
    assert_eq!(list().await.as_array().unwrap().len(), taken.len());
    let gone = async |client: &Client, id: &Value| {
        let path = format!("/uploads/{}", id.as_str().unwrap());
        client.call("DELETE", &path, &[], vec![]).await.status
    };
    for upload in &taken {
        assert_eq!(gone(&staff, &upload["uploadId"]).await, 404, "another's");
        assert_eq!(gone(&parent, &upload["uploadId"]).await, 204);
    }
    assert_eq!(list().await, json!([]));

    let mut sent = Vec::new();
    for _ in 0..2 {
        let (status, file) = send_whole(&parent, "a.pdf", pdf(4 << 20)).await;
        assert_eq!(status, 201, "{file}");
        sent.push(file["uploadId"].clone());
    }
    let (status, refused) = send_whole(&parent, "b.pdf", pdf(4 << 20)).await;
    assert_eq!((status, refused["code"].as_str()), (429, Some("UPLOAD_QUOTA")), "{refused}");
    let mutation = "mutation ($input: OpenConversationInput!) { openConversation(input: $input) { id userErrors { code } } }";
    let input = json!({ "clientMutationId": Uuid::new_v4(), "structureId": "garderie", "subject": "Justificatif",
        "body": "Ci-joint", "attachmentIds": [sent[0]] });
    assert!(parent.ask(mutation, json!({ "input": input })).await["openConversation"]["id"].is_string());
    assert_eq!(list().await.as_array().unwrap().len(), 1, "what is attached does not count");
    assert_eq!(gone(&parent, &sent[0]).await, 404, "the log refers to it");
    let (status, late) = send_whole(&parent, "b.pdf", pdf(4 << 20)).await;
    assert_eq!(status, 201, "{late}");
    assert_eq!(gone(&parent, &late["uploadId"]).await, 204);

    // Two days later only what is attached is left.
    drop(server);
    let database = match &home.url {
        Some(url) => Database::connect(url, 1).await.unwrap(),
        None => Database::embedded(home.folder.path()).await.unwrap(),
    };
    let days_ago = "UPDATE attachment SET touched_at = now() - interval '2 days', named_at = named_at - interval '2 days'";
    sqlx::query(days_ago).execute(database.pool()).await.unwrap();
    let kept = std::time::Duration::from_secs(3600 * 24);
    let collected =
        portail_projections::correspondence::attachments::collect(database.pool(), kept).await.unwrap();
    assert_eq!(collected, 1);
    let left: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM attachment").fetch_all(database.pool()).await.unwrap();
    assert_eq!(json!(left), json!([sent[0]]));
}

#[tokio::test]
async fn hostile_files_are_refused_and_leave_nothing_behind() {
    let parent = Client::log_in(demo().await, PARENT).await;
    for (name, content) in [
        ("bombe.pdf", b"PK\x03\x04 a zip that says it is a pdf".to_vec()),
        ("image.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
        ("script.jpg", b"#!/bin/sh\nrm -rf /".to_vec()),
        ("page.pdf", b"<html><script>alert(1)</script></html>".to_vec()),
    ] {
        let (status, refused) = send_whole(&parent, name, content).await;
        assert_eq!((status, refused["code"].as_str()), (415, Some("FILE_TYPE")), "{name}: {refused}");
    }
    let announce = json!({ "fileName": "x.pdf", "size": 20 }).to_string().into_bytes();
    let begun =
        parent.call("POST", "/uploads", &[("Content-Type", "application/json")], announce).await.json().1;
    let path = format!("/uploads/{}", begun["uploadId"].as_str().unwrap());
    let longer = parent.call("PATCH", &path, &[("Upload-Offset", "0")], vec![b'x'; 21]).await;
    assert_eq!(longer.status, 413);
    let zip =
        parent.call("PATCH", &path, &[("Upload-Offset", "0")], b"PK\x03\x04aaaaaaaaaaaaaaaa".to_vec()).await;
    assert_eq!(zip.json().0, 415);
    assert_eq!(parent.call("HEAD", &path, &[], vec![]).await.status, 404, "nothing of it is left");
    let huge = json!({ "fileName": "x.pdf", "size": 11 * 1024 * 1024 }).to_string().into_bytes();
    let refused = parent.call("POST", "/uploads", &[("Content-Type", "application/json")], huge).await.json();
    assert_eq!((refused.0, refused.1["code"].as_str()), (413, Some("FILE_TOO_LARGE")));
}

#[tokio::test]
async fn a_certificate_is_sent_in_for_an_absence_and_settled_by_staff() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let staff = Client::log_in(&server.address, STAFF).await;
    // Reserved for today: too late to be excused without a certificate.
    let day = json!({ "childId": LEO, "activityId": "alsh-mercredi-apres-midi", "dates": ["2015-04-08"] });
    let with = |more: Value| {
        let mut input = day.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let nothing = parent.act("attachCertificate", with(json!({ "attachmentIds": [] }))).await;
    assert_eq!(nothing["userErrors"][0]["code"], "FIELD_REQUIRED", "{nothing}");
    let (_, sent) = send_whole(&parent, "certificat.pdf", pdf(900)).await;
    let certificate = with(json!({ "attachmentIds": [sent["uploadId"]] }));
    let early = parent.act("attachCertificate", certificate.clone()).await;
    assert_eq!(early["days"][0]["error"]["code"], "NO_ABSENCE", "{early}");

    let absent = parent.act("declareAbsence", with(json!({ "reason": "MEDICAL", "confirmed": true }))).await;
    let actions = "query ($child: ID!, $min: Position) { planning(childId: $child, month: \"2015-04\", minPosition: $min) { rows { \
        activityId cells { date status certificateReceived actions { action allowed } } } } }";
    let offered = parent.ask(actions, json!({ "child": LEO, "min": absent["position"] })).await;
    let shown = cell(&offered, "alsh-mercredi-apres-midi", "2015-04-08");
    let action = json!({ "action": "ATTACH_CERTIFICATE", "allowed": true });
    assert!(shown["actions"].as_array().unwrap().contains(&action), "{shown}");

    let query = "query ($id: ID!, $min: Position) { requests(filter: { requestId: $id, types: [ABSENCE] }, minPosition: $min) { \
        edges { node { status detail refusalReason attachments { path sha256 } } } } }";
    let ask = async |client: &Client, min: &Value| {
        let list = client.ask(query, json!({ "id": absent["requestId"], "min": min })).await;
        list["requests"]["edges"][0]["node"].clone()
    };
    let settle = |accepted: bool| with(json!({ "accepted": accepted }));
    for (accepted, status, detail) in
        [(false, "REFUSED", "CERTIFICATE_REFUSED"), (true, "ACCEPTED", "EXCUSED")]
    {
        let attached = parent.act("attachCertificate", certificate.clone()).await;
        assert_eq!(attached["days"][0]["error"], Value::Null, "{attached}");
        let waiting = ask(&staff, &attached["position"]).await;
        let stands = (&waiting["status"], &waiting["detail"]);
        assert_eq!(stands, (&json!("PENDING"), &json!("CERTIFICATE_RECEIVED")));
        assert_eq!(waiting["attachments"][0]["sha256"], sent["sha256"]);
        let path = waiting["attachments"][0]["path"].as_str().unwrap();
        assert_eq!(staff.call("GET", path, &[], vec![]).await.body, pdf(900));
        let counts = staff.ask("{ pendingRequests { type structureId count } }", json!({})).await;
        let of_absences = |c: &&Value| c["type"] == "ABSENCE";
        let counted = counts["pendingRequests"].as_array().unwrap().iter().find(of_absences).unwrap().clone();
        assert_eq!((&counted["count"], counted["structureId"].is_string()), (&json!(1), true), "{counts}");

        let settled = staff.act("settleCertificate", settle(accepted)).await;
        let answer = ask(&parent, &settled["position"]).await;
        assert_eq!((&answer["status"], &answer["detail"]), (&json!(status), &json!(detail)), "{settled}");
        if !accepted {
            assert_eq!(answer["refusalReason"], "Justificatif refusé");
        }
    }
}
