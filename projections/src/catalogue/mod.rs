//! The catalogue: structures, activities with their settings, and the town's calendar.
//!
//! Small and read by every request: kept as the aggregates' own states, so that the rules the
//! calendar shows are the rules the town decided, and held in memory between changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{Datelike, NaiveDate};
use cqrs_es::{Aggregate, DomainEvent};
use futures::future::BoxFuture;
use portail_domain::{
    activity::Activity,
    billing::Offer,
    calendar::{Holidays, TownCalendar},
    ids::{ActivityId, StructureId},
    structure::Structure,
    tariff::Tariff,
    terms::Terms,
    time::Month,
};
use portail_event_store::RecordedEvent;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{PgConnection, PgPool};
use tokio::sync::RwLock;

use crate::{
    Engine,
    engine::projection::{FoldContext, FoldError, Projection},
};

/// The projection of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueProjection;

/// Its name.
pub const NAME: &str = "catalogue";

impl Projection for CatalogueProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        3
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE entry (kind text NOT NULL, id text NOT NULL, state json NOT NULL, PRIMARY KEY (kind, id))"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Structure::TYPE, Activity::TYPE, Tariff::TYPE, TownCalendar::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            for event in events {
                match &*event.stream.kind {
                    Structure::TYPE => evolve::<Structure>(event, context, connection).await?,
                    Tariff::TYPE => evolve::<Tariff>(event, context, connection).await?,
                    Activity::TYPE => evolve::<Activity>(event, context, connection).await?,
                    _ => evolve::<TownCalendar>(event, context, connection).await?,
                }
            }
            Ok(())
        })
    }
}

async fn evolve<A>(
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError>
where
    A: Aggregate + Serialize + DeserializeOwned,
    A::Event: DomainEvent,
{
    let decoded: A::Event = context.decode(event)?;
    let known: Option<String> =
        sqlx::query_scalar("SELECT state::text FROM entry WHERE kind = $1 AND id = $2")
            .bind(A::TYPE)
            .bind(&event.stream.id)
            .fetch_optional(&mut *connection)
            .await?;
    let mut state: A = match known {
        Some(text) => serde_json::from_str(&text).map_err(|e| FoldError::poison(event, e))?,
        None => A::default(),
    };
    state.apply(decoded);
    let state = serde_json::to_string(&state).map_err(|e| FoldError::poison(event, e))?;
    sqlx::query(
        "INSERT INTO entry VALUES ($1, $2, $3::json) ON CONFLICT (kind, id) DO UPDATE SET state = EXCLUDED.state",
    )
    .bind(A::TYPE)
    .bind(&event.stream.id)
    .bind(state)
    .execute(connection)
    .await?;
    Ok(())
}

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

    async fn load(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT kind, id, state::text FROM rm_catalogue.entry").fetch_all(pool).await?;
        let mut catalogue = Self::default();
        for (kind, id, state) in rows {
            let wrong = |e: serde_json::Error| sqlx::Error::Decode(e.into());
            let bad_id = |e: portail_domain::ids::IdError| sqlx::Error::Decode(e.into());
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
                _ => catalogue.calendar = serde_json::from_str(&state).map_err(wrong)?,
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

/// A catalogue with the position it was read at.
type Kept = (u64, Arc<Catalogue>);

/// The catalogue in memory, read again only after it changed.
#[derive(Debug, Clone)]
pub struct CatalogueCache {
    pool: PgPool,
    engine: Engine,
    kept: Arc<RwLock<Option<Kept>>>,
}

impl CatalogueCache {
    /// A cache that follows an engine.
    pub fn new(pool: PgPool, engine: Engine) -> Self {
        Self { pool, engine, kept: Arc::default() }
    }

    /// The catalogue as its projection has it now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get(&self) -> Result<Arc<Catalogue>, sqlx::Error> {
        let effect = self.engine.effects(NAME);
        if let Some((at, catalogue)) = &*self.kept.read().await
            && *at == effect
        {
            return Ok(catalogue.clone());
        }
        let catalogue = Arc::new(Catalogue::load(&self.pool).await?);
        *self.kept.write().await = Some((effect, catalogue.clone()));
        Ok(catalogue)
    }
}
