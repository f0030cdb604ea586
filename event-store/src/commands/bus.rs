//! The command bus: decide on loaded streams, append, and decide again when a race was lost.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroUsize,
    time::Duration,
};

use futures::future::BoxFuture;
use rand::Rng;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tokio::sync::{Mutex, MutexGuard};

use super::{
    aggregate_cache::AggregateCache,
    unit_of_work::{NotLoaded, RecordError, UnitOfWork},
};
use crate::{
    append::request::{Append, AppendError, CommandMeta},
    event_log::{EventLog, LogError},
    log::{canonical::canonical_json, event::StreamId},
};

/// How often a command is decided at most before its caller is told of the conflict.
const MAX_ATTEMPTS: u32 = 12;

/// How many aggregate states this process caches.
const CACHE_SIZE: NonZeroUsize = NonZeroUsize::new(50_000).unwrap();

/// The outcome of a command; stored with it for ever.
pub trait Outcome: Serialize + DeserializeOwned + Send {
    /// Whether the command was refused. A rejection decided on a cached state is decided again on a
    /// fresh one before the caller gets it.
    fn is_rejection(&self) -> bool;
}

/// A decision: loads what it needs into the unit of work, decides, and records events there. It
/// may be asked several times, when a race was lost.
pub trait Decide: Sync {
    /// Its outcome.
    type Outcome: Outcome;

    /// Decides once.
    fn decide<'w>(
        &'w self,
        work: &'w mut UnitOfWork<'_>,
    ) -> BoxFuture<'w, Result<Self::Outcome, CommandError>>;
}

/// A command that was decided, now or before.
#[derive(Debug, Clone)]
pub struct Execution<O> {
    /// Its first outcome.
    pub outcome: O,
    /// The log position that shows its effect.
    pub position: u64,
    /// Whether it had been decided before, by an earlier request with the same id.
    pub repeated: bool,
    /// The streams it wrote to; not known of one that had been decided before.
    pub streams: Vec<StreamId>,
}

/// A command that was not decided.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The streams kept changing.
    #[error("the data kept changing")]
    Conflict,
    /// The command id was used for another request.
    #[error("the command id was used for another request")]
    CommandReused,
    /// The database cannot be reached: the same command id may be sent again.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A stored event or outcome cannot be read or written.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// The key of the data it is about was destroyed.
    #[error("the data were erased")]
    Erased,
    /// The decision used an aggregate that it had not loaded: a fault of the program. Nothing was appended.
    #[error(transparent)]
    NotLoaded(#[from] NotLoaded),
}

impl From<RecordError> for CommandError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::NotLoaded(error) => Self::NotLoaded(error),
            RecordError::Json(error) => error.into(),
        }
    }
}

impl From<LogError> for CommandError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Database(error) => Self::Unavailable(error.to_string()),
            LogError::Decode(error) => Self::Unreadable(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Executes commands on a log.
#[derive(Debug)]
pub struct CommandBus {
    log: EventLog,
    cache: AggregateCache,
    /// Commands that lost a race for a stream retry one after the other, a lane per hash of the stream: if
    /// all retried at once, one would win and the others would lose again.
    retry_lanes: [Mutex<()>; u64::BITS as usize],
}

impl CommandBus {
    /// A unit of work to read aggregates with, without a decision.
    pub fn read_only(&self) -> UnitOfWork<'_> {
        UnitOfWork::new(&self.log, &self.cache, false)
    }

    /// A bus on a log.
    pub fn new(log: EventLog) -> Self {
        let retry_lanes = std::array::from_fn(|_| Mutex::new(()));
        Self { log, cache: AggregateCache::new(CACHE_SIZE), retry_lanes }
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Locks the retry lanes in ascending order, so that two commands cannot deadlock.
    async fn lock_lanes(&self, lanes: u64) -> Vec<MutexGuard<'_, ()>> {
        let mut locked = vec![];
        for (number, lane) in self.retry_lanes.iter().enumerate() {
            if lanes >> number & 1 == 1 {
                locked.push(lane.lock().await);
            }
        }
        locked
    }

    /// Runs a decision and appends what it recorded, with its outcome, in one step. Lost races
    /// are decided again, a bounded number of times and with jitter; an append of unknown fate is
    /// sent again under the same command id, which the command log makes safe.
    ///
    /// # Errors
    /// The command was not decided; nothing of it is in the log, unless `Unavailable` says that
    /// nobody knows: the same command id again tells.
    pub async fn execute<D: Decide>(
        &self,
        meta: CommandMeta,
        decision: &D,
    ) -> Result<Execution<D::Outcome>, CommandError> {
        let no_metadata = RawValue::from_string("{}".to_owned())?;
        let mut fresh = false;
        let mut locked_lanes = vec![];
        let mut last = CommandError::Conflict;
        for attempt in 0..MAX_ATTEMPTS {
            if attempt > 1 {
                tokio::time::sleep(backoff(attempt, &last)).await;
            }
            let mut work = UnitOfWork::new(&self.log, &self.cache, fresh);
            let outcome = match decision.decide(&mut work).await {
                Err(error @ CommandError::Unavailable(_)) => {
                    last = error;
                    continue;
                }
                decided => decided?,
            };
            if outcome.is_rejection() && work.used_cache() {
                fresh = true;
                continue;
            }
            let stored = canonical_json(&outcome)?;
            let (append, written) = work.finish(meta.clone(), stored, &no_metadata)?;
            let lanes = lanes_of(&append);
            let streams = append.writes.iter().map(|(stream, _)| stream.clone()).collect();
            match self.log.append(append).await {
                Ok(receipt) => {
                    written.keep(&self.cache);
                    return Ok(Execution { outcome, position: receipt.position, repeated: false, streams });
                }
                Err(AppendError::AlreadyDecided { outcome, position }) => {
                    let outcome = serde_json::from_str(outcome.get())?;
                    return Ok(Execution { outcome, position, repeated: true, streams: vec![] });
                }
                Err(AppendError::CommandReused) => return Err(CommandError::CommandReused),
                Err(AppendError::Conflict) => {
                    fresh = true;
                    last = CommandError::Conflict;
                    if locked_lanes.is_empty() {
                        locked_lanes = self.lock_lanes(lanes).await;
                    }
                }
                Err(AppendError::Unavailable(error)) => {
                    fresh = true;
                    last = CommandError::Unavailable(error);
                }
            }
        }
        Err(last)
    }
}

/// The retry lanes of the streams a command writes, a bit for each.
fn lanes_of(append: &Append) -> u64 {
    let lane = |stream: &StreamId| {
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        hasher.finish() % u64::from(u64::BITS)
    };
    append.writes.iter().fold(0, |lanes, (stream, _)| lanes | 1 << lane(stream))
}

/// Full jitter: short for lost races, longer while the database is away.
fn backoff(attempt: u32, after: &CommandError) -> Duration {
    let base = if matches!(after, CommandError::Conflict) { 1 } else { 20 };
    let ceiling = (base << attempt.min(8)).min(2_000);
    Duration::from_millis(rand::rng().random_range(0..=ceiling))
}
