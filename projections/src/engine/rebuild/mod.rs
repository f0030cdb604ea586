//! Rebuilding read models from the log, beside the live ones, and swapping them in.
//!
//! The new tables are built in schemas of their own while the live ones are served: the log is read
//! once for all of them, ahead of their folds, and as many fold at a time as there are processors.
//! Indexes that no fold needs come last. At the end, in one transaction that holds the projection's
//! row: the last events are folded, both are compared at the same position, and the schemas change
//! names. Interrupted, each resumes where it stopped.

mod build;
mod live;
mod reader;
mod tables;

use std::{sync::Arc, time::Duration};

use portail_event_store::{EVENT_COLUMNS, LogError, RecordedEvent, Span};
use sqlx::PgConnection;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use self::{
    build::Build,
    reader::{AHEAD, read},
};
use crate::engine::{
    fold::Patience,
    projection::{FoldContext, Projection},
};

/// A rebuild waits for nobody.
const STRICT: Patience = Patience { with_errors: false, with_newer: false };

/// A rebuild failed; the live read model is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An event cannot be folded whose stream cannot be set aside.
    #[error("{projection} cannot be rebuilt: {event}")]
    Poison {
        /// Which projection.
        projection: &'static str,
        /// The event, with its position and why.
        event: String,
    },
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
    /// Where the live one stood, if the log has no such event: it was ahead of the log, or of another one.
    pub ahead: Option<u64>,
    /// The events whose streams were set aside, as they are told of.
    pub aside: Vec<String>,
    /// Whether the live one had stopped, or set streams aside: then rows differ for that reason too.
    pub was_incomplete: bool,
}

/// What is heard of a rebuild.
#[derive(Debug)]
pub enum Step {
    /// It reached a position; the second one is the log's head.
    At(u64, u64),
    /// It is done.
    Done(Rebuilt),
    /// It could not be done: the live read model is untouched, the others go on.
    Failed(RebuildError),
}

/// Rebuilds projections and swaps each in when it is done. `hear` is told of every step by the
/// projection's name.
///
/// # Errors
/// The log cannot be read; those still being built go on where they stopped the next time.
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
            // Nobody listens any more when the log cannot be read.
            let tell = |step| drop(steps.send((name, step)));
            let built = build
                .run(&*projection, &context, batches, &folding, |at, head| tell(Step::At(at, head)))
                .await;
            match built {
                Ok(Some(rebuilt)) => tell(Step::Done(rebuilt)),
                Ok(None) => {}
                Err(error) => tell(Step::Failed(error)),
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

/// The events after a position that a projection reads.
fn concerning<'e>(
    projection: &dyn Projection,
    events: &'e [RecordedEvent],
    after: u64,
) -> Vec<&'e RecordedEvent> {
    events.iter().filter(|e| e.position > after && projection.reads().contains(&&*e.stream.kind)).collect()
}

async fn read_in(connection: &mut PgConnection, span: Span) -> Result<Vec<RecordedEvent>, sqlx::Error> {
    let query = format!(
        "SELECT {EVENT_COLUMNS} FROM public.events WHERE position > $1 AND position <= $2 ORDER BY position"
    );
    sqlx::query_as(&query)
        .bind(span.after.cast_signed())
        .bind(span.through.cast_signed())
        .fetch_all(connection)
        .await
}
