//! The command bus: races, repetition, rejection, upcasting and the vault.

use std::sync::Arc;

use crate::support::{Counter, CounterEvent, append, log, meta, open, stream};
use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use futures::future::BoxFuture;
use portail_event_store::{
    CommandBus, CommandError, Decide, MasterKey, NotLoaded, Outcome, UnitOfWork, Vault, VaultError,
};
use portail_testkit::TestDatabase;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Total(pub Option<i64>);

impl Outcome for Total {
    fn is_rejection(&self) -> bool {
        self.0.is_none()
    }
}

/// Adds an amount as long as the total stays below a limit.
pub struct Add {
    id: &'static str,
    amount: i64,
    limit: i64,
}

impl Decide for Add {
    type Outcome = Total;

    fn decide<'w>(&'w self, work: &'w mut UnitOfWork<'_>) -> BoxFuture<'w, Result<Total, CommandError>> {
        Box::pin(async move {
            work.load::<Counter>([self.id.to_owned()]).await?;
            let total = work.get::<Counter>(self.id)?.total;
            if total >= self.limit {
                return Ok(Total(None));
            }
            let added = CounterEvent::Added { amount: self.amount, note: String::new() };
            work.record::<Counter>(self.id, vec![added])?;
            Ok(Total(Some(total + self.amount)))
        })
    }
}

pub fn one(id: &'static str, limit: i64) -> Add {
    Add { id, amount: 1, limit }
}

#[tokio::test]
async fn racing_commands_never_pass_a_limit_and_none_is_lost() {
    let (test, log) = log().await;
    let second = open(&test.database, vec![]).await;
    let buses = [Arc::new(CommandBus::new(log.clone())), Arc::new(CommandBus::new(second))];
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let bus = buses[n % 2].clone();
            tokio::spawn(async move {
                loop {
                    let decided = bus.execute(meta(Uuid::new_v4()), &one("hot", 15)).await;
                    match decided {
                        Ok(executed) => return executed.outcome.0.is_some(),
                        Err(CommandError::Conflict) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += usize::from(task.await.unwrap());
    }
    assert_eq!(accepted, 15);
    assert_eq!(log.read_stream(&stream("hot"), 0).await.unwrap().len(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_commands_for_one_stream_each_get_their_turn() {
    let (_test, log) = log().await;
    let bus = Arc::new(CommandBus::new(log));
    let all = (0..100).map(|_| {
        let bus = bus.clone();
        tokio::spawn(async move { bus.execute(meta(Uuid::new_v4()), &one("hot", i64::MAX)).await })
    });
    for executed in futures::future::join_all(all).await {
        executed.unwrap().unwrap();
    }
    assert_eq!(bus.log().read_stream(&stream("hot"), 0).await.unwrap().len(), 100);
}

#[tokio::test]
async fn decisions_that_load_at_the_same_time_each_get_their_own_streams() {
    let (_test, log) = log().await;
    let ids: Vec<&'static str> = (1..=40).map(|n| &*format!("load-{n}").leak()).collect();
    for (n, id) in (1..).zip(&ids) {
        log.append(append(meta(Uuid::new_v4()), &[(id, 0, n)], &[])).await.unwrap();
    }
    let bus = CommandBus::new(log);
    let all = ids.iter().map(|id| async { bus.execute(meta(Uuid::new_v4()), &one(id, i64::MAX)).await });
    for (n, executed) in (1..).zip(futures::future::join_all(all).await) {
        // The events of a stream add 1, 2, 3...
        assert_eq!(executed.unwrap().outcome, Total(Some(n * (n + 1) / 2 + 1)));
    }
}

#[tokio::test]
async fn a_repeated_command_gets_its_first_outcome_even_after_a_rejection() {
    let (_test, log) = log().await;
    let bus = CommandBus::new(log);
    let id = Uuid::new_v4();
    let rejected = bus.execute(meta(id), &one("x", 0)).await.unwrap();
    assert_eq!((rejected.outcome, rejected.repeated), (Total(None), false));
    let again = bus.execute(meta(id), &one("x", 5)).await.unwrap();
    assert_eq!((again.outcome, again.repeated), (Total(None), true));
    let new = bus.execute(meta(Uuid::new_v4()), &one("x", 5)).await.unwrap();
    assert_eq!(new.outcome, Total(Some(1)));
}

#[tokio::test]
async fn a_rejection_is_never_decided_on_a_stale_state() {
    if portail_testkit::is_embedded() {
        return; // One process only there.
    }
    let (test, log) = log().await;
    let other = CommandBus::new(open(&test.database, vec![]).await);
    let bus = CommandBus::new(log);
    bus.execute(meta(Uuid::new_v4()), &one("x", 1)).await.unwrap();
    let subtract = &Add { id: "x", amount: -1, limit: 9 };
    other.execute(meta(Uuid::new_v4()), subtract).await.unwrap();
    let decided = bus.execute(meta(Uuid::new_v4()), &one("x", 1)).await.unwrap();
    assert_eq!(decided.outcome, Total(Some(1)), "the cache of this process had the total at its limit");
}

struct AmountInCents;

impl EventUpcaster for AmountInCents {
    fn can_upcast(&self, event_type: &str, version: &str) -> bool {
        (event_type, version) == ("Added", "1.0")
    }
    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        let amount = event.payload["Added"]["amount"].as_i64().unwrap_or_default();
        event.payload["Added"]["amount"] = (amount * 100).into();
        event.event_version = "2.0".into();
        event
    }
}

#[tokio::test]
async fn old_events_are_upcast_wherever_they_are_read() {
    let (test, log) = log().await;
    let bus = CommandBus::new(log);
    bus.execute(meta(Uuid::new_v4()), &one("x", 9)).await.unwrap();
    let newer = vec![Box::new(AmountInCents) as Box<dyn EventUpcaster>];
    let bus = CommandBus::new(open(&test.database, newer).await);
    let total = bus.execute(meta(Uuid::new_v4()), &one("x", 999)).await.unwrap();
    assert_eq!(total.outcome, Total(Some(101)));
}

#[tokio::test]
async fn a_sealed_value_opens_only_in_its_place_and_with_its_key() {
    let test = TestDatabase::new().await.unwrap();
    let pool = test.database.pool().clone();
    let master = MasterKey::from_hex(&"ab".repeat(32)).unwrap();
    let vault = Vault::unlock(pool.clone(), master.clone()).await.unwrap();
    let sealed = vault.seal("child-1", "IDENTITY", "Child", b"Lou").await.unwrap();
    assert!(!sealed.ciphertext.windows(3).any(|w| w == b"Lou"));

    let reopened = Vault::unlock(pool.clone(), master).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    assert_eq!(
        reopened.open(&mut connection, "child-1", "IDENTITY", "Child", &sealed).await.unwrap(),
        b"Lou"
    );
    let moved = reopened.open(&mut connection, "child-1", "IDENTITY", "Family", &sealed).await;
    assert!(matches!(moved, Err(VaultError::Cannot)));
    // With the embedded database there is no other connection.
    drop(connection);
    let other = Vault::unlock(pool.clone(), MasterKey::from_hex(&"cd".repeat(32)).unwrap()).await;
    assert!(matches!(other, Err(VaultError::WrongMasterKey { .. })), "{other:?}");

    sqlx::query("UPDATE subject_key SET wrapped_key = NULL, destroyed_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    let late = Vault::unlock(pool, MasterKey::from_hex(&"ab".repeat(32)).unwrap()).await.unwrap();
    assert!(matches!(late.unseal("child-1", "IDENTITY", "Child", &sealed).await, Err(VaultError::Destroyed)));
}

/// Decides on a stream it has not loaded.
struct Forgetful {
    records: bool,
}

impl Decide for Forgetful {
    type Outcome = Total;

    fn decide<'w>(&'w self, work: &'w mut UnitOfWork<'_>) -> BoxFuture<'w, Result<Total, CommandError>> {
        Box::pin(async move {
            work.load::<Counter>(["loaded".to_owned()]).await?;
            assert_eq!(
                work.get::<Counter>("loaded")?.total,
                0,
                "a loaded stream without events is its default"
            );
            if self.records {
                let added = CounterEvent::Added { amount: 1, note: String::new() };
                work.record::<Counter>("forgotten", vec![added])?;
                return Ok(Total(Some(1)));
            }
            Ok(Total(Some(work.get::<Counter>("forgotten")?.total)))
        })
    }
}

#[tokio::test]
async fn what_a_decision_did_not_load_is_an_error_and_nothing_is_appended() {
    let (_test, log) = log().await;
    log.append(append(meta(Uuid::new_v4()), &[("forgotten", 0, 5)], &[])).await.unwrap();
    let bus = CommandBus::new(log.clone());
    for records in [false, true] {
        let error = bus.execute(meta(Uuid::new_v4()), &Forgetful { records }).await.unwrap_err();
        let CommandError::NotLoaded(NotLoaded(forgotten)) = error else { panic!("{error}") };
        assert_eq!(forgotten, stream("forgotten"));
    }
    assert_eq!(log.read_head().await.unwrap(), 5, "what was there before");
}
