//! The planning: every child's booking on every day, and how full every session is.
//!
//! The fold of a booking is the domain's own ([`Booking::evolve`]): the calendar cannot disagree
//! with the aggregate.

mod cells;
mod ends;
mod fold;
mod queries;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{attendance::session::Session, catalogue::activity::Activity, families::child::Child};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use queries::{CellRow, Due, booked_days, cells, due, occupancy, session_cells};
pub(crate) use queries::{RANK, cell_row};

/// Its name.
pub const NAME: &str = "planning";

/// The projection of the planning.
#[derive(Debug, Clone, Copy)]
pub struct PlanningProjection;

impl Projection for PlanningProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        4
    }
    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }
    fn indexes(&self) -> &'static str {
        include_str!("indexes.sql")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Session::TYPE, Child::TYPE, Activity::TYPE]
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
