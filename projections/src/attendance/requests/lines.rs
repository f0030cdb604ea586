//! The lines of requests as they are kept.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::{
    attendance::request::{RequestDetail, RequestKind, RequestStatus},
    decode::asked,
};

/// A child's day in an activity.
pub(super) type BookingKey<'a> = (Uuid, &'a str, NaiveDate);

/// A line as it is kept.
#[derive(FromRow)]
pub(super) struct Stored {
    pub(super) line: i64,
    pub(super) kind: RequestKind,
    pub(super) request: Uuid,
    pub(super) child: Uuid,
    pub(super) activity: String,
    pub(super) date: NaiveDate,
    pub(super) payer: Option<String>,
    pub(super) status: RequestStatus,
    pub(super) detail: Option<RequestDetail>,
    pub(super) reason: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) submitted: DateTime<Utc>,
    pub(super) decided: Option<DateTime<Utc>>,
    pub(super) due: Option<DateTime<Utc>>,
    pub(super) files: Option<String>,
}

/// What a line is looked up by: its request, kind, activity and day.
pub(super) type Key<'a> = (Uuid, RequestKind, &'a str, NaiveDate);

/// A line, and whether an earlier batch wrote it.
pub(super) struct Line {
    pub(super) row: Stored,
    pub(super) stored: bool,
}

impl Line {
    pub(super) fn new(row: Stored) -> Self {
        Self { row, stored: false }
    }
}

const COLUMNS: &str = "line, kind, request, child, activity, date, payer, status, detail, reason, \
    refusal, submitted, decided, due, files";

/// The lines of earlier batches.
pub(super) async fn load<'a>(
    wanted: &[Key<'a>],
    connection: &mut PgConnection,
) -> Result<HashMap<Key<'a>, Line>, sqlx::Error> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let (mut request, mut kind, mut activity, mut date) = (vec![], vec![], vec![], vec![]);
    for (r, k, a, d) in wanted {
        request.push(*r);
        kind.push(<&str>::from(*k));
        activity.push(*a);
        date.push(*d);
    }
    let query = "SELECT k.place, l.line, l.kind, l.request, l.child, l.activity, l.date, l.payer, l.status, \
            l.detail, l.reason, l.refusal, l.submitted, l.decided, l.due, l.files \
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[]) WITH ORDINALITY \
            AS k (request, kind, activity, date, place) \
         CROSS JOIN LATERAL (SELECT * FROM line WHERE line.request = k.request AND line.kind = k.kind \
            AND line.activity = k.activity AND line.date = k.date OFFSET 0) l";
    #[derive(FromRow)]
    struct Found {
        place: i64,
        #[sqlx(flatten)]
        row: Stored,
    }
    let found: Vec<Found> = sqlx::query_as(query)
        .bind(request)
        .bind(kind)
        .bind(activity)
        .bind(date)
        .fetch_all(connection)
        .await?;
    let line = |Found { place, row }| Some((*asked(wanted, place)?, Line { row, stored: true }));
    Ok(found.into_iter().filter_map(line).collect())
}

/// Who pays for bookings of earlier batches.
pub(super) async fn payers_of<'a>(
    bookings: &[BookingKey<'a>],
    connection: &mut PgConnection,
) -> Result<HashMap<BookingKey<'a>, String>, sqlx::Error> {
    if bookings.is_empty() {
        return Ok(HashMap::new());
    }
    let (mut child, mut activity, mut date) = (vec![], vec![], vec![]);
    for (c, a, d) in bookings {
        child.push(*c);
        activity.push(*a);
        date.push(*d);
    }
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT DISTINCT ON (k.place) k.place, l.payer \
         FROM unnest($1::uuid[], $2::text[], $3::date[]) WITH ORDINALITY AS k (child, activity, date, place) \
         CROSS JOIN LATERAL (SELECT * FROM line WHERE line.activity = k.activity AND line.date = k.date \
            AND line.child = k.child OFFSET 0) l \
         WHERE l.kind = 'RESERVATION' AND l.payer IS NOT NULL \
         ORDER BY k.place, l.line DESC",
    )
    .bind(child)
    .bind(activity)
    .bind(date)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(|(place, payer)| Some((*asked(bookings, place)?, payer))).collect())
}

pub(super) async fn store(
    lines: &[Line],
    on_conflict: &str,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    if lines.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        ($field:ident) => {
            lines.iter().map(|l| l.row.$field).collect::<Vec<_>>()
        };
        (text $field:ident) => {
            lines.iter().map(|l| l.row.$field.as_str()).collect::<Vec<_>>()
        };
        (name $field:ident) => {
            lines.iter().map(|l| <&str>::from(l.row.$field)).collect::<Vec<_>>()
        };
        (optional name $field:ident) => {
            lines.iter().map(|l| l.row.$field.map(<&str>::from)).collect::<Vec<_>>()
        };
        (optional text $field:ident) => {
            lines.iter().map(|l| l.row.$field.as_deref()).collect::<Vec<_>>()
        };
    }
    let query = format!(
        "INSERT INTO line ({COLUMNS}) SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], \
            $4::uuid[], $5::text[], $6::date[], $7::text[], $8::text[], $9::text[], $10::text[], \
            $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::text[]) {on_conflict}"
    );
    sqlx::query(&query)
        .bind(column!(line))
        .bind(column!(name kind))
        .bind(column!(request))
        .bind(column!(child))
        .bind(column!(text activity))
        .bind(column!(date))
        .bind(column!(optional text payer))
        .bind(column!(name status))
        .bind(column!(optional name detail))
        .bind(column!(optional text reason))
        .bind(column!(optional text refusal))
        .bind(column!(submitted))
        .bind(column!(decided))
        .bind(column!(due))
        .bind(column!(optional text files))
        .execute(connection)
        .await?;
    Ok(())
}
