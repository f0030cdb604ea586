//! What the town offers, as of one moment.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{Datelike, NaiveDate};
use cqrs_es::Aggregate;
use portail_domain::{
    attendance::terms::Terms,
    catalogue::activity::Activity,
    catalogue::calendar::{Holidays, TownCalendar},
    catalogue::structure::Structure,
    money::billing::Offer,
    money::tariff::Tariff,
    shared::ids::{ActivityId, StructureId},
    shared::time::Month,
};
use sqlx::PgPool;

/// What the town offers, as of one moment.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// The structures by their code.
    pub structures: BTreeMap<StructureId, Structure>,
    /// The activities by their code.
    pub activities: BTreeMap<ActivityId, Activity>,
    /// What each activity costs.
    pub tariffs: BTreeMap<ActivityId, Tariff>,
    /// The town's calendar.
    pub calendar: TownCalendar,
    /// The terms of the months asked for so far: a catalogue never changes, a new one takes its
    /// place.
    months: Mutex<HashMap<(ActivityId, Month), MonthTerms>>,
}

/// The terms of an activity's sessions in a month, day by day; none on days without it.
pub type MonthTerms = Arc<[Option<Terms>]>;

/// How many months of terms a catalogue remembers before it starts afresh.
const MONTHS: usize = 2_000;

impl Catalogue {
    /// The terms of a session; none when the activity does not exist on that day.
    pub fn terms(&self, activity: &ActivityId, date: NaiveDate) -> Option<Terms> {
        Terms::resolve(activity, self.activities.get(activity)?, &self.calendar, date)
    }

    /// The terms of an activity's sessions in a month.
    pub fn month(&self, activity: &ActivityId, month: Month) -> MonthTerms {
        let key = (activity.clone(), month);
        let mut months = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = months.get(&key) {
            return known.clone();
        }
        if months.len() >= MONTHS {
            months.clear();
        }
        let terms: MonthTerms = month.days().map(|date| self.terms(activity, date)).collect();
        months.insert(key, terms.clone());
        terms
    }

    pub(super) async fn load(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT kind, id, state::text FROM rm_catalogue.entry").fetch_all(pool).await?;
        let mut catalogue = Self::default();
        for (kind, id, state) in rows {
            let wrong = |e: serde_json::Error| sqlx::Error::Decode(e.into());
            let bad_id = |e: portail_domain::shared::ids::IdError| sqlx::Error::Decode(e.into());
            match kind.as_str() {
                Structure::TYPE => {
                    let state = serde_json::from_str(&state).map_err(wrong)?;
                    catalogue.structures.insert(id.parse().map_err(bad_id)?, state);
                }
                Activity::TYPE => {
                    let state = serde_json::from_str(&state).map_err(wrong)?;
                    catalogue.activities.insert(id.parse().map_err(bad_id)?, state);
                }
                Tariff::TYPE => {
                    let state = serde_json::from_str(&state).map_err(wrong)?;
                    catalogue.tariffs.insert(id.parse().map_err(bad_id)?, state);
                }
                TownCalendar::TYPE => catalogue.calendar = serde_json::from_str(&state).map_err(wrong)?,
                other => return Err(sqlx::Error::Decode(format!("the catalogue has no {other}").into())),
            }
        }
        Ok(catalogue)
    }
}

impl Offer for Catalogue {
    fn terms(&self, activity: &ActivityId, date: NaiveDate) -> Option<Terms> {
        let day = usize::try_from(date.day0()).ok()?;
        self.month(activity, Month::of(date)).get(day)?.clone()
    }
    fn tariff(&self, activity: &ActivityId) -> Option<&Tariff> {
        self.tariffs.get(activity)
    }
    fn holidays(&self, date: NaiveDate) -> Option<Holidays> {
        self.calendar.holidays_on(date)
    }
    fn runs(&self, activity: &ActivityId, date: NaiveDate) -> bool {
        self.activities.get(activity).is_some_and(|a| a.settings_on(date).is_some())
    }
}
