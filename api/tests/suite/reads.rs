//! Who looks at what is on record before it is shown.

use portail_api::graphql::audit::read_trail::IMPERSONAL;
use portail_event_store::Database;
use serde_json::{Value, json};
use sqlx::Executor;

use crate::{
    replay::as_of,
    server::{AUDITOR, Client, Home, LEO, PARENT, PLANNING, STAFF},
};

async fn trail(auditor: &Client, filter: &str) -> Vec<Value> {
    let query = format!("{{ reads({filter}first: 200) {{ number actor operation fields subjects }} }}");
    auditor.ask(&query, json!({})).await["reads"].as_array().unwrap().clone()
}

#[tokio::test]
async fn looks_of_auditors_and_of_staff_at_personal_data_are_recorded_and_verified() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    staff.ask("{ structures { name } viewer { login } }", json!({})).await;
    parent.ask("{ myFamily { surname } }", json!({})).await;
    assert_eq!(
        trail(&auditor, "actor: \"staff:mairie\", ").await,
        Vec::<Value>::new(),
        "nothing personal yet"
    );

    staff.ask(PLANNING, json!({ "child": LEO, "month": "2015-04" })).await;
    let fragment =
        "query { ...look } fragment look on Query { family(number: \"1001001010331\") { surname } }";
    staff.ask(fragment, json!({})).await;
    let file = format!("/documents/children/{LEO}/registration-form.pdf");
    staff.call("GET", &file, &[], vec![]).await;
    let seen = trail(&auditor, "actor: \"staff:mairie\", ").await;
    let looks: Vec<Value> =
        seen.iter().map(|r| json!([r["operation"], r["fields"], r["subjects"]])).collect();
    assert_eq!(
        looks,
        [
            json!(["download", [file], [LEO]]),
            json!(["query", ["family"], [PARENT.0]]),
            json!(["query", ["planning"], [LEO]]),
        ]
    );
    let about: Vec<Value> = trail(&auditor, &format!("about: \"{LEO}\", ")).await;
    assert_eq!(about.len(), 3, "the two looks at the child, and this one: {about:?}");
    // An auditor's every question is on record, this one and those about the past included.
    let past = as_of(&auditor, "position=40", "{ structures { name } }", json!({})).await;
    assert!(past["errors"].is_null(), "{past}");
    let own = trail(&auditor, "actor: \"auditor:auditeur\", ").await;
    assert_eq!(
        (&own[0]["fields"], &own[1]["operation"]),
        (&json!(["reads"]), &json!("query of the past, position 40"))
    );
    assert_eq!(staff.error("{ reads { number } }", json!({})).await, "FORBIDDEN");
    let listed = staff.ask("{ __schema { queryType { fields { name } } } }", json!({})).await;
    let fields = listed["__schema"]["queryType"]["fields"].as_array().unwrap();
    for name in IMPERSONAL.iter().filter(|name| !name.starts_with("__")) {
        assert!(fields.iter().any(|f| f["name"] == *name), "{name} is not a query");
    }
    server.kill();

    // The chain holds, and tells when somebody changes it.
    let portail = |arguments: &[&str]| {
        let done = home.command().args(arguments).output().unwrap();
        (done.status.code(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
    };
    portail(&["audit", "checkpoint"]);
    let (code, said) = portail(&["audit", "verify"]);
    assert!(code == Some(0) && said.contains("entries of the trail of reads fit"), "{said}");
    let database = match &home.url {
        Some(url) => Database::connect(url, 2).await.unwrap(),
        None => Database::embedded(home.folder.path()).await.unwrap(),
    };
    let pool = database.pool();
    for attack in ["UPDATE read_trail SET actor = 'nobody'", "DELETE FROM read_trail", "TRUNCATE read_trail"]
    {
        assert!(pool.execute(attack).await.is_err(), "{attack}");
    }
    let mut tx = pool.begin().await.unwrap();
    tx.execute("RESET ROLE; ALTER TABLE read_trail DISABLE TRIGGER ALL; UPDATE read_trail SET actor = 'nobody' WHERE number = 2")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let wrong = portail_event_store::verify_reads(pool, &[]).await.unwrap_err();
    assert_eq!(wrong.to_string(), "the trail of reads was altered at entry 2");
}

#[tokio::test]
async fn a_trail_written_anew_does_not_fit_the_signed_checkpoints() {
    use portail_event_store::{
        CheckpointCopy, CheckpointStore, NewRead, TrustedKeys, record_read, verify_reads,
    };
    let town = crate::application::Town::new(portail_application::clock::Clock::starting_on(
        portail_api::tools::demo::TODAY,
    ))
    .await;
    let application = &town.application;
    let pool = application.pool();
    let now = application.clock().now();
    let read = |actor: &str| NewRead {
        actor: actor.into(),
        operation: "query".into(),
        fields: vec!["family".into()],
        subjects: vec![],
    };
    record_read(pool, now, &read("staff:a")).await.unwrap();
    application.checkpoints().sign_head(now).await.unwrap().unwrap();
    let keys = TrustedKeys::new([application.checkpoints().signer().public_key()]).unwrap();
    let kept = CheckpointStore::after(pool, 0, 10).await.unwrap();
    let held: Vec<CheckpointCopy> = kept
        .iter()
        .map(|kept| CheckpointCopy { place: "test".into(), checkpoint: keys.read(&kept.note).unwrap() })
        .collect();
    assert_eq!(held.last().unwrap().checkpoint.reads.as_ref().unwrap().number, 1);
    assert_eq!(verify_reads(pool, &held).await.unwrap(), 1);
    let mut tx = pool.begin().await.unwrap();
    tx.execute("RESET ROLE; ALTER TABLE read_trail DISABLE TRIGGER ALL; DELETE FROM read_trail")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    record_read(pool, now, &read("staff:b")).await.unwrap();
    assert_eq!(verify_reads(pool, &[]).await.unwrap(), 1, "the chain alone holds");
    assert!(verify_reads(pool, &held).await.is_err(), "what was signed does not");
}
