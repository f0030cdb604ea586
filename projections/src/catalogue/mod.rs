//! The catalogue: structures, activities with their settings, and the town's calendar.
//!
//! Small and read by every request: kept as the aggregates' own states, so that the rules the
//! calendar shows are the rules the town decided, and held in memory between changes.

mod cache;
mod fold;
mod offer;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    catalogue::activity::Activity, catalogue::calendar::TownCalendar, catalogue::structure::Structure,
    money::tariff::Tariff,
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use cache::CatalogueCache;
pub use offer::{Catalogue, MonthTerms};

/// The projection of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueProjection;

/// Its name.
pub const NAME: &str = "catalogue";

impl Projection for CatalogueProjection {
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
        &[Structure::TYPE, Activity::TYPE, Tariff::TYPE, TownCalendar::TYPE]
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
