//! Leaves and the chain: what makes the log tamper-evident.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// What the first link is chained to: SHA-256 of `portail-famille event log v1`.
pub static GENESIS: std::sync::LazyLock<Hash> =
    std::sync::LazyLock::new(|| Sha256::digest(b"portail-famille event log v1").into());

/// All of an event but its position, with the keys in RFC 8785 order: serialised by `serde_json`
/// it is canonical, because payload and metadata are canonical already.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are the columns of the log")]
pub struct Envelope<'a> {
    pub actor: &'a str,
    pub aggregate_id: &'a str,
    pub aggregate_type: &'a str,
    pub causation_id: Option<Uuid>,
    pub command_id: Uuid,
    pub correlation_id: Uuid,
    pub event_id: Uuid,
    pub event_type: &'a str,
    pub event_version: &'a str,
    pub metadata: &'a RawValue,
    pub payload: &'a RawValue,
    #[serde(serialize_with = "microseconds")]
    pub recorded_at: DateTime<Utc>,
    pub sequence: u64,
}

fn microseconds<S: serde::Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// `SHA-256(0x00 || canonical envelope)`.
///
/// # Errors
/// Never for an envelope of text and numbers; the serialiser's error otherwise.
pub fn leaf(envelope: &Envelope<'_>) -> Result<Hash, serde_json::Error> {
    struct Sink(Sha256);
    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut sink = Sink(Sha256::new_with_prefix([0u8]));
    serde_json::to_writer(&mut sink, envelope)?;
    Ok(sink.0.finalize().into())
}

/// `SHA-256(0x01 || previous || position as 8 bytes, big-endian || leaf)`.
pub fn chain(previous: &Hash, position: u64, leaf: &Hash) -> Hash {
    let mut digest = Sha256::new_with_prefix([1u8]);
    digest.update(previous);
    digest.update(position.to_be_bytes());
    digest.update(leaf);
    digest.finalize().into()
}
