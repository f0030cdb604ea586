//! The catch-up engine: reads the log in order and advances every projection.
//!
//! A projection's row is its fence: it is advanced in the transaction that holds the row and
//! writes the read model, so effect and checkpoint commit together, on whichever node got there
//! first. Its position is always that of an event of the log, checked in the same transaction. Waking up:
//! the log's watch in this process, its notification for other nodes, a slow poll as a net.

mod advance;
mod error;
pub(crate) mod fault;
pub(crate) mod fold;
mod handle;
mod known_events;
mod prepare;
pub(crate) mod projection;
pub mod rebuild;
mod status;
pub(crate) mod storable;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use portail_event_store::{EventLog, LogError, Span, StreamId, Vault};
use sqlx::PgPool;
use tokio::{sync::watch, task::JoinHandle};

pub(crate) use advance::{put_aside, streams_aside};
pub use error::EngineError;
use handle::{At, Handle, Standing};
pub use status::{ProjectionStatus, SetAside, status};

use crate::engine::{
    fault::Fault,
    projection::{FoldContext, Projection},
};

/// How many positions one pass reads at the most.
pub(crate) const BATCH: u64 = 2_000;

/// The slow poll.
const NET: Duration = Duration::from_millis(500);

struct Shared {
    context: FoldContext,
    handles: Vec<Handle>,
}

impl Shared {
    fn pool(&self) -> &PgPool {
        self.context.log.database().pool()
    }

    /// Learns what other nodes and tools did.
    async fn refresh(&self) -> Result<(), sqlx::Error> {
        type Row = (String, i32, i64, String, bool);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT name, version, position, status, log_has(position, chain) FROM projection",
        )
        .fetch_all(self.pool())
        .await?;
        let aside: Vec<(String, i32, String, String)> =
            sqlx::query_as("SELECT name, version, aggregate_type, aggregate_id FROM projection_quarantine")
                .fetch_all(self.pool())
                .await?;
        let mut streams: HashMap<(String, i32), HashSet<StreamId>> = HashMap::new();
        for (name, version, kind, id) in aside {
            streams.entry((name, version)).or_default().insert(StreamId { kind: kind.into(), id });
        }
        for handle in &self.handles {
            let (name, own) = (handle.projection.name(), handle.projection.version());
            let of_name = rows.iter().filter(|(n, v, ..)| n == name && *v >= own);
            // A newer version is the one whose tables are served.
            let Some((_, version, position, status, fits)) = of_name.max_by_key(|(_, v, ..)| *v) else {
                continue;
            };
            let position = position.unsigned_abs();
            let at = handle.at.borrow().clone();
            let standing = match (*version > own, status == "live" && *fits) {
                (true, _) => Standing::Newer,
                (false, false) => Standing::Stopped,
                // Another node may have brought it past what this one cannot fold.
                (false, true) if position == at.position => match &at.standing {
                    Standing::Back(text) => Standing::Back(text.clone()),
                    Standing::Live | Standing::Stopped | Standing::Newer => Standing::Live,
                },
                (false, true) => Standing::Live,
            };
            if !fits && at.standing != Standing::Stopped {
                tracing::error!(
                    projection = name,
                    position,
                    "it stands where the log has no such event: run `portail rebuild {name}`"
                );
            }
            handle.set_aside(streams.remove(&(name.to_owned(), *version)).unwrap_or_default());
            handle.set(position, standing, position != at.position);
        }
        Ok(())
    }
}

/// The running engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Prepares the projections: makes the tables of new ones, builds the tables of new versions and of
    /// those that stand ahead of the log.
    ///
    /// # Errors
    /// The database failed, or tables that must be built cannot be.
    pub async fn prepare(
        log: EventLog,
        vault: Vault,
        projections: Vec<Box<dyn Projection>>,
    ) -> Result<Self, EngineError> {
        let context = FoldContext { log, vault };
        let mut handles = Vec::new();
        for projection in projections {
            let (position, standing) = prepare::prepare(&*projection, &context).await?;
            handles.push(Handle::new(projection, position, standing));
        }
        Ok(Self { shared: Arc::new(Shared { context, handles }) })
    }

    /// Starts following the log, until the handle is aborted.
    pub fn start(&self) -> JoinHandle<()> {
        let engine = self.clone();
        tokio::spawn(async move { engine.run().await })
    }

    /// Waits until the named projections have folded a position; whether they did in time. One that has
    /// stopped is not waited for.
    pub async fn wait_for(&self, names: &[&str], position: u64, limit: Duration) -> bool {
        self.wait(|handle| names.contains(&handle.projection.name()), position, limit).await
    }

    /// Waits until every projection has folded a position; whether they did in time. One that has stopped
    /// is not waited for.
    pub async fn wait_for_all(&self, position: u64, limit: Duration) -> bool {
        self.wait(|_| true, position, limit).await
    }

    async fn wait(&self, concerned: impl Fn(&Handle) -> bool, position: u64, limit: Duration) -> bool {
        let all = async {
            let mut reached = true;
            for handle in self.shared.handles.iter().filter(|h| concerned(h)) {
                let mut at = handle.at.subscribe();
                let goes_on = |at: &At| matches!(at.standing, Standing::Live | Standing::Newer);
                let done = at.wait_for(|at| at.position >= position || !goes_on(at)).await;
                reached &= done.is_ok_and(|at| at.position >= position);
            }
            reached
        };
        tokio::time::timeout(limit, all).await.unwrap_or(false)
    }

    /// The projections that do not show what was written to streams: they have stopped, or set one of the
    /// streams aside.
    pub fn hide(&self, streams: &[StreamId]) -> Vec<&'static str> {
        let reads = |handle: &&Handle| {
            streams.iter().any(|stream| handle.projection.reads().contains(&&*stream.kind))
        };
        let hides = |handle: &&Handle| {
            let standing = handle.at.borrow().standing.clone();
            matches!(standing, Standing::Stopped | Standing::Back(_)) || handle.has_aside(streams)
        };
        let hiding = self.shared.handles.iter().filter(reads).filter(hides);
        hiding.map(|handle| handle.projection.name()).collect()
    }

    /// The projections that wait here for a newer program, with what it has to fold.
    pub fn waiting(&self) -> Vec<(&'static str, String)> {
        let waiting = |handle: &Handle| match &handle.at.borrow().standing {
            Standing::Back(text) => Some((handle.projection.name(), text.clone())),
            Standing::Live | Standing::Stopped | Standing::Newer => None,
        };
        self.shared.handles.iter().filter_map(waiting).collect()
    }

    /// The position the named projections have all folded.
    pub fn position(&self, names: &[&str]) -> u64 {
        let of_names = self.shared.handles.iter().filter(|h| names.contains(&h.projection.name()));
        of_names.map(Handle::position).min().unwrap_or(0)
    }

    /// How often a projection's tables changed: a cache made at the same count is still good.
    pub fn effects(&self, name: &str) -> u64 {
        let handle = self.shared.handles.iter().find(|h| h.projection.name() == name);
        handle.map_or(0, Handle::effects)
    }

    /// A receiver that wakes when a projection advances.
    pub fn subscribe(&self, name: &str) -> Option<Wakeup> {
        let handle = self.shared.handles.iter().find(|h| h.projection.name() == name)?;
        Some(Wakeup(handle.at.subscribe()))
    }

    /// Where every projection stands.
    ///
    /// # Errors
    /// The database failed.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
        status(self.shared.pool()).await
    }

    /// Folds everything the log holds now; for tools and tests that do not start the loop.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn catch_up(&self) -> Result<(), LogError> {
        let head = self.shared.context.log.read_head().await?;
        while self.pass(head).await? {}
        Ok(())
    }

    async fn run(&self) {
        let mut head = self.shared.context.log.subscribe();
        let mut history = head.borrow().history;
        loop {
            let seen = *head.borrow_and_update();
            if seen.history != history {
                // The log is another one: so are the positions.
                history = seen.history;
                self.refresh().await;
                self.shared.handles.iter().for_each(Handle::touch);
            }
            match self.pass(seen.position).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, "the log cannot be read");
                    tokio::time::sleep(NET).await;
                }
            }
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(NET) => self.refresh().await,
            }
        }
    }

    async fn refresh(&self) {
        if let Err(error) = self.shared.refresh().await {
            tracing::debug!(%error, "positions cannot be read");
        }
    }

    /// One pass over the next stretch of the log; whether there may be more to do at once.
    async fn pass(&self, head: u64) -> Result<bool, LogError> {
        let due: Vec<&Handle> = self.shared.handles.iter().filter(|handle| handle.is_due(NET)).collect();
        let Some(after) = due.iter().map(|handle| handle.position()).min().filter(|at| *at < head) else {
            return Ok(false);
        };
        let span = Span { after, through: head.min(after + BATCH) };
        let events = self.shared.context.log.read_span(span, None).await?;
        let mut advanced = false;
        for handle in due {
            match self.shared.advance(handle, &events).await {
                Ok(moved) => advanced |= moved,
                Err(error) => {
                    handle.note_trouble(Fault::of(&error) == Fault::Unclear);
                    tracing::warn!(projection = handle.projection.name(), %error, "will try again");
                }
            }
        }
        Ok(advanced)
    }
}

/// Wakes when a projection advances.
#[derive(Debug)]
pub struct Wakeup(watch::Receiver<At>);

impl Wakeup {
    /// Where the projection stands now; the next wait is for what comes after.
    pub fn position(&mut self) -> u64 {
        self.0.borrow_and_update().position
    }

    /// Waits for it; whether the engine is still there.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}
