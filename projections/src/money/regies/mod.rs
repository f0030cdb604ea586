//! The régies: their settings, billing runs and closed cash desks.

mod fold;
mod queries;
mod rows;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::money::regie::Regie;
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use queries::{by_code, closings, debit_batch, open_runs, regies, run, runs};
pub use rows::{Closing, DebitBatchRow, KnownRegie, RunRow, Stage};

/// Its name.
pub const NAME: &str = "regies";

/// The projection of régies.
#[derive(Debug, Clone, Copy)]
pub struct RegiesProjection;

impl Projection for RegiesProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        3
    }
    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Regie::TYPE]
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
