//! What a projection is.

use std::borrow::Cow;

use cqrs_es::{Aggregate, DomainEvent};
use futures::future::BoxFuture;
use portail_domain::{
    attendance::session::Session, correspondence::conversation::Conversation, correspondence::notice::Notice,
    families::child::Child, families::family::Family,
};
use portail_event_store::{DecodeError, EventLog, RecordedEvent, StreamId, Vault};
use serde_json::value::RawValue;
use sqlx::{Executor, PgConnection};

use crate::engine::storable;

/// What happens when an event cannot be folded. Never a silent skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoisonPolicy {
    /// The projection stops, visibly.
    Stop,
    /// The event's stream is set aside, visibly; the others go on.
    QuarantineStream,
}

/// Why a batch was not folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// An event that cannot be folded, now or later.
    #[error("event {position} of {stream} cannot be folded: {reason}")]
    Poison {
        /// Its position in the log.
        position: u64,
        /// Its stream.
        stream: StreamId,
        /// The reason, in words.
        reason: String,
    },
    /// The database failed: try again.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl FoldError {
    /// An event that cannot be folded.
    pub fn poison(event: &RecordedEvent, reason: impl std::fmt::Display) -> Self {
        Self::Poison { position: event.position, stream: event.stream.clone(), reason: reason.to_string() }
    }
}

/// What folds need besides events.
#[derive(Debug, Clone)]
pub struct FoldContext {
    /// The log, for its decode path.
    pub log: EventLog,
    /// Opens sealed values.
    pub vault: Vault,
}

impl FoldContext {
    /// Decodes an event, brought to today's version, with what tables cannot keep replaced.
    ///
    /// # Errors
    /// It is poison.
    pub fn decode<E: DomainEvent>(&self, event: &RecordedEvent) -> Result<E, FoldError> {
        let decoded = match storable::json(event.payload.get()) {
            Cow::Borrowed(_) => self.log.upcasters().decode(event),
            Cow::Owned(text) => {
                let payload = RawValue::from_string(text).map_err(|error| FoldError::poison(event, error))?;
                self.log.upcasters().decode(&RecordedEvent { payload, ..event.clone() })
            }
        };
        decoded.map_err(|error: DecodeError| FoldError::poison(event, error))
    }
}

/// A projection: its tables, what it reads, and how it folds.
pub trait Projection: Send + Sync + 'static {
    /// Its name; its tables live in the schema `rm_{name}`.
    fn name(&self) -> &'static str;

    /// Its version, which is its identity: what changes the rows or the tables needs a new one, and a start
    /// then builds them anew. `tests/suite/golden.rs` fails where it is forgotten.
    fn version(&self) -> i32;

    /// Its tables, as SQL with unqualified names.
    fn tables(&self) -> &'static str;

    /// The indexes that only queries need, as SQL with unqualified names that may run again
    /// (`IF NOT EXISTS`): a rebuild makes them when all rows are in, which costs a fraction of keeping
    /// them meanwhile.
    fn indexes(&self) -> &'static str {
        ""
    }

    /// The aggregate types whose events it reads.
    fn reads(&self) -> &'static [&'static str];

    /// What happens when an event of an aggregate type cannot be folded: what one family or one day is
    /// about is set aside, money and what everything else rests on stops.
    fn poison_policy(&self, kind: &str) -> PoisonPolicy {
        match kind {
            Child::TYPE | Conversation::TYPE | Family::TYPE | Notice::TYPE | Session::TYPE => {
                PoisonPolicy::QuarantineStream
            }
            _ => PoisonPolicy::Stop,
        }
    }

    /// Folds events, in order, into its tables on a connection whose search path leads there.
    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>>;
}

/// The schema of a projection's live tables.
pub(crate) fn live_schema(projection: &dyn Projection) -> String {
    format!("rm_{}", projection.name())
}

/// Makes a projection's tables in a schema of their own; as long as it takes, whatever limits the
/// connection has.
pub(crate) async fn install_tables(
    projection: &dyn Projection,
    schema: &str,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    connection.execute("SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO 0").await?;
    connection.execute(format!("CREATE SCHEMA {schema}").as_str()).await?;
    enter(schema, connection).await?;
    connection.execute(projection.tables()).await?;
    Ok(())
}

/// Makes the indexes of a projection's tables, where they are missing.
pub(crate) async fn install_indexes(
    projection: &dyn Projection,
    schema: &str,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    enter(schema, connection).await?;
    connection.execute("SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO 0").await?;
    connection.execute(projection.indexes()).await?;
    Ok(())
}

/// Leads the search path of the running transaction to a schema, where rows are looked up by key: a plan
/// that is kept from when a table was small would read all of it for each of them. (What has no key pays
/// by a price so high that it would be compiled first.)
pub(crate) async fn enter(schema: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let settings = format!(
        "SET LOCAL search_path TO {schema}, public; SET LOCAL enable_seqscan TO off; SET LOCAL jit TO off"
    );
    connection.execute(settings.as_str()).await?;
    Ok(())
}
