//! The log itself, for auditors: its end, and what is in it.

pub mod explain;
pub mod operations;
pub mod past;
pub mod past_town;
pub mod proofs;
pub mod read_trail;
pub mod reads;

use async_graphql::{
    Context, ID, Object, Result, SimpleObject,
    connection::{Connection, Edge, EmptyFields},
};
use chrono::{DateTime, Utc};
use portail_event_store::{RecordedEvent, Search, hex, search};
use uuid::Uuid;

use crate::graphql::{
    commands::input_objects,
    context::{AUDITORS, Ask, OFFICERS, unavailable},
    entered::{cursor, page},
    scalars::{Instant, Position},
};

/// The end of the log.
#[derive(Debug, Clone, SimpleObject)]
pub struct LogHead {
    /// The last position.
    position: Position,
    /// The hash of the chain there, hexadecimal: whoever keeps it can tell whether the log was
    /// altered since.
    chain: String,
}

/// An event as the log holds it. Personal values in it are sealed.
#[derive(Debug, Clone, SimpleObject)]
pub struct LogEvent {
    /// Its place in the log.
    position: Position,
    /// The type of its stream, e.g. Session.
    stream_type: String,
    /// The id of its stream.
    stream_id: String,
    /// Its place in its stream, from 1.
    sequence: u64,
    /// Its type, e.g. ReservationConfirmed.
    event_type: String,
    /// The version its payload was written in.
    event_version: String,
    /// What happened: canonical JSON, to the byte.
    payload: String,
    /// Who caused it: role and login.
    actor: String,
    /// Its id.
    event_id: Uuid,
    /// By which command.
    command_id: Uuid,
    /// What the command belonged to.
    correlation_id: Uuid,
    /// What it was caused by.
    causation_id: Option<Uuid>,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// Its leaf hash, in hexadecimal digits.
    leaf: String,
    /// The hash of the chain there, in hexadecimal digits.
    chain: String,
}

impl From<RecordedEvent> for LogEvent {
    fn from(event: RecordedEvent) -> Self {
        Self {
            position: Position(event.position),
            stream_type: event.stream.kind.into_owned(),
            stream_id: event.stream.id,
            sequence: event.sequence,
            event_type: event.event_type,
            event_version: event.event_version,
            payload: event.payload.get().to_owned(),
            actor: event.actor,
            event_id: event.event_id,
            command_id: event.command_id,
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            recorded_at: event.recorded_at,
            leaf: hex(&event.leaf),
            chain: hex(&event.chain),
        }
    }
}

input_objects! {
    /// Which events of the log; what is left out does not matter.
    #[derive(Default)]
    object LogFilter {
        "Of streams of this type." stream_type: Option<String>,
        "Of the stream with this id." stream_id: Option<String>,
        "Of these types." event_types: Option<Vec<String>>,
        "Caused by this actor, e.g. staff:mairie." actor: Option<String>,
        "Of this command." command_id: Option<Uuid>,
        "Of this correlation." correlation_id: Option<Uuid>,
        "Recorded at or after." since: Option<Instant>,
        "Recorded before." until: Option<Instant>,
        "About a family (its number) or a child (its id): its stream, and every event that names it." about: Option<ID>,
    }
}

impl From<LogFilter> for Search {
    fn from(filter: LogFilter) -> Self {
        Self {
            stream_type: filter.stream_type,
            stream_id: filter.stream_id,
            event_types: filter.event_types,
            actor: filter.actor,
            command: filter.command_id,
            correlation: filter.correlation_id,
            causation: None,
            since: filter.since.map(|at| at.0),
            until: filter.until.map(|at| at.0),
            about: filter.about.map(|id| id.0),
        }
    }
}

/// Queries of the log.
#[derive(Debug, Default)]
pub struct LogQuery;

#[Object]
impl LogQuery {
    /// The end of the log; null while it is empty.
    #[graphql(guard = "OFFICERS")]
    async fn log_head(&self, ctx: &Context<'_>) -> Result<Option<LogHead>> {
        let tip = ctx.application()?.log().tip().await.map_err(unavailable)?;
        Ok(tip.map(|(position, chain)| LogHead { position: Position(position), chain: hex(&chain) }))
    }

    /// The events of the log, in its order.
    #[graphql(guard = "AUDITORS")]
    async fn log_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which events.")] filter: Option<LogFilter>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i32,
        #[graphql(desc = "After this cursor: a position.")] after: Option<String>,
    ) -> Result<Connection<String, LogEvent, EmptyFields, EmptyFields>> {
        let after = cursor::<i64>(ctx, after.as_deref())?.map(i64::unsigned_abs);
        let first = page(ctx, first, 200)?;
        let asked = Search::from(filter.unwrap_or_default());
        let found = search(ctx.application()?.pool(), &asked, after.unwrap_or_default(), first + 1).await;
        let mut found = found.map_err(unavailable)?;
        let more = found.len() > first as usize;
        found.truncate(first as usize);
        let mut page = Connection::new(after.is_some(), more);
        page.edges =
            found.into_iter().map(|e| Edge::new(e.position.to_string(), LogEvent::from(e))).collect();
        Ok(page)
    }
}
