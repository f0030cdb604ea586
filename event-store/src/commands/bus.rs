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

use crate::append::request::{Append, AppendError, CommandMeta, StreamId};
use crate::commands::unit_of_work::{AggregateCache, UnitOfWork};
use crate::event_log::{EventLog, LogError};
use crate::log::canonical::canonical_json;

/// How often a decision is taken at the most before the caller is told of the conflict.
const ATTEMPTS: u32 = 12;

/// How many aggregate states this process remembers.
const CACHED: NonZeroUsize = NonZeroUsize::new(50_000).unwrap();

/// What a command results in; stored with it for ever.
pub trait Outcome: Serialize + DeserializeOwned + Send {
    /// Whether nothing came of it. A rejection decided on a cached state is decided again on a
    /// fresh one before anybody hears of it.
    fn is_rejection(&self) -> bool;
}

/// A decision: loads what it needs into the unit of work, decides, and records events there. It
/// may be asked several times, when a race was lost.
pub trait Decide: Sync {
    /// What it results in.
    type Outcome: Outcome;

    /// Decides once.
    fn decide<'w>(
        &'w self,
        work: &'w mut UnitOfWork<'_>,
    ) -> BoxFuture<'w, Result<Self::Outcome, CommandError>>;
}

/// A command that was decided, now or before.
#[derive(Debug, Clone)]
pub struct Executed<O> {
    /// Its first outcome.
    pub outcome: O,
    /// The log position that shows its effect.
    pub position: u64,
    /// Whether it had been decided before.
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
    /// The key of what it is about was destroyed.
    #[error("the data were erased")]
    Erased,
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
    /// Those that lost a race for a stream take turns: deciding all at once again, one would win and the
    /// others lose once more.
    lanes: [Mutex<()>; u64::BITS as usize],
}

impl CommandBus {
    /// Loaded aggregates to look at, without deciding anything.
    pub fn look(&self) -> UnitOfWork<'_> {
        UnitOfWork::new(&self.log, &self.cache, false)
    }

    /// A bus on a log.
    pub fn new(log: EventLog) -> Self {
        let lanes = std::array::from_fn(|_| Mutex::new(()));
        Self { log, cache: AggregateCache::new(CACHED), lanes }
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Waits for the turn in lanes. Everybody takes them in the same order, and all at once.
    async fn take_turns(&self, lanes: u64) -> Vec<MutexGuard<'_, ()>> {
        let mut turns = vec![];
        for (number, lane) in self.lanes.iter().enumerate() {
            if lanes >> number & 1 == 1 {
                turns.push(lane.lock().await);
            }
        }
        turns
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
    ) -> Result<Executed<D::Outcome>, CommandError> {
        let no_metadata = RawValue::from_string("{}".to_owned())?;
        let mut fresh = false;
        let mut turns = vec![];
        let mut last = CommandError::Conflict;
        for attempt in 0..ATTEMPTS {
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
                    return Ok(Executed { outcome, position: receipt.position, repeated: false, streams });
                }
                Err(AppendError::AlreadyDecided { outcome, position }) => {
                    let outcome = serde_json::from_str(outcome.get())?;
                    return Ok(Executed { outcome, position, repeated: true, streams: vec![] });
                }
                Err(AppendError::CommandReused) => return Err(CommandError::CommandReused),
                Err(AppendError::Conflict) => {
                    fresh = true;
                    last = CommandError::Conflict;
                    if turns.is_empty() {
                        turns = self.take_turns(lanes).await;
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

/// The lanes of the streams a command writes, a bit for each.
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
