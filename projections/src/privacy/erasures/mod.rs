//! What was erased, and the town's policy. Its fold is also what destroys the keys: they are a
//! projection of the log like everything else, so that an erasure and its event are never apart.

mod fold;
mod queries;
mod rows;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{governance::policy::Policy, privacy::erasure::Erasure};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use queries::{erasures, health_files, last_change, policy, untied_since};
pub use rows::{ErasureRow, PolicyRow};

/// Its name in databases that stand.
pub const NAME: &str = "privacy";

/// The projection of erasures and of the policy.
#[derive(Debug, Clone, Copy)]
pub struct ErasuresProjection;

impl Projection for ErasuresProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        1
    }
    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Erasure::TYPE, Policy::TYPE]
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
