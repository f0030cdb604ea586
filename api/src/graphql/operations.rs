//! How the system stands: for staff, auditors and those who run it.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::{
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
    /// live, building, failed or retired.
    status: String,
    /// Why it failed.
    error: Option<String>,
    /// How many streams are set aside.
    quarantined_streams: i64,
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
        let of = |s: portail_projections::ProjectionStatus| Projection {
            name: s.name,
            version: s.version,
            position: Position(s.position),
            lag_events: s.lag_events,
            lag_seconds: s.lag_seconds,
            status: s.status,
            error: s.error,
            quarantined_streams: s.quarantined,
        };
        Ok(status.into_iter().map(of).collect())
    }
}
