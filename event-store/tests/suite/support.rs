//! A small aggregate of its own: the store knows nothing of the portal's domain.

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink, persist::EventUpcaster};
use portail_event_store::{
    Append, AppendKey, CommandMeta, Database, EventLog, MasterKey, NewEvent, StreamAppend, StreamId, Vault,
    canonical_json,
};
use portail_testkit::TestDatabase;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CounterEvent {
    Added { amount: i64, note: String },
}

impl DomainEvent for CounterEvent {
    fn event_type(&self) -> String {
        "Added".into()
    }
    fn event_version(&self) -> String {
        "1.0".into()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    pub total: i64,
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("an amount is not zero")]
pub struct Zero;

impl Aggregate for Counter {
    const TYPE: &'static str = "Counter";
    type Command = i64;
    type Event = CounterEvent;
    type Error = Zero;
    type Services = ();

    async fn handle(&mut self, amount: i64, _: &(), sink: &EventSink<Self>) -> Result<(), Zero> {
        if amount == 0 {
            return Err(Zero);
        }
        sink.write(CounterEvent::Added { amount, note: "é € \u{1f600} \"".into() }, self).await;
        Ok(())
    }

    fn apply(&mut self, event: CounterEvent) {
        let CounterEvent::Added { amount, .. } = event;
        self.total += amount;
    }
}

pub async fn log() -> (TestDatabase, EventLog) {
    let test = TestDatabase::new().await.unwrap();
    let log = open(&test.database, vec![]).await;
    (test, log)
}

/// The log of a database, its appends sealed with the key that the tests' master key opens.
pub async fn open(database: &Database, upcasters: Vec<Box<dyn EventUpcaster>>) -> EventLog {
    EventLog::open(database, upcasters, append_key(database).await).await.unwrap()
}

pub async fn append_key(database: &Database) -> AppendKey {
    let master = MasterKey::from_hex(&"5a".repeat(32)).unwrap();
    Vault::unlock(database.pool().clone(), master).await.unwrap().append_key().await.unwrap()
}

pub fn meta(command_id: Uuid) -> CommandMeta {
    CommandMeta {
        command_id,
        request_hash: [7; 32],
        actor: "test".into(),
        correlation_id: command_id,
        causation_id: None,
        received_at: chrono::Utc::now(),
    }
}

pub fn added(amount: i64) -> NewEvent {
    NewEvent::from_domain(&CounterEvent::Added { amount, note: String::new() }).unwrap()
}

pub fn stream(id: &str) -> StreamId {
    StreamId::new("Counter", id)
}

pub fn append(meta: CommandMeta, writes: &[(&str, u64, usize)], reads: &[(&str, u64)]) -> Append {
    let streams = writes
        .iter()
        .map(|(id, expected, count)| StreamAppend {
            stream: stream(id),
            expected: *expected,
            events: (0..*count).map(|n| added(n as i64 + 1)).collect(),
        })
        .collect();
    let reads = reads.iter().map(|(id, version)| (stream(id), *version)).collect();
    let nothing = RawValue::from_string("{}".into()).unwrap();
    let outcome = canonical_json(&"done").unwrap();
    Append::new(meta, outcome, reads, streams, &nothing).unwrap()
}
