//! The log as a `cqrs-es` event store: a drop-in for its framework and its conformance suite.

use std::{collections::HashMap, marker::PhantomData};

use chrono::Utc;
use cqrs_es::{Aggregate, AggregateContext, AggregateError, EventEnvelope, EventStore};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    append::request::{Append, AppendError, CommandMeta, NewEvent, StreamAppend},
    event_log::{EventLog, LogError},
    log::{canonical::canonical_json, event::StreamId},
};

/// A `cqrs-es` store on the log.
#[derive(Debug, Clone)]
pub struct CqrsStore<A> {
    log: EventLog,
    actor: String,
    aggregate: PhantomData<fn() -> A>,
}

/// A loaded aggregate with its version.
#[derive(Debug)]
pub struct LoadedStream<A> {
    id: String,
    state: A,
    version: u64,
}

impl<A: Aggregate> AggregateContext<A> for LoadedStream<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.state
    }
}

impl<A> CqrsStore<A> {
    /// A store that records `actor` as the author of what it commits.
    pub fn new(log: EventLog, actor: impl Into<String>) -> Self {
        Self { log, actor: actor.into(), aggregate: PhantomData }
    }
}

fn unexpected<E: std::error::Error>(
    error: impl std::error::Error + Send + Sync + 'static,
) -> AggregateError<E> {
    AggregateError::UnexpectedError(Box::new(error))
}

fn reading<E: std::error::Error>(error: LogError) -> AggregateError<E> {
    match error {
        LogError::Database(error) => AggregateError::DatabaseConnectionError(Box::new(error)),
        LogError::Decode(error) => AggregateError::DeserializationError(Box::new(error)),
    }
}

impl<A: Aggregate> EventStore<A> for CqrsStore<A> {
    type AC = LoadedStream<A>;

    async fn load_events(&self, id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let stream = StreamId::new(A::TYPE, id);
        let recorded = self.log.read_stream(&stream, 0).await.map_err(reading)?;
        recorded
            .into_iter()
            .map(|event| {
                Ok(EventEnvelope {
                    aggregate_id: id.to_owned(),
                    sequence: usize::try_from(event.sequence).unwrap_or(usize::MAX),
                    payload: self.log.upcasters().decode(&event).map_err(|e| reading(e.into()))?,
                    metadata: serde_json::from_str(event.metadata.get()).map_err(unexpected)?,
                })
            })
            .collect()
    }

    async fn load_aggregate(&self, id: &str) -> Result<LoadedStream<A>, AggregateError<A::Error>> {
        let mut loaded = LoadedStream { id: id.to_owned(), state: A::default(), version: 0 };
        for envelope in self.load_events(id).await? {
            loaded.version = envelope.sequence as u64;
            loaded.state.apply(envelope.payload);
        }
        Ok(loaded)
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: LoadedStream<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let new: Result<Vec<_>, _> = events.iter().map(NewEvent::from_domain).collect();
        let command_id = Uuid::now_v7();
        let meta = CommandMeta {
            command_id,
            request_hash: [0; 32],
            actor: self.actor.clone(),
            correlation_id: command_id,
            causation_id: None,
            received_at: Utc::now(),
        };
        let streams = vec![StreamAppend {
            stream: StreamId::new(A::TYPE, context.id.clone()),
            expected: context.version,
            events: new.map_err(unexpected)?,
        }];
        let stored = canonical_json(&metadata).map_err(unexpected)?;
        let outcome = RawValue::from_string("{}".to_owned()).map_err(unexpected)?;
        let append = Append::new(meta, outcome, vec![], streams, &stored).map_err(unexpected)?;
        self.log.append(append).await.map_err(|error| match error {
            AppendError::Conflict => AggregateError::AggregateConflict,
            AppendError::Unavailable(_) => AggregateError::DatabaseConnectionError(Box::new(error)),
            AppendError::AlreadyDecided { .. } | AppendError::CommandReused => unexpected(error),
        })?;
        let first = usize::try_from(context.version).unwrap_or(usize::MAX) + 1;
        let envelopes = events.into_iter().zip(first..).map(|(payload, sequence)| EventEnvelope {
            aggregate_id: context.id.clone(),
            sequence,
            payload,
            metadata: metadata.clone(),
        });
        Ok(envelopes.collect())
    }
}
