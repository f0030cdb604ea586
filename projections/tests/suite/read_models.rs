//! Read models alone: given events of a log, then rows of a real database.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::DomainEvent;
use portail_domain::{
    shared::sealed::{Place, Purpose, Sealed},
    upcasters,
};
use portail_event_store::{
    Append, CommandMeta, Database, EventLog, MasterKey, NewEvent, StreamAppend, StreamId, Vault,
};
use portail_projections::{Engine, Projection};
use portail_testkit::TestDatabase;
use serde_json::value::RawValue;
use sqlx::PgPool;
use uuid::Uuid;

/// A log and the read models that follow it.
pub struct ReadModels {
    database: Database,
    log: EventLog,
    vault: Vault,
    engine: Engine,
}

/// When the log's first event is recorded; each later append is recorded a minute after the one before.
const FIRST_INSTANT: &str = "2015-04-03T09:00:00Z";

impl ReadModels {
    /// Those of an empty log.
    pub async fn of(projections: Vec<Box<dyn Projection>>) -> Self {
        Self::on(TestDatabase::new().await.unwrap().database, projections).await
    }

    /// Those of a database's log.
    pub async fn on(database: Database, projections: Vec<Box<dyn Projection>>) -> Self {
        let master = MasterKey::from_hex(&"5a".repeat(32)).unwrap();
        let vault = Vault::unlock(database.pool().clone(), master).await.unwrap();
        let key = vault.append_key().await.unwrap();
        let log = EventLog::open(&database, upcasters::all(), key).await.unwrap();
        let engine = Engine::prepare(log.clone(), vault.clone(), projections).await.unwrap();
        Self { database, log, vault, engine }
    }

    pub fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Records events of one stream, each with a command of its own, and folds them.
    pub async fn given<E: DomainEvent>(&self, stream: StreamId, events: impl IntoIterator<Item = E>) {
        for event in events {
            self.record(stream.clone(), NewEvent::from_domain(&event).unwrap()).await;
        }
        self.fold().await;
    }

    /// Records one event.
    pub async fn record(&self, stream: StreamId, event: NewEvent) {
        let expected = self.log.read_stream(&stream, 0).await.unwrap().len() as u64;
        let head = self.log.read_head().await.unwrap();
        let id = Uuid::from_u128(u128::from(head) + 1);
        let meta = CommandMeta {
            command_id: id,
            request_hash: [0; 32],
            actor: "staff:mairie".into(),
            correlation_id: id,
            causation_id: None,
            received_at: instant(head),
        };
        let empty = RawValue::from_string("{}".into()).unwrap();
        let streams = vec![StreamAppend { stream, expected, events: vec![event] }];
        let append = Append::new(meta, empty.clone(), vec![], streams, &empty).unwrap();
        self.log.append(append).await.unwrap();
    }

    /// Folds what was recorded; every read model takes all of it.
    pub async fn fold(&self) {
        self.engine.catch_up().await.unwrap();
        for status in self.engine.status().await.unwrap() {
            assert_eq!(status.status, "live", "{}: {:?}", status.name, status.error);
            assert!(status.aside.is_empty(), "{}: {:?}", status.name, status.aside);
        }
    }

    /// A value sealed for its subject, at the place where read models open it.
    pub async fn seal(&self, place: Place, subject: &str, purpose: Purpose, secret: &str) -> Sealed {
        let bound = place.context(subject);
        let bytes = self.vault.seal(subject, purpose.into(), &bound, secret.as_bytes()).await.unwrap();
        Sealed {
            alg: "XC20P".into(),
            subject: subject.into(),
            purpose,
            nonce: BASE64_STANDARD.encode(bytes.nonce),
            ct: BASE64_STANDARD.encode(bytes.ciphertext),
        }
    }
}

/// When the append after a position is recorded.
pub fn instant(position: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = FIRST_INSTANT.parse().unwrap();
    first + TimeDelta::minutes(position.cast_signed())
}
