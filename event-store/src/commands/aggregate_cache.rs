//! Aggregate states this process has folded, so that the next decision does not read their streams again.

use std::{
    any::Any,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;

use crate::log::event::StreamId;

/// A folded aggregate of any type.
pub(super) type State = Arc<dyn Any + Send + Sync>;

/// The most recently used aggregate states, all of one history of the log.
#[derive(Debug)]
pub struct AggregateCache {
    states: Mutex<States>,
}

#[derive(Debug)]
struct States {
    history: u64,
    by_stream: LruCache<StreamId, (u64, State)>,
}

impl AggregateCache {
    /// A cache of at most `capacity` states.
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self { states: Mutex::new(States { history: 0, by_stream: LruCache::new(capacity) }) }
    }

    /// A stream's version and state in this history of the log, where they are known.
    pub(super) fn get(&self, stream: &StreamId, history: u64) -> Option<(u64, State)> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.history < history {
            // The log was restored or lost events: these states were folded from another one.
            states.history = history;
            states.by_stream.clear();
        }
        let is_current = states.history == history;
        states.by_stream.get(stream).filter(|_| is_current).cloned()
    }

    /// Keeps a state unless a newer version of it is known.
    pub(super) fn put(&self, stream: StreamId, version: u64, state: State, history: u64) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let known = states.by_stream.peek(&stream);
        if states.history == history && known.is_none_or(|(known, _)| *known < version) {
            states.by_stream.put(stream, (version, state));
        }
    }
}
