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

/// The end of the log.
#[derive(Debug, Clone, SimpleObject)]
pub struct LogHead {
    /// The last position.
    position: Position,
    /// The hash of the chain there, hexadecimal: whoever keeps it can tell whether the log was
    /// altered since.
    chain: String,
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

    /// The end of the log; null while it is empty.
    #[graphql(guard = "OFFICERS")]
    async fn log_head(&self, ctx: &Context<'_>) -> Result<Option<LogHead>> {
        let tip = ctx.application()?.log().tip().await.map_err(unavailable)?;
        Ok(tip.map(|(position, chain)| LogHead {
            position: Position(position),
            chain: chain.iter().map(|b| format!("{b:02x}")).collect(),
        }))
    }
}
