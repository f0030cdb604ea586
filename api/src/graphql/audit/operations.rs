//! How the system stands: for staff, auditors and those who run it.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::{
    context::{Ask, OFFICERS, unavailable},
    scalars::Position,
};

/// Where a projection stands.
#[derive(Debug, Clone, SimpleObject)]
pub struct Projection {
    /// Its name.
    name: String,
    /// Its version.
    version: i32,
    /// The last position it has folded.
    position: Position,
    /// How many events it is behind.
    lag_events: u64,
    /// How old the first event it has not folded is, in seconds.
    lag_seconds: i64,
    /// live, building, failed or retired; ahead where it stands at a position that the log does not have.
    status: String,
    /// Why it failed.
    error: Option<String>,
    /// How many streams are set aside.
    quarantined_streams: i64,
    /// The streams that are set aside: what they are about is not shown as it is, until an event of theirs
    /// that cannot be folded is mended and the read model is built anew.
    set_aside: Vec<SetAside>,
}

/// What a read model has set aside, because an event of it cannot be folded.
#[derive(Debug, Clone, SimpleObject)]
pub struct SetAside {
    /// The stream: an aggregate type and id.
    stream: String,
    /// The first event that could not be folded.
    position: Position,
    /// What was wrong, in words.
    error: String,
    /// Since when.
    since: DateTime<Utc>,
}

/// Queries of operations.
#[derive(Debug, Default)]
pub struct OperationsQuery;

#[Object]
impl OperationsQuery {
    /// Where every projection stands.
    #[graphql(guard = "OFFICERS")]
    async fn projections(&self, ctx: &Context<'_>) -> Result<Vec<Projection>> {
        let status = ctx.application()?.engine().status().await.map_err(unavailable)?;
        let aside = |s: portail_projections::SetAside| SetAside {
            stream: s.stream,
            position: Position(s.position),
            error: s.error,
            since: s.since,
        };
        let of = |s: portail_projections::ProjectionStatus| Projection {
            name: s.name,
            version: s.version,
            position: Position(s.position),
            lag_events: s.lag_events,
            lag_seconds: s.lag_seconds,
            status: s.status,
            error: s.error,
            quarantined_streams: i64::try_from(s.aside.len()).unwrap_or(i64::MAX),
            set_aside: s.aside.into_iter().map(aside).collect(),
        };
        Ok(status.into_iter().map(of).collect())
    }
}
