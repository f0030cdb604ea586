//! A batch laid out behind the known head: the position and chain hash of each event, and which stream
//! versions the database has to check.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
};

use lru::LruCache;

use super::statement::AppendCall;
use crate::{
    append::{append_key::AppendKey, job::Job},
    log::{durability::Place, event::StreamId, hashing},
};

/// How many streams' versions are remembered.
const MAX_VERSIONS: NonZeroUsize = NonZeroUsize::new(50_000).unwrap();

/// The log as this process last saw it end, which the database checks under its lock: as long as the
/// log ends there, nobody else has appended, and the versions are certain (decision 15).
pub(super) struct KnownLog {
    /// The head; none until the database told.
    head: Option<Place>,
    versions: LruCache<StreamId, u64>,
}

impl KnownLog {
    pub(super) fn new() -> Self {
        Self { head: None, versions: LruCache::new(MAX_VERSIONS) }
    }

    /// Where the log ends; `durable`, the durable head, until the database told.
    pub(super) fn head(&mut self, durable: Place) -> Place {
        *self.head.get_or_insert(durable)
    }

    /// The head is another one, or not known any more: no version is certain.
    pub(super) fn reset(&mut self, head: Option<Place>) {
        self.head = head;
        self.versions.clear();
    }

    /// Forgets the version of a stream that contradicts a decision on it.
    fn forget_version(&mut self, stream: &StreamId) {
        self.versions.pop(stream);
    }

    /// A batch was appended.
    pub(super) fn learn(&mut self, after: AfterBatch<'_>) {
        self.head = Some(after.head);
        for (stream, version) in after.read.into_iter().chain(after.written) {
            match self.versions.get_mut(stream) {
                Some(known) => *known = version,
                None => drop(self.versions.put(stream.clone(), version)),
            }
        }
    }
}

/// A batch laid out behind the known head.
pub(super) struct Layout<'a> {
    pub(super) call: AppendCall<'a>,
    /// Commands that decided on an older version than is known, or than another one of the batch writes.
    pub(super) conflicts: HashSet<usize>,
    pub(super) after: AfterBatch<'a>,
}

/// What is certain once a batch is appended.
pub(super) struct AfterBatch<'a> {
    read: Vec<(&'a StreamId, u64)>,
    written: HashMap<&'a StreamId, u64>,
    pub(super) head: Place,
}

impl<'a> Layout<'a> {
    /// Lays a batch out behind the head `before`, and seals its events with the key. New streams are checked too where `checks_new_streams`.
    pub(super) fn new(
        batch: &'a [Job],
        before: Place,
        key: &AppendKey,
        known: &mut KnownLog,
        checks_new_streams: bool,
    ) -> Self {
        let (mut position, mut chain) = before;
        let mut call = AppendCall::default();
        let (mut read, mut written) = (Vec::new(), HashMap::<&StreamId, u64>::with_capacity(batch.len()));
        let mut conflicts = HashSet::new();
        let mut checks = Vec::new();
        for (index, Job { append, .. }) in batch.iter().enumerate() {
            checks.clear();
            let reads = append.reads.iter().map(|read| (read, false));
            let writes = append.writes.iter().map(|write| (write, true));
            let fits = reads.chain(writes).all(|((stream, expected), is_written)| {
                let version = written.get(stream).or_else(|| known.versions.get(stream));
                // A version behind the expected one was written elsewhere: the database will say so.
                if version.is_none_or(|version| version < expected) {
                    checks.push((stream, *expected, is_written));
                }
                version.is_none_or(|version| version <= expected)
            });
            if !fits {
                // The version may be one that a crash or a restore took back: the next time the database checks it.
                append
                    .reads
                    .iter()
                    .chain(&append.writes)
                    .for_each(|(stream, _)| known.forget_version(stream));
                conflicts.insert(index);
                continue;
            }
            for &(stream, expected, is_written) in &checks {
                // The first event of a stream that is not new is refused by its key.
                if !is_written || expected > 0 || checks_new_streams {
                    call.check(stream, expected, index);
                }
                read.push((stream, expected));
            }
            for event in &append.events {
                position += 1;
                chain = hashing::chain(&chain, position, &event.leaf);
                written.insert(&event.stream, event.sequence);
                call.event(append, event, position, &chain);
            }
            call.command(append, position);
        }
        let head = (position, chain);
        if position > before.0 {
            call.seal(key.seal(before, head));
        }
        Self { call, conflicts, after: AfterBatch { read, written, head } }
    }
}
