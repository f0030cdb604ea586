//! What a server signs: only what the log's servers appended, and nothing that contradicts what was signed before.

use portail_event_store::{
    AppendKey, Appends, CheckpointFolder, CheckpointStore, EventLog, IntegrityViolation, SigningError,
    Unproved, VerifyError, verify_seals,
};
use portail_testkit::TestDatabase;
use sqlx::PgPool;

use crate::{
    support::{append_key, log},
    verification::{filled, rehash, signer, tamper},
};

/// A log that its server signed at three events.
struct Signed {
    test: TestDatabase,
    log: EventLog,
    key: AppendKey,
    checkpoints: CheckpointStore,
}

impl Signed {
    async fn new() -> Self {
        let (test, log) = log().await;
        let key = append_key(&test.database).await;
        let checkpoints = CheckpointStore::new(test.database.pool().clone(), signer()).proving(key.clone());
        filled(&log, 0..1, 3).await;
        let signed = Self { test, log, key, checkpoints };
        assert_eq!(signed.sign().await.unwrap(), Some((3, Appends::Proved)));
        signed
    }

    fn pool(&self) -> &PgPool {
        self.test.database.pool()
    }

    async fn sign(&self) -> Result<Option<(u64, Appends)>, SigningError> {
        let signed = self.checkpoints.sign_head(chrono::Utc::now()).await?;
        Ok(signed.map(|checkpoint| (checkpoint.size, checkpoint.appends)))
    }

    /// The violation that keeps the head from being signed; health tells of it too.
    async fn refused(&self) -> IntegrityViolation {
        match self.sign().await {
            Err(SigningError::Violation(violation)) => {
                let told = self.checkpoints.refusal().await.unwrap().unwrap();
                assert!(told.contains(&violation.to_string()), "{told}");
                violation
            }
            other => panic!("{other:?}"),
        }
    }

    /// Somebody with the database appends by the same means, correctly hashed, without the town's append key.
    async fn forge(&self, streams: std::ops::Range<u64>) {
        let other = TestDatabase::new().await.unwrap();
        let key = append_key(&other.database).await;
        let forger = EventLog::open(&self.test.database, vec![], key).await.unwrap();
        filled(&forger, streams, 1).await;
    }
}

#[tokio::test]
async fn what_somebody_else_appends_is_not_signed() {
    let signed = Signed::new().await;
    filled(&signed.log, 1..2, 1).await;
    signed.forge(10..12).await;
    filled(&signed.log, 2..3, 1).await;
    let forged = IntegrityViolation::Unproved { first: 5, last: 5 };
    assert_eq!(signed.refused().await, forged);
    let found = verify_seals(signed.pool(), &signed.key, 3, true).await;
    assert!(matches!(found, Err(VerifyError::Violation(found)) if found == forged));

    // Nor is it where its seals are taken away.
    tamper(signed.pool(), "DELETE FROM append_seal WHERE position IN (5, 6)").await;
    assert_eq!(signed.refused().await, IntegrityViolation::Unproved { first: 5, last: 6 });
    tamper(signed.pool(), "DELETE FROM append_seal").await;
    assert_eq!(signed.refused().await, IntegrityViolation::Unproved { first: 4, last: 7 });

    // An operator who has looked into it goes on; the checkpoint says so for ever.
    let now = chrono::Utc::now();
    let accepted =
        signed.checkpoints.sign_head_beside(now, None, Unproved::IsAccepted).await.unwrap().unwrap();
    assert_eq!((accepted.size, accepted.appends), (7, Appends::Unproved { first: 4, last: 7 }));
    assert!(accepted.note.contains("\nappends unproved 4 7\n"), "{}", accepted.note);
    assert_eq!(signed.checkpoints.refusal().await.unwrap(), None);
    filled(&signed.log, 3..4, 1).await;
    assert_eq!(signed.sign().await.unwrap(), Some((8, Appends::Proved)));
    assert_eq!(signed.sign().await.unwrap(), None, "one per head");
}

#[tokio::test]
async fn a_log_from_before_seals_is_signed_and_sealed_from_then_on() {
    let signed = Signed::new().await;
    filled(&signed.log, 1..3, 1).await;
    let unsealed = CheckpointStore::new(signed.pool().clone(), signer());
    let refused = unsealed.sign_head(chrono::Utc::now()).await;
    assert!(matches!(refused, Err(SigningError::NoAppendKey)), "{refused:?}");

    let (test, log) = log().await;
    let key = append_key(&test.database).await;
    filled(&log, 0..2, 2).await;
    tamper(test.database.pool(), "DELETE FROM append_seal").await;
    let checkpoints = CheckpointStore::new(test.database.pool().clone(), signer()).proving(key);
    let sign = async || checkpoints.sign_head(chrono::Utc::now()).await.unwrap().unwrap().appends;
    assert_eq!(sign().await, Appends::Unsealed);
    filled(&log, 2..3, 2).await;
    tamper(test.database.pool(), "DELETE FROM append_seal").await;
    filled(&log, 3..4, 2).await;
    assert_eq!(sign().await, Appends::Proved, "from the first seal on");
    filled(&log, 4..5, 2).await;
    tamper(test.database.pool(), "DELETE FROM append_seal").await;
    assert!(checkpoints.sign_head(chrono::Utc::now()).await.is_err(), "and for ever");
}

#[tokio::test]
async fn nothing_is_signed_that_contradicts_what_was_signed() {
    const UNSIGN: &str =
        "ALTER TABLE log_checkpoint DISABLE TRIGGER ALL; DELETE FROM log_checkpoint WHERE size > 3;";
    for (sql, expected) in [
        // The tail is written anew, and its checkpoint taken away: of as many events there would be two heads.
        (
            format!("UPDATE events SET leaf = sha256('other') WHERE position = 5; {UNSIGN}"),
            "the checkpoint of 6 events (COPY) is not one of the database's, whose last one is of 3",
        ),
        // The log is shortened.
        (
            format!("DELETE FROM events WHERE position > 4; {UNSIGN}"),
            "the checkpoint of 6 events (COPY) is not one of the database's, whose last one is of 3",
        ),
        ("DELETE FROM events WHERE position > 4".into(), "it ends at 4, the checkpoint of 6 events"),
        // What the next tree would go on from.
        (
            "ALTER TABLE log_checkpoint DISABLE TRIGGER ALL; \
             UPDATE log_checkpoint SET subtrees = sha256('a') || sha256('b') WHERE size = 6"
                .into(),
            "what is stored beside the checkpoint of 6 events is not of its root",
        ),
        // A checkpoint that nobody signed.
        (
            "INSERT INTO log_checkpoint SELECT 7, replace(note, E'\\n6\\n', E'\\n7\\n'), subtrees, made_at \
             FROM log_checkpoint WHERE size = 6"
                .into(),
            "a checkpoint (database) is not one",
        ),
    ] {
        let signed = Signed::new().await;
        let folder = tempfile::tempdir().unwrap();
        let copies = CheckpointFolder::new(folder.path());
        signed.checkpoints.hold_against(copies.clone());
        filled(&signed.log, 1..2, 3).await;
        assert_eq!(signed.sign().await.unwrap(), Some((6, Appends::Proved)));
        let last = signed.checkpoints.last().await.unwrap().unwrap();
        copies.keep(6, &last.note).unwrap();
        filled(&signed.log, 2..3, 1).await;

        tamper(signed.pool(), &sql).await;
        if sql.contains("leaf") {
            rehash(signed.pool()).await;
        }
        let (_, copy) = copies.files().unwrap().pop().unwrap();
        let expected = expected.replace("COPY", &copy.display().to_string());
        let violation = signed.refused().await.to_string();
        assert!(violation.contains(&expected), "{sql}: {violation}");
        let newest: i64 = sqlx::query_scalar("SELECT count(*) FROM log_checkpoint WHERE size > 7")
            .fetch_one(signed.pool())
            .await
            .unwrap();
        assert_eq!(newest, 0, "{sql}");
    }
}

#[tokio::test]
async fn a_copy_that_somebody_outside_has_counts_as_well() {
    let signed = Signed::new().await;
    filled(&signed.log, 1..2, 3).await;
    let sign = async |outside: &str| {
        let outside = Some(("the receiver".to_owned(), outside.to_owned()));
        signed.checkpoints.sign_head_beside(chrono::Utc::now(), outside, Unproved::IsRefused).await
    };
    let other = signer().sign(3, &[7; 32], None, Appends::Proved).unwrap();
    let refused = sign(&other.note).await;
    assert!(
        matches!(
            &refused,
            Err(SigningError::Violation(IntegrityViolation::Contradicted { held, size: 3, .. })) if held == "the receiver"
        ),
        "{refused:?}"
    );
    let own = signed.checkpoints.last().await.unwrap().unwrap();
    assert_eq!(sign(&own.note).await.unwrap().unwrap().size, 6);
}
