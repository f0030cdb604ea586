//! An event as it is hashed: canonical JSON (RFC 8785) of everything but its position.

use std::io::Write;

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use uuid::Uuid;

/// The fields of an event in the order of RFC 8785. Texts are UTF-8; payload and metadata are canonical
/// already.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are the columns of the log")]
pub struct Envelope<'a> {
    pub actor: &'a [u8],
    pub aggregate_id: &'a [u8],
    pub aggregate_type: &'a [u8],
    pub causation_id: Option<Uuid>,
    pub command_id: Uuid,
    pub correlation_id: Uuid,
    pub event_id: Uuid,
    pub event_type: &'a [u8],
    pub event_version: &'a [u8],
    pub metadata: &'a [u8],
    pub payload: &'a [u8],
    pub recorded_at: DateTime<Utc>,
    pub sequence: u64,
}

impl Envelope<'_> {
    /// Its canonical bytes. Written by hand because verification does nothing else: it is what a
    /// serialiser of sorted keys writes, which a test shows.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(480 + self.payload.len());
        self.write(&mut out);
        out
    }

    /// Adds its canonical bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        text(out, b"{\"actor\":", self.actor);
        text(out, b",\"aggregate_id\":", self.aggregate_id);
        text(out, b",\"aggregate_type\":", self.aggregate_type);
        match self.causation_id {
            Some(id) => uuid(out, b",\"causation_id\":", id),
            None => out.extend_from_slice(b",\"causation_id\":null"),
        }
        uuid(out, b",\"command_id\":", self.command_id);
        uuid(out, b",\"correlation_id\":", self.correlation_id);
        uuid(out, b",\"event_id\":", self.event_id);
        text(out, b",\"event_type\":", self.event_type);
        text(out, b",\"event_version\":", self.event_version);
        out.extend_from_slice(b",\"metadata\":");
        out.extend_from_slice(self.metadata);
        out.extend_from_slice(b",\"payload\":");
        out.extend_from_slice(self.payload);
        out.extend_from_slice(b",\"recorded_at\":\"");
        instant(out, self.recorded_at);
        out.extend_from_slice(b"\",\"sequence\":");
        number(out, self.sequence, 1);
        out.push(b'}');
    }
}

fn text(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    out.extend_from_slice(key);
    // Looks at all of it rather than stopping early: that way the compiler takes many bytes at once.
    let escapes = |found, byte: &u8| found | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\');
    if value.iter().fold(false, escapes) {
        let quoted = serde_json::Value::from(String::from_utf8_lossy(value)).to_string();
        out.extend_from_slice(quoted.as_bytes());
    } else {
        out.push(b'"');
        out.extend_from_slice(value);
        out.push(b'"');
    }
}

fn uuid(out: &mut Vec<u8>, key: &[u8], id: Uuid) {
    out.extend_from_slice(key);
    out.push(b'"');
    out.extend_from_slice(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    out.push(b'"');
}

/// A number of at least so many digits.
fn number(out: &mut Vec<u8>, mut value: u64, least: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    while value > 0 || digits.len() - first < least {
        first -= 1;
        digits[first] = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
    }
    out.extend_from_slice(&digits[first..]);
}

/// To the microsecond, in UTC.
fn instant(out: &mut Vec<u8>, at: DateTime<Utc>) {
    let Ok(year @ 0..=9999) = u64::try_from(at.year()) else {
        // A Vec takes every write.
        let _ = out.write_all(at.to_rfc3339_opts(SecondsFormat::Micros, true).as_bytes());
        return;
    };
    number(out, year, 4);
    for (mark, value) in
        [(b'-', at.month()), (b'-', at.day()), (b'T', at.hour()), (b':', at.minute()), (b':', at.second())]
    {
        out.push(mark);
        number(out, value.into(), 2);
    }
    out.push(b'.');
    number(out, (at.nanosecond() / 1000).into(), 6);
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_a_canonical_serialiser_writes(
            actor in ".*", id in ".{0,9}", kind in "[A-Za-z\"\\\\\u{0}-\u{1f}é😀]*", sequence in 0u64..1 << 53,
            ids in any::<[u128; 4]>(), caused in any::<bool>(), micros in -62_000_000_000_000_000i64..300_000_000_000_000_000,
        ) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let [causation, command, correlation, event] = ids.map(Uuid::from_u128);
            let causation = caused.then_some(causation);
            let envelope = Envelope {
                actor: actor.as_bytes(), aggregate_id: id.as_bytes(), aggregate_type: kind.as_bytes(),
                causation_id: causation, command_id: command, correlation_id: correlation, event_id: event,
                event_type: kind.as_bytes(), event_version: b"1", metadata: b"{}",
                payload: r#"{"a":[1,"é"]}"#.as_bytes(), recorded_at: at, sequence,
            };
            let expected = serde_json_canonicalizer::to_string(&json!({
                "actor": actor, "aggregate_id": id, "aggregate_type": kind, "causation_id": causation,
                "command_id": command, "correlation_id": correlation, "event_id": event,
                "event_type": kind, "event_version": "1", "metadata": {}, "payload": { "a": [1, "é"] },
                "recorded_at": at.to_rfc3339_opts(SecondsFormat::Micros, true), "sequence": sequence,
            }))
            .unwrap();
            prop_assert_eq!(String::from_utf8(envelope.canonical()).unwrap(), expected);
        }
    }
}
