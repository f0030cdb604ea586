//! An event that cannot be folded: what it is about is set aside or stops, visibly, and nothing else.

use std::time::{Duration, Instant};

use portail_api::tools::demo;
use portail_application::{PATIENCE, clock::Clock};
use portail_event_store::{Append, CommandMeta, NewEvent, RecordedEvent, StreamAppend, StreamId};
use portail_projections::{
    Engine, FoldContext, Projection, ProjectionStatus,
    attendance::planning::PlanningProjection,
    engine::rebuild::{Step, rebuild, rebuild_all},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{application::Town, other_planning::OtherPlanning};

/// Appends an event, whatever it holds; its position.
async fn append(
    town: &Town,
    stream: &StreamId,
    expected: u64,
    event_type: &'static str,
    payload: &str,
) -> u64 {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    let id = Uuid::new_v4();
    let meta = CommandMeta {
        command_id: id,
        request_hash: [0; 32],
        actor: "test".into(),
        correlation_id: id,
        causation_id: None,
        received_at: chrono::Utc::now(),
    };
    let event =
        NewEvent { event_type: event_type.into(), event_version: "1.0".into(), payload: raw(payload) };
    let streams = vec![StreamAppend { stream: stream.clone(), expected, events: vec![event] }];
    let append = Append::new(meta, raw("{}"), vec![], streams, &raw("{}")).unwrap();
    town.application.log().append(append).await.unwrap().position
}

async fn status(engine: &Engine, name: &str) -> ProjectionStatus {
    engine.status().await.unwrap().into_iter().find(|status| status.name == name).unwrap()
}

fn context(town: &Town) -> FoldContext {
    FoldContext { log: town.application.log().clone(), vault: town.application.vault().clone() }
}

/// The planning of a program that leaves some events out.
fn other(version: i32, folds: fn(&RecordedEvent) -> bool) -> Box<dyn Projection> {
    Box::new(OtherPlanning::new(version, move |events| {
        Ok(events.iter().filter(|event| folds(event)).copied().collect())
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_folded_is_set_aside_and_the_town_goes_on() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let engine = town.application.engine();
    let bad = StreamId::new("Session", "garderie-matin:2015-06-01");
    let position = append(&town, &bad, 0, "ReservationConfirmed", "{\"ReservationConfirmed\":{}}").await;
    let later = append(&town, &bad, 1, "ReservationConfirmed", "{\"ReservationConfirmed\":{}}").await;
    assert!(engine.wait_for_all(later, PATIENCE).await, "nobody waits at it");
    for name in ["planning", "requests", "outbox"] {
        let status = status(engine, name).await;
        assert_eq!((status.status.as_str(), status.lag_events), ("live", 0), "{name}");
        let aside: Vec<_> =
            status.aside.iter().map(|aside| (aside.stream.as_str(), aside.position)).collect();
        assert_eq!(aside, [("Session/garderie-matin:2015-06-01", position)], "{name}");
    }
    assert!(status(engine, "family").await.aside.is_empty());
    let mut hiding = engine.hide(std::slice::from_ref(&bad));
    hiding.sort_unstable();
    assert_eq!(hiding, ["outbox", "planning", "requests"]);
    assert!(engine.hide(&[StreamId::new("Session", "garderie-matin:2015-06-02")]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn money_stops_at_what_cannot_be_folded_and_nobody_waits_for_it() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let engine = town.application.engine();
    let account = StreamId::new("Account", "1001001099999");
    let position = append(&town, &account, 0, "PaymentRecorded", "{\"PaymentRecorded\":{}}").await;
    assert!(engine.wait_for(&["planning", "family"], position, PATIENCE).await);
    let asked = Instant::now();
    assert!(!engine.wait_for(&["accounts"], position, Duration::from_secs(60)).await);
    assert!(asked.elapsed() < Duration::from_secs(30), "what has stopped is not waited for");
    let stopped = status(engine, "accounts").await;
    assert_eq!((stopped.status.as_str(), stopped.position), ("failed", position - 1));
    assert!(stopped.error.unwrap().starts_with(&format!("event {position} of Account/1001001099999")));
    assert_eq!(engine.hide(&[account]), ["accounts"]);
    // A rebuild says which and where, and goes on with the others.
    let mut ended = vec![];
    rebuild_all(portail_projections::all(), &context(&town), |name, step| match step {
        Step::Failed(error) => ended.push(format!("{name}: {error}")),
        Step::Done(rebuilt) => assert_eq!(rebuilt.differences, Some(0), "{name}"),
        Step::At(..) => {}
    })
    .await
    .unwrap();
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert!(ended[0].starts_with(&format!("accounts: accounts cannot be rebuilt: event {position} of ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_is_taken_up_again_once_it_can_be_folded() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let bad = StreamId::new("Session", "garderie-matin:2015-06-01");
    let position = append(&town, &bad, 0, "ReservationConfirmed", "{\"ReservationConfirmed\":{}}").await;
    assert!(town.application.engine().wait_for_all(position, PATIENCE).await);
    // Still not: a rebuild keeps it aside, and says so.
    let rebuilt = rebuild(&PlanningProjection, &context(&town), |_, _| ()).await.unwrap();
    assert!(rebuilt.was_incomplete && rebuilt.aside.len() == 1, "{rebuilt:?}");
    // A program that can fold it: its start takes the stream up.
    let folds = |event: &RecordedEvent| event.payload.get() != "{\"ReservationConfirmed\":{}}";
    let mended = other(PlanningProjection.version(), folds);
    let (log, vault) = (town.application.log().clone(), town.application.vault().clone());
    let engine = Engine::prepare(log, vault, vec![mended]).await.unwrap();
    assert!(status(&engine, "planning").await.aside.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_program_folds_what_an_older_one_waits_at() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let older = town.application.engine();
    let stream = StreamId::new("Session", "garderie-matin:2015-06-01");
    let position = append(&town, &stream, 0, "FromTheFuture", "{\"FromTheFuture\":{}}").await;
    let waits = async {
        while older.waiting().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waits).await.expect("it stands back");
    let waiting = status(older, "planning").await;
    assert_eq!((waiting.status.as_str(), waiting.position), ("live", position - 1), "its row is not failed");
    assert!(waiting.aside.is_empty());
    let folds = |event: &RecordedEvent| event.event_type != "FromTheFuture";
    let (log, vault) = (town.application.log().clone(), town.application.vault().clone());
    let newer = other(PlanningProjection.version(), folds);
    let newer = Engine::prepare(log, vault, vec![newer]).await.unwrap();
    newer.catch_up().await.unwrap();
    let passed = async {
        while older.position(&["planning"]) < position {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), passed).await.expect("it goes on behind the newer one");
    assert!(older.waiting().iter().all(|(name, _)| *name != "planning"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_program_leaves_a_newer_ones_read_model_alone() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let newer = PlanningProjection.version() + 1;
    let (log, vault) = (town.application.log().clone(), town.application.vault().clone());
    let prepare = |version| Engine::prepare(log.clone(), vault.clone(), vec![other(version, |_| true)]);
    prepare(newer).await.unwrap();
    let before = status(town.application.engine(), "planning").await;
    assert_eq!(before.version, newer);
    // Started later, it does not build its own in that place.
    let older = prepare(newer - 1).await.unwrap();
    let after = status(&older, "planning").await;
    assert_eq!((after.version, after.position, after.status.as_str()), (newer, before.position, "live"));
    assert_eq!(older.position(&["planning"]), before.position);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_stands_where_the_log_has_no_such_event_is_named_and_built_anew() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let head = application.log().read_head().await.unwrap();
    // Nobody can write a position that the log does not have.
    let ahead = format!("UPDATE projection SET position = {} WHERE name = 'inbox'", head + 1);
    let refused = sqlx::query(&ahead).execute(application.pool()).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("PF001"));
    // Of another log, at a position that this one has too.
    let other = "UPDATE projection SET chain = sha256('another') WHERE name = 'inbox'";
    sqlx::query(other).execute(application.pool()).await.unwrap();
    let status_of = status(application.engine(), "inbox").await;
    assert_eq!(status_of.status, "ahead");
    assert!(status_of.is_stopped() && status_of.error.unwrap().contains("not in the log"));
    // It goes no further while it does.
    let stream = StreamId::new("Session", "garderie-matin:2015-06-01");
    let position = append(&town, &stream, 0, "ReservationConfirmed", "{\"ReservationConfirmed\":{}}").await;
    assert!(application.engine().wait_for(&["family"], position, PATIENCE).await);
    assert!(!application.engine().wait_for(&["inbox"], position, Duration::from_secs(60)).await);
    let inbox = portail_projections::correspondence::inbox::InboxProjection;
    let rebuilt = rebuild(&inbox, &context(&town), |_, _| ()).await.unwrap();
    assert_eq!((rebuilt.ahead, rebuilt.differences), (Some(head), None));
    let goes_on = async {
        while !application.engine().wait_for(&["inbox"], position, PATIENCE).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, goes_on).await.expect("it goes on once it is heard of");
    // A start mends it as well.
    sqlx::query(other).execute(application.pool()).await.unwrap();
    let (log, vault) = (application.log().clone(), application.vault().clone());
    let engine = Engine::prepare(log, vault, vec![Box::new(inbox)]).await.unwrap();
    assert_eq!(status(&engine, "inbox").await.status, "live");
}
