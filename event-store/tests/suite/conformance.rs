//! One suite for both stores: the log and stock `postgres-es`; and the stock repository reads
//! what the log wrote.

use std::collections::HashMap;

use crate::support::{Counter, CounterEvent, log};
use cqrs_es::{
    Aggregate, AggregateContext, AggregateError, CqrsFramework, EventStore,
    persist::{PersistedEventRepository, PersistedEventStore},
};
use portail_event_store::CqrsStore;
use postgres_es::PostgresEventRepository;
use sqlx::Executor;

async fn conforms<S: EventStore<Counter>>(store: S) {
    let id = "conformance";
    assert!(store.load_events(id).await.unwrap().is_empty());

    let context = store.load_aggregate(id).await.unwrap();
    let event = |amount| CounterEvent::Added { amount, note: "é € \u{1f600} \\ \"".into() };
    let metadata = HashMap::from([("who".to_owned(), "mairie".to_owned())]);
    let committed = store.commit(vec![event(2), event(3)], context, metadata.clone()).await.unwrap();
    assert_eq!(committed.iter().map(|e| e.sequence).collect::<Vec<_>>(), [1, 2]);

    let loaded = store.load_events(id).await.unwrap();
    assert_eq!(loaded.len(), 2);
    assert_eq!(loaded[1].payload, event(3));
    assert_eq!(loaded[1].metadata, metadata);
    assert_eq!(loaded[1].aggregate_id, id);

    let mut stale = store.load_aggregate(id).await.unwrap();
    assert_eq!(stale.aggregate().total, 5);
    let current = store.load_aggregate(id).await.unwrap();
    store.commit(vec![event(1)], current, HashMap::new()).await.unwrap();
    let lost = store.commit(vec![event(1)], stale, HashMap::new()).await;
    assert!(matches!(lost, Err(AggregateError::AggregateConflict)), "{lost:?}");

    let cqrs = CqrsFramework::new(store, vec![], ());
    cqrs.execute(id, 10).await.unwrap();
    assert!(matches!(cqrs.execute(id, 0).await, Err(AggregateError::UserError(crate::support::Zero))));
}

#[tokio::test]
async fn the_log_conforms() {
    let (_test, log) = log().await;
    conforms(CqrsStore::new(log, "test")).await;
}

#[tokio::test]
async fn stock_postgres_es_conforms() {
    let (test, _log) = log().await;
    let tables = "CREATE SCHEMA stock; \
        CREATE TABLE stock.events (aggregate_type text, aggregate_id text, sequence bigint CHECK (sequence >= 0), \
            event_type text, event_version text, payload json, metadata json, \
            PRIMARY KEY (aggregate_type, aggregate_id, sequence)); \
        CREATE TABLE stock.snapshots (aggregate_type text, aggregate_id text, last_sequence bigint, \
            current_snapshot bigint, payload json, PRIMARY KEY (aggregate_type, aggregate_id, last_sequence))";
    test.database.pool().execute(tables).await.unwrap();
    let repository = PostgresEventRepository::new(test.database.pool().clone())
        .with_tables("stock.events", "stock.snapshots");
    conforms(PersistedEventStore::<_, Counter>::new_event_store(repository)).await;
}

#[tokio::test]
async fn the_stock_repository_reads_every_stream_of_the_log() {
    let (test, log) = log().await;
    let ours = CqrsFramework::new(CqrsStore::<Counter>::new(log, "test"), vec![], ());
    for (id, amounts) in [("a", vec![1, 2, 3]), ("b", vec![40])] {
        for amount in amounts {
            ours.execute(id, amount).await.unwrap();
        }
    }
    let stock = PostgresEventRepository::new(test.database.pool().clone());
    for (id, total) in [("a", 6), ("b", 40)] {
        let mut counter = Counter::default();
        for event in stock.get_events::<Counter>(id).await.unwrap() {
            counter.apply(serde_json::from_value(event.payload).unwrap());
        }
        assert_eq!(counter.total, total);
    }
}
