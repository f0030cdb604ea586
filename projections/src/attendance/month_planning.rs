//! What children's plannings of a month are made of, read from the planning and the families in one
//! statement: of all that parents ask, they ask for it most.

use std::{collections::HashMap, num::NonZero, sync::LazyLock};

use chrono::NaiveDate;
use futures::future::BoxFuture;
use portail_domain::{families::child::Enrolment, shared::ids::ChildId};
use portail_event_store::{BatchLoader, BatchQuery, Database};
use sqlx::PgConnection;

use crate::{
    attendance::planning::{CellRow, RANK, cell_row},
    decode::json,
    families::family::Responsible,
};

/// What a child's planning is made of, over some days.
#[derive(Debug, Clone, Default)]
pub struct ChildDays {
    /// The families the child belongs to.
    pub families: Vec<String>,
    /// The enrolments that share a day with them, in the order they were made.
    pub enrolments: Vec<Enrolment>,
    /// The responsible guardians of those who pay for the enrolments, by family number; none where
    /// they were erased.
    pub responsibles: HashMap<String, Option<Responsible>>,
    /// The cells.
    pub cells: Vec<CellRow>,
}

impl ChildDays {
    fn add_enrolment(
        &mut self,
        document: &str,
        responsible: Option<String>,
        last_day: Option<NaiveDate>,
    ) -> Result<(), sqlx::Error> {
        let mut enrolment: Enrolment = json(document)?;
        enrolment.to = last_day;
        let payer = enrolment.payer.as_str();
        if !self.responsibles.contains_key(payer) {
            let responsible = responsible.and_then(|text| serde_json::from_str(&text).ok());
            self.responsibles.insert(payer.to_owned(), responsible);
        }
        self.enrolments.push(enrolment);
        Ok(())
    }
}

/// A row of one of the three kinds, each with its own texts and numbers; before them the number of the
/// key it belongs to, from 1.
type Row = (i64, i32, String, Option<String>, Option<NaiveDate>, Option<i64>, Option<i64>);

const FAMILY: i32 = 1;
const ENROLMENT: i32 = 2;
const CELL: i32 = 3;

/// What is read for several children. Each is looked up by keys, whatever the planner believes of the
/// tables: it cannot join them all at once with what `OFFSET` keeps apart.
static QUERY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT asked.number, found.* \
         FROM unnest($1::uuid[], $2::date[], $3::date[]) WITH ORDINALITY AS asked (child, first, last, number) \
         CROSS JOIN LATERAL ( \
            SELECT 1, f.family, NULL, NULL::date, NULL::bigint, NULL::bigint \
                FROM rm_family.child_family f WHERE f.child = asked.child \
            UNION ALL SELECT 2, e.document::text, \
                (SELECT f.responsible::text FROM rm_family.family f WHERE f.number = e.payer), \
                e.last_day, e.line, NULL \
                FROM rm_family.enrolment e WHERE e.child = asked.child \
                AND e.first_day <= asked.last AND (e.last_day IS NULL OR e.last_day >= asked.first) \
            UNION ALL SELECT 3, c.booking, c.activity, c.date, {RANK}, c.position FROM rm_planning.cell c \
                WHERE c.child = asked.child AND c.date BETWEEN asked.first AND asked.last \
            OFFSET 0) AS found \
         WHERE asked.child IS NOT NULL"
    )
});

/// Loads children's plannings: those that are asked for at the same time are one query.
#[derive(Debug)]
pub struct Plannings(BatchLoader<Months>);

impl Plannings {
    /// Starts the loader on this database's pool.
    pub fn start(database: &Database) -> Self {
        // As the server itself, it leaves half of the processors to the database (decision 17).
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(BatchLoader::start(database, Months, (processors / 2).max(1)))
    }

    /// A child's families, enrolments and cells in a range of days.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_child(
        &self,
        child: ChildId,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<ChildDays, sqlx::Error> {
        self.0.load(PlanningKey { child, from, to }).await
    }
}

struct PlanningKey {
    child: ChildId,
    from: NaiveDate,
    to: NaiveDate,
}

struct Months;

impl BatchQuery for Months {
    type Key = PlanningKey;
    type Value = ChildDays;
    const MAX_BATCH: usize = 16;

    fn load<'a>(
        &'a self,
        asked: &'a [PlanningKey],
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Vec<ChildDays>, sqlx::Error>> {
        Box::pin(async move {
            let children = Self::padded(asked.iter().map(|a| a.child.0));
            let firsts: Vec<NaiveDate> = asked.iter().map(|a| a.from).collect();
            let lasts: Vec<NaiveDate> = asked.iter().map(|a| a.to).collect();
            let mut rows: Vec<Row> =
                sqlx::query_as(&QUERY).bind(children).bind(firsts).bind(lasts).fetch_all(connection).await?;
            // Enrolments in the order they were made.
            rows.sort_by_key(|row| (row.1 == ENROLMENT).then_some(row.5));
            let mut found: Vec<ChildDays> = asked.iter().map(|_| ChildDays::default()).collect();
            for (number, kind, first, second, day, count, position) in rows {
                let number = usize::try_from(number - 1).unwrap_or(usize::MAX);
                let (Some(days), Some(asked)) = (found.get_mut(number), asked.get(number)) else { continue };
                match kind {
                    FAMILY => days.families.push(first),
                    ENROLMENT => days.add_enrolment(&first, second, day)?,
                    CELL => {
                        let of = |missing: &str| sqlx::Error::ColumnNotFound(missing.to_owned());
                        let activity = second.ok_or_else(|| of("activity"))?;
                        let date = day.ok_or_else(|| of("date"))?;
                        let position = position.ok_or_else(|| of("position"))?;
                        let stored = (asked.child.0, activity, date, first, count, position);
                        days.cells.push(cell_row(stored)?);
                    }
                    other => return Err(sqlx::Error::Decode(format!("a row of kind {other}").into())),
                }
            }
            Ok(found)
        })
    }
}
