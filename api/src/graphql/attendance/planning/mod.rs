//! The planning calendar of a child.

mod cell;
#[cfg(test)]
mod eager_tests;
mod legend;
mod live;
mod month_view;

use std::collections::{BTreeSet, HashMap};

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use portail_domain::shared::ids::{ChildId, FamilyNumber};
use portail_projections::{
    attendance::month_planning::ChildDays,
    families::{family, household},
};

pub use self::{
    cell::{Attendance, Cell, CellStatus, DayMarker},
    legend::LegendEntry,
    live::PlanningSubscription,
};
use self::{legend::legend, month_view::MonthView};
use crate::graphql::{
    context::{Ask, EVERYBODY, be_fresh, coded, full_name, is_visible, payer_names, unavailable},
    eager_list::{EagerList, eager_object},
    scalars::{Month, Position, Time},
};

/// The read models a planning is made of.
const NAMES: [&str; 4] = [
    portail_projections::catalogue::NAME,
    family::NAME,
    household::NAME,
    portail_projections::attendance::planning::NAME,
];

eager_object! {
    /// A row: structure × activity × responsible (payer).
    PlanningRow {
        /// The structure's code.
        structure_id: ID,
        /// The structure.
        structure: String,
        /// The activity's code.
        activity_id: ID,
        /// The activity.
        activity: String,
        /// When it starts.
        starts: Time,
        /// When it ends.
        ends: Time,
        /// The payer's family number.
        payer: String,
        /// The responsible guardian who pays; null once erased.
        responsible: Option<String>,
        /// A cell per day of the month.
        cells: Vec<Cell>,
    }
}

/// A child's planning of a month.
#[derive(Debug, Clone, SimpleObject)]
pub struct Planning {
    /// The child.
    child_id: ID,
    /// The month.
    month: Month,
    /// The month before.
    previous_month: Month,
    /// The month after.
    next_month: Month,
    /// The rows.
    rows: EagerList<PlanningRow>,
    /// What the statuses and markers mean.
    legend: Vec<LegendEntry>,
    /// The position of the log it shows.
    position: Position,
}

/// Whether a price is asked, of cells or of what may be done in them.
fn asks_prices(ctx: &Context<'_>) -> bool {
    let cells = ctx.look_ahead().field("rows").field("cells");
    let actions = cells.field("actions");
    [cells.field("price"), actions.field("price"), actions.field("change")].iter().any(|f| f.exists())
}

/// A child's planning of a month, for a caller.
///
/// # Errors
/// The caller may not see the child.
async fn month_planning(ctx: &Context<'_>, child_id: &str, month: Month, position: u64) -> Result<Planning> {
    let (application, caller) = (ctx.application()?, ctx.caller()?);
    let not_found = || coded("NOT_FOUND", ctx.language());
    let child: ChildId = child_id.parse().map_err(|_| not_found())?;
    let catalogue = application.catalogue().get().await.map_err(unavailable)?;
    let days = application.plannings().of_child(child, month.0.first(), month.0.last()).await;
    let ChildDays { families, enrolments, responsibles, cells } = days.map_err(unavailable)?;
    if !is_visible(&caller, &families) {
        return Err(not_found());
    }
    let payers = cells.iter().map(|c| c.booking.payer.to_string());
    let payers = payers.chain(responsibles.keys().cloned()).collect::<BTreeSet<_>>();
    // Who bears a day is asked of the households, where a child has two families.
    let families: Vec<FamilyNumber> = families.iter().filter_map(|number| number.parse().ok()).collect();
    let payers =
        payers.into_iter().chain(families.iter().map(FamilyNumber::to_string)).collect::<BTreeSet<_>>();
    let asks_prices = asks_prices(ctx);
    let households = if asks_prices || families.len() > 1 {
        let payers: Vec<String> = payers.iter().cloned().collect();
        household::households(application.pool(), &payers).await.map_err(unavailable)?
    } else {
        HashMap::new()
    };
    let name = |(number, found): (&String, &Option<_>)| Some((number.clone(), full_name(found.as_ref()?)));
    let mut names: HashMap<String, String> = responsibles.iter().filter_map(name).collect();
    // Who pays for a booking without an enrolment.
    let others: Vec<String> = payers.into_iter().filter(|p| !responsibles.contains_key(p)).collect();
    if !others.is_empty() {
        names.extend(payer_names(ctx, others).await?);
    }
    let view = MonthView {
        catalogue: &catalogue,
        caller: &caller,
        language: ctx.language(),
        enrolments: &enrolments,
        child,
        families: &families,
        households: &households,
        asks_prices,
    };
    Ok(Planning {
        child_id: ID(child.to_string()),
        month,
        previous_month: Month(month.0.previous()),
        next_month: Month(month.0.next()),
        rows: EagerList(view.rows(month, &cells, &names)),
        legend: if ctx.look_ahead().field("legend").exists() { legend(ctx.language()) } else { vec![] },
        position: Position(position),
    })
}

/// Queries of the planning.
#[derive(Debug, Default)]
pub struct PlanningQuery;

#[Object]
impl PlanningQuery {
    /// A child's planning of a month: a row per structure, activity and payer, a cell per day.
    #[graphql(guard = "EVERYBODY")]
    async fn planning(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The child.")] child_id: ID,
        #[graphql(desc = "The month.")] month: Month,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Planning> {
        let position = be_fresh(ctx, &NAMES, min_position.map(|p| p.0)).await?;
        month_planning(ctx, &child_id, month, position).await
    }

    /// What the statuses and markers of the planning mean.
    #[graphql(guard = "EVERYBODY")]
    async fn legend(&self, ctx: &Context<'_>) -> Vec<LegendEntry> {
        legend(ctx.language())
    }
}
