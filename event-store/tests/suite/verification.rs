//! What an owner of the database can do to the log, and how it is found out.

use portail_event_store::{
    CheckpointCopy, CheckpointSigner, CheckpointStore, EventLog, GENESIS, Hash, IntegrityViolation,
    SigningError, TrustedKeys, VerifiedLog, VerifyError, chain, verify,
};
use portail_testkit::TestDatabase;
use sqlx::{Executor, PgPool};
use uuid::Uuid;

use crate::support::{append, log, meta};

const KEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

pub async fn filled(log: &EventLog, streams: std::ops::Range<u64>, events: usize) {
    for n in streams {
        let written = append(meta(Uuid::new_v4()), &[(&format!("s{n}"), 0, events)], &[]);
        log.append(written).await.unwrap();
    }
}

/// The owner's hands: the guards are off while they work.
pub async fn tamper(pool: &PgPool, sql: &str) {
    let mut tx = pool.begin().await.unwrap();
    tx.execute("RESET ROLE; ALTER TABLE events DISABLE TRIGGER events_append_only").await.unwrap();
    tx.execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    tx.execute("ALTER TABLE events ENABLE TRIGGER events_append_only").await.unwrap();
    tx.commit().await.unwrap();
}

async fn found(pool: &PgPool, start: VerifiedLog, held: &[CheckpointCopy]) -> IntegrityViolation {
    match verify(pool, start, held, |_, _| ()).await {
        Err(VerifyError::Violation(wrong)) => wrong,
        other => panic!("nothing was found: {other:?}"),
    }
}

pub fn signer() -> CheckpointSigner {
    CheckpointSigner::new(KEY).unwrap()
}

async fn held(pool: &PgPool) -> Vec<CheckpointCopy> {
    let keys = TrustedKeys::new([signer().public_key()]).unwrap();
    let kept = CheckpointStore::after(pool, 0, 100).await.unwrap();
    let held = |note: &str| CheckpointCopy { place: "test".into(), checkpoint: keys.read(note).unwrap() };
    kept.iter().map(|kept| held(&kept.note)).collect()
}

/// Writes the hashes of the whole log anew, as somebody who knows how would.
pub async fn rehash(pool: &PgPool) {
    let leaves: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT position, leaf FROM events ORDER BY position").fetch_all(pool).await.unwrap();
    let mut tip = *GENESIS;
    let mut sql = String::new();
    for (position, leaf) in leaves {
        let leaf: Hash = leaf.try_into().unwrap();
        tip = chain(&tip, position.unsigned_abs(), &leaf);
        let digits = portail_event_store::hex(&tip);
        sql += &format!("UPDATE events SET chain = '\\x{digits}' WHERE position = {position};");
    }
    tamper(pool, &sql).await;
}

#[tokio::test]
async fn tampering_is_found_and_named() {
    for (sql, expected) in [
        (
            "UPDATE events SET payload = '{\"Added\":{}}' WHERE position = 3",
            IntegrityViolation::Altered { position: 3 },
        ),
        (
            "UPDATE events SET actor = 'nobody' WHERE position = 20",
            IntegrityViolation::Altered { position: 20 },
        ),
        (
            "UPDATE events SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 3",
            IntegrityViolation::Altered { position: 3 },
        ),
        ("UPDATE events SET leaf = '\\x00' WHERE position = 3", IntegrityViolation::Altered { position: 3 }),
        ("UPDATE events SET chain = leaf WHERE position = 3", IntegrityViolation::Broken { position: 3 }),
        (
            "DELETE FROM events WHERE position IN (3, 4)",
            IntegrityViolation::Dropped { position: 3, events: 2 },
        ),
        ("DELETE FROM events WHERE position = 1", IntegrityViolation::Dropped { position: 1, events: 1 }),
        // Renumbered, so that no gap shows.
        (
            "DELETE FROM events WHERE position = 3; UPDATE events SET position = -position WHERE position > 3; \
             UPDATE events SET position = -position - 1 WHERE position < 0",
            IntegrityViolation::Dropped { position: 3, events: 1 },
        ),
        (
            "UPDATE events SET position = -position WHERE position >= 3; \
             UPDATE events SET position = 1 - position WHERE position < 0; \
             INSERT INTO events SELECT 3, aggregate_type, 'forged', 1, event_type, event_version, payload, metadata, \
                event_id, recorded_at, actor, command_id, correlation_id, causation_id, leaf, chain FROM events WHERE position = 2; \
             UPDATE events SET leaf = sha256(convert_to('', 'UTF8')) WHERE position = 3",
            IntegrityViolation::Altered { position: 3 },
        ),
        (
            "UPDATE events SET position = -3 WHERE position = 3; UPDATE events SET position = 3 WHERE position = 4; \
             UPDATE events SET position = 4 WHERE position = -3",
            IntegrityViolation::Reordered { position: 3, found: 4 },
        ),
    ] {
        let (test, log) = log().await;
        filled(&log, 0..8, 3).await;
        let pool = test.database.pool();
        assert_eq!(verify(pool, VerifiedLog::default(), &[], |_, _| ()).await.unwrap().events(), 24);
        tamper(pool, sql).await;
        assert_eq!(found(pool, VerifiedLog::default(), &[]).await, expected, "{sql}");
        // The connection is as good as before.
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(pool).await.unwrap();
        assert!(left >= 22);
    }
}

#[tokio::test]
async fn a_log_written_anew_is_found_by_its_checkpoints_alone() {
    let (test, log) = log().await;
    let pool = test.database.pool();
    let checkpoints = CheckpointStore::new(pool.clone(), signer());
    let now = chrono::Utc::now();
    assert!(checkpoints.sign_head(now).await.unwrap().is_none(), "an empty log is not signed");
    for (streams, size) in [(0..4, 12), (4..5, 15), (5..9, 27)] {
        filled(&log, streams, 3).await;
        assert_eq!(checkpoints.sign_head(now).await.unwrap().unwrap().size, size);
        assert!(checkpoints.sign_head(now).await.unwrap().is_none(), "one per head");
    }
    assert_eq!(checkpoints.covering(13).await.unwrap().unwrap().size(), 15);
    assert_eq!(checkpoints.last().await.unwrap().unwrap().size(), 27);
    let held = held(pool).await;
    assert_eq!(held.iter().map(|h| h.checkpoint.size).collect::<Vec<_>>(), [12, 15, 27]);
    let verified = verify(pool, VerifiedLog::default(), &held, |_, _| ()).await.unwrap();
    assert_eq!((verified.events(), verified.tree.root()), (27, held[2].checkpoint.root));

    // The last event is dropped, the chain holds: only who kept a checkpoint can tell.
    tamper(pool, "DELETE FROM events WHERE position = 27").await;
    let shorter = verify(pool, VerifiedLog::default(), &held[..2], |_, _| ()).await.unwrap();
    assert_eq!(shorter.events(), 26);
    let cut = IntegrityViolation::CutOff { events: 26, size: 27, held: "test".into() };
    assert_eq!(found(pool, VerifiedLog::default(), &held).await, cut);
    assert!(matches!(found(pool, verified.clone(), &[]).await, IntegrityViolation::CutOff { size: 27, .. }));
    let refused = checkpoints.sign_head(now).await;
    assert!(
        matches!(
            &refused,
            Err(SigningError::Violation(IntegrityViolation::CutOff { events: 26, size: 27, .. }))
        ),
        "{refused:?}"
    );

    // An event is taken out in the middle and everything hashed anew.
    tamper(
        pool,
        "DELETE FROM events WHERE position = 14; UPDATE events SET position = -position WHERE position > 14; \
         UPDATE events SET position = -position - 1 WHERE position < 0",
    )
    .await;
    rehash(pool).await;
    assert_eq!(verify(pool, VerifiedLog::default(), &[], |_, _| ()).await.unwrap().events(), 25);
    let rewritten = IntegrityViolation::Rewritten { after: 12, size: 15, held: "test".into() };
    assert_eq!(found(pool, VerifiedLog::default(), &held).await, rewritten);
}

async fn long_log() -> (TestDatabase, EventLog) {
    let (test, log) = log().await;
    filled(&log, 0..12, 3000).await;
    (test, log)
}

#[tokio::test]
async fn a_long_log_is_verified_in_blocks_from_where_it_was_verified_before() {
    let (test, log) = long_log().await;
    let pool = test.database.pool();
    let checkpoints = CheckpointStore::new(pool.clone(), signer());
    checkpoints.sign_head(chrono::Utc::now()).await.unwrap().unwrap();
    let mut heard = vec![];
    let verified = verify(pool, VerifiedLog::default(), &held(pool).await, |at, head| heard.push((at, head)))
        .await
        .unwrap();
    assert_eq!(heard, [(16_384, 36_000), (32_768, 36_000), (36_000, 36_000)]);

    filled(&log, 12..13, 500).await;
    let on = verify(pool, verified.clone(), &held(pool).await, |_, _| ()).await.unwrap();
    assert_eq!(on.events(), 36_500);
    assert_eq!(on, verify(pool, VerifiedLog::default(), &[], |_, _| ()).await.unwrap());

    // What was verified is not read again; what follows is.
    tamper(pool, "UPDATE events SET actor = 'nobody' WHERE position IN (20000, 36400)").await;
    assert_eq!(
        found(pool, VerifiedLog::default(), &[]).await,
        IntegrityViolation::Altered { position: 20_000 }
    );
    assert_eq!(found(pool, verified.clone(), &[]).await, IntegrityViolation::Altered { position: 36_400 });
    tamper(pool, "UPDATE events SET chain = leaf WHERE position = 36000").await;
    assert!(matches!(found(pool, verified, &[]).await, IntegrityViolation::Rewritten { size: 36_000, .. }));
}

#[tokio::test]
async fn proofs_hold_against_the_signed_root_whatever_blocks_are_closed() {
    use portail_event_store::{ProofTree, merkle};
    let (test, log) = log().await;
    let pool = test.database.pool();
    let checkpoints = CheckpointStore::new(pool.clone(), signer());
    let mut sizes = vec![];
    for (streams, events) in [(0..1, 1000), (1..2, 24), (2..3, 1), (3..6, 700), (6..7, 5)] {
        filled(&log, streams, events).await;
        sizes.push(checkpoints.sign_head(chrono::Utc::now()).await.unwrap().unwrap());
    }
    filled(&log, 7..8, 2000).await;
    let mut connection = pool.acquire().await.unwrap();
    for made in &sizes {
        for index in
            [0, 1, 511, 999, 1000, 1023, 1024, 1025, 2047, 2048, 3000].into_iter().filter(|i| *i < made.size)
        {
            let tree = ProofTree::read(&mut connection, made.size, &[index]).await.unwrap();
            assert_eq!(tree.root(), made.root);
            let (leaf, proof) = tree.inclusion(index).unwrap();
            assert!(
                merkle::includes(&leaf, index, made.size, &proof, &made.root),
                "{index} of {}",
                made.size
            );
            assert!(tree.inclusion(made.size).is_none());
        }
        for old in sizes.iter().filter(|old| old.size <= made.size) {
            let tree = ProofTree::read(&mut connection, made.size, &[old.size - 1]).await.unwrap();
            let (root, proof) = tree.consistency(old.size).unwrap();
            assert_eq!(root, old.root);
            assert!(merkle::continues((old.size, &old.root), (made.size, &made.root), &proof));
        }
    }
    assert!(ProofTree::read(&mut connection, 99_999, &[]).await.is_err());
}
