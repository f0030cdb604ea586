//! The town as it was: the log up to a moment, folded by today's code in a database of its own, and
//! asked with the same queries as the town of today. The live database is only read.
//!
//! A past town is an embedded database in a folder of its own, thrown away after a while. Keys that
//! were destroyed since stay destroyed: what was erased is not seen in the past either.

mod difference;
mod effects;
mod folder;
mod moment;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use futures::{
    FutureExt, TryStreamExt,
    future::{BoxFuture, Shared},
};
use portail_event_store::Database;
use portail_projections::ProjectionStatus;
use sqlx::PgPool;
use tokio::sync::Semaphore;

pub use difference::{Difference, differences};
pub use effects::RowChange;
pub use moment::{Moment, MomentError};

use crate::{application::Application, clock::Clock, keys::Keys};
use folder::PastFolder;

/// How many past towns are kept: a difference needs two.
const KEPT: usize = 2;

/// How long a request waits for a past town.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long a past town is kept unasked.
const IDLE: Duration = Duration::from_secs(300);

/// A past town cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The moment is not one of this log.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// It is still being folded: ask again.
    #[error("the log is being replayed to position {0}: ask again in a while")]
    Unfinished(u64),
    /// Only queries can be asked of the past.
    #[error("the past can be asked, not changed")]
    NotAQuery,
    /// It cannot be made.
    #[error("the log cannot be replayed: {0}")]
    Failed(String),
}

impl ReplayError {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Moment(_) => "INVALID_MOMENT",
            Self::Unfinished(_) => "REPLAY_UNFINISHED",
            Self::NotAQuery => "NOT_A_QUERY",
            Self::Failed(_) => "REPLAY_FAILED",
        }
    }
}

impl From<sqlx::Error> for ReplayError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The town as it was at a position, with what answers for it: the schema of its screens.
pub struct PastTown<S> {
    position: u64,
    at: DateTime<Utc>,
    screens: S,
    application: Arc<Application>,
    /// How many keys were destroyed when it was made: one more, and it shows too much.
    erasures: i64,
}

impl<S> std::fmt::Debug for PastTown<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PastTown").field("position", &self.position).finish_non_exhaustive()
    }
}

impl<S> PastTown<S> {
    /// Folds the log of a live database up to a position, in a folder of its own below the town's
    /// data; `screens` makes what answers for it, `progress` hears how far it is.
    ///
    /// # Errors
    /// The live database cannot be read, or the embedded one not be started.
    pub async fn open(
        live: PgPool,
        keys: Keys,
        (position, at): (u64, DateTime<Utc>),
        data: &Path,
        screens: impl FnOnce(Arc<Application>) -> S,
        progress: impl Fn(u64, u64),
    ) -> Result<Self, ReplayError> {
        let failed = |e: &dyn std::fmt::Display| ReplayError::Failed(e.to_string());
        let folder = PastFolder::new(data).map_err(|e| failed(&e))?;
        let database = Database::scratch(folder).await.map_err(|e| failed(&e))?;
        copy_log(&live, database.pool(), 0, position).await?;
        copy(&live, database.pool(), "public.subject_key", "public.subject_key").await?;
        let erasures = destroyed(database.pool()).await?;
        let application =
            Application::open(&database, keys, Clock::standing_at(at)).await.map_err(|e| failed(&e))?;
        let engine = application.engine().clone();
        let projections = portail_projections::all();
        let names: Vec<&'static str> = projections.iter().map(|projection| projection.name()).collect();
        let folding = engine.catch_up();
        tokio::pin!(folding);
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tokio::select! {
                folded = &mut folding => break folded.map_err(|e| failed(&e))?,
                _ = tick.tick() => progress(engine.position(&names), position),
            }
        }
        let status = engine.status().await?;
        if let Some(ProjectionStatus { name, error, .. }) =
            status.into_iter().find(ProjectionStatus::is_stopped)
        {
            return Err(ReplayError::Failed(format!("{name}: {}", error.unwrap_or_default())));
        }
        let screens = screens(application.clone());
        Ok(Self { position, at, screens, application, erasures })
    }

    /// The last position it knows of.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Its clock when it was made.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The application over it.
    pub fn application(&self) -> &Arc<Application> {
        &self.application
    }

    /// What answers for it.
    pub fn screens(&self) -> &S {
        &self.screens
    }
}

/// Copies the log after a position through another.
async fn copy_log(live: &PgPool, past: &PgPool, after: u64, through: u64) -> Result<(), sqlx::Error> {
    let log = format!(
        "(SELECT * FROM public.events WHERE position > {after} AND position <= {through} ORDER BY position)"
    );
    copy(live, past, &log, "public.events").await?;
    // Where each command's events end, and which commands belong together: what they came to is not asked of
    // the past.
    let commands = format!(
        "(SELECT command_id, ''::bytea, 'null'::json, position, recorded_at FROM public.command_log \
          WHERE position > {after} AND position <= {through})"
    );
    copy(live, past, &commands, "public.command_log").await?;
    let relations = format!(
        "(SELECT r.* FROM public.command_relation r JOIN public.command_log c USING (command_id) \
          WHERE c.position > {after} AND c.position <= {through})"
    );
    copy(live, past, &relations, "public.command_relation").await
}

/// Copies a table, or what a query of it answers.
async fn copy(live: &PgPool, past: &PgPool, from: &str, into: &str) -> Result<(), sqlx::Error> {
    let mut source = live.acquire().await?;
    let mut rows = source.copy_out_raw(&format!("COPY {from} TO STDOUT (FORMAT binary)")).await?;
    let mut target = past.acquire().await?;
    let mut sink = target.copy_in_raw(&format!("COPY {into} FROM STDIN (FORMAT binary)")).await?;
    while let Some(chunk) = rows.try_next().await? {
        sink.send(chunk).await?;
    }
    sink.finish().await?;
    Ok(())
}

/// How many keys are destroyed.
async fn destroyed(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM subject_key WHERE destroyed_at IS NOT NULL")
        .fetch_one(pool)
        .await
}

/// Something on its way: whoever asks for it meanwhile waits for the same.
type PendingResult<T> = Shared<BoxFuture<'static, Result<Arc<T>, String>>>;

/// Folding a log is long work: it keeps a thread of its own busy, whoever waits for it.
fn on_its_own<T, W, F>(work: W) -> PendingResult<T>
where
    T: Send + Sync + 'static,
    W: FnOnce() -> F + Send + 'static,
    F: Future<Output = Result<Arc<T>, String>>,
{
    let runtime = tokio::runtime::Handle::current();
    let work = tokio::task::spawn_blocking(move || runtime.block_on(work()));
    async { work.await.unwrap_or_else(|e| Err(e.to_string())) }.boxed().shared()
}

/// What events changed, each by its position.
type Findings = Vec<(u64, PendingResult<Vec<RowChange>>)>;

struct Kept<S> {
    position: u64,
    asked: Instant,
    opening: PendingResult<PastTown<S>>,
}

/// The past towns of a running server.
pub struct Replays<S> {
    application: Arc<Application>,
    data: PathBuf,
    screens: Arc<dyn Fn(Arc<Application>) -> S + Send + Sync>,
    kept: Mutex<Vec<Kept<S>>>,
    found: Mutex<Findings>,
    /// One at a time: the machine also serves the town of today.
    turn: Arc<Semaphore>,
}

impl<S> std::fmt::Debug for Replays<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replays").finish_non_exhaustive()
    }
}

impl<S: Send + Sync + 'static> Replays<S> {
    /// The past towns of an application, below its data folder; `screens` makes what answers for one.
    pub fn new(
        application: Arc<Application>,
        data: PathBuf,
        screens: impl Fn(Arc<Application>) -> S + Send + Sync + 'static,
    ) -> Arc<Self> {
        if let Err(error) = folder::clear_away(&data) {
            tracing::warn!(%error, "what earlier past towns left cannot be cleared away");
        }
        let (kept, found) = (Mutex::default(), Mutex::default());
        let screens = Arc::new(screens);
        Arc::new(Self { application, data, screens, kept, found, turn: Arc::new(Semaphore::new(1)) })
    }

    /// The town at a moment: one that is kept, or a new one. Making it goes on when nobody waits any
    /// more.
    ///
    /// # Errors
    /// There is no such moment, it is not ready yet, or cannot be made.
    pub async fn at(&self, moment: &Moment) -> Result<Arc<PastTown<S>>, ReplayError> {
        let pool = self.application.pool();
        let (position, at) = moment.find(pool).await?;
        let erased = destroyed(pool).await?;
        let past = self.opened(position, at).await?;
        if past.erasures == erased {
            return Ok(past);
        }
        // Something was erased since: what it still shows is not to be seen.
        self.forget(position);
        self.opened(position, at).await
    }

    async fn opened(&self, position: u64, at: DateTime<Utc>) -> Result<Arc<PastTown<S>>, ReplayError> {
        let opening = self.opening(position, at);
        match tokio::time::timeout(PATIENCE, opening).await {
            Ok(Ok(past)) => Ok(past),
            Ok(Err(reason)) => {
                self.forget(position);
                Err(ReplayError::Failed(reason))
            }
            Err(_) => Err(ReplayError::Unfinished(position)),
        }
    }

    fn opening(&self, position: u64, at: DateTime<Utc>) -> PendingResult<PastTown<S>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter_mut().find(|kept| kept.position == position) {
            found.asked = Instant::now();
            return found.opening.clone();
        }
        let (application, turn) = (self.application.clone(), self.turn.clone());
        let (data, screens) = (self.data.clone(), self.screens.clone());
        let open = move || async move {
            let _turn = turn.acquire_owned().await.map_err(|e| e.to_string())?;
            let log = |done, all| tracing::debug!(done, all, "replay");
            let keys = application.keys().clone();
            let (pool, made) = (application.pool().clone(), |past| screens(past));
            let past = PastTown::open(pool, keys, (position, at), &data, made, log).await;
            past.map(Arc::new).map_err(|e| e.to_string())
        };
        let opening = on_its_own(open);
        if kept.len() >= KEPT
            && let Some(oldest) = (0..kept.len()).min_by_key(|at| kept[*at].asked)
        {
            kept.swap_remove(oldest);
        }
        kept.push(Kept { position, asked: Instant::now(), opening: opening.clone() });
        opening
    }

    /// What an event changed, found in a past town that is thrown away.
    ///
    /// # Errors
    /// It cannot be found out in the time a request has, or at all.
    pub async fn effects(&self, position: u64) -> Result<Arc<Vec<RowChange>>, ReplayError> {
        let (_, at) = Moment::Position(position).find(self.application.pool()).await?;
        match tokio::time::timeout(PATIENCE, self.finding(position, at)).await {
            Ok(Ok(changes)) => Ok(changes),
            Ok(Err(reason)) => {
                self.findings().retain(|(of, _)| *of != position);
                Err(ReplayError::Failed(reason))
            }
            Err(_) => Err(ReplayError::Unfinished(position)),
        }
    }

    fn findings(&self) -> std::sync::MutexGuard<'_, Findings> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finding(&self, position: u64, at: DateTime<Utc>) -> PendingResult<Vec<RowChange>> {
        let mut found = self.findings();
        if let Some((_, finding)) = found.iter().find(|(of, _)| *of == position) {
            return finding.clone();
        }
        let (application, turn) = (self.application.clone(), self.turn.clone());
        let data = self.data.clone();
        let find = move || async move {
            let _turn = turn.acquire_owned().await.map_err(|e| e.to_string())?;
            let (pool, keys) = (application.pool().clone(), application.keys().clone());
            let before = position.saturating_sub(1);
            let past = PastTown::open(pool.clone(), keys, (before, at), &data, |_| (), |_, _| ()).await;
            let past = past.map_err(|e| e.to_string())?;
            past.effects_of_next(pool).await.map(Arc::new).map_err(|e| e.to_string())
        };
        let finding = on_its_own(find);
        if found.len() >= KEPT {
            drop(found.remove(0));
        }
        found.push((position, finding.clone()));
        finding
    }

    fn forget(&self, position: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.position != position);
    }

    /// Lets go of what nobody asked for in a while, for as long as the server runs.
    pub async fn tidy(self: Arc<Self>) {
        let mut tick = tokio::time::interval(IDLE / 5);
        loop {
            tick.tick().await;
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|kept| kept.asked.elapsed() < IDLE);
            // What is still being found out is waited for.
            self.findings().retain(|(_, finding)| finding.peek().is_none());
        }
    }
}
