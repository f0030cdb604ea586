//! The rows of a month, from what was read of it.

use std::collections::HashMap;

use async_graphql::ID;
use chrono::{Datelike, NaiveDate};
use portail_application::{Caller, Role};
use portail_domain::{
    attendance::session::Booking,
    attendance::terms::Terms,
    catalogue::activity::ActivitySettings,
    families::child::Enrolment,
    i18n::Language,
    money::billing::{CellPrices, Household},
    shared::ids::{ActivityId, ChildId, FamilyNumber},
};
use portail_projections::{attendance::planning::CellRow, catalogue::Catalogue};

use crate::graphql::{
    attendance::planning::{
        PlanningRow,
        cell::{Acting, CellView},
    },
    scalars::{Month, Time},
};

/// A month of a child, as a caller sees it.
pub(crate) struct MonthView<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) caller: &'a Caller,
    pub(crate) language: Language,
    pub(crate) enrolments: &'a [Enrolment],
    pub(crate) child: ChildId,
    /// The child's families.
    pub(crate) families: &'a [FamilyNumber],
    pub(crate) households: &'a HashMap<String, Household>,
    /// Whether any price is asked.
    pub(crate) asks_prices: bool,
}

impl MonthView<'_> {
    /// What a cell costs a family and what acts in it come to; none where no price is asked, or none
    /// may be seen.
    fn prices<'b>(
        &'b self,
        payer: &'b FamilyNumber,
        terms: &'b Terms,
        booking: Option<&'b Booking>,
    ) -> Option<CellPrices<'b>> {
        let household = self.households.get(payer.as_str()).filter(|_| self.is_priced(payer))?;
        let tariff = self.catalogue.tariffs.get(&terms.activity)?;
        let acting = (self.caller.at, self.caller.role.is_staff());
        CellPrices::of(household, (payer, self.child), terms, booking, tariff, acting)
    }

    /// Parents see their own prices; staff and auditors see all.
    fn is_priced(&self, payer: &FamilyNumber) -> bool {
        self.asks_prices && (self.caller.role != Role::Parent || self.caller.login == payer.as_str())
    }

    /// Whether a family bears a part of what another booked on a day.
    fn bears(&self, family: &FamilyNumber, cell: &CellRow) -> bool {
        let holidays = self.catalogue.calendar.holidays_on(cell.date);
        let child = self.households.get(family.as_str()).and_then(|household| household.child(self.child));
        child.is_some_and(|c| c.part(family, &cell.booking.payer, cell.date, holidays).is_some())
    }

    /// Its rows, in the order of their activities.
    pub(crate) fn rows(
        &self,
        month: Month,
        cells: &[CellRow],
        names: &HashMap<String, String>,
    ) -> Vec<PlanningRow> {
        let mut keys: Vec<(ActivityId, FamilyNumber)> = Vec::new();
        let enrolled = self.enrolments.iter().map(|e| (e.activity.clone(), e.payer.clone()));
        // A booking without an enrolment has its row too: it is what staff must settle.
        let booked = cells.iter().map(|c| (c.activity.clone(), c.booking.payer.clone()));
        // Who bears the day sees it, whoever booked it.
        let borne = cells.iter().flat_map(|cell| {
            let others = self.families.iter().filter(|f| **f != cell.booking.payer && self.bears(f, cell));
            others.map(|family| (cell.activity.clone(), family.clone()))
        });
        for key in enrolled.chain(booked).chain(borne) {
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
        payer: FamilyNumber,
        cells: &[CellRow],
        blocked: &Days<Vec<Blocking<'_>>>,
        names: &HashMap<String, String>,
    ) -> Option<(u16, PlanningRow)> {
        let state = self.catalogue.activities.get(&activity)?;
        let (_, settings) =
            state.settings_on(month.0.last()).or_else(|| state.settings_on(month.0.first()))?;
        let structure = self.catalogue.structures.get(&settings.structure);
        let acts = match self.caller.role {
            Role::Parent => (self.caller.login == payer.as_str()).then_some(Acting::Family),
            Role::Staff | Role::Administrator => Some(Acting::Staff),
            Role::Auditor | Role::Timer => None,
        };
        let terms = self.catalogue.month(&activity, month.0);
        let of_row = |e: &&Enrolment| e.activity == activity && e.payer == payer;
        let enrolments: Vec<&Enrolment> = self.enrolments.iter().filter(of_row).collect();
        let mut booked: Days<Option<&CellRow>> = Days::default();
        for cell in cells.iter().filter(|c| c.activity == activity) {
            if cell.booking.payer == payer || self.bears(&payer, cell) {
                *booked.of(cell.date) = Some(cell);
            }
        }
        let view = |terms: &Terms| {
            let date = terms.date;
            let row = *booked.on(date);
            let enrolled = enrolments.iter().any(|e| e.holds_on(date));
            let others = blocked.on(date).iter().filter(|other| *other.activity != activity);
            let in_the_way = others.filter(|other| other.settings.overlaps(settings));
            let overlaps = in_the_way.map(|other| other.activity.clone()).collect();
            let prices = self.prices(&payer, terms, row.map(|r| &r.booking));
            // Who booked it acts on it.
            let own = row.is_none_or(|r| r.booking.payer == payer || r.booking.status.is_over());
            let names = |id: &ActivityId| {
                let state = self.catalogue.activities.get(id)?;
                state.settings_on(date).map(|(_, settings)| settings.name.clone())
            };
            let view = CellView {
                terms,
                row,
                prices,
                enrolled,
                overlaps,
                acts: acts.filter(|_| own && (row.is_some() || enrolled)),
                now: self.caller.at,
                language: self.language,
                names: &names,
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
                responsible: names.get(payer.as_str()).cloned(),
                payer: payer.to_string(),
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
