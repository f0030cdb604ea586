//! What a child's planning of a month is made of, read from the planning and the families in one
//! statement: of all that parents ask, they ask for it most.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_domain::{child::Enrolment, ids::ChildId};
use sqlx::PgPool;

use crate::{
    decode::json,
    family::Responsible,
    planning::{CellRow, RANK, cell_row},
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

/// A row of one of the three kinds, each with its own texts and numbers.
type Row = (i32, String, Option<String>, Option<NaiveDate>, Option<i64>, Option<i64>);

const FAMILY: i32 = 1;
const ENROLMENT: i32 = 2;

/// A child's families, enrolments and cells in a range of days.
///
/// # Errors
/// The database failed.
pub async fn child_days(
    pool: &PgPool,
    child: ChildId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<ChildDays, sqlx::Error> {
    // The guardian is looked up by key: joined, an unfamiliar table would be read whole.
    let query = format!(
        "SELECT 1, family, NULL, NULL::date, NULL::bigint, NULL::bigint FROM rm_family.child_family WHERE child = $1 \
         UNION ALL SELECT 2, e.document::text, \
            (SELECT f.responsible::text FROM rm_family.family f WHERE f.number = e.payer), e.last_day, e.line, NULL \
            FROM rm_family.enrolment e WHERE e.child = $1 AND e.first_day <= $3 AND (e.last_day IS NULL OR e.last_day >= $2) \
         UNION ALL SELECT 3, c.booking, c.activity, c.date, {RANK}, c.position FROM rm_planning.cell c \
            WHERE c.child = $1 AND c.date BETWEEN $2 AND $3"
    );
    let mut rows: Vec<Row> = sqlx::query_as(&query).bind(child.0).bind(from).bind(to).fetch_all(pool).await?;
    rows.sort_by_key(|(kind, _, _, _, line, _)| (*kind, (*kind == ENROLMENT).then_some(*line)));
    let mut days = ChildDays::default();
    for (kind, first, second, day, number, position) in rows {
        match kind {
            FAMILY => days.families.push(first),
            ENROLMENT => {
                let mut enrolment: Enrolment = json(&first)?;
                enrolment.to = day;
                let payer = enrolment.payer.as_str();
                if !days.responsibles.contains_key(payer) {
                    let responsible = second.and_then(|text| serde_json::from_str(&text).ok());
                    days.responsibles.insert(payer.to_owned(), responsible);
                }
                days.enrolments.push(enrolment);
            }
            _ => {
                let of = |missing: &str| sqlx::Error::ColumnNotFound(missing.to_owned());
                let (activity, date) =
                    (second.ok_or_else(|| of("activity"))?, day.ok_or_else(|| of("date"))?);
                let position = position.ok_or_else(|| of("position"))?;
                days.cells.push(cell_row((child.0, activity, date, first, number, position))?);
            }
        }
    }
    Ok(days)
}
