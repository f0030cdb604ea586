//! The roll of a session: who is expected, who waits, who came.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use portail_projections::{family, planning};
use uuid::Uuid;

use super::{
    super::{
        context::{Ask, OFFICERS, be_fresh, coded, unavailable},
        scalars::{Date, Position},
    },
    DayResultCode,
};
use crate::application::DayResult;

/// One child of a session.
#[derive(Debug, Clone, SimpleObject)]
pub struct SessionChild {
    /// The child.
    child_id: ID,
    /// First name and surname; null once erased.
    name: Option<String>,
    /// Who pays.
    payer: String,
    /// Where the booking stands; null for an enrolled child without one.
    status: Option<DayResultCode>,
    /// The rank on the waiting list.
    waiting_rank: Option<i64>,
}

/// A session as its staff see it.
#[derive(Debug, Clone, SimpleObject)]
pub struct SessionRoll {
    /// The activity.
    activity_id: ID,
    /// The day.
    date: Date,
    /// How many children it holds.
    capacity: Option<u32>,
    /// How many places are held.
    held: i32,
    /// How many children wait.
    waiting: i32,
    /// The children booked or enrolled.
    children: Vec<SessionChild>,
}

/// Queries of sessions.
#[derive(Debug, Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// Who is expected, who waits and who came, in one session.
    #[graphql(guard = "OFFICERS")]
    async fn session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity.")] activity_id: ID,
        #[graphql(desc = "The day.")] date: Date,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<SessionRoll> {
        be_fresh(ctx, &[planning::NAME, family::NAME], min_position.map(|p| p.0)).await?;
        let application = ctx.application()?;
        let pool = application.pool();
        let not_found = || coded("NOT_FOUND", ctx.language());
        let activity: portail_domain::ids::ActivityId = activity_id.parse().map_err(|_| not_found())?;
        let catalogue = application.catalogue().get().await.map_err(unavailable)?;
        let terms = catalogue.terms(&activity, date.0).ok_or_else(not_found)?;
        let cells = planning::session_cells(pool, &activity, date.0).await.map_err(unavailable)?;
        let enrolled = family::enrolled(pool, &activity, date.0).await.map_err(unavailable)?;
        let occupancy = planning::occupancy(pool, &[activity.to_string()], date.0, date.0).await;
        let (held, waiting) =
            occupancy.map_err(unavailable)?.remove(&(activity.to_string(), date.0)).unwrap_or_default();
        let booked: HashMap<Uuid, _> = cells.iter().map(|c| (c.child.0, c)).collect();
        let ids: Vec<Uuid> = booked.keys().copied().chain(enrolled.iter().map(|(c, _)| c.0)).collect();
        let children = family::children_by_id(pool, &ids).await.map_err(unavailable)?;
        let payers: HashMap<Uuid, &String> = enrolled.iter().map(|(c, payer)| (c.0, payer)).collect();
        let mut children: Vec<SessionChild> = children
            .into_iter()
            .map(|child| {
                let cell = booked.get(&child.id.0);
                SessionChild {
                    child_id: ID(child.id.to_string()),
                    name: child.identity.map(|i| format!("{} {}", i.first_name, i.surname)),
                    payer: cell
                        .map(|c| c.booking.payer.to_string())
                        .or_else(|| payers.get(&child.id.0).map(|p| (*p).clone()))
                        .unwrap_or_default(),
                    status: cell.map(|c| DayResult::Done(c.booking.status).into()),
                    waiting_rank: cell.and_then(|c| c.rank),
                }
            })
            .collect();
        children.sort_by(|a, b| (&a.name, &a.child_id.0).cmp(&(&b.name, &b.child_id.0)));
        Ok(SessionRoll { activity_id, date, capacity: terms.capacity, held, waiting, children })
    }
}
