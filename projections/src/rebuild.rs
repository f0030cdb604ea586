//! Rebuilding read models from the log, beside the live ones, and swapping them in.
//!
//! The new tables are built in schemas of their own while the live ones are served: the log is read
//! once for all of them, ahead of their folds, and as many fold at a time as there are processors.
//! Indexes that no fold needs come last. At the end, in one transaction that holds the projection's
//! row: the last events are folded, both are compared at the same position, and the schemas change
//! names. Interrupted, each resumes where it stopped.

mod reader;
mod tables;

use std::{sync::Arc, time::Duration};

use portail_event_store::{COLUMNS, LogError, RecordedEvent, Span};
use sqlx::{Executor, PgConnection};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use self::reader::{AHEAD, Batch, read};
use crate::projection::{
    FoldContext, FoldError, Projection, code_hash, enter, install_indexes, install_tables, live_schema,
};

/// How many positions go by without an event for a read model until it notes that it has come that far.
const NOTE: u64 = 100_000;

/// A rebuild failed; the live read model is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An event cannot be folded: a rebuild is always strict.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The position both were compared at, and the new one is live at.
    pub position: u64,
    /// Rows that were in one and not in the other; none when there was no live one.
    pub differences: Option<i64>,
    /// How long it took to compare them.
    pub comparing: Duration,
}

/// What is heard of a rebuild.
#[derive(Debug)]
pub enum Step {
    /// It reached a position; the second one is the log's head.
    At(u64, u64),
    /// It is done.
    Done(Rebuilt),
}

/// Rebuilds projections and swaps each in when it is done. `hear` is told of every step by the
/// projection's name.
///
/// # Errors
/// One could not be rebuilt; those still being built go on where they stopped the next time.
pub async fn rebuild_all(
    projections: Vec<Box<dyn Projection>>,
    context: &FoldContext,
    mut hear: impl FnMut(&'static str, Step),
) -> Result<(), RebuildError> {
    let connections = context.log.database().pool().options().get_max_connections();
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let folding = Arc::new(Semaphore::new(at_once.min(usize::try_from(connections).unwrap_or(1))));
    let (steps, mut heard) = mpsc::unbounded_channel();
    let mut running: JoinSet<Result<(), RebuildError>> = JoinSet::new();
    let (mut readers, mut kinds, mut from) = (vec![], vec![], u64::MAX);
    for projection in projections {
        let build = Build::begin(&*projection, context).await?;
        from = from.min(build.position);
        kinds.extend_from_slice(projection.reads());
        let (reader, batches) = mpsc::channel(AHEAD);
        readers.push(reader);
        let (context, folding, steps) = (context.clone(), folding.clone(), steps.clone());
        running.spawn(async move {
            let name = projection.name();
            // Nobody listens any more when another one failed.
            let tell = |step| drop(steps.send((name, step)));
            if let Some(rebuilt) = build
                .run(&*projection, &context, batches, &folding, |at, head| tell(Step::At(at, head)))
                .await?
            {
                tell(Step::Done(rebuilt));
            }
            Ok(())
        });
    }
    drop(steps);
    if readers.is_empty() {
        return Ok(());
    }
    running.spawn(read(context.log.clone(), from, kinds, readers));
    loop {
        tokio::select! {
            biased;
            Some((name, step)) = heard.recv() => hear(name, step),
            ended = running.join_next() => match ended {
                Some(Ok(ended)) => ended?,
                Some(Err(panicked)) => return Err(sqlx::Error::Io(std::io::Error::other(panicked)).into()),
                None => return Ok(()),
            },
        }
    }
}

/// Rebuilds one projection and swaps it in. `progress` hears the position reached and the head.
///
/// # Errors
/// The live read model is untouched.
pub async fn rebuild(
    projection: &dyn Projection,
    context: &FoldContext,
    progress: impl FnMut(u64, u64),
) -> Result<Rebuilt, RebuildError> {
    let build = Build::begin(projection, context).await?;
    let (reader, batches) = mpsc::channel(AHEAD);
    let reading = read(context.log.clone(), build.position, projection.reads().to_vec(), vec![reader]);
    let folding = Semaphore::new(1);
    let building = build.run(projection, context, batches, &folding, progress);
    let (read, built) = tokio::join!(reading, building);
    read?;
    built?.ok_or_else(|| sqlx::Error::WorkerCrashed.into())
}

/// A read model being built.
struct Build {
    /// Its row among the projections.
    name: String,
    live: String,
    fresh: String,
    /// The last position it has folded.
    position: u64,
}

impl Build {
    /// Starts a rebuild, or resumes one of the same code.
    async fn begin(projection: &dyn Projection, context: &FoldContext) -> Result<Self, RebuildError> {
        let live = live_schema(projection);
        let mut build = Self {
            name: format!("{}#rebuild", projection.name()),
            fresh: format!("{live}_rebuild"),
            live,
            position: 0,
        };
        let Self { name, fresh, .. } = &build;
        let mut tx = context.log.database().pool().begin().await?;
        let found: Option<(i64, String)> =
            sqlx::query_as("SELECT position, code_hash FROM projection WHERE name = $1 AND version = $2")
                .bind(name)
                .bind(projection.version())
                .fetch_optional(&mut *tx)
                .await?;
        let hash = code_hash(projection);
        if let Some((position, known)) = found
            && known == hash
        {
            tx.commit().await?;
            build.position = position.unsigned_abs();
            return Ok(build);
        }
        tx.execute(format!("DROP SCHEMA IF EXISTS {fresh} CASCADE").as_str()).await?;
        sqlx::query("DELETE FROM projection WHERE name = $1").bind(name).execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO projection (name, version, status, code_hash) VALUES ($1, $2, 'building', $3)",
        )
        .bind(name)
        .bind(projection.version())
        .bind(hash)
        .execute(&mut *tx)
        .await?;
        install_tables(projection, fresh, &mut tx).await?;
        tx.commit().await?;
        Ok(build)
    }

    /// Folds what is read, as one of those that may fold at the same time, and swaps the result in.
    /// None when the reader stopped before the log's head.
    async fn run(
        mut self,
        projection: &dyn Projection,
        context: &FoldContext,
        mut batches: mpsc::Receiver<Arc<Batch>>,
        folding: &Semaphore,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Option<Rebuilt>, RebuildError> {
        let (mut noted, mut reached) = (self.position, false);
        while let Some(batch) = batches.recv().await {
            if batch.through > self.position {
                let events = concerning(projection, &batch.events, self.position);
                if !events.is_empty() || batch.through - noted >= NOTE {
                    let _turn = folding.acquire().await;
                    let mut tx = context.log.database().pool().begin().await?;
                    // What a crash takes back is built again: rows and position go together.
                    tx.execute("SET LOCAL synchronous_commit TO off").await?;
                    fold(projection, context, &self.fresh, &events, &mut tx).await?;
                    self.note(projection, batch.through, &mut tx).await?;
                    tx.commit().await?;
                    noted = batch.through;
                }
                self.position = batch.through;
            }
            progress(self.position, batch.head.max(self.position));
            reached = self.position >= batch.head;
        }
        if !reached {
            return Ok(None);
        }
        let _turn = folding.acquire().await;
        Ok(Some(self.swap(projection, context).await?))
    }

    async fn note(
        &self,
        projection: &dyn Projection,
        position: u64,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE public.projection SET position = $3, updated_at = now() WHERE name = $1 AND version = $2",
        )
        .bind(&self.name)
        .bind(projection.version())
        .bind(position.cast_signed())
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Brings the live and the fresh one to the same position, compares them, and puts the fresh one in
    /// the live one's place.
    async fn swap(self, projection: &dyn Projection, context: &FoldContext) -> Result<Rebuilt, RebuildError> {
        let Self { name, live, fresh, position } = &self;
        let pool = context.log.database().pool();
        let mut tx = pool.begin().await?;
        install_indexes(projection, fresh, &mut tx).await?;
        // Or the first queries are planned for tables nothing is known of.
        tables::analyze(fresh, &mut tx).await?;
        tx.commit().await?;

        let mut tx = pool.begin().await?;
        let was_live: Option<i64> = sqlx::query_scalar(
            "SELECT position FROM projection WHERE name = $1 AND status IN ('live', 'failed') \
             ORDER BY version DESC LIMIT 1 FOR UPDATE",
        )
        .bind(projection.name())
        .fetch_optional(&mut *tx)
        .await?;
        // Whoever rebuilds may be ahead of the live one; both are brought to the same position.
        let target = was_live.map_or(*position, |p| (*position).max(p.unsigned_abs()));
        let rest = read_in(&mut tx, Span { after: *position, through: target }).await?;
        fold(projection, context, fresh, &concerning(projection, &rest, 0), &mut tx).await?;
        let (mut differences, mut comparing) = (None, Duration::ZERO);
        if let Some(at) = was_live.map(i64::unsigned_abs) {
            let behind = read_in(&mut tx, Span { after: at, through: target }).await?;
            if tables::has_same_tables(live, fresh, &mut tx).await? {
                fold(projection, context, live, &concerning(projection, &behind, 0), &mut tx).await?;
                let compared = tables::compare(live, fresh, &mut tx).await?;
                (differences, comparing) = (Some(compared.differences), compared.took);
            }
        }
        tx.execute(format!("SET LOCAL search_path TO public; DROP SCHEMA IF EXISTS {live} CASCADE; ALTER SCHEMA {fresh} RENAME TO {live}").as_str())
            .await?;
        sqlx::query("DELETE FROM projection WHERE name IN ($1, $2)")
            .bind(projection.name())
            .bind(name)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO projection (name, version, position, status, code_hash) VALUES ($1, $2, $3, 'live', $4)",
        )
        .bind(projection.name())
        .bind(projection.version())
        .bind(target.cast_signed())
        .bind(code_hash(projection))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Rebuilt { position: target, differences, comparing })
    }
}

/// The events after a position that a projection reads.
fn concerning<'e>(
    projection: &dyn Projection,
    events: &'e [RecordedEvent],
    after: u64,
) -> Vec<&'e RecordedEvent> {
    events.iter().filter(|e| e.position > after && projection.reads().contains(&&*e.stream.kind)).collect()
}

async fn fold(
    projection: &dyn Projection,
    context: &FoldContext,
    schema: &str,
    events: &[&RecordedEvent],
    connection: &mut PgConnection,
) -> Result<(), RebuildError> {
    enter(schema, connection).await?;
    if !events.is_empty() {
        projection.fold(events, context, connection).await?;
    }
    Ok(())
}

async fn read_in(connection: &mut PgConnection, span: Span) -> Result<Vec<RecordedEvent>, sqlx::Error> {
    let query = format!(
        "SELECT {COLUMNS} FROM public.events WHERE position > $1 AND position <= $2 ORDER BY position"
    );
    sqlx::query_as(&query)
        .bind(span.after.cast_signed())
        .bind(span.through.cast_signed())
        .fetch_all(connection)
        .await
}
