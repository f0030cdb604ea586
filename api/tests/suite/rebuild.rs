//! Rebuilding read models: what an interrupted rebuild leaves, and what comes of it.

use std::sync::{Arc, Mutex};

use portail_api::tools::demo;
use portail_application::clock::Clock;
use portail_domain::{
    attendance::session::{Basis, SessionEvent},
    shared::ids::{ChildId, RequestId},
};
use portail_event_store::{Append, CommandMeta, NewEvent, StreamAppend, StreamId};
use portail_projections::{
    FoldContext, Projection,
    attendance::{planning::PlanningProjection, requests::RequestsProjection},
    engine::rebuild::{RebuildError, Step, rebuild, rebuild_all},
};
use uuid::Uuid;

use crate::{application::Town, other_planning::OtherPlanning};

/// The planning, noting how many events each batch holds, and failing on one of them.
fn watched(batches: &Arc<Mutex<Vec<usize>>>, fails_on: Option<usize>) -> Box<dyn Projection> {
    let batches = batches.clone();
    Box::new(OtherPlanning::new(PlanningProjection.version(), move |events| {
        let mut batches = batches.lock().unwrap();
        batches.push(events.len());
        if fails_on == Some(batches.len()) {
            return Err(sqlx::Error::PoolTimedOut.into());
        }
        Ok(events.to_vec())
    }))
}

/// A session of three thousand children: more events than are folded at once.
async fn fill(town: &Town) {
    let at = "2015-04-08T08:00:00Z".parse().unwrap();
    let basis = || Basis { policy: 1, calendar: 1, cutoff: Some(at), received: at };
    let events = (1..=3000).flat_map(|n| {
        let (child, request) = (ChildId(Uuid::from_u128(n)), RequestId(Uuid::from_u128(n)));
        let payer = "1001001010331".parse().unwrap();
        [
            SessionEvent::ReservationRequested {
                child,
                payer,
                request,
                late: false,
                exception: None,
                basis: basis(),
            },
            SessionEvent::ReservationConfirmed { child, request, basis: basis() },
        ]
    });
    let events = events.map(|event| NewEvent::from_domain(&event).unwrap()).collect();
    let id = Uuid::new_v4();
    let meta = CommandMeta {
        command_id: id,
        request_hash: [0; 32],
        actor: "test".into(),
        correlation_id: id,
        causation_id: None,
        received_at: at,
    };
    let empty = serde_json::value::RawValue::from_string("{}".into()).unwrap();
    let stream = StreamId::new("Session", "garderie-matin:2015-06-01");
    let streams = vec![StreamAppend { stream, expected: 0, events }];
    let append = Append::new(meta, empty.clone(), vec![], streams, &empty).unwrap();
    let position = town.application.log().append(append).await.unwrap().position;
    assert!(town.application.engine().wait_for_all(position, std::time::Duration::from_secs(60)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_rebuild_goes_on_where_it_stopped() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    fill(&town).await;
    let application = &town.application;
    let context = FoldContext { log: application.log().clone(), vault: application.vault().clone() };
    let batches = Arc::new(Mutex::new(vec![]));
    let watched = |fails_on| watched(&batches, fails_on);
    let folded = || std::mem::take(&mut *batches.lock().unwrap());

    // Without an interruption, for comparison.
    let whole = rebuild(&*watched(None), &context, |_, _| ()).await.unwrap();
    assert_eq!(whole.differences, Some(0));
    let in_one_go = folded();
    assert!(in_one_go.len() > 1, "{in_one_go:?}");

    // Two together: the second batch of one fails, the other goes on.
    let both: Vec<Box<dyn Projection>> = vec![watched(Some(2)), Box::new(RequestsProjection)];
    let mut ended = vec![];
    rebuild_all(both, &context, |name, step| match step {
        Step::Failed(error) => ended.push((name, Err(error))),
        Step::Done(rebuilt) => ended.push((name, Ok(rebuilt.differences))),
        Step::At(..) => {}
    })
    .await
    .unwrap();
    ended.sort_unstable_by_key(|(name, _)| *name);
    assert!(
        matches!(&ended[..], [("planning", Err(RebuildError::Database(_))), ("requests", Ok(Some(0)))]),
        "{ended:?}"
    );
    assert_eq!(folded()[..2], in_one_go[..2]);
    let live = application.engine().status().await.unwrap();
    assert!(live.iter().all(|p| p.status == "live" || p.name.ends_with("#rebuild")), "{live:?}");

    // They go on: what was folded is not folded again, and the rows are the live ones.
    let both: Vec<Box<dyn Projection>> = vec![watched(None), Box::new(RequestsProjection)];
    let mut done = vec![];
    rebuild_all(both, &context, |name, step| {
        if let Step::Done(rebuilt) = step {
            done.push((name, rebuilt.differences));
        }
    })
    .await
    .unwrap();
    done.sort_unstable();
    assert_eq!(done, [("planning", Some(0)), ("requests", Some(0))]);
    assert_eq!(folded(), in_one_go[1..]);
}
