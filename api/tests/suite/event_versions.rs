//! An event of an older version is read through its upcaster wherever events are read.

use std::{collections::BTreeMap, path::Path};

use portail_application::{audit::past::PastTown, clock::Clock};
use portail_domain::families::child::Child;
use portail_event_store::{Append, CommandBus, CommandMeta, EventLog, NewEvent, StreamAppend, StreamId};
use portail_projections::status;
use serde_json::value::RawValue;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    application::{DUPONT, Town},
    server::LEO,
};

const ACTIVITY: &str = "garderie-matin";
const LAST_DAY: &str = "2015-06-30";

/// The golden payload of the first version of `EnrolmentEnded`, at the end of the child's stream.
async fn append_golden(log: &EventLog) -> u64 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/events/Child.json");
    let golden: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let payload = golden["EnrolmentEnded 1.0"].clone();
    assert!(!payload.get().contains("released_until"), "as it was written first");
    let stream = StreamId::new("Child", LEO);
    let id = Uuid::new_v4();
    let meta = CommandMeta {
        command_id: id,
        request_hash: [0; 32],
        actor: "test".into(),
        correlation_id: id,
        causation_id: None,
        received_at: chrono::Utc::now(),
    };
    let empty = RawValue::from_string("{}".into()).unwrap();
    let expected = log.read_stream(&stream, 0).await.unwrap().len() as u64;
    let event = NewEvent { event_type: "EnrolmentEnded".into(), event_version: "1.0".into(), payload };
    let streams = vec![StreamAppend { stream, expected, events: vec![event] }];
    log.append(Append::new(meta, empty.clone(), vec![], streams, &empty).unwrap()).await.unwrap().position
}

/// The last day of the enrolment, and how many bookings fell with it, as the read models have them.
async fn read_models(pool: &PgPool) -> (Option<String>, i64) {
    let stopped: Vec<String> = status(pool)
        .await
        .unwrap()
        .into_iter()
        .filter(|model| model.is_stopped() || !model.aside.is_empty())
        .map(|model| format!("{}: {:?} {:?}", model.name, model.error, model.aside))
        .collect();
    assert!(stopped.is_empty(), "{stopped:?}");
    let last_day = sqlx::query_scalar(
        "SELECT last_day::text FROM rm_family.enrolment WHERE child = $1::uuid AND activity = $2 AND payer = $3",
    )
    .bind(LEO)
    .bind(ACTIVITY)
    .bind(DUPONT)
    .fetch_one(pool)
    .await
    .unwrap();
    let ended = sqlx::query_scalar("SELECT count(*) FROM rm_planning.cell WHERE ended IS NOT NULL");
    (last_day, ended.fetch_one(pool).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_version_of_an_event_is_read_by_the_aggregate_the_read_models_and_the_past() {
    let town = Town::new(Clock::system()).await;
    let application = &town.application;
    application.engine().catch_up().await.unwrap();
    let before = read_models(application.pool()).await;
    assert_ne!(before.0.as_deref(), Some(LAST_DAY));
    let position = append_golden(application.log()).await;

    // The aggregate, as a decision loads it.
    let bus = CommandBus::new(application.log().clone());
    let mut work = bus.read_only();
    work.load::<Child>([LEO.to_owned()]).await.unwrap();
    let child = work.get::<Child>(LEO).unwrap();
    let enrolment = child.enrolments().iter().find(|e| e.activity.as_str() == ACTIVITY).unwrap();
    assert_eq!(enrolment.to, Some(LAST_DAY.parse().unwrap()));

    // The read models: the enrolment ends, and no booking falls with it.
    application.engine().catch_up().await.unwrap();
    let ended = (Some(LAST_DAY.to_owned()), before.1);
    assert_eq!(read_models(application.pool()).await, ended);

    // The town of the past, before the event and after it.
    for (position, expected) in [(position - 1, before), (position, ended)] {
        let data = tempfile::tempdir().unwrap();
        let moment = (position, chrono::Utc::now());
        let past = PastTown::open(
            application.pool().clone(),
            application.keys().clone(),
            moment,
            data.path(),
            |_| (),
            |_, _| (),
        )
        .await
        .unwrap();
        assert_eq!(read_models(past.application().pool()).await, expected);
    }
}

/// Whoever opens the portal's log gives it every upcaster.
#[test]
fn every_log_of_the_portal_is_opened_with_all_upcasters() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut folders, mut opened) = (vec![root], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir()
                && !["event-store", "target", "tests"].contains(&&*name)
                && !name.starts_with('.')
            {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for call in text.split("EventLog::open(").skip(1) {
                    let arguments = call.split_once(')').unwrap().0;
                    assert!(arguments.ends_with("upcasters::all("), "{}: {arguments}", path.display());
                    opened += 1;
                }
            }
        }
    }
    assert!(opened >= 3, "the server, rebuild and the tools of keys: {opened}");
}
