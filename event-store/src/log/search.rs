//! Searching the log for events.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::event::{EVENT_COLUMNS, RecordedEvent};

/// Criteria of a search; those that are none do not restrict it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Of streams of this type.
    pub stream_type: Option<String>,
    /// Of the stream with this id.
    pub stream_id: Option<String>,
    /// Of one of these types.
    pub event_types: Option<Vec<String>>,
    /// Caused by this actor.
    pub actor: Option<String>,
    /// Of this command.
    pub command: Option<Uuid>,
    /// Of this correlation.
    pub correlation: Option<Uuid>,
    /// Caused by this event or command.
    pub causation: Option<Uuid>,
    /// Recorded at or after.
    pub since: Option<DateTime<Utc>>,
    /// Recorded before.
    pub until: Option<DateTime<Utc>>,
    /// Of the stream with this id, or with the id in the payload: a family's number, a child's id.
    pub about: Option<String>,
}

/// The events of commands. Those of one were appended together: they end where the command log says, and
/// begin after the last event before them that is of another. What follows says which commands.
const OF_COMMANDS: &str = "SELECT e.* FROM command_log c CROSS JOIN LATERAL ( \
    SELECT * FROM events o WHERE o.position <= c.position AND o.position > coalesce(( \
        SELECT p.position FROM events p WHERE p.position <= c.position AND p.command_id <> c.command_id \
        ORDER BY p.position DESC LIMIT 1), 0) OFFSET 0) AS e WHERE c.command_id";

/// The events after a position that a search matches, in the order of the log.
///
/// A search by stream, command, correlation or causation looks up what it finds; every other one reads the
/// log from the position on until it has found as many as asked.
///
/// # Errors
/// The database failed.
pub async fn search(
    pool: &PgPool,
    search: &Search,
    after: u64,
    limit: u32,
) -> Result<Vec<RecordedEvent>, sqlx::Error> {
    let mut query = QueryBuilder::<Postgres>::new(format!("SELECT {EVENT_COLUMNS} FROM ("));
    let related = |query: &mut QueryBuilder<Postgres>, by: &str, id: Uuid| {
        query.push(format!(" = ANY(ARRAY(SELECT r.command_id FROM command_relation r WHERE r.{by} = "));
        query.push_bind(id).push("))");
    };
    // What is looked up is kept apart by OFFSET from the order that is asked for, or the planner may follow
    // the log's instead, all of it.
    if let Some(id) = search.causation {
        query.push(OF_COMMANDS);
        related(&mut query, "causation_id", id);
    } else if let Some(id) = search.command {
        query.push(OF_COMMANDS).push(" = ").push_bind(id);
    } else if let Some(id) = search.correlation {
        query.push(OF_COMMANDS).push(" = ").push_bind(id);
        query.push(" UNION ALL ").push(OF_COMMANDS);
        related(&mut query, "correlation_id", id);
        // Its own events may be correlated with something else.
        query.push(" AND c.command_id <> ").push_bind(id);
    } else if let (Some(kind), Some(id)) = (&search.stream_type, &search.stream_id) {
        query.push("SELECT * FROM events WHERE aggregate_type = ").push_bind(kind);
        query.push(" AND aggregate_id = ").push_bind(id).push(" OFFSET 0");
    } else {
        query.push("SELECT * FROM events");
    }
    query.push(") AS found WHERE position > ").push_bind(after.cast_signed());
    if let Some(kind) = &search.stream_type {
        query.push(" AND aggregate_type = ").push_bind(kind);
    }
    if let Some(id) = &search.stream_id {
        query.push(" AND aggregate_id = ").push_bind(id);
    }
    if let Some(types) = &search.event_types {
        query.push(" AND event_type = ANY(").push_bind(types).push(")");
    }
    if let Some(actor) = &search.actor {
        query.push(" AND actor = ").push_bind(actor);
    }
    if let Some(id) = search.command {
        query.push(" AND command_id = ").push_bind(id);
    }
    if let Some(id) = search.correlation {
        query.push(" AND correlation_id = ").push_bind(id);
    }
    if let Some(id) = search.causation {
        query.push(" AND causation_id = ").push_bind(id);
    }
    if let Some(since) = search.since {
        query.push(" AND recorded_at >= ").push_bind(since);
    }
    if let Some(until) = search.until {
        query.push(" AND recorded_at < ").push_bind(until);
    }
    if let Some(about) = &search.about {
        query.push(" AND (aggregate_id = ").push_bind(about);
        query.push(" OR strpos(payload::text, ").push_bind(format!("\"{about}\"")).push(") > 0)");
    }
    query.push(" ORDER BY position LIMIT ").push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}
