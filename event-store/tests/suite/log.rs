//! What the log promises, on a real database.

use std::time::Duration;

use crate::support::{append, log, meta, open, stream};
use portail_event_store::{AppendError, EventLog, Span, VerifiedLog, verify};
use sqlx::{Connection, Executor};
use uuid::Uuid;

#[tokio::test]
async fn concurrent_appends_give_gapless_positions_in_commit_order_and_a_valid_chain() {
    let (test, log) = log().await;
    let tasks: Vec<_> = (0..16)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                for n in 0..20 {
                    let id = format!("{writer}-{n}");
                    log.append(append(meta(Uuid::new_v4()), &[(&id, 0, 1 + n % 3)], &[])).await.unwrap();
                }
            })
        })
        .collect();
    let mut seen = 0;
    while seen < log.head() || !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
        let span = Span { after: seen, through: seen + 50 };
        for event in log.read_span(span, None).await.unwrap() {
            assert_eq!(event.position, seen + 1, "a reader never skips a position");
            seen = event.position;
        }
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    let total = 16 * (0..20).map(|n| 1 + n % 3).sum::<u64>();
    assert_eq!(log.read_head().await.unwrap(), total);
    assert_eq!(
        verify(test.database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap().events(),
        total
    );
}

#[tokio::test]
async fn of_two_decisions_on_one_version_only_one_is_appended() {
    let (_test, log) = log().await;
    let (first, second) = tokio::join!(
        log.append(append(meta(Uuid::new_v4()), &[("a", 0, 1)], &[])),
        log.append(append(meta(Uuid::new_v4()), &[("a", 0, 1)], &[])),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(log.read_stream(&stream("a"), 0).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_stream_that_was_only_read_protects_the_decision_too() {
    let (_test, log) = log().await;
    log.append(append(meta(Uuid::new_v4()), &[("read", 0, 2)], &[])).await.unwrap();
    let stale = log.append(append(meta(Uuid::new_v4()), &[("written", 0, 1)], &[("read", 1)])).await;
    assert!(matches!(stale, Err(AppendError::Conflict)));
    assert!(log.read_stream(&stream("written"), 0).await.unwrap().is_empty());
    log.append(append(meta(Uuid::new_v4()), &[("written", 0, 1)], &[("read", 2)])).await.unwrap();
}

#[tokio::test]
async fn several_streams_are_one_append_or_none() {
    let (_test, log) = log().await;
    log.append(append(meta(Uuid::new_v4()), &[("b", 0, 1)], &[])).await.unwrap();
    let stale = log.append(append(meta(Uuid::new_v4()), &[("c", 0, 3), ("b", 0, 1)], &[])).await;
    assert!(matches!(stale, Err(AppendError::Conflict)));
    assert!(log.read_stream(&stream("c"), 0).await.unwrap().is_empty());
    let receipt = log.append(append(meta(Uuid::new_v4()), &[("c", 0, 3), ("b", 1, 1)], &[])).await.unwrap();
    assert_eq!((receipt.position, receipt.event_ids.len()), (5, 4));
}

#[tokio::test]
async fn the_same_command_twice_at_once_is_decided_once() {
    let (_test, log) = log().await;
    let id = Uuid::new_v4();
    let (first, second) = tokio::join!(
        log.append(append(meta(id), &[("once", 0, 1)], &[])),
        log.append(append(meta(id), &[("once", 0, 1)], &[])),
    );
    let outcomes = [first, second];
    let appended = outcomes.iter().filter(|o| o.is_ok()).count();
    let answered = outcomes
        .iter()
        .filter(|o| matches!(o, Err(AppendError::AlreadyDecided { outcome, position: 1 }) if outcome.get() == "\"done\""))
        .count();
    assert_eq!((appended, answered), (1, 1), "{outcomes:?}");
    assert_eq!(log.read_stream(&stream("once"), 0).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_command_decided_before_does_not_hold_up_the_others_of_its_batch() {
    let (test, log) = log().await;
    let before = Uuid::new_v4();
    log.append(append(meta(before), &[("x", 0, 1)], &[])).await.unwrap();
    let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let others = names.iter().map(|name| log.append(append(meta(Uuid::new_v4()), &[(name, 0, 1)], &[])));
    let again = log.append(append(meta(before), &[("y", 0, 1)], &[]));
    let (again, others) = futures::join!(again, futures::future::join_all(others));
    assert!(matches!(again, Err(AppendError::AlreadyDecided { position: 1, .. })), "{again:?}");
    assert!(others.iter().all(Result::is_ok), "{others:?}");
    assert!(log.read_stream(&stream("y"), 0).await.unwrap().is_empty());
    assert_eq!(
        verify(test.database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap().events(),
        21
    );
}

#[tokio::test]
async fn what_a_process_knows_of_a_stream_gives_way_to_what_another_wrote() {
    let (test, log) = log().await;
    let other = open(&test.database, vec![]).await;
    let write = async |log: &EventLog, id: &str, expected: u64| {
        log.append(append(meta(Uuid::new_v4()), &[(id, expected, 1)], &[])).await
    };
    write(&log, "s", 0).await.unwrap();
    write(&other, "s", 1).await.unwrap();
    assert!(matches!(write(&log, "s", 1).await, Err(AppendError::Conflict)));
    write(&log, "s", 2).await.unwrap();
    assert!(matches!(write(&log, "s", 9).await, Err(AppendError::Conflict)), "no gap in a stream");
    // A stream that is new to this process alone; what is appended with it is not held up.
    let (exists, new) = tokio::join!(write(&other, "s", 0), write(&other, "t", 0));
    assert!(matches!(exists, Err(AppendError::Conflict)), "{exists:?}");
    new.unwrap();
    write(&other, "s", 3).await.unwrap();
    assert_eq!(
        verify(test.database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap().events(),
        5
    );
}

#[tokio::test]
async fn a_command_id_used_for_another_request_is_an_error() {
    let (_test, log) = log().await;
    let id = Uuid::new_v4();
    log.append(append(meta(id), &[("x", 0, 1)], &[])).await.unwrap();
    let mut other = meta(id);
    other.request_hash = [8; 32];
    let answer = log.append(append(other, &[("y", 0, 1)], &[])).await;
    assert!(matches!(answer, Err(AppendError::CommandReused)));
}

#[tokio::test]
async fn the_log_refuses_to_be_changed() {
    let (test, log) = log().await;
    log.append(append(meta(Uuid::new_v4()), &[("x", 0, 1)], &[])).await.unwrap();
    for attack in [
        "UPDATE events SET actor = 'somebody else'",
        "DELETE FROM events",
        "TRUNCATE events",
        "DELETE FROM command_log",
        "ALTER TABLE events DISABLE TRIGGER ALL",
    ] {
        assert!(test.database.pool().execute(attack).await.is_err(), "{attack}");
    }
    assert_eq!(
        verify(test.database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap().events(),
        1
    );
}

#[tokio::test]
async fn two_processes_share_one_order() {
    if portail_testkit::is_embedded() {
        return; // One process only there.
    }
    let (test, log) = log().await;
    let other = open(&test.database, vec![]).await;
    let write = async |log: &EventLog, who: &str| {
        for n in 0..40 {
            let id = format!("{who}{n}");
            log.append(append(meta(Uuid::new_v4()), &[(&id, 0, 1)], &[])).await.unwrap();
        }
    };
    tokio::join!(write(&log, "a"), write(&other, "b"));
    assert_eq!(
        verify(test.database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap().events(),
        80
    );
    assert!(log.wait_for(80, Duration::from_secs(10)).await, "told of the other's appends");
    assert!(other.wait_for(80, Duration::from_secs(10)).await);
    assert!(!log.wait_for(81, Duration::from_millis(50)).await);
}

#[tokio::test]
async fn a_delayed_transaction_elsewhere_hides_no_event_from_a_reader() {
    if portail_testkit::is_embedded() {
        return; // It takes a second connection.
    }
    let (test, log) = log().await;
    let mut slow = sqlx::PgPool::connect(test.url.as_deref().unwrap()).await.unwrap().begin().await.unwrap();
    slow.execute("SELECT pg_current_xact_id()").await.unwrap();
    log.append(append(meta(Uuid::new_v4()), &[("x", 0, 2)], &[])).await.unwrap();
    slow.execute("CREATE TABLE delayed ()").await.unwrap();
    let read = log.read_span(Span { after: 0, through: u64::from(u32::MAX) }, None).await.unwrap();
    assert_eq!(read.iter().map(|e| e.position).collect::<Vec<_>>(), [1, 2]);
    slow.commit().await.unwrap();
}

#[tokio::test]
async fn streams_are_looked_up_by_key_even_by_a_plan_from_when_the_log_was_small() {
    let (test, log) = log().await;
    log.append(append(meta(Uuid::new_v4()), &[("a", 0, 3)], &[])).await.unwrap();
    let mut connection = test.database.pool().acquire().await.unwrap();
    let kinds = vec!["Counter"; 20];
    let ids: Vec<String> = (0..20).map(|n| format!("nobody-{n}")).collect();
    let read = || {
        sqlx::query("SELECT count(*) FROM stream_events($1, $2, $3, $4)")
            .bind(&kinds)
            .bind(&ids)
            .bind(vec![0i64; 20])
            .bind(vec![0i32; 20])
    };
    connection.execute("RESET ROLE").await.unwrap();
    connection.execute("ANALYZE events").await.unwrap();
    // Often enough for a plan to be kept.
    for _ in 0..8 {
        read().execute(&mut *connection).await.unwrap();
    }
    connection
        .execute(
            "INSERT INTO events SELECT n, 'Counter', 'c' || n, 1, 'Counted', '1.0', '{}', '{}', gen_random_uuid(), now(), \
                'test', gen_random_uuid(), gen_random_uuid(), NULL, '', '' FROM generate_series(1000, 4000) n",
        )
        .await
        .unwrap();
    let mut tx = connection.begin().await.unwrap();
    read().execute(&mut *tx).await.unwrap();
    let scans: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(seq_scan), 0)::bigint FROM pg_stat_xact_user_tables WHERE relname = 'events'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(scans, 0);
}
