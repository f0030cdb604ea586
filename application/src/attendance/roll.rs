//! Reads the roll of a session: asked over GraphQL, printed, and exported.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_documents::roll::{Roll, RollLine};
use portail_domain::shared::ids::ActivityId;
use portail_projections::{attendance::planning, families::family};
use uuid::Uuid;

use crate::application::Application;

/// The roll of a session; none when there is no such activity that day.
///
/// # Errors
/// The database failed.
pub async fn roll(
    application: &Application,
    activity: &ActivityId,
    date: NaiveDate,
) -> Result<Option<Roll>, sqlx::Error> {
    let pool = application.pool();
    let catalogue = application.catalogue().get().await?;
    let Some(terms) = catalogue.terms(activity, date) else { return Ok(None) };
    let settings = catalogue.activities.get(activity).and_then(|a| a.settings_on(date));
    let cells = planning::session_cells(pool, activity, date).await?;
    let enrolled = family::enrolled(pool, activity, date).await?;
    let places = planning::occupancy(pool, &[activity.to_string()], date, date).await?;
    let (held, waiting) = places.get(&(activity.to_string(), date)).copied().unwrap_or_default();
    // What is over concerns the session only where the child may still come.
    let expected = |cell: &planning::CellRow| {
        !cell.booking.status.is_over() || enrolled.iter().any(|(child, _)| *child == cell.child)
    };
    let cells = cells.into_iter().filter(expected);
    let mut booked: HashMap<Uuid, _> = cells.map(|c| (c.child.0, c)).collect();
    let ids: Vec<Uuid> = booked.keys().copied().chain(enrolled.iter().map(|(c, _)| c.0)).collect();
    let payers: HashMap<Uuid, String> = enrolled.into_iter().map(|(c, payer)| (c.0, payer)).collect();
    let line = |child: family::ChildRow| {
        let cell = booked.remove(&child.id.0);
        let rank = cell.as_ref().and_then(|c| c.rank);
        let booking = cell.map(|c| c.booking);
        let payer = booking.as_ref().map(|b| b.payer.to_string());
        RollLine {
            child: child.id,
            name: child.identity.map(|i| (i.surname, i.first_name)),
            payer: payer.or_else(|| payers.get(&child.id.0).cloned()).unwrap_or_default(),
            booking,
            rank,
        }
    };
    let mut children: Vec<RollLine> =
        family::children_by_id(pool, &ids).await?.into_iter().map(line).collect();
    children.sort_by(|a, b| (&a.name, a.child).cmp(&(&b.name, b.child)));
    let activity = settings.map_or_else(|| activity.to_string(), |(_, s)| s.name.clone());
    Ok(Some(Roll { activity, terms, held, waiting, children }))
}
