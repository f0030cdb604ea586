//! Reading the log for verification: PostgreSQL's binary COPY, hashed where it lies.

use bytes::Bytes;
use chrono::DateTime;
use futures::{TryStreamExt, stream::BoxStream};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::log::envelope::Envelope;
use crate::log::hashing::{self, Hash};

/// The columns in the order they are read: all of the table's in its own order, which PostgreSQL hands
/// over without putting rows together anew.
const COLUMNS: &str = "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, event_id, recorded_at, actor, command_id, correlation_id, causation_id, leaf, chain";

/// The format's signature, its flags and the length of its header's extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Microseconds between 1970, from which we count, and 2000, from which PostgreSQL does.
const EPOCH: i64 = 946_684_800_000_000;

/// An event as it was read, with its leaf recomputed.
pub(super) struct Event {
    pub(super) position: u64,
    recomputed: Hash,
    pub(super) leaf: Hash,
    pub(super) chain: Hash,
}

impl Event {
    pub(super) fn is_what_was_hashed(&self) -> bool {
        self.recomputed == self.leaf
    }
}

/// Events on their way.
pub(super) struct Events<'c> {
    chunks: BoxStream<'c, Result<Bytes, sqlx::Error>>,
    begun: bool,
    canonical: Vec<u8>,
}

/// The events after a position through another, in order.
pub(super) async fn events(
    connection: &mut PgConnection,
    after: u64,
    through: u64,
) -> Result<Events<'_>, sqlx::Error> {
    let query = format!(
        "COPY (SELECT {COLUMNS} FROM public.events WHERE position > {after} AND position <= {through} \
         ORDER BY position) TO STDOUT (FORMAT binary)"
    );
    let chunks = connection.copy_out_raw(&query).await?;
    Ok(Events { chunks, begun: false, canonical: Vec::with_capacity(4096) })
}

impl Events<'_> {
    /// The next one. PostgreSQL sends a message per row; the first one also holds the header.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, sqlx::Error> {
        while let Some(chunk) = self.chunks.try_next().await? {
            let mut row = &chunk[..];
            if !self.begun {
                row = row.strip_prefix(HEADER).ok_or_else(malformed)?;
                self.begun = true;
            }
            // A header that came alone, or the trailer.
            if row.is_empty() || row == [0xff, 0xff] {
                continue;
            }
            return self.decode(row).ok_or_else(malformed).map(Some);
        }
        Ok(None)
    }

    /// Reads to the end: only then can the connection be used again.
    pub(super) async fn skip_the_rest(&mut self) -> Result<(), sqlx::Error> {
        while self.chunks.try_next().await?.is_some() {}
        Ok(())
    }

    fn decode(&mut self, row: &[u8]) -> Option<Event> {
        let mut fields = Fields(row.strip_prefix(&[0, 16])?);
        let position = fields.number()?.unsigned_abs();
        let (aggregate_type, aggregate_id) = (fields.text()?, fields.text()?);
        let sequence = fields.number()?.unsigned_abs();
        let (event_type, event_version) = (fields.text()?, fields.text()?);
        let (payload, metadata) = (fields.text()?, fields.text()?);
        let event_id = fields.uuid()?;
        let recorded_at = DateTime::from_timestamp_micros(fields.number()?.checked_add(EPOCH)?)?;
        let actor = fields.text()?;
        let (command_id, correlation_id) = (fields.uuid()?, fields.uuid()?);
        let causation_id = match fields.next()? {
            Some(bytes) => Some(Uuid::from_slice(bytes).ok()?),
            None => None,
        };
        let envelope = Envelope {
            actor,
            aggregate_id,
            aggregate_type,
            causation_id,
            command_id,
            correlation_id,
            event_id,
            event_type,
            event_version,
            metadata,
            payload,
            recorded_at,
            sequence,
        };
        self.canonical.clear();
        envelope.write(&mut self.canonical);
        // A stored hash of another length is one that does not match.
        let mut hash = || Some(Hash::try_from(fields.next()??).unwrap_or_default());
        let (leaf, chain) = (hash()?, hash()?);
        Some(Event { position, recomputed: hashing::leaf(&self.canonical), leaf, chain })
    }
}

fn malformed() -> sqlx::Error {
    sqlx::Error::Protocol("an answer to COPY that is none".into())
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field; within it none for NULL.
    fn next(&mut self) -> Option<Option<&'a [u8]>> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.0 = rest;
            return Some(None);
        };
        let (field, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Some(field))
    }

    fn number(&mut self) -> Option<i64> {
        Some(i64::from_be_bytes(self.next()??.try_into().ok()?))
    }

    fn uuid(&mut self) -> Option<Uuid> {
        Uuid::from_slice(self.next()??).ok()
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        self.next()?
    }
}
