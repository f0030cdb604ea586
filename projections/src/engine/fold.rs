//! Folding a batch, whatever is in it: an event that cannot be folded is found, and what happens then is
//! the projection's policy.

use std::{collections::HashSet, panic::AssertUnwindSafe};

use futures::FutureExt;
use portail_event_store::{RecordedEvent, StreamId};
use sqlx::{Executor, PgConnection};

use crate::engine::{
    fault::Fault,
    known_events::is_known,
    projection::{FoldContext, FoldError, PoisonPolicy, Projection},
};

/// An event that cannot be folded.
#[derive(Debug, Clone)]
pub(crate) struct Poison {
    pub(crate) position: u64,
    pub(crate) stream: StreamId,
    pub(crate) reason: String,
    /// Whether this program does not know the event's type or version: a newer one wrote it.
    pub(crate) is_newer: bool,
}

impl Poison {
    /// As it is told of.
    pub(crate) fn text(&self) -> String {
        format!("event {} of {}: {}", self.position, self.stream, self.reason)
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum FoldOutcome {
    /// It is folded; these events were set aside, with their streams from there on.
    All(Vec<Poison>),
    /// It is folded up to this event, which stops it, less what was set aside before.
    Until(Poison, Vec<Poison>),
}

/// How patient a fold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Whether an error of which it is not clear whose fault it is, is tried again.
    pub(crate) with_errors: bool,
    /// Whether an event of a newer program is waited at: that program may fold it.
    pub(crate) with_newer: bool,
}

/// Folds events in the running transaction, whose search path leads to the tables; `aside` are the
/// streams that were set aside.
///
/// # Errors
/// The database failed, and may not the next time.
pub(crate) async fn fold(
    projection: &dyn Projection,
    events: &[&RecordedEvent],
    aside: &mut HashSet<StreamId>,
    patience: Patience,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<FoldOutcome, sqlx::Error> {
    let wanted: Vec<&RecordedEvent> =
        events.iter().filter(|event| !aside.contains(&event.stream)).copied().collect();
    if wanted.is_empty() {
        return Ok(FoldOutcome::All(vec![]));
    }
    connection.execute("SAVEPOINT batch").await?;
    match try_fold(projection, &wanted, context, connection).await {
        Ok(()) => return Ok(FoldOutcome::All(vec![])),
        Err(error) => give_up_if_passing(error, patience)?,
    };
    connection.execute("ROLLBACK TO SAVEPOINT batch").await?;
    // One by one, to find which it is.
    let mut found = vec![];
    for event in wanted {
        if aside.contains(&event.stream) {
            continue;
        }
        connection.execute("SAVEPOINT one").await?;
        let Err(error) = try_fold(projection, &[event], context, connection).await else {
            connection.execute("RELEASE SAVEPOINT one").await?;
            continue;
        };
        let reason = give_up_if_passing(error, patience)?;
        connection.execute("ROLLBACK TO SAVEPOINT one").await?;
        let (position, stream) = (event.position, event.stream.clone());
        let poison = Poison { position, stream, reason, is_newer: !is_known(event) };
        let stays = poison.is_newer && patience.with_newer;
        match projection.poison_policy(&event.stream.kind) {
            PoisonPolicy::QuarantineStream if !stays => {
                aside.insert(event.stream.clone());
                found.push(poison);
            }
            PoisonPolicy::QuarantineStream | PoisonPolicy::Stop => {
                return Ok(FoldOutcome::Until(poison, found));
            }
        }
    }
    Ok(FoldOutcome::All(found))
}

/// An error with what it says, if it is the events' fault.
fn give_up_if_passing(error: FoldError, patience: Patience) -> Result<String, sqlx::Error> {
    match error {
        FoldError::Poison { reason, .. } => Ok(reason),
        FoldError::Database(error) => match Fault::of(&error) {
            Fault::Data => Ok(error.to_string()),
            Fault::Unclear if !patience.with_errors => Ok(error.to_string()),
            Fault::Unclear | Fault::Passing => Err(error),
        },
    }
}

/// A fold that panics would take the engine with it.
async fn try_fold(
    projection: &dyn Projection,
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    if let Some(unread) = events.iter().find(|event| !projection.reads().contains(&&*event.stream.kind)) {
        return Err(FoldError::poison(unread, "its aggregate type is not one the read model reads"));
    }
    match AssertUnwindSafe(projection.fold(events, context, connection)).catch_unwind().await {
        Ok(folded) => folded,
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            let Some(event) = events.first() else { return Ok(()) };
            Err(FoldError::poison(event, format_args!("the fold panicked: {said}")))
        }
    }
}
