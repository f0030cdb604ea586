//! What a crash of the database leaves, whose batches are visible before they are durable, and what an
//! older data folder leaves that is put back under a running log.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use portail_event_store::{
    AppendError, CommandBus, CommandError, Database, EventLog, VerifiedLog, read_head, verify,
};
use portail_testkit::{Cluster, Durability, Process, is_embedded};
use sqlx::{Connection, Executor};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    bus::one,
    support::{append, log, meta, open, stream},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_crash_of_the_database() {
    if is_embedded() {
        return; // Every commit waits for the disk there.
    }
    const WRITERS: usize = 40;
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Durability::Durable).unwrap()).await.unwrap();
    let cluster = Arc::new(cluster);
    let url = cluster.create_database().await.unwrap();
    // What is set for the role, the database or the server does not make a flush nothing.
    let mut admin = sqlx::PgConnection::connect(&url).await.unwrap();
    admin.execute("ALTER ROLE postgres SET synchronous_commit = off").await.unwrap();
    admin.close().await.unwrap();
    let database = Database::connect(&url, 8).await.unwrap();
    let log = open(&database, vec![]).await;
    let ended = Arc::new(AtomicBool::new(false));
    let (answer, mut answered) = mpsc::channel(WRITERS);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (log, ended, answer) = (log.clone(), ended.clone(), answer.clone());
            tokio::spawn(async move {
                let mut turn = 0;
                while !ended.load(Ordering::Relaxed) {
                    let (id, name) = (Uuid::new_v4(), format!("{writer}-{turn}"));
                    // Some come to nothing: a decision without an event is remembered as well.
                    let writes: &[(&str, u64, usize)] = if turn % 4 == 0 { &[] } else { &[(&name, 0, 2)] };
                    turn += 1;
                    // Of unknown fate: the same command again tells. A conflict is with itself, while the
                    // database cannot be asked what became of it.
                    while let Err(error) = log.append(append(meta(id), writes, &[])).await {
                        match error {
                            AppendError::AlreadyDecided { .. } => break,
                            AppendError::Unavailable(_) | AppendError::Conflict => {}
                            other => panic!("{other:?}"),
                        }
                    }
                    answer.send((id, 2 * i64::from(!writes.is_empty()))).await.unwrap();
                }
            })
        })
        .collect();
    drop(answer);
    let mut known = HashMap::new();
    // A killed process is not told to anybody: the pool finds out by itself, after the recovery.
    let processes = [
        Process::WalWriter,
        Process::Backend(3),
        Process::WalWriter,
        Process::Server,
        Process::Checkpointer,
        Process::Backend(0),
        Process::WalWriter,
    ];
    for (round, process) in (1..).zip(processes) {
        while known.len() < round * 1_200 {
            known.extend(answered.recv().await);
        }
        assert!(cluster.kill(process).await.unwrap(), "{process:?}");
    }
    cluster.crash().await.unwrap();
    ended.store(true, Ordering::Relaxed);
    while let Some(answer) = answered.recv().await {
        known.extend([answer]);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    // Asked anew: the pool's own connections still find out that theirs broke.
    let database = Database::connect(&url, 2).await.unwrap();
    let ids: Vec<Uuid> = known.keys().copied().collect();
    let (commands, events): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM command_log WHERE command_id = ANY($1)), \
            (SELECT count(*) FROM events WHERE command_id = ANY($1))",
    )
    .bind(&ids)
    .fetch_one(database.pool())
    .await
    .unwrap();
    let answered = i64::try_from(known.len()).unwrap();
    assert_eq!((commands, events), (answered, known.values().sum()), "each is there, once");
    verify(database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap();
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
    let other = open(&test.database, vec![]).await;
    write(&other, "instead", 0).await.unwrap();

    assert!(matches!(write(&log, "lost", 1).await, Err(AppendError::Conflict)));
    write(&log, "new", 0).await.unwrap();
    assert!(log.read_stream(&stream("lost"), 0).await.unwrap().is_empty());
    assert_eq!(
        verify(test.database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap().events(),
        3
    );
}

/// A cluster whose data folder is put back while a log is open on it, the database's address, and the log.
async fn restorable() -> (Arc<Cluster>, String, EventLog) {
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Durability::Fast).unwrap()).await.unwrap();
    let cluster = Arc::new(cluster);
    let url = cluster.create_database().await.unwrap();
    let database = Database::connect(&url, 4).await.unwrap();
    let log = open(&database, vec![]).await;
    (cluster, url, log)
}

/// Appends what was decided on a version, as often as the database is away.
async fn append_when_back(
    log: &EventLog,
    command: Uuid,
    id: &str,
    expected: u64,
) -> Result<u64, AppendError> {
    loop {
        match log.append(append(meta(command), &[(id, expected, 1)], &[])).await {
            Err(AppendError::Unavailable(_)) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await
            }
            answered => return answered.map(|receipt| receipt.position),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_data_folder_put_back_is_another_log_and_work_goes_on() {
    if is_embedded() {
        return; // Its folder is this process's own.
    }
    // Noticed by the first command, and noticed before it.
    go_on_with_an_older_data_folder(false).await;
    go_on_with_an_older_data_folder(true).await;
}

async fn go_on_with_an_older_data_folder(is_noticed_first: bool) {
    let (cluster, url, log) = restorable().await;
    let bus = CommandBus::new(log.clone());
    let add = async |id: &'static str, command: Uuid| {
        loop {
            match bus.execute(meta(command), &one(id, 100)).await {
                // A connection broke that nobody had used since: the same command again.
                Err(CommandError::Unavailable(_)) => {}
                done => return done.map(|done| (done.outcome.0.unwrap(), done.repeated)),
            }
        }
    };
    assert_eq!(add("kept", Uuid::new_v4()).await.unwrap(), (1, false));
    cluster.save().await.unwrap();
    let later = Uuid::new_v4();
    assert_eq!(add("kept", later).await.unwrap(), (2, false));
    assert_eq!(add("kept", Uuid::new_v4()).await.unwrap(), (3, false));
    assert_eq!(add("gone", Uuid::new_v4()).await.unwrap(), (1, false));
    let mut head = log.subscribe();
    let history = head.borrow().history;
    cluster.restore().await.unwrap();
    if is_noticed_first {
        head.wait_for(|head| head.history > history).await.unwrap();
    }

    // What the log does not have was not decided: the same command again decides it, on the log as it is.
    assert_eq!(add("kept", later).await.unwrap(), (2, false));
    assert_eq!(add("kept", later).await.unwrap(), (2, true));
    assert_eq!(add("gone", Uuid::new_v4()).await.unwrap(), (1, false));
    let database = Database::connect(&url, 1).await.unwrap();
    assert_eq!((log.head(), read_head(database.pool()).await.unwrap()), (3, 3));
    assert!(log.subscribe().borrow().history > history, "caches of the other log are let go of");
    verify(database.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_went_back_is_noticed_without_a_command() {
    if is_embedded() {
        return; // Its folder is this process's own.
    }
    let (cluster, url, log) = restorable().await;
    append_when_back(&log, Uuid::new_v4(), "a", 0).await.unwrap();
    cluster.save().await.unwrap();
    append_when_back(&log, Uuid::new_v4(), "a", 1).await.unwrap();
    let mut head = log.subscribe();
    cluster.restore().await.unwrap();
    let back = head.wait_for(|head| head.position == 1);
    let back = tokio::time::timeout(std::time::Duration::from_secs(20), back).await.unwrap().unwrap().history;
    assert_eq!(back, 1);
    // Another process wrote other events at the same positions.
    let database = Database::connect(&url, 2).await.unwrap();
    let other = open(&database, vec![]).await;
    append_when_back(&other, Uuid::new_v4(), "b", 0).await.unwrap();
    assert!(log.wait_for(2, std::time::Duration::from_secs(10)).await);
    assert_eq!(append_when_back(&log, Uuid::new_v4(), "b", 1).await.unwrap(), 3);
}
