//! What a crash of the database leaves, whose batches are visible before they are durable.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use portail_event_store::{AppendError, Database, EventLog, Upcasters, Verified, verify};
use portail_testkit::{Cluster, Durability, is_embedded};
use sqlx::Executor;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::support::{append, log, meta, stream};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_crash_of_the_database() {
    if is_embedded() {
        return; // Every commit waits for the disk there.
    }
    const WRITERS: usize = 32;
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Durability::Durable).unwrap()).await.unwrap();
    let cluster = Arc::new(cluster);
    let database = Database::connect(&cluster.create_database().await.unwrap(), 8).await.unwrap();
    let log = EventLog::open(&database, Upcasters::default()).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let (answer, mut answered) = mpsc::channel(WRITERS);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (log, ended, answer) = (log.clone(), ended.clone(), answer.clone());
            tokio::spawn(async move {
                let mut turn = 0;
                while !ended.load(Ordering::Relaxed) {
                    let (id, name) = (Uuid::new_v4(), format!("{writer}-{turn}"));
                    turn += 1;
                    // Of unknown fate: the same command again tells. A conflict is with itself, while the
                    // database cannot be asked what became of it.
                    while let Err(error) = log.append(append(meta(id), &[(&name, 0, 2)], &[])).await {
                        match error {
                            AppendError::AlreadyDecided { .. } => break,
                            AppendError::Unavailable(_) | AppendError::Conflict => {}
                            other => panic!("{other:?}"),
                        }
                    }
                    answer.send(id).await.unwrap();
                }
            })
        })
        .collect();
    drop(answer);
    let mut known = HashSet::new();
    for round in 1..=5 {
        while known.len() < round * 2_000 {
            known.insert(answered.recv().await.unwrap());
        }
        cluster.crash().await.unwrap();
    }
    ended.store(true, Ordering::Relaxed);
    while let Some(id) = answered.recv().await {
        known.insert(id);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let ids: Vec<Uuid> = known.iter().copied().collect();
    let (commands, events): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM command_log WHERE command_id = ANY($1)), \
            (SELECT count(*) FROM events WHERE command_id = ANY($1))",
    )
    .bind(&ids)
    .fetch_one(database.pool())
    .await
    .unwrap();
    let answered = i64::try_from(known.len()).unwrap();
    assert_eq!((commands, events), (answered, 2 * answered), "each is there, once");
    verify(database.pool(), Verified::default(), &[], |_, _| ()).await.unwrap();
}

#[tokio::test]
async fn an_end_that_became_another_event_at_the_same_position_is_noticed() {
    let (test, log) = log().await;
    let write = async |log: &EventLog, id: &str, expected: u64| {
        log.append(append(meta(Uuid::new_v4()), &[(id, expected, 1)], &[])).await
    };
    write(&log, "kept", 0).await.unwrap();
    write(&log, "lost", 0).await.unwrap();
    // What a crash takes back before it is durable, and what another process writes then.
    let mut tx = test.database.pool().begin().await.unwrap();
    tx.execute(
        "RESET ROLE; ALTER TABLE events DISABLE TRIGGER events_append_only; \
         DELETE FROM events WHERE position = 2; ALTER TABLE events ENABLE TRIGGER events_append_only",
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let other = EventLog::open(&test.database, Upcasters::default()).await.unwrap();
    write(&other, "instead", 0).await.unwrap();

    assert!(matches!(write(&log, "lost", 1).await, Err(AppendError::Conflict)));
    write(&log, "new", 0).await.unwrap();
    assert!(log.read_stream(&stream("lost"), 0).await.unwrap().is_empty());
    assert_eq!(verify(test.database.pool(), Verified::default(), &[], |_, _| ()).await.unwrap().events(), 3);
}
