//! Rebuilding a read model from the log, beside the live one, and swapping it in.
//!
//! The new tables are built in a schema of their own while the live ones are served. At the end,
//! in one transaction that holds the projection's row: the last events are folded, both are
//! compared at the same position, and the schemas change names. Interrupted, it resumes where it
//! stopped.

use std::time::{Duration, Instant};

use portail_event_store::{LogError, RecordedEvent, Span};
use sqlx::{Executor, PgConnection};
use tokio::{sync::mpsc, task::JoinSet};

use crate::projection::{FoldContext, FoldError, Projection, code_hash, enter, install, live_schema};

/// How many events one transaction of a rebuild folds.
const BATCH: u32 = 5_000;

/// How many positions are looked through for them at once, so that progress is heard of.
const STRETCH: u64 = 250_000;

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

/// Rebuilds projections and swaps each in when it is done, as many at a time as there are processors and
/// connections. `hear` is told of every step by the projection's name.
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
    let at_once = at_once.min(usize::try_from(connections).unwrap_or(1));
    let (steps, mut heard) = mpsc::unbounded_channel();
    let mut waiting = projections.into_iter();
    let mut running: JoinSet<Result<_, RebuildError>> = JoinSet::new();
    loop {
        while running.len() < at_once
            && let Some(projection) = waiting.next()
        {
            let (context, steps) = (context.clone(), steps.clone());
            running.spawn(async move {
                let name = projection.name();
                // Nobody listens any more when another one failed.
                let tell = |at, head| drop(steps.send((name, Step::At(at, head))));
                Ok((name, rebuild(&*projection, &context, tell).await?))
            });
        }
        tokio::select! {
            biased;
            Some((name, step)) = heard.recv() => hear(name, step),
            ended = running.join_next() => match ended {
                Some(Ok(ended)) => {
                    let (name, rebuilt) = ended?;
                    hear(name, Step::Done(rebuilt));
                }
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
    mut progress: impl FnMut(u64, u64),
) -> Result<Rebuilt, RebuildError> {
    let pool = context.log.database().pool();
    let (live, fresh) = (live_schema(projection), format!("{}_rebuild", live_schema(projection)));
    let building = format!("{}#rebuild", projection.name());
    let mut position = begin(projection, context, &building, &fresh).await?;
    loop {
        let head = context.log.read_head().await?;
        progress(position, head);
        if position >= head {
            break;
        }
        let span = Span { after: position, through: head.min(position + STRETCH) };
        let events = context.log.read_next(span, Some(projection.reads()), Some(BATCH)).await?;
        // A full batch may end before the span does.
        let last = events.last().filter(|_| events.len() == BATCH as usize);
        position = last.map_or(span.through, |event| event.position);
        let mut tx = pool.begin().await?;
        // What a crash takes back is built again: rows and position go together.
        tx.execute("SET LOCAL synchronous_commit TO off").await?;
        fold(projection, context, &fresh, &events, &mut tx).await?;
        record(&building, projection.version(), position, &mut tx).await?;
        tx.commit().await?;
    }

    let mut tx = pool.begin().await?;
    let was_live: Option<i64> = sqlx::query_scalar(
        "SELECT position FROM projection WHERE name = $1 AND status IN ('live', 'failed') \
         ORDER BY version DESC LIMIT 1 FOR UPDATE",
    )
    .bind(projection.name())
    .fetch_optional(&mut *tx)
    .await?;
    // Whoever rebuilds may be ahead of the live one; both are brought to the same position.
    let target = was_live.map_or(position, |p| position.max(p.unsigned_abs()));
    let rest = read_in(&mut tx, Span { after: position, through: target }).await?;
    fold(projection, context, &fresh, &rest, &mut tx).await?;
    let (mut differences, mut comparing) = (None, Duration::ZERO);
    if let Some(at) = was_live.map(i64::unsigned_abs) {
        let behind = read_in(&mut tx, Span { after: at, through: target }).await?;
        if has_same_tables(&live, &fresh, &mut tx).await? {
            fold(projection, context, &live, &behind, &mut tx).await?;
            let started = Instant::now();
            differences = Some(compare(&live, &fresh, &mut tx).await?);
            comparing = started.elapsed();
        }
    }
    tx.execute(format!("SET LOCAL search_path TO public; DROP SCHEMA IF EXISTS {live} CASCADE; ALTER SCHEMA {fresh} RENAME TO {live}").as_str())
        .await?;
    sqlx::query("DELETE FROM projection WHERE name IN ($1, $2)")
        .bind(projection.name())
        .bind(&building)
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

/// Starts a rebuild, or resumes one of the same code.
async fn begin(
    projection: &dyn Projection,
    context: &FoldContext,
    building: &str,
    schema: &str,
) -> Result<u64, RebuildError> {
    let mut tx = context.log.database().pool().begin().await?;
    let found: Option<(i64, String)> =
        sqlx::query_as("SELECT position, code_hash FROM projection WHERE name = $1 AND version = $2")
            .bind(building)
            .bind(projection.version())
            .fetch_optional(&mut *tx)
            .await?;
    let hash = code_hash(projection);
    if let Some((position, known)) = found
        && known == hash
    {
        tx.commit().await?;
        return Ok(position.unsigned_abs());
    }
    tx.execute(format!("DROP SCHEMA IF EXISTS {schema} CASCADE").as_str()).await?;
    sqlx::query("DELETE FROM projection WHERE name = $1").bind(building).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO projection (name, version, status, code_hash) VALUES ($1, $2, 'building', $3)")
        .bind(building)
        .bind(projection.version())
        .bind(hash)
        .execute(&mut *tx)
        .await?;
    install(projection, schema, &mut tx).await?;
    tx.commit().await?;
    Ok(0)
}

async fn fold(
    projection: &dyn Projection,
    context: &FoldContext,
    schema: &str,
    events: &[RecordedEvent],
    connection: &mut PgConnection,
) -> Result<(), RebuildError> {
    let concerned: Vec<&RecordedEvent> =
        events.iter().filter(|e| projection.reads().contains(&&*e.stream.kind)).collect();
    enter(schema, connection).await?;
    if !concerned.is_empty() {
        projection.fold(&concerned, context, connection).await?;
    }
    Ok(())
}

async fn record(
    building: &str,
    version: i32,
    position: u64,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE public.projection SET position = $3, updated_at = now() WHERE name = $1 AND version = $2",
    )
    .bind(building)
    .bind(version)
    .bind(position.cast_signed())
    .execute(connection)
    .await?;
    Ok(())
}

async fn read_in(connection: &mut PgConnection, span: Span) -> Result<Vec<RecordedEvent>, sqlx::Error> {
    sqlx::query_as(
        "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
            payload::text AS payload, metadata::text AS metadata, event_id, recorded_at, actor, \
            command_id, correlation_id, causation_id, leaf, chain \
         FROM public.events WHERE position > $1 AND position <= $2 ORDER BY position",
    )
    .bind(span.after.cast_signed())
    .bind(span.through.cast_signed())
    .fetch_all(connection)
    .await
}

async fn tables_of(
    schema: &str,
    connection: &mut PgConnection,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT table_name::text, string_agg(column_name || ' ' || data_type, ',' ORDER BY ordinal_position) \
         FROM information_schema.columns WHERE table_schema = $1 GROUP BY 1 ORDER BY 1",
    )
    .bind(schema)
    .fetch_all(connection)
    .await
}

async fn has_same_tables(a: &str, b: &str, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    Ok(tables_of(a, connection).await? == tables_of(b, connection).await?)
}

/// How many rows two schemas of the same tables do not share. A digest of all rows tells whether there
/// are any; only then are they looked for, which costs several times as much.
async fn compare(a: &str, b: &str, connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let mut differences = 0;
    for (table, _) in tables_of(a, connection).await? {
        if digest(a, &table, connection).await? == digest(b, &table, connection).await? {
            continue;
        }
        let query = format!(
            "SELECT count(*) FROM ( \
               (SELECT x::text FROM {a}.{table} x EXCEPT ALL SELECT y::text FROM {b}.{table} y) \
               UNION ALL \
               (SELECT y::text FROM {b}.{table} y EXCEPT ALL SELECT x::text FROM {a}.{table} x)) d"
        );
        let count: i64 = sqlx::query_scalar(&query).fetch_one(&mut *connection).await?;
        differences += count;
    }
    Ok(differences)
}

/// How many rows a table has, with the sums of two hashes of each, whatever their order: 128 bits.
async fn digest(
    schema: &str,
    table: &str,
    connection: &mut PgConnection,
) -> Result<(i64, String, String), sqlx::Error> {
    let query = format!(
        "SELECT count(*), coalesce(sum(hashtextextended(t, 1)), 0)::text, \
            coalesce(sum(hashtextextended(t, 2)), 0)::text FROM (SELECT x::text AS t FROM {schema}.{table} x OFFSET 0) r"
    );
    sqlx::query_as(&query).fetch_one(connection).await
}
