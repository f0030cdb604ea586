//! A batch on its way: where each of its events comes to lie, and what is known of its streams.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
};

use lru::LruCache;

use super::{Job, statement::Columns};
use crate::append::request::StreamId;
use crate::log::hashing::{self, Hash};

/// How many streams' versions are remembered.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(50_000).unwrap();

/// The log as this process last saw it end, which the database checks under its lock: as long as the
/// log ends there, nobody else has appended, and the versions are certain.
pub(super) struct Known {
    /// The end; none until the database told.
    tip: Option<(u64, Hash)>,
    versions: LruCache<StreamId, u64>,
}

impl Known {
    /// Nothing yet.
    pub(super) fn nothing() -> Self {
        Self { tip: None, versions: LruCache::new(REMEMBERED) }
    }

    /// Where the log ends; where nobody told, the end that is known to last.
    pub(super) fn tip(&mut self, durable: (u64, Hash)) -> (u64, Hash) {
        *self.tip.get_or_insert(durable)
    }

    /// The end is another one, or not known any more.
    pub(super) fn forget(&mut self, tip: Option<(u64, Hash)>) {
        self.tip = tip;
        self.versions.clear();
    }

    /// What is known of a stream contradicts a decision on it.
    fn doubt(&mut self, stream: &StreamId) {
        self.versions.pop(stream);
    }

    /// A batch was appended.
    pub(super) fn learn(&mut self, after: After<'_>) {
        self.tip = Some(after.end);
        for (stream, version) in after.read.into_iter().chain(after.written) {
            match self.versions.get_mut(stream) {
                Some(known) => *known = version,
                None => drop(self.versions.put(stream.clone(), version)),
            }
        }
    }
}

/// A batch laid out behind the known end of the log.
pub(super) struct Layout<'a> {
    pub(super) columns: Columns<'a>,
    /// Commands that are behind what is known, or behind another one of the batch.
    pub(super) conflicts: HashSet<usize>,
    pub(super) after: After<'a>,
}

/// What is so once a batch is appended.
pub(super) struct After<'a> {
    read: Vec<(&'a StreamId, u64)>,
    written: HashMap<&'a StreamId, u64>,
    pub(super) end: (u64, Hash),
}

impl<'a> Layout<'a> {
    /// Lays it out; new streams are looked up too when in doubt.
    pub(super) fn new(
        batch: &'a [Job],
        (mut position, mut chain): (u64, Hash),
        known: &mut Known,
        doubtful: bool,
    ) -> Self {
        let mut columns = Columns::default();
        let (mut read, mut written) = (Vec::new(), HashMap::<&StreamId, u64>::with_capacity(batch.len()));
        let mut conflicts = HashSet::new();
        let mut checks = Vec::new();
        for (index, Job { append, .. }) in batch.iter().enumerate() {
            checks.clear();
            let reads = append.reads.iter().map(|read| (read, false));
            let writes = append.writes.iter().map(|write| (write, true));
            let fits = reads.chain(writes).all(|((stream, expected), is_written)| {
                let version = written.get(stream).or_else(|| known.versions.get(stream));
                // One that is behind was written elsewhere: the database will say so.
                if version.is_none_or(|version| version < expected) {
                    checks.push((stream, *expected, is_written));
                }
                version.is_none_or(|version| version <= expected)
            });
            if !fits {
                // The version may be of what a crash or a restore took back: the next time the database says.
                append.reads.iter().chain(&append.writes).for_each(|(stream, _)| known.doubt(stream));
                conflicts.insert(index);
                continue;
            }
            for &(stream, expected, is_written) in &checks {
                // The first event of a stream that is not new is refused by its key.
                if !is_written || expected > 0 || doubtful {
                    columns.check(stream, expected, index);
                }
                read.push((stream, expected));
            }
            for event in &append.events {
                position += 1;
                chain = hashing::chain(&chain, position, &event.leaf);
                written.insert(&event.stream, event.sequence);
                columns.event(append, event, position, &chain);
            }
            columns.command(append, position);
        }
        Self { columns, conflicts, after: After { read, written, end: (position, chain) } }
    }
}
