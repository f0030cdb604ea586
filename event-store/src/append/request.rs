//! An append, prepared before it queues: serialised, identified and hashed.

use std::borrow::Cow;

use chrono::{DateTime, SubsecRound, Utc};
use cqrs_es::DomainEvent;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::log::{canonical::canonical_json, envelope::Envelope, event::StreamId, hashing};

/// An event to append.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The event's type.
    pub event_type: Cow<'static, str>,
    /// The version the payload is written in.
    pub event_version: Cow<'static, str>,
    /// The payload, canonical JSON.
    pub payload: Box<RawValue>,
}

impl NewEvent {
    /// Serialises a domain event.
    ///
    /// # Errors
    /// When the event cannot be JSON.
    pub fn from_domain<E: DomainEvent>(event: &E) -> Result<Self, serde_json::Error> {
        Ok(Self {
            event_type: event.event_type().into(),
            event_version: event.event_version().into(),
            payload: canonical_json(event)?,
        })
    }
}

/// Events for one stream, which must be at version `expected`.
#[derive(Debug, Clone)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// The version it must have: how many events it holds.
    pub expected: u64,
    /// The events.
    pub events: Vec<NewEvent>,
}

/// A command's identity, author and time.
#[derive(Debug, Clone)]
pub struct CommandMeta {
    /// The idempotency key.
    pub command_id: Uuid,
    /// The hash of the request: the same id with another request is an error.
    pub request_hash: hashing::Hash,
    /// The role and login that asked, never a name.
    pub actor: String,
    /// The conversation the command belongs to.
    pub correlation_id: Uuid,
    /// The command or event that caused it.
    pub causation_id: Option<Uuid>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

impl CommandMeta {
    /// What identifies this decision of a command in the command log: its id, with its time to the
    /// microsecond, as PostgreSQL keeps it.
    pub(crate) fn key(&self) -> (Uuid, DateTime<Utc>) {
        (self.command_id, self.received_at.trunc_subsecs(6))
    }
}

/// A command's whole effect: its outcome and its events in one or several streams.
#[derive(Debug)]
pub struct Append {
    /// The command it is the effect of.
    pub meta: CommandMeta,
    /// The outcome to remember, canonical JSON.
    pub outcome: Box<RawValue>,
    /// Streams the decision read and did not write, with the versions it saw.
    pub(crate) reads: Vec<(StreamId, u64)>,
    /// Streams it writes, with the versions it saw.
    pub(crate) writes: Vec<(StreamId, u64)>,
    pub(crate) events: Vec<PreparedEvent>,
    /// The history of the log it was decided on, where that is known.
    pub(crate) history: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct PreparedEvent {
    pub stream: StreamId,
    pub sequence: u64,
    pub event: NewEvent,
    pub metadata: Box<RawValue>,
    pub event_id: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub leaf: hashing::Hash,
}

impl Append {
    /// Prepares an append: gives each event its id and its leaf.
    ///
    /// # Errors
    /// When the envelope cannot be JSON.
    pub fn new(
        meta: CommandMeta,
        outcome: Box<RawValue>,
        reads: Vec<(StreamId, u64)>,
        streams: Vec<StreamAppend>,
        metadata: &RawValue,
    ) -> Result<Self, serde_json::Error> {
        // PostgreSQL keeps microseconds: hash what will be read back.
        let recorded_at = meta.received_at.trunc_subsecs(6);
        let (mut events, mut reads) = (Vec::new(), reads);
        let mut writes = Vec::with_capacity(streams.len());
        for StreamAppend { stream, expected, events: new } in streams {
            if new.is_empty() { &mut reads } else { &mut writes }.push((stream.clone(), expected));
            for (event, sequence) in new.into_iter().zip(expected + 1..) {
                let event_id = Uuid::now_v7();
                let envelope = Envelope {
                    actor: meta.actor.as_bytes(),
                    aggregate_id: stream.id.as_bytes(),
                    aggregate_type: stream.kind.as_bytes(),
                    causation_id: meta.causation_id,
                    command_id: meta.command_id,
                    correlation_id: meta.correlation_id,
                    event_id,
                    event_type: event.event_type.as_bytes(),
                    event_version: event.event_version.as_bytes(),
                    metadata: metadata.get().as_bytes(),
                    payload: event.payload.get().as_bytes(),
                    recorded_at,
                    sequence,
                };
                let leaf = hashing::leaf(&envelope.canonical());
                events.push(PreparedEvent {
                    stream: stream.clone(),
                    sequence,
                    event,
                    metadata: metadata.to_owned(),
                    event_id,
                    recorded_at,
                    leaf,
                });
            }
        }
        Ok(Self { meta, outcome, reads, writes, events, history: None })
    }
}

/// An append that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The log's position after the append: waiting for it shows the append's effect.
    pub position: u64,
    /// The ids of the appended events.
    pub event_ids: Vec<Uuid>,
}

/// Why an append did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream read or written has another version by now: decide again.
    #[error("a stream has changed meanwhile")]
    Conflict,
    /// The command was decided before: here is its first outcome.
    #[error("the command was decided before")]
    AlreadyDecided {
        /// The stored outcome.
        outcome: Box<RawValue>,
        /// The position it was decided at.
        position: u64,
    },
    /// The command id was used for another request.
    #[error("the command id was used for another request")]
    CommandReused,
    /// The database cannot be reached, or broke off: it is not known whether the append happened.
    /// The same command id again tells.
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
}
