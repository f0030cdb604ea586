//! The planning as another program folds it.

use futures::future::BoxFuture;
use portail_event_store::RecordedEvent;
use portail_projections::{FoldContext, FoldError, Projection, attendance::planning::PlanningProjection};
use sqlx::PgConnection;

/// The planning with a version of its own; what `before` leaves of a batch is folded.
pub struct OtherPlanning<F> {
    version: i32,
    before: F,
}

impl<F> OtherPlanning<F>
where
    F: for<'e> Fn(&[&'e RecordedEvent]) -> Result<Vec<&'e RecordedEvent>, FoldError> + Send + Sync + 'static,
{
    pub fn new(version: i32, before: F) -> Self {
        Self { version, before }
    }
}

impl<F> Projection for OtherPlanning<F>
where
    F: for<'e> Fn(&[&'e RecordedEvent]) -> Result<Vec<&'e RecordedEvent>, FoldError> + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        PlanningProjection.name()
    }
    fn version(&self) -> i32 {
        self.version
    }
    fn tables(&self) -> &'static str {
        PlanningProjection.tables()
    }
    fn indexes(&self) -> &'static str {
        PlanningProjection.indexes()
    }
    fn reads(&self) -> &'static [&'static str] {
        PlanningProjection.reads()
    }
    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            let left = (self.before)(events)?;
            PlanningProjection.fold(&left, context, connection).await
        })
    }
}
