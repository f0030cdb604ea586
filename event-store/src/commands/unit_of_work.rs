//! A unit of work: the streams one decision reads and writes, with the versions it saw.
//!
//! States come from a cache and are never trusted: the append checks every version, and a
//! decision taken on a cached state that the log has left behind is taken again on a fresh one.

use std::{
    any::Any,
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use cqrs_es::Aggregate;
use lru::LruCache;
use serde_json::value::RawValue;

use crate::append::request::{Append, CommandMeta, NewEvent, StreamAppend, StreamId};
use crate::event_log::{EventLog, LogError};

type State = Arc<dyn Any + Send + Sync>;

/// Recently used aggregate states of this process, all of one history of the log.
#[derive(Debug)]
pub struct AggregateCache {
    states: Mutex<States>,
}

#[derive(Debug)]
struct States {
    history: u64,
    of: LruCache<StreamId, (u64, State)>,
}

impl AggregateCache {
    /// A cache of at most `capacity` states.
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self { states: Mutex::new(States { history: 0, of: LruCache::new(capacity) }) }
    }

    fn get(&self, stream: &StreamId, history: u64) -> Option<(u64, State)> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.history < history {
            // The log is another one than these states were made of.
            states.history = history;
            states.of.clear();
        }
        let is_current = states.history == history;
        states.of.get(stream).filter(|_| is_current).cloned()
    }

    fn put(&self, stream: StreamId, version: u64, state: State, history: u64) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.history == history && states.of.peek(&stream).is_none_or(|(known, _)| *known < version) {
            states.of.put(stream, (version, state));
        }
    }
}

struct Stream {
    /// The version the decision saw.
    seen: u64,
    state: State,
    events: Vec<NewEvent>,
}

/// The streams of one decision.
pub struct UnitOfWork<'a> {
    log: &'a EventLog,
    cache: &'a AggregateCache,
    /// The history of the log it decides on.
    history: u64,
    /// Whether cached states are brought up to date before use.
    fresh: bool,
    used_cache: bool,
    streams: HashMap<StreamId, Stream>,
    order: Vec<StreamId>,
}

impl<'a> UnitOfWork<'a> {
    /// An empty unit. A `fresh` one reads what the log has beyond the cache.
    pub fn new(log: &'a EventLog, cache: &'a AggregateCache, fresh: bool) -> Self {
        let (history, streams, order) = (log.history(), HashMap::new(), Vec::new());
        Self { log, cache, history, fresh, used_cache: false, streams, order }
    }

    /// Whether some state came from the cache without asking the log.
    pub fn used_cache(&self) -> bool {
        self.used_cache
    }

    /// Loads aggregates of one type; one that has no events yet is its default.
    ///
    /// # Errors
    /// The log cannot be read or decoded.
    pub async fn load<A>(&mut self, ids: impl IntoIterator<Item = String>) -> Result<(), LogError>
    where
        A: Aggregate + Clone + 'static,
    {
        let mut wanted = Vec::new();
        let mut states: HashMap<StreamId, (u64, A)> = HashMap::new();
        let mut asked = HashSet::new();
        for id in ids {
            let stream = StreamId::new(A::TYPE, id);
            if self.streams.contains_key(&stream) || !asked.insert(stream.clone()) {
                continue;
            }
            match self.cache.get(&stream, self.history) {
                Some((version, state)) if !self.fresh => {
                    self.used_cache = true;
                    self.streams.insert(stream, Stream { seen: version, state, events: vec![] });
                }
                Some((version, state)) => {
                    let state = state.downcast_ref::<A>().cloned().unwrap_or_default();
                    wanted.push((stream.clone(), version));
                    states.insert(stream, (version, state));
                }
                None => {
                    wanted.push((stream.clone(), 0));
                    states.insert(stream, (0, A::default()));
                }
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        for recorded in self.log.load_streams(wanted).await? {
            let event = self.log.upcasters().decode::<A::Event>(&recorded)?;
            if let Some((version, state)) = states.get_mut(&recorded.stream) {
                state.apply(event);
                *version = recorded.sequence;
            }
        }
        for (stream, (version, state)) in states {
            let state: State = Arc::new(state);
            self.cache.put(stream.clone(), version, state.clone(), self.history);
            self.streams.insert(stream, Stream { seen: version, state, events: vec![] });
        }
        Ok(())
    }

    /// A loaded aggregate; its default when it was not loaded.
    pub fn get<A>(&self, id: &str) -> Arc<A>
    where
        A: Aggregate + Clone + 'static,
    {
        let stream = self.streams.get(&StreamId::new(A::TYPE, id));
        stream.and_then(|s| s.state.clone().downcast().ok()).unwrap_or_default()
    }

    /// Records decided events: the state moves on, and the append will write them.
    ///
    /// # Errors
    /// When an event cannot be JSON.
    pub fn record<A>(&mut self, id: &str, events: Vec<A::Event>) -> Result<(), serde_json::Error>
    where
        A: Aggregate + Clone + 'static,
    {
        let stream_id = StreamId::new(A::TYPE, id);
        let mut state = A::clone(&self.get::<A>(id));
        let stream = self.streams.entry(stream_id.clone()).or_insert_with(|| Stream {
            seen: 0,
            state: Arc::new(A::default()),
            events: vec![],
        });
        if stream.events.is_empty() && !events.is_empty() {
            self.order.push(stream_id);
        }
        for event in events {
            stream.events.push(NewEvent::of(&event)?);
            state.apply(event);
        }
        stream.state = Arc::new(state);
        Ok(())
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The append of everything recorded, and the states to keep when it succeeds.
    pub(crate) fn finish(
        mut self,
        meta: CommandMeta,
        outcome: Box<RawValue>,
        metadata: &RawValue,
    ) -> Result<(Append, Written), serde_json::Error> {
        let mut written = Vec::with_capacity(self.order.len());
        let mut streams = Vec::with_capacity(self.order.len());
        for stream in std::mem::take(&mut self.order) {
            if let Some(Stream { seen, state, events }) = self.streams.remove(&stream) {
                written.push((stream.clone(), seen + events.len() as u64, state));
                streams.push(StreamAppend { stream, expected: seen, events });
            }
        }
        let reads = if streams.is_empty() {
            // A rejection writes nothing: there is nothing to protect.
            vec![]
        } else {
            self.streams.into_iter().map(|(stream, s)| (stream, s.seen)).collect()
        };
        let mut append = Append::new(meta, outcome, reads, streams, metadata)?;
        append.history = Some(self.history);
        Ok((append, Written { states: written, history: self.history }))
    }
}

/// The states of the streams an append writes.
pub(crate) struct Written {
    states: Vec<(StreamId, u64, State)>,
    history: u64,
}

impl Written {
    /// Keeps them for the next decision.
    pub fn keep(self, cache: &AggregateCache) {
        for (stream, version, state) in self.states {
            cache.put(stream, version, state, self.history);
        }
    }
}
