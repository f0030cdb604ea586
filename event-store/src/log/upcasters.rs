//! Decoding: the only way from a recorded event to a domain event, through the upcasters.

use cqrs_es::{
    DomainEvent,
    persist::{EventUpcaster, SerializedEvent},
};

use super::event::RecordedEvent;

/// An event cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("event {position} ({event_type} {event_version} of {stream}): {source}")]
pub struct DecodeError {
    /// Its position in the log.
    pub position: u64,
    /// Its type.
    pub event_type: String,
    /// The version it was written in.
    pub event_version: String,
    /// Its stream.
    pub stream: String,
    /// Why its payload is not today's event.
    pub source: serde_json::Error,
}

/// The upcasters of a log, in order. Commands, projections, rebuild and replay all decode through them; the
/// domain never sees an old version.
pub struct Upcasters(Vec<Box<dyn EventUpcaster>>);

impl std::fmt::Debug for Upcasters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Upcasters").field(&self.0.len()).finish()
    }
}

impl Upcasters {
    /// A chain of upcasters, applied in this order.
    pub fn new(upcasters: Vec<Box<dyn EventUpcaster>>) -> Self {
        Self(upcasters)
    }

    /// Decodes an event, brought to today's version first.
    ///
    /// # Errors
    /// The payload is not an event of this type.
    pub fn decode<E: DomainEvent>(&self, event: &RecordedEvent) -> Result<E, DecodeError> {
        let failed = |source| DecodeError {
            position: event.position,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            stream: event.stream.to_string(),
            source,
        };
        let is_old = self.0.iter().any(|u| u.can_upcast(&event.event_type, &event.event_version));
        if !is_old {
            return serde_json::from_str(event.payload.get()).map_err(failed);
        }
        let old = SerializedEvent::new(
            event.stream.id.clone(),
            usize::try_from(event.sequence).unwrap_or(usize::MAX),
            event.stream.kind.clone().into_owned(),
            event.event_type.clone(),
            event.event_version.clone(),
            serde_json::from_str(event.payload.get()).map_err(failed)?,
            serde_json::Value::Null,
        );
        let new = self.0.iter().fold(old, |event, upcaster| {
            if upcaster.can_upcast(&event.event_type, &event.event_version) {
                upcaster.upcast(event)
            } else {
                event
            }
        });
        serde_json::from_value(new.payload).map_err(failed)
    }
}
