//! A database and its keys: the master key that seals, the signing keys that follow one another.

use portail_event_store::{
    ChangeError, CheckpointSigner, CheckpointStore, FollowError, IntegrityViolation, KeyChange, MasterKey,
    OpenableKeys, PreviousKey, SigningError, Vault, VaultError, change_signing_key, follow_keys, key_changes,
    rotate_master_key,
};
use portail_testkit::TestDatabase;
use sqlx::{Executor, PgPool};
use uuid::Uuid;

use crate::support::{append, log, meta};

fn master(digits: &str) -> MasterKey {
    MasterKey::from_hex(&digits.repeat(32)).unwrap()
}

async fn as_owner(pool: &PgPool, sql: &str) {
    let mut tx = pool.begin().await.unwrap();
    tx.execute(format!("SET LOCAL ROLE NONE; {sql}").as_str()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn under_a_running_process_a_rotation_leaves_nothing_sealed_with_the_old_key() {
    let test = TestDatabase::new().await.unwrap();
    let pool = test.database.pool();
    let (old, new) = (master("ab"), master("cd"));
    let running = Vault::unlock(pool.clone(), old.clone()).await.unwrap();
    let sealed = running.seal("child-1", "IDENTITY", "Child", b"Lou").await.unwrap();
    let stranger = rotate_master_key(pool, &[master("ef")], &new).await;
    assert!(matches!(stranger, Err(VaultError::WrongMasterKey { .. })), "{stranger:?}");
    assert_eq!(rotate_master_key(pool, std::slice::from_ref(&old), &new).await.unwrap(), 1);
    assert_eq!(rotate_master_key(pool, std::slice::from_ref(&old), &new).await.unwrap(), 0, "once");

    // What runs with the old key seals for nobody new, and says why it cannot go on.
    let refused = running.seal("child-2", "IDENTITY", "Child", b"Zoe").await;
    assert!(matches!(refused, Err(VaultError::WrongMasterKey { .. })), "{refused:?}");
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM subject_key").fetch_one(pool).await.unwrap();
    assert_eq!(keys, 1);
    let restarted = Vault::unlock(pool.clone(), old).await;
    assert!(matches!(restarted, Err(VaultError::WrongMasterKey { .. })));
    let vault = Vault::unlock(pool.clone(), new).await.unwrap();
    assert_eq!(vault.unseal("child-1", "IDENTITY", "Child", &sealed).await.unwrap(), b"Lou");
}

#[tokio::test]
async fn keys_that_were_wrapped_with_a_wrong_master_key_are_found_and_taken_over() {
    let test = TestDatabase::new().await.unwrap();
    let pool = test.database.pool();
    let (right, wrong, new) = (master("ab"), master("cd"), master("ef"));
    let unbind = "DELETE FROM master_key_check";
    Vault::unlock(pool.clone(), right.clone()).await.unwrap().seal("a", "P", "C", b"1").await.unwrap();
    // As before databases were bound to their keys: another one was taken without a word.
    as_owner(pool, &format!("{unbind}; ALTER TABLE subject_key RENAME TO aside; CREATE TABLE subject_key (LIKE aside INCLUDING ALL); GRANT ALL ON subject_key TO PUBLIC")).await;
    let mistaken = Vault::unlock(pool.clone(), wrong.clone()).await.unwrap();
    let sealed = mistaken.seal("b", "P", "C", b"2").await.unwrap();
    as_owner(pool, &format!("{unbind}; INSERT INTO subject_key SELECT * FROM aside")).await;

    let vault = Vault::unlock(pool.clone(), right.clone()).await.unwrap();
    assert_eq!(vault.count_openable_keys().await.unwrap(), OpenableKeys { ours: 1, others: 1 });
    let alone = rotate_master_key(pool, std::slice::from_ref(&right), &new).await;
    assert!(matches!(&alone, Err(VaultError::Foreign { subject, .. }) if subject == "b"), "{alone:?}");
    assert_eq!(
        vault.count_openable_keys().await.unwrap(),
        OpenableKeys { ours: 1, others: 1 },
        "nothing was changed"
    );
    assert_eq!(rotate_master_key(pool, &[right, wrong], &new).await.unwrap(), 2);
    let vault = Vault::unlock(pool.clone(), new).await.unwrap();
    assert_eq!(vault.count_openable_keys().await.unwrap(), OpenableKeys { ours: 2, others: 0 });
    assert_eq!(vault.unseal("b", "P", "C", &sealed).await.unwrap(), b"2");
}

/// A signer of a key of its own, made and forgotten.
fn signer(origin: &str) -> CheckpointSigner {
    let path = std::env::temp_dir().join(format!("portail-key-{}", Uuid::new_v4()));
    let made = CheckpointSigner::make_file(&path, origin).unwrap();
    std::fs::remove_file(path).unwrap();
    made
}

#[tokio::test]
async fn only_the_logs_key_signs_and_a_change_is_believed_by_its_signatures_alone() {
    let (test, log) = log().await;
    let pool = test.database.pool();
    let now = chrono::Utc::now();
    let [first, second, third] = ["town", "town", "town"].map(signer);
    let fill = async |name: &str| {
        log.append(append(meta(Uuid::new_v4()), &[(name, 0, 2)], &[])).await.unwrap();
    };
    let checkpoints = |signer: &CheckpointSigner| CheckpointStore::new(pool.clone(), signer.clone());
    fill("a").await;
    checkpoints(&first).sign_head(now).await.unwrap().unwrap();
    fill("b").await;
    let refused = checkpoints(&second).sign_head(now).await;
    assert!(
        matches!(&refused, Err(SigningError::NotTheLogsKey { expected, .. }) if expected == first.public_key())
    );
    let stranger = change_signing_key(&log, PreviousKey::Signs(&second), &third, now).await;
    assert!(matches!(stranger, Err(ChangeError::Make(SigningError::NotTheLogsKey { .. }))), "{stranger:?}");
    let moved = change_signing_key(&log, PreviousKey::Signs(&first), &signer("another"), now).await;
    assert!(matches!(moved, Err(ChangeError::Origin { .. })), "{moved:?}");

    let change = change_signing_key(&log, PreviousKey::Signs(&first), &second, now).await.unwrap().unwrap();
    assert_eq!((change.position, change.lost), (5, false));
    assert!(
        change_signing_key(&log, PreviousKey::Signs(&first), &second, now).await.unwrap().is_none(),
        "once"
    );
    assert!(matches!(checkpoints(&first).sign_head(now).await, Err(SigningError::NotTheLogsKey { .. })));
    checkpoints(&second).sign_head(now).await.unwrap().unwrap();
    let lost = change_signing_key(&log, PreviousKey::Lost(None), &third, now).await.unwrap().unwrap();
    assert!(lost.lost && lost.previous.as_deref() == Some(second.public_key()));
    fill("c").await;
    checkpoints(&third).sign_head(now).await.unwrap().unwrap();

    let changes = key_changes(pool).await.unwrap();
    assert_eq!(changes.len(), 2);
    let notes: Vec<String> =
        CheckpointStore::after(pool, 0, 10).await.unwrap().into_iter().map(|kept| kept.note).collect();
    let read = |trusted: &CheckpointSigner, changes: &[KeyChange]| -> Result<Vec<bool>, FollowError> {
        let keys = follow_keys(&[trusted.public_key().to_owned()], changes)?;
        Ok(notes.iter().map(|note| keys.read(note).is_ok()).collect())
    };
    assert_eq!(read(&first, &changes).unwrap(), [true, true, false], "a lost key vouches for nobody");
    assert_eq!(read(&second, &changes).unwrap(), [true, true, false]);
    assert_eq!(read(&third, &changes).unwrap(), [true, true, true]);
    assert_eq!(read(&signer("town"), &changes).unwrap(), [false, false, false]);

    // What somebody with the database alone writes is not believed.
    let forged = |forge: &dyn Fn(&mut Vec<KeyChange>)| {
        let mut changes = changes.clone();
        forge(&mut changes);
        match read(&third, &changes) {
            Err(FollowError::Violation(IntegrityViolation::SigningKey { position, .. })) => position,
            other => panic!("{other:?}"),
        }
    };
    let other = signer("town");
    assert_eq!(forged(&|changes| changes[0].key = other.public_key().into()), 5);
    assert_eq!(forged(&|changes| changes[0].previous = Some(other.public_key().into())), 5);
    assert_eq!(forged(&|changes| changes[0].position = 4), 4);
    assert_eq!(forged(&|changes| changes[1].lost = false), 6);
    assert_eq!(forged(&|changes| changes[1].note = changes[0].note.clone()), 6);
}
