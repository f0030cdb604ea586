//! The catch-up engine: reads the log in order and advances every projection.
//!
//! A projection's row is its fence: it is advanced in the transaction that holds the row and
//! writes the read model, so effect and checkpoint commit together, on whichever node got there
//! first. Waking up: the log's watch in this process, its notification for other nodes, a slow
//! poll as a net.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use portail_event_store::{EventLog, LogError, RecordedEvent, Span, Vault};
use sqlx::{Executor, PgPool};
use tokio::{sync::watch, task::JoinHandle};

use crate::projection::{
    FoldContext, FoldError, PoisonPolicy, Projection, code_hash, enter, install_indexes, install_tables,
    live_schema,
};

/// How many positions one pass reads at the most.
pub(crate) const BATCH: u64 = 2_000;

/// The slow poll.
const NET: Duration = Duration::from_millis(500);

/// A projection engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A fold changed without a new version: its tables may be wrong.
    #[error(
        "projection {name} v{version}: its code changed without a new version; raise the version, \
         or run `portail rebuild {name}`"
    )]
    CodeChanged {
        /// Which.
        name: &'static str,
        /// Its version.
        version: i32,
    },
}

/// Where a projection stands, for staff and health checks.
#[derive(Debug, Clone)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i32,
    /// The last position it has folded.
    pub position: u64,
    /// How many events it is behind.
    pub lag_events: u64,
    /// How old the first event it has not folded is, in seconds; 0 when it is up to date.
    pub lag_seconds: i64,
    /// `live`, `building`, `failed` or `retired`.
    pub status: String,
    /// Why it failed.
    pub error: Option<String>,
    /// How many streams are set aside.
    pub quarantined: i64,
}

struct Handle {
    projection: Box<dyn Projection>,
    position: watch::Sender<u64>,
    /// The last position that changed its tables, as far as this process knows.
    effect: AtomicU64,
    failed: std::sync::atomic::AtomicBool,
}

impl Handle {
    fn at(&self) -> u64 {
        *self.position.borrow()
    }

    fn advance(&self, to: u64, effect: bool) {
        if effect {
            self.effect.store(to, Ordering::Release);
        }
        self.position.send_if_modified(|at| {
            let moved = *at != to;
            *at = to;
            moved
        });
    }
}

struct Shared {
    context: FoldContext,
    handles: Vec<Handle>,
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
    /// Prepares the projections: makes the tables of new ones, builds the tables of new versions
    /// from the log, and refuses one whose code changed without a new version.
    ///
    /// # Errors
    /// The database failed, or a projection's code changed.
    pub async fn prepare(
        log: EventLog,
        vault: Vault,
        projections: Vec<Box<dyn Projection>>,
    ) -> Result<Self, EngineError> {
        let context = FoldContext { log, vault };
        let mut handles = Vec::new();
        for projection in projections {
            let position = prepare_one(&*projection, &context).await?;
            handles.push(Handle {
                projection,
                position: watch::channel(position).0,
                effect: AtomicU64::new(position),
                failed: false.into(),
            });
        }
        Ok(Self { shared: Arc::new(Shared { context, handles }) })
    }

    /// Starts following the log, until the handle is aborted.
    pub fn start(&self) -> JoinHandle<()> {
        let engine = self.clone();
        tokio::spawn(async move { engine.run().await })
    }

    /// Waits until the named projections have folded a position; whether they did in time.
    pub async fn wait_for(&self, names: &[&str], position: u64, limit: Duration) -> bool {
        self.wait(|handle| names.contains(&handle.projection.name()), position, limit).await
    }

    /// Waits until every projection has folded a position; whether they did in time.
    pub async fn wait_for_all(&self, position: u64, limit: Duration) -> bool {
        self.wait(|_| true, position, limit).await
    }

    async fn wait(&self, concerned: impl Fn(&Handle) -> bool, position: u64, limit: Duration) -> bool {
        let all = async {
            for handle in self.shared.handles.iter().filter(|h| concerned(h)) {
                let mut at = handle.position.subscribe();
                if at.wait_for(|p| *p >= position).await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(limit, all).await.unwrap_or(false)
    }

    /// The position the named projections have all folded.
    pub fn position(&self, names: &[&str]) -> u64 {
        let of_names = self.shared.handles.iter().filter(|h| names.contains(&h.projection.name()));
        of_names.map(Handle::at).min().unwrap_or(0)
    }

    /// The last position that changed a projection's tables: a cache made then is still good.
    pub fn last_effect(&self, name: &str) -> u64 {
        let handle = self.shared.handles.iter().find(|h| h.projection.name() == name);
        handle.map_or(0, |h| h.effect.load(Ordering::Acquire))
    }

    /// A receiver that wakes when a projection advances.
    pub fn subscribe(&self, name: &str) -> Option<watch::Receiver<u64>> {
        let handle = self.shared.handles.iter().find(|h| h.projection.name() == name)?;
        Some(handle.position.subscribe())
    }

    /// Where every projection stands.
    ///
    /// # Errors
    /// The database failed.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
        status(self.pool()).await
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

    fn pool(&self) -> &PgPool {
        self.shared.context.log.database().pool()
    }

    async fn run(&self) {
        let mut head = self.shared.context.log.subscribe();
        loop {
            let seen = *head.borrow_and_update();
            match self.pass(seen).await {
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

    /// One pass over the next stretch of the log; whether there may be more to do at once.
    async fn pass(&self, head: u64) -> Result<bool, LogError> {
        let active = || self.shared.handles.iter().filter(|h| !h.failed.load(Ordering::Relaxed));
        let Some(after) = active().map(Handle::at).min().filter(|at| *at < head) else {
            return Ok(false);
        };
        let through = head.min(after + BATCH);
        let events = self.shared.context.log.read_span(Span { after, through }, None).await?;
        let mut advanced = false;
        for handle in active().filter(|h| h.at() < through) {
            match self.advance(handle, &events, through).await {
                Ok(moved) => advanced |= moved,
                Err(error) => tracing::warn!(projection = handle.projection.name(), %error, "will try again"),
            }
        }
        Ok(advanced)
    }

    /// Advances one projection over read events; whether it moved.
    async fn advance(
        &self,
        handle: &Handle,
        events: &[RecordedEvent],
        through: u64,
    ) -> Result<bool, sqlx::Error> {
        let (projection, at) = (&*handle.projection, handle.at());
        let concerned: Vec<&RecordedEvent> = events
            .iter()
            .filter(|e| e.position > at && projection.reads().contains(&&*e.stream.kind))
            .collect();
        if concerned.is_empty() {
            let moved = sqlx::query(
                "UPDATE projection SET position = $4, updated_at = now() \
                 WHERE name = $1 AND version = $2 AND position = $3 AND status = 'live'",
            )
            .bind(projection.name())
            .bind(projection.version())
            .bind(at.cast_signed())
            .bind(through.cast_signed())
            .execute(self.pool())
            .await?
            .rows_affected()
                == 1;
            if moved {
                handle.advance(through, false);
            } else {
                self.refresh_one(handle).await?;
            }
            return Ok(moved);
        }
        let mut tx = self.pool().begin().await?;
        let held: Option<(i64, String)> = sqlx::query_as(
            "SELECT position, status FROM projection WHERE name = $1 AND version = $2 \
             FOR UPDATE SKIP LOCKED",
        )
        .bind(projection.name())
        .bind(projection.version())
        .fetch_optional(&mut *tx)
        .await?;
        match held {
            Some((position, status)) if position.unsigned_abs() == at && status == "live" => {}
            // Another node is on it, has been here, or it has failed there.
            _ => {
                tx.rollback().await?;
                self.refresh_one(handle).await?;
                return Ok(false);
            }
        }
        let concerned = without_quarantined(projection, concerned, &mut tx).await?;
        enter(&live_schema(projection), &mut tx).await?;
        match projection.fold(&concerned, &self.shared.context, &mut tx).await {
            Ok(()) => {
                sqlx::query(
                    "UPDATE public.projection SET position = $3, updated_at = now() \
                     WHERE name = $1 AND version = $2",
                )
                .bind(projection.name())
                .bind(projection.version())
                .bind(through.cast_signed())
                .execute(&mut *tx)
                .await?;
                tx.commit().await?;
                handle.advance(through, true);
                Ok(true)
            }
            Err(FoldError::Database(error)) => Err(error),
            Err(FoldError::Poison { position, stream, reason }) => {
                tx.rollback().await?;
                tracing::error!(projection = projection.name(), position, %stream, reason, "poison");
                match projection.poison_policy() {
                    PoisonPolicy::Stop => {
                        self.stop(handle, position, &reason).await?;
                        Ok(false)
                    }
                    PoisonPolicy::QuarantineStream => {
                        sqlx::query(
                            "INSERT INTO projection_quarantine VALUES ($1, $2, $3, $4, $5, $6) \
                             ON CONFLICT DO NOTHING",
                        )
                        .bind(projection.name())
                        .bind(projection.version())
                        .bind(&*stream.kind)
                        .bind(&stream.id)
                        .bind(position.cast_signed())
                        .bind(&reason)
                        .execute(self.pool())
                        .await?;
                        Ok(true)
                    }
                }
            }
        }
    }

    async fn stop(&self, handle: &Handle, position: u64, reason: &str) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE projection SET status = 'failed', error = $3 WHERE name = $1 AND version = $2")
            .bind(handle.projection.name())
            .bind(handle.projection.version())
            .bind(format!("event {position}: {reason}"))
            .execute(self.pool())
            .await?;
        handle.failed.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Learns what other nodes and tools did.
    async fn refresh(&self) {
        for handle in &self.shared.handles {
            if let Err(error) = self.refresh_one(handle).await {
                tracing::debug!(%error, "positions cannot be read");
                return;
            }
        }
    }

    async fn refresh_one(&self, handle: &Handle) -> Result<(), sqlx::Error> {
        let row: Option<(i64, String)> =
            sqlx::query_as("SELECT position, status FROM projection WHERE name = $1 AND version = $2")
                .bind(handle.projection.name())
                .bind(handle.projection.version())
                .fetch_optional(self.pool())
                .await?;
        if let Some((position, status)) = row {
            handle.failed.store(status != "live", Ordering::Relaxed);
            let position = position.unsigned_abs();
            if position != handle.at() {
                handle.advance(position, true);
            }
        }
        Ok(())
    }
}

async fn without_quarantined<'e>(
    projection: &dyn Projection,
    events: Vec<&'e RecordedEvent>,
    connection: &mut sqlx::PgConnection,
) -> Result<Vec<&'e RecordedEvent>, sqlx::Error> {
    if projection.poison_policy() == PoisonPolicy::Stop {
        return Ok(events);
    }
    let aside: Vec<(String, String)> = sqlx::query_as(
        "SELECT aggregate_type, aggregate_id FROM projection_quarantine WHERE name = $1 AND version = $2",
    )
    .bind(projection.name())
    .bind(projection.version())
    .fetch_all(connection)
    .await?;
    let is_aside =
        |e: &&RecordedEvent| aside.iter().any(|(kind, id)| *kind == e.stream.kind && *id == e.stream.id);
    Ok(events.into_iter().filter(|e| !is_aside(e)).collect())
}

async fn prepare_one(projection: &dyn Projection, context: &FoldContext) -> Result<u64, EngineError> {
    let pool = context.log.database().pool();
    let (name, version) = (projection.name(), projection.version());
    let mut tx = pool.begin().await?;
    // Nodes that start together prepare one after the other, as long as it takes.
    tx.execute("SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO 0").await?;
    sqlx::query("SELECT pg_advisory_xact_lock(5843923847262)").execute(&mut *tx).await?;
    let rows: Vec<(i32, i64, String)> =
        sqlx::query_as("SELECT version, position, code_hash FROM projection WHERE name = $1")
            .bind(name)
            .fetch_all(&mut *tx)
            .await?;
    let hash = code_hash(projection);
    match rows.iter().find(|(v, _, _)| *v == version) {
        Some((_, position, known)) if *known == hash => {
            tx.commit().await?;
            Ok(position.unsigned_abs())
        }
        Some(_) => Err(EngineError::CodeChanged { name, version }),
        None if rows.is_empty() => {
            let schema = live_schema(projection);
            install_tables(projection, &schema, &mut tx).await?;
            install_indexes(projection, &schema, &mut tx).await?;
            sqlx::query("INSERT INTO public.projection (name, version, status, code_hash) VALUES ($1, $2, 'live', $3)")
                .bind(name)
                .bind(version)
                .bind(hash)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok(0)
        }
        None => {
            tx.commit().await?;
            let rebuilt = crate::rebuild::rebuild(projection, context, |_, _| ()).await;
            rebuilt.map(|r| r.position).map_err(|error| match error {
                crate::rebuild::RebuildError::Database(e) => EngineError::Database(e),
                crate::rebuild::RebuildError::Log(e) => EngineError::Log(e),
                crate::rebuild::RebuildError::Fold(e) => {
                    EngineError::Database(sqlx::Error::Protocol(e.to_string()))
                }
            })
        }
    }
}

/// Where every projection stands.
///
/// # Errors
/// The database failed.
pub async fn status(pool: &PgPool) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
    type Row = (String, i32, i64, String, Option<String>, i64, Option<DateTime<Utc>>, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT p.name, p.version, p.position, p.status, p.error, h.head, \
            (SELECT recorded_at FROM events WHERE position = p.position + 1), \
            (SELECT count(*) FROM projection_quarantine q WHERE q.name = p.name AND q.version = p.version) \
         FROM projection p, (SELECT coalesce(max(position), 0) AS head FROM events) h \
         ORDER BY p.name, p.version",
    )
    .fetch_all(pool)
    .await?;
    let now = Utc::now();
    let of_row =
        |(name, version, position, status, error, head, oldest, quarantined): Row| ProjectionStatus {
            name,
            version,
            position: position.unsigned_abs(),
            lag_events: (head - position).max(0).unsigned_abs(),
            lag_seconds: oldest.map_or(0, |at| (now - at).num_seconds().max(0)),
            status,
            error,
            quarantined,
        };
    Ok(rows.into_iter().map(of_row).collect())
}
