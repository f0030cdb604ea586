//! A unit of work: the streams one decision reads and writes, with the versions it saw.
//!
//! States come from a cache and are never trusted: the append checks every version, and a decision taken
//! on a cached state that the log has left behind is taken again on a fresh one. What the decision did not
//! load has no version that the append could check, so asking for it is an error.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cqrs_es::Aggregate;
use serde_json::value::RawValue;

use super::aggregate_cache::{AggregateCache, State};
use crate::{
    append::request::{Append, CommandMeta, NewEvent, StreamAppend},
    event_log::{EventLog, LogError},
    log::event::StreamId,
};

/// A decision used an aggregate that it had not loaded: a fault of the program, never of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the decision uses {0}, which it has not loaded")]
pub struct NotLoaded(pub StreamId);

/// A decision's events cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Their stream was not loaded.
    #[error(transparent)]
    NotLoaded(#[from] NotLoaded),
    /// One of them cannot be JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
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
    /// The streams with recorded events, in the order they were first written.
    written: Vec<StreamId>,
}

impl<'a> UnitOfWork<'a> {
    /// An empty unit. A `fresh` one reads what the log has beyond the cache.
    pub fn new(log: &'a EventLog, cache: &'a AggregateCache, fresh: bool) -> Self {
        let (history, streams, written) = (log.history(), HashMap::new(), Vec::new());
        Self { log, cache, history, fresh, used_cache: false, streams, written }
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
            let cached = self.cache.get(&stream, self.history);
            let cached = cached.and_then(|(version, state)| Some((version, state.downcast::<A>().ok()?)));
            match cached {
                Some((version, state)) if !self.fresh => {
                    self.used_cache = true;
                    self.streams.insert(stream, Stream { seen: version, state, events: vec![] });
                }
                Some((version, state)) => {
                    wanted.push((stream.clone(), version));
                    states.insert(stream, (version, A::clone(&state)));
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

    /// A loaded aggregate, with the events recorded so far.
    ///
    /// # Errors
    /// It was not loaded.
    pub fn get<A>(&self, id: &str) -> Result<Arc<A>, NotLoaded>
    where
        A: Aggregate + Clone + 'static,
    {
        let stream = StreamId::new(A::TYPE, id);
        let state = self.streams.get(&stream).and_then(|loaded| loaded.state.clone().downcast().ok());
        state.ok_or(NotLoaded(stream))
    }

    /// Records decided events: the state moves on, and the append will write them.
    ///
    /// # Errors
    /// The aggregate was not loaded, or an event cannot be JSON.
    pub fn record<A>(&mut self, id: &str, events: Vec<A::Event>) -> Result<(), RecordError>
    where
        A: Aggregate + Clone + 'static,
    {
        let mut state = A::clone(&*self.get::<A>(id)?);
        let stream_id = StreamId::new(A::TYPE, id);
        let Some(stream) = self.streams.get_mut(&stream_id) else { return Err(NotLoaded(stream_id).into()) };
        if stream.events.is_empty() && !events.is_empty() {
            self.written.push(stream_id);
        }
        for event in events {
            stream.events.push(NewEvent::from_domain(&event)?);
            state.apply(event);
        }
        stream.state = Arc::new(state);
        Ok(())
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// The append of everything recorded, and the states to keep when it succeeds.
    pub(crate) fn finish(
        mut self,
        meta: CommandMeta,
        outcome: Box<RawValue>,
        metadata: &RawValue,
    ) -> Result<(Append, StatesAfterAppend), serde_json::Error> {
        let mut states = Vec::with_capacity(self.written.len());
        let mut streams = Vec::with_capacity(self.written.len());
        for stream in std::mem::take(&mut self.written) {
            if let Some(Stream { seen, state, events }) = self.streams.remove(&stream) {
                states.push((stream.clone(), seen + events.len() as u64, state));
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
        Ok((append, StatesAfterAppend { states, history: self.history }))
    }
}

/// The states of the streams an append writes.
pub(crate) struct StatesAfterAppend {
    states: Vec<(StreamId, u64, State)>,
    history: u64,
}

impl StatesAfterAppend {
    /// Keeps them for the next decision.
    pub fn keep(self, cache: &AggregateCache) {
        for (stream, version, state) in self.states {
            cache.put(stream, version, state, self.history);
        }
    }
}
