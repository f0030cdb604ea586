//! Erasure: what goes, what the law keeps, and that nothing of it is left anywhere.

use std::collections::HashSet;

use portail_event_store::{Database, MasterKey};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    faults::all_is_well,
    money::made,
    server::{AUDITOR, Client, DIRECTOR, Home, LEO, PARENT, STAFF},
    uploads::{pdf, send_whole},
};

const FAMILY: (&str, &str) = ("4000000000007", "Bonbons2016");

/// What only this family's data hold.
const SECRETS: [&str; 11] = [
    "ZYGOMALAS",
    "Euphrasie",
    "Barnabé",
    "zygomalas@example.fr",
    "rue Inexistante",
    "FR1420041010050500013M02606",
    "Allergie au quinoa",
    "Docteur Introuvable",
    "Fanfreluche",
    "Message confidentiel",
    "ordonnance-de-barnabe.pdf",
];

async fn erase(who: &Client, subject: &str, purposes: &[&str]) -> Value {
    let query = "mutation ($input: ErasePersonalDataInput!) { erasePersonalData(input: $input) { position erased \
        kept { purpose reason { code message } } userErrors { code message } } }";
    let input = json!({ "clientMutationId": Uuid::now_v7(), "subjectId": subject, "purposes": purposes,
        "basis": "OBJECTION" });
    who.ask(query, json!({ "input": input })).await["erasePersonalData"].clone()
}

/// Registers the family with everything a file can hold; its child's id.
async fn registered(staff: &Client, address: &str) -> String {
    let number = FAMILY.0;
    let ok = async |mutation: &str, kind: &str, input: Value| {
        let made = made(staff, mutation, kind, input).await;
        assert_eq!(made["userErrors"], json!([]), "{mutation}: {made}");
        made["id"].as_str().unwrap_or_default().to_owned()
    };
    let family =
        json!({ "number": number, "title": "Madame", "surname": "ZYGOMALAS", "firstName": "Euphrasie" });
    ok("registerFamily", "RegisterFamilyInput", family).await;
    let child = json!({ "familyNumber": number, "surname": "ZYGOMALAS", "firstName": "Barnabé", "birthDate": "2010-05-06" });
    let child = ok("registerChild", "RegisterChildInput", child).await;
    let enrolment =
        json!({ "childId": child, "payer": number, "activityId": "garderie-matin", "from": "2015-01-05" });
    ok("enrolChild", "EnrolChildInput", enrolment).await;
    for (child, seen, change) in [
        (
            None,
            1,
            json!({ "responsible": { "email": "zygomalas@example.fr", "address": "3 rue Inexistante" } }),
        ),
        (
            None,
            0,
            json!({ "spouse": { "title": "Monsieur", "surname": "ZYGOMALAS", "firstName": "Fanfreluche" } }),
        ),
        (
            None,
            0,
            json!({ "bank": { "accountHolder": "ZYGOMALAS", "iban": "FR1420041010050500013M02606", "bic": "PSSTFRPPMAR" } }),
        ),
        (
            Some(&child),
            0,
            json!({ "health": { "allergies": ["Allergie au quinoa"], "doctor": "Docteur Introuvable" } }),
        ),
    ] {
        let section =
            json!({ "familyNumber": number, "childId": child, "seenRevision": seen, "change": change });
        ok("recordSection", "RecordSectionInput", section).await;
    }
    let notice = json!({ "audience": { "familyNumber": number }, "title": "Pour Fanfreluche" });
    ok("publishNotice", "PublishNoticeInput", notice).await;

    let parent = Client::log_in(address, FAMILY).await;
    let (_, file) = send_whole(&parent, "ordonnance-de-barnabe.pdf", pdf(300)).await;
    let said = json!({ "structureId": "garderie", "subject": "Message confidentiel", "body": "Message confidentiel",
        "attachmentIds": [file["uploadId"]] });
    let opened = made(&parent, "openConversation", "OpenConversationInput", said).await;
    assert_eq!(opened["userErrors"], json!([]), "{opened}");
    let asked = json!({ "childId": child, "seenRevision": 1, "change": { "health": { "doctorPhone": "0102030405" } },
        "attachmentIds": [file["uploadId"]] });
    let asked = made(&parent, "requestModification", "RequestModificationInput", asked).await;
    assert_eq!(asked["userErrors"], json!([]), "{asked}");
    child
}

/// Everything the database holds, row by row.
async fn dump(database: &Database) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables \
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    let mut rows = vec![];
    for table in tables {
        let texts: Vec<String> = sqlx::query_scalar(&format!("SELECT t::text FROM {table} t"))
            .fetch_all(database.pool())
            .await
            .unwrap();
        rows.extend(texts.into_iter().map(|text| (table.clone(), text)));
    }
    rows
}

fn found(rows: &[(String, String)]) -> HashSet<(&'static str, &str)> {
    let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    let mut found = HashSet::new();
    for secret in SECRETS {
        for (table, row) in rows {
            if row.to_lowercase().contains(&secret.to_lowercase()) || row.contains(&hex(secret)) {
                found.insert((secret, table.as_str()));
            }
        }
    }
    found
}

async fn open(home: &Home) -> Database {
    match &home.url {
        Some(url) => Database::connect(url, 2).await.unwrap(),
        None => Database::embedded(home.folder.path()).await.unwrap(),
    }
}

/// What the next test proves by finding nothing, this one proves by finding it.
#[tokio::test]
async fn the_search_finds_a_family_that_was_not_forgotten() {
    let home = Home::new().await;
    home.prepare_demo();
    home.account(FAMILY, "parent");
    let server = home.serve(&["--demo"]);
    registered(&Client::log_in(&server.address, STAFF).await, &server.address).await;
    server.kill();
    let rows = dump(&open(&home).await).await;
    let read: HashSet<&str> = found(&rows).into_iter().map(|(secret, _)| secret).collect();
    // The file's name is sealed from the start; everything else is in some read model.
    assert_eq!(read.len(), SECRETS.len() - 1, "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_forgotten_and_nothing_of_it_is_left() {
    let home = Home::new().await;
    home.prepare_demo();
    home.account(DIRECTOR, "administrator");
    home.account(FAMILY, "parent");
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let director = Client::log_in(&server.address, DIRECTOR).await;
    let child = registered(&staff, &server.address).await;
    let parent = Client::log_in(&server.address, FAMILY).await;
    // What is still needed stays, with the reason.
    let needed = erase(&director, &child, &["HEALTH"]).await;
    assert_eq!(needed["userErrors"][0]["code"], "KEPT_ENROLLED", "{needed}");
    let end = json!({ "childId": child, "payer": FAMILY.0, "activityId": "garderie-matin", "lastDay": "2015-03-31" });
    assert_eq!(made(&staff, "endEnrolment", "EndEnrolmentInput", end).await["userErrors"], json!([]));
    let forbidden =
        "mutation ($input: ErasePersonalDataInput!) { erasePersonalData(input: $input) { position } }";
    let input =
        json!({ "input": { "clientMutationId": Uuid::now_v7(), "subjectId": child, "basis": "OBJECTION" } });
    assert_eq!(staff.error(forbidden, input).await, "FORBIDDEN");

    // Health data first, then everything.
    let health = erase(&director, &child, &["HEALTH"]).await;
    assert_eq!((&health["erased"], &health["userErrors"]), (&json!(["HEALTH"]), &json!([])), "{health}");
    let rest = erase(&director, &child, &[]).await;
    assert_eq!(rest["erased"], json!(["IDENTITY", "NOTE"]), "{rest}");
    let family = erase(&director, FAMILY.0, &[]).await;
    assert_eq!(family["erased"].as_array().unwrap().len(), 8, "{family}");
    assert_eq!(family["kept"], json!([]));
    let again = erase(&director, FAMILY.0, &[]).await;
    assert_eq!(again["userErrors"][0]["code"], "ALREADY_ERASED");

    // Nobody logs in for it, nothing is sealed for it.
    assert_eq!(parent.error("{ viewer { login } }", json!({})).await, "UNAUTHENTICATED");
    let late =
        json!({ "structureId": "garderie", "familyNumber": FAMILY.0, "subject": "Encore", "body": "Encore" });
    let late = made(&staff, "openConversation", "OpenConversationInput", late).await;
    assert_eq!(late["userErrors"][0]["code"], "ERASED", "{late}");

    // The guide's family has a running enrolment and an account: the law keeps it.
    let kept = erase(&director, PARENT.0, &["IDENTITY"]).await;
    assert_eq!(kept["userErrors"][0]["code"], "KEPT_ENROLLED");
    let partly = erase(&director, PARENT.0, &[]).await;
    let erased: Vec<&str> =
        partly["erased"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    assert_eq!(erased, ["BANK", "MESSAGE", "NOTE", "ATTACHMENT"], "{partly}");
    let reasons: Vec<&str> =
        partly["kept"].as_array().unwrap().iter().map(|k| k["purpose"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["IDENTITY", "TAX", "CAF", "DOCUMENT"]);
    let names = "{ viewer { login } }";
    assert_eq!(
        Client::log_in(&server.address, PARENT).await.ask(names, json!({})).await["viewer"]["login"],
        PARENT.0
    );

    // The evidence.
    let certificate = "query ($id: ID!) { erasureCertificate(subjectId: $id) { erasures { purposes basis actor } \
        proofs { event proof { checkpoint { note } } } keys { subject purpose destroyedAt } } }";
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    let shown = auditor.ask(certificate, json!({ "id": FAMILY.0 })).await["erasureCertificate"].clone();
    assert_eq!(shown["erasures"][0]["actor"], "staff:directrice");
    assert!(shown["proofs"][0]["event"].as_str().unwrap().contains("PersonalDataErased"));
    assert_eq!(shown["keys"].as_array().unwrap().len(), 9, "eight purposes, and the spouse: {shown}");
    let none = auditor.error(certificate, json!({ "id": LEO })).await;
    assert_eq!(none, "NOT_FOUND");
    server.kill();

    let database = open(&home).await;
    let rows = dump(&database).await;
    assert_eq!(found(&rows), HashSet::new(), "nothing of it is left");
    let key = MasterKey::from_file(&home.folder.path().join("master.key")).unwrap();
    // The log verifies, and every read model is what its rebuild from the log is.
    all_is_well(&database, key, &HashSet::new()).await;
    assert_eq!(found(&dump(&database).await), HashSet::new(), "and nothing comes back by a rebuild");
}

#[tokio::test]
async fn what_is_over_is_reported_and_erased_by_itself_where_the_town_says_so() {
    let mut home = Home::new().await;
    home.prepare_demo();
    home.account(DIRECTOR, "administrator");
    home.account(FAMILY, "parent");
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let director = Client::log_in(&server.address, DIRECTOR).await;
    let child = registered(&staff, &server.address).await;
    let end = json!({ "childId": child, "payer": FAMILY.0, "activityId": "garderie-matin", "lastDay": "2015-04-30" });
    made(&staff, "endEnrolment", "EndEnrolmentInput", end).await;
    let short = json!({ "months": [{ "purpose": "DOCUMENT", "months": 12 }], "automatic": true });
    let refused = made(&director, "adoptRetention", "AdoptRetentionInput", short).await;
    assert_eq!(refused["userErrors"][0]["code"], "RETENTION_TOO_SHORT", "{refused}");
    let months = json!([{ "purpose": "HEALTH", "months": 1 }, { "purpose": "MESSAGE", "months": 24 }]);
    let rules = json!({ "months": months, "automatic": true });
    let adopted = made(&director, "adoptRetention", "AdoptRetentionInput", rules).await;
    assert_eq!(adopted["userErrors"], json!([]), "{adopted}");
    server.kill();

    // Two months on, the health data are over, and nothing else.
    home.environment.push(("PORTAIL_TODAY", "2015-06-08".into()));
    let server = home.serve(&["--demo"]);
    let director = director.at(&server.address);
    let query = format!("{{ erasures(subjectId: \"{child}\") {{ purposes basis actor }} }}");
    let erased = crate::money::until(&director, &query, |a| a["erasures"][0].is_object()).await;
    let expected =
        json!([{ "purposes": ["HEALTH", "NOTE"], "basis": "RETENTION_ENDED", "actor": "timer:retention" }]);
    assert_eq!(erased["erasures"], expected);
    let report = "{ retentionReport { subjectId due kept { purpose reason } } townPolicy { automatic retention { purpose months least } } }";
    let report = director.ask(report, json!({})).await;
    let lines = report["retentionReport"].as_array().unwrap();
    let line = lines.iter().find(|line| line["subjectId"] == child.as_str()).unwrap();
    assert_eq!(line["due"], json!([]));
    assert_eq!(line["kept"], json!([{ "purpose": "IDENTITY", "reason": "RETENTION" }]));
    assert!(report["townPolicy"]["retention"].as_array().unwrap().contains(&json!({
        "purpose": "HEALTH", "months": 1, "least": 0 })));
}

#[tokio::test]
async fn a_family_gets_everything_about_it_as_one_archive() {
    let home = Home::new().await;
    home.prepare_demo();
    home.account(FAMILY, "parent");
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    registered(&staff, &server.address).await;
    let parent = Client::log_in(&server.address, FAMILY).await;
    let path = format!("/exports/families/{}", FAMILY.0);
    let answer = parent.call("GET", &path, &[], vec![]).await;
    assert_eq!(answer.status, 200);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&answer.body[..]));
    let mut all = String::new();
    let mut names = vec![];
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        names.push(entry.path().unwrap().display().to_string());
        let mut content = vec![];
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        all += &String::from_utf8_lossy(&content);
    }
    all += &names.join("\n");
    for secret in SECRETS {
        assert!(all.contains(secret), "{secret} is missing: {names:?}");
    }
    assert!(!all.contains("\"ct\""), "everything is opened");
    assert!(!all.contains("DUPONT"), "and nobody else is in it");
    // For itself and for staff, and on record.
    assert_eq!(staff.call("GET", &path, &[], vec![]).await.status, 200);
    let foreign = format!("/exports/families/{}", PARENT.0);
    assert_eq!(parent.call("GET", &foreign, &[], vec![]).await.status, 404);
    assert_eq!(Client::anonymous(&server.address).call("GET", &path, &[], vec![]).await.status, 401);
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    assert_eq!(auditor.call("GET", &path, &[], vec![]).await.status, 403);
    let reads = auditor.ask("{ reads(actor: \"staff:mairie\", first: 1) { fields } }", json!({})).await;
    assert_eq!(reads["reads"][0]["fields"], json!([path]));
}
