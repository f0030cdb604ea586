//! Plannings that are sent again when they change.

use async_graphql::{Context, ID, Result, Subscription};
use futures::Stream;

use super::{Planning, month_planning};
use crate::graphql::{
    context::{Ask, EVERYBODY, unavailable, visible_child},
    scalars::{Month, Position},
};

/// Live plannings.
#[derive(Debug, Default)]
pub struct PlanningSubscription;

#[Subscription]
impl PlanningSubscription {
    /// A child's planning of a month: at once, and again whenever it has changed. Each message
    /// carries its position; a client that comes back names the last one it saw.
    #[graphql(guard = "EVERYBODY")]
    async fn planning_changed<'a>(
        &self,
        ctx: &'a Context<'_>,
        #[graphql(desc = "The child.")] child_id: ID,
        #[graphql(desc = "The month.")] month: Month,
        #[graphql(desc = "Only what changed after this position.")] after: Option<Position>,
    ) -> Result<impl Stream<Item = Result<Planning>> + 'a> {
        visible_child(ctx, &child_id).await?;
        let mut positions = ctx
            .application()?
            .engine()
            .subscribe(portail_projections::attendance::planning::NAME)
            .ok_or_else(|| unavailable("no planning"))?;
        Ok(async_stream::try_stream! {
            let mut shown = after.map(|p| p.0);
            let mut last: Option<u64> = None;
            loop {
                let position = positions.position();
                // The child may have left the family meanwhile, which this looks at again.
                let planning = month_planning(ctx, &child_id, month, position).await?;
                let newest = planning.rows.0.iter().flat_map(|r| &r.cells).filter_map(|c| c.position).max();
                let newest = newest.map(|p| p.0);
                let news = match shown {
                    None => last.is_none() || newest != last,
                    Some(seen) => newest.is_some_and(|n| n > seen),
                };
                if news {
                    yield planning;
                }
                last = Some(newest.unwrap_or(0)).filter(|_| newest.is_some()).or(Some(0));
                shown = shown.max(newest).or(Some(0));
                if !positions.changed().await {
                    return;
                }
            }
        })
    }
}
