//! The roll of a session: who is expected, who waits, who came.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use portail_application::{DayResult, attendance::roll::roll};
use portail_documents::roll::RollLine;
use portail_projections::{attendance::planning, families::family};

use crate::{
    graphql::{
        attendance::{planning::Attendance, sessions::DayResultCode},
        context::{Ask, OFFICERS, be_fresh, coded, unavailable},
        scalars::{Date, Position},
    },
    http::links,
};

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
    /// The roll-call; null before it is called.
    attendance: Option<Attendance>,
}

impl From<RollLine> for SessionChild {
    fn from(line: RollLine) -> Self {
        Self {
            child_id: ID(line.child.to_string()),
            name: line.name.map(|(surname, first_name)| format!("{first_name} {surname}")),
            payer: line.payer,
            status: line.booking.as_ref().map(|b| DayResult::Done(b.status).into()),
            waiting_rank: line.rank,
            attendance: line.booking.and_then(|b| b.attendance).map(Into::into),
        }
    }
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
    /// The children booked or enrolled, by surname and first name.
    children: Vec<SessionChild>,
    /// Where its attendance sheet is printed (PDF).
    sheet_url: String,
    /// Where it is exported (CSV).
    export_url: String,
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
        let not_found = || coded("NOT_FOUND", ctx.language());
        let activity = activity_id.parse().map_err(|_| not_found())?;
        let roll = roll(ctx.application()?, &activity, date.0).await.map_err(unavailable)?;
        let roll = roll.ok_or_else(not_found)?;
        Ok(SessionRoll {
            sheet_url: links::attendance_sheet_url(&activity_id, date.0),
            export_url: links::attendance_url(&activity_id, date.0),
            activity_id,
            date,
            capacity: roll.terms.capacity,
            held: roll.held,
            waiting: roll.waiting,
            children: roll.children.into_iter().map(SessionChild::from).collect(),
        })
    }
}
