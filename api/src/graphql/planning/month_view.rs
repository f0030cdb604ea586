//! The rows of a month, from what was read of it.

use std::collections::HashMap;

use async_graphql::ID;
use chrono::{Datelike, NaiveDate};
use portail_domain::{
    activity::ActivitySettings,
    billing::{Household, price_of},
    child::Enrolment,
    ids::{ActivityId, ChildId},
    messages::Language,
    session::Booking,
    terms::Terms,
};
use portail_projections::{catalogue::Catalogue, planning::CellRow};
use rust_decimal::Decimal;

use super::{PlanningRow, cell::CellView};
use crate::{
    application::{Caller, Role},
    graphql::scalars::{Month, Time},
};

/// A month of a child, as a caller sees it.
pub(super) struct MonthView<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) caller: &'a Caller,
    pub(super) language: Language,
    pub(super) enrolments: &'a [Enrolment],
    pub(super) child: ChildId,
    pub(super) households: &'a HashMap<String, Household>,
}

impl MonthView<'_> {
    /// What a cell costs its payer, where there is or could be a booking.
    fn price(
        &self,
        payer: &str,
        terms: &Terms,
        booking: Option<&Booking>,
        enrolled: bool,
    ) -> Option<Decimal> {
        let household = self.households.get(payer)?;
        if booking.is_none() && (!enrolled || terms.require_open().is_err()) {
            return None;
        }
        let tariff = self.catalogue.tariffs.get(&terms.activity)?;
        let family = payer.parse().ok()?;
        price_of(household, &family, self.child, terms, booking, tariff).map(|quote| quote.amount.decimal())
    }

    /// Its rows, in the order of their activities.
    pub(super) fn rows(
        &self,
        month: Month,
        cells: &[CellRow],
        names: &HashMap<String, String>,
    ) -> Vec<PlanningRow> {
        let mut keys: Vec<(ActivityId, String)> = Vec::new();
        let enrolled = self.enrolments.iter().map(|e| (e.activity.clone(), e.payer.to_string()));
        // A booking without an enrolment has its row too: it is what staff must settle.
        let booked = cells.iter().map(|c| (c.activity.clone(), c.booking.payer.to_string()));
        for key in enrolled.chain(booked) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut blocked: Days<Vec<Blocking<'_>>> = Days::default();
        for cell in cells.iter().filter(|c| c.booking.status.blocks_hours()) {
            let activity = self.catalogue.activities.get(&cell.activity);
            if let Some((_, settings)) = activity.and_then(|a| a.settings_on(cell.date)) {
                blocked.of(cell.date).push(Blocking { activity: &cell.activity, settings });
            }
        }
        let mut rows: Vec<(u16, PlanningRow)> = keys
            .into_iter()
            .filter_map(|(activity, payer)| self.row(month, activity, payer, cells, &blocked, names))
            .collect();
        rows.sort_by(|(a, x), (b, y)| (a, &x.activity_id.0, &x.payer).cmp(&(b, &y.activity_id.0, &y.payer)));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn row(
        &self,
        month: Month,
        activity: ActivityId,
        payer: String,
        cells: &[CellRow],
        blocked: &Days<Vec<Blocking<'_>>>,
        names: &HashMap<String, String>,
    ) -> Option<(u16, PlanningRow)> {
        let state = self.catalogue.activities.get(&activity)?;
        let (_, settings) =
            state.settings_on(month.0.last()).or_else(|| state.settings_on(month.0.first()))?;
        let structure = self.catalogue.structures.get(&settings.structure);
        let acts = self.caller.role == Role::Parent && self.caller.login == payer;
        let terms = self.catalogue.month(&activity, month.0);
        let of_row = |e: &&Enrolment| e.activity == activity && e.payer.as_str() == payer;
        let enrolments: Vec<&Enrolment> = self.enrolments.iter().filter(of_row).collect();
        let mut booked: Days<Option<&CellRow>> = Days::default();
        for cell in cells.iter().filter(|c| c.activity == activity && c.booking.payer.as_str() == payer) {
            *booked.of(cell.date) = Some(cell);
        }
        let view = |terms: &Terms| {
            let date = terms.date;
            let row = *booked.on(date);
            let enrolled = enrolments.iter().any(|e| e.holds_on(date));
            let others = blocked.on(date).iter().filter(|other| *other.activity != activity);
            let in_the_way = others.filter(|other| other.settings.overlaps(settings));
            let overlaps = in_the_way.map(|other| other.activity.clone()).collect();
            let price = self.price(&payer, terms, row.map(|r| &r.booking), enrolled);
            let view = CellView {
                terms,
                row,
                price,
                enrolled,
                overlaps,
                acts,
                now: self.caller.at,
                language: self.language,
            };
            view.cell()
        };
        let mut cells = Vec::with_capacity(terms.len());
        cells.extend(terms.iter().flatten().map(view));
        Some((
            settings.rank,
            PlanningRow {
                structure_id: ID(settings.structure.to_string()),
                structure: structure.and_then(|s| s.name.clone()).unwrap_or_default(),
                activity_id: ID(activity.to_string()),
                activity: settings.name.clone(),
                starts: Time(settings.starts),
                ends: Time(settings.ends),
                responsible: names.get(&payer).cloned(),
                payer: payer.clone(),
                cells,
            },
        ))
    }
}

/// What holds the child's hours on a day.
struct Blocking<'a> {
    activity: &'a ActivityId,
    settings: &'a ActivitySettings,
}

/// Something for every day of a month.
#[derive(Default)]
struct Days<T>([T; 31]);

impl<T> Days<T> {
    fn of(&mut self, date: NaiveDate) -> &mut T {
        &mut self.0[date.day0() as usize]
    }

    fn on(&self, date: NaiveDate) -> &T {
        &self.0[date.day0() as usize]
    }
}
