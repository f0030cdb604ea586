//! Requests for days: one line per asked day, with where it stands and why.

mod changes;
mod closures;
mod fold;
mod lines;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::attendance::session::Session;
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

/// Its name.
pub const NAME: &str = "requests";

/// The projection of requests.
#[derive(Debug, Clone, Copy)]
pub struct RequestsProjection;

impl Projection for RequestsProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        5
    }
    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }
    fn indexes(&self) -> &'static str {
        include_str!("indexes.sql")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Session::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(fold::fold(events, context, connection))
    }
}
