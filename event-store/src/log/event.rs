//! An event as the log keeps it, and the stream it belongs to.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::{FromRow, Row, postgres::PgRow};
use uuid::Uuid;

use super::envelope::Envelope;

/// A stream: an aggregate's type and id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// The aggregate type.
    pub kind: Cow<'static, str>,
    /// The aggregate's id.
    pub id: String,
}

impl StreamId {
    /// A stream of an aggregate type known at compile time.
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind: Cow::Borrowed(kind), id: id.into() }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// An event as the log keeps it.
#[derive(Debug, Clone)]
pub struct RecordedEvent {
    /// Its place in the log, from 1, without gaps.
    pub position: u64,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream, from 1.
    pub sequence: u64,
    /// Its type.
    pub event_type: String,
    /// The version its payload was written in.
    pub event_version: String,
    /// The payload, to the byte.
    pub payload: Box<RawValue>,
    /// The metadata, to the byte.
    pub metadata: Box<RawValue>,
    /// Its id.
    pub event_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The role and login that caused it, never a name.
    pub actor: String,
    /// The command that decided it.
    pub command_id: Uuid,
    /// The conversation the command belongs to; the command's own id where it began one.
    pub correlation_id: Uuid,
    /// The command or event that caused the command.
    pub causation_id: Option<Uuid>,
    /// Its leaf hash as stored.
    pub leaf: Vec<u8>,
    /// The chain hash as stored.
    pub chain: Vec<u8>,
}

impl RecordedEvent {
    /// The envelope that its leaf is the hash of.
    pub fn envelope(&self) -> Envelope<'_> {
        Envelope {
            actor: self.actor.as_bytes(),
            aggregate_id: self.stream.id.as_bytes(),
            aggregate_type: self.stream.kind.as_bytes(),
            causation_id: self.causation_id,
            command_id: self.command_id,
            correlation_id: self.correlation_id,
            event_id: self.event_id,
            event_type: self.event_type.as_bytes(),
            event_version: self.event_version.as_bytes(),
            metadata: self.metadata.get().as_bytes(),
            payload: self.payload.get().as_bytes(),
            recorded_at: self.recorded_at,
            sequence: self.sequence,
        }
    }
}

/// The columns of `events` that a [`RecordedEvent`] is read from, in this order and before any others.
pub const EVENT_COLUMNS: &str = "position, aggregate_type, aggregate_id, sequence, event_type, \
    event_version, payload::text AS payload, metadata::text AS metadata, event_id, recorded_at, \
    actor, command_id, correlation_id, causation_id, leaf, chain";

impl FromRow<'_, PgRow> for RecordedEvent {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        // By place: looking columns up by name costs as much as reading them.
        let json = |place: usize| -> Result<Box<RawValue>, sqlx::Error> {
            let text: String = row.try_get(place)?;
            RawValue::from_string(text).map_err(|e| sqlx::Error::Decode(e.into()))
        };
        let number = |place: usize| row.try_get(place).map(i64::unsigned_abs);
        let kind: String = row.try_get(1)?;
        Ok(Self {
            position: number(0)?,
            stream: StreamId { kind: kind.into(), id: row.try_get(2)? },
            sequence: number(3)?,
            event_type: row.try_get(4)?,
            event_version: row.try_get(5)?,
            payload: json(6)?,
            metadata: json(7)?,
            event_id: row.try_get(8)?,
            recorded_at: row.try_get(9)?,
            actor: row.try_get(10)?,
            command_id: row.try_get(11)?,
            correlation_id: row.try_get(12)?,
            causation_id: row.try_get(13)?,
            leaf: row.try_get(14)?,
            chain: row.try_get(15)?,
        })
    }
}
