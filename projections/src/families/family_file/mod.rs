//! The family file: the current value of every section, and the requests to modify them.

mod fold;
mod queries;
mod rows;
mod sections;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{families::child::Child, families::family::Family, privacy::erasure::Erasure};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use queries::{modifications, sections};
pub use rows::{ModificationRow, Proposal, SectionRow};

/// Its name in databases that stand.
pub const NAME: &str = "file";

/// The projection of the family file.
#[derive(Debug, Clone, Copy)]
pub struct FamilyFileProjection;

impl Projection for FamilyFileProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        2
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
