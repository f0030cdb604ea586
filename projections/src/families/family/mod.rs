//! Families, their children and the enrolments.

mod fold;
mod opened;
mod queries;
mod rows;
mod written;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{families::child::Child, families::family::Family, privacy::erasure::Erasure};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub(crate) use opened::open;
pub use opened::sealed_bytes;
pub use queries::{children, children_by_id, enrolled, enrolments, families_of, family, responsibles};
pub use rows::{ChildIdentity, ChildRow, Responsible};

/// Its name.
pub const NAME: &str = "family";

/// The projection of families and children.
#[derive(Debug, Clone, Copy)]
pub struct FamilyProjection;

impl Projection for FamilyProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        5
    }
    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Family::TYPE, Child::TYPE, Erasure::TYPE]
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
