//! The list of requests: what families asked for days and for their file, in one order.
//!
//! Reads two read models, each of which keeps its own lines; a line's place is the position of the
//! event that made it, so that both fall into one order.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::{AbsenceReason, Refusal, Session, stream_id},
    families::child::Child,
    families::family::Family,
    shared::attachment::Attachment,
    shared::ids::{ChildId, RequestId},
};
use portail_event_store::{EventLog, LogError, RecordedEvent, StreamId};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::{
    attendance::request::{RequestDetail, RequestKind, RequestStatus},
    decode::{json, parsed},
};

/// The read models the list is made of.
pub const NAMES: [&str; 2] = [crate::attendance::requests::NAME, crate::families::family_file::NAME];

/// A line of the list of requests.
#[derive(Debug, Clone)]
pub struct RequestLine {
    /// Its identity and its place: lines are ordered by when they were submitted.
    pub line: i64,
    /// What it asks for.
    pub kind: RequestKind,
    /// The request it belongs to.
    pub request: RequestId,
    /// For whom; none where it is about the family's own file.
    pub child: Option<ChildId>,
    /// Which activity, for a day.
    pub activity: Option<String>,
    /// Which day, for a day.
    pub date: Option<NaiveDate>,
    /// The family that asked.
    pub payer: Option<String>,
    /// Where it stands.
    pub status: RequestStatus,
    /// Where it stands more closely.
    pub detail: Option<RequestDetail>,
    /// The reason of an absence.
    pub reason: Option<AbsenceReason>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// When it was submitted.
    pub submitted: DateTime<Utc>,
    /// When it was decided.
    pub decided: Option<DateTime<Utc>>,
    /// Until when a certificate is awaited.
    pub certificate_due: Option<DateTime<Utc>>,
    /// The certificate sent in for an absence.
    pub files: Vec<Attachment>,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this payer's.
    pub payer: Option<String>,
    /// Only this child's.
    pub child: Option<Uuid>,
    /// Only these kinds.
    pub kinds: Option<Vec<RequestKind>>,
    /// Only these statuses.
    pub statuses: Option<Vec<RequestStatus>>,
    /// Only this request's.
    pub request: Option<Uuid>,
    /// Only submitted at or after.
    pub since: Option<DateTime<Utc>>,
    /// Only of these activities.
    pub activities: Option<Vec<String>>,
}

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first: a worklist.
    OldestFirst,
}

/// Lines of both read models, filtered; `$9` and `$10` cut each before they are merged, so that a
/// page costs two index scans whatever the length of the log.
fn lines(order: Order, page: bool) -> String {
    const DAYS: &str = "SELECT line, kind, request, child, activity, date, payer, status, detail, \
        CASE WHEN kind = 'ABSENCE' THEN reason END AS reason, refusal, submitted, decided, due, files \
        FROM rm_requests.line";
    const FILES: &str = "SELECT line, kind, request, child, NULL::text AS activity, NULL::date AS date, payer, \
        status, NULL::text AS detail, NULL::text AS reason, refusal, submitted, decided, \
        NULL::timestamptz AS due, NULL::text AS files FROM rm_file.request";
    const WHERE: &str = "WHERE ($1::text IS NULL OR payer = $1) AND ($2::uuid IS NULL OR child = $2) \
        AND ($3::text[] IS NULL OR kind = ANY($3)) AND ($4::text[] IS NULL OR status = ANY($4)) \
        AND ($5::uuid IS NULL OR request = $5) AND ($6::timestamptz IS NULL OR submitted >= $6)";
    let (direction, beyond) = match order {
        Order::NewestFirst => ("DESC", "<"),
        Order::OldestFirst => ("ASC", ">"),
    };
    let cut = if page {
        format!("AND ($8::bigint IS NULL OR line {beyond} $8) ORDER BY line {direction} LIMIT $9")
    } else {
        String::new()
    };
    let merged = format!(
        "(({DAYS} {WHERE} AND ($7::text[] IS NULL OR activity = ANY($7)) {cut}) UNION ALL \
          ({FILES} {WHERE} AND $7::text[] IS NULL {cut})) both_kinds"
    );
    if page {
        format!("SELECT * FROM {merged} ORDER BY line {direction} LIMIT $9")
    } else {
        format!("SELECT count(*) FROM {merged}")
    }
}

#[derive(FromRow)]
struct Stored {
    line: i64,
    kind: RequestKind,
    request: Uuid,
    child: Option<Uuid>,
    activity: Option<String>,
    date: Option<NaiveDate>,
    payer: Option<String>,
    status: RequestStatus,
    detail: Option<RequestDetail>,
    reason: Option<String>,
    refusal: Option<String>,
    submitted: DateTime<Utc>,
    decided: Option<DateTime<Utc>>,
    due: Option<DateTime<Utc>>,
    files: Option<String>,
}

fn names<T: Copy + Into<&'static str>>(asked: Option<&[T]>) -> Option<Vec<&'static str>> {
    asked.map(|asked| asked.iter().map(|one| (*one).into()).collect())
}

/// A page of lines beyond a line.
///
/// # Errors
/// The database failed.
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    order: Order,
    beyond: Option<i64>,
    limit: i64,
) -> Result<Vec<RequestLine>, sqlx::Error> {
    let rows: Vec<Stored> = sqlx::query_as(&lines(order, true))
        .bind(&filter.payer)
        .bind(filter.child)
        .bind(names(filter.kinds.as_deref()))
        .bind(names(filter.statuses.as_deref()))
        .bind(filter.request)
        .bind(filter.since)
        .bind(&filter.activities)
        .bind(beyond)
        .bind(limit)
        .fetch_all(pool)
        .await?;
    rows.into_iter().map(line_of).collect()
}

/// How many lines a filter matches in all.
///
/// # Errors
/// The database failed.
pub async fn count(pool: &PgPool, filter: &Filter) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(&lines(Order::default(), false))
        .bind(&filter.payer)
        .bind(filter.child)
        .bind(names(filter.kinds.as_deref()))
        .bind(names(filter.statuses.as_deref()))
        .bind(filter.request)
        .bind(filter.since)
        .bind(&filter.activities)
        .fetch_one(pool)
        .await
}

fn line_of(row: Stored) -> Result<RequestLine, sqlx::Error> {
    let refusal = row.refusal.map(|r| serde_json::from_str(&r)).transpose();
    Ok(RequestLine {
        line: row.line,
        request: RequestId(row.request),
        child: row.child.map(ChildId),
        activity: row.activity,
        date: row.date,
        payer: row.payer,
        status: row.status,
        detail: row.detail,
        reason: row.reason.as_deref().map(parsed).transpose()?,
        kind: row.kind,
        refusal: refusal.map_err(|e| sqlx::Error::Decode(e.into()))?,
        submitted: row.submitted,
        decided: row.decided,
        certificate_due: row.due,
        files: row.files.as_deref().map(json).transpose()?.unwrap_or_default(),
    })
}

/// How many requests of a kind are undecided, and since when.
#[derive(Debug, Clone, FromRow)]
pub struct PendingCount {
    /// The kind.
    pub kind: RequestKind,
    /// The activity, for days.
    pub activity: Option<String>,
    /// How many.
    pub count: i64,
    /// When the oldest of them was submitted.
    pub oldest: DateTime<Utc>,
}

/// The undecided requests by kind and activity.
///
/// # Errors
/// The database failed.
pub async fn pending_counts(pool: &PgPool) -> Result<Vec<PendingCount>, sqlx::Error> {
    sqlx::query_as(
        "SELECT kind, activity, count(*) AS count, min(submitted) AS oldest FROM ( \
            SELECT kind, activity, submitted FROM rm_requests.line WHERE status = 'PENDING' UNION ALL \
            SELECT kind, NULL, submitted FROM rm_file.request WHERE status = 'PENDING') p \
         GROUP BY kind, activity ORDER BY oldest",
    )
    .fetch_all(pool)
    .await
}

#[derive(FromRow)]
struct Subject {
    request: Uuid,
    activity: Option<String>,
    date: Option<NaiveDate>,
    child: Option<Uuid>,
    payer: Option<String>,
}

/// The events of a line, from its submission to its decision; `None` when there is no such line, or
/// it is not the given payer's.
///
/// # Errors
/// The database failed.
pub async fn events(
    log: &EventLog,
    line: i64,
    payer: Option<&str>,
) -> Result<Option<Vec<RecordedEvent>>, LogError> {
    let query = "SELECT request, activity, date, child, payer FROM ( \
            SELECT line, request, activity, date, child, payer FROM rm_requests.line UNION ALL \
            SELECT line, request, NULL, NULL, child, payer FROM rm_file.request) l \
        WHERE line = $1 AND ($2::text IS NULL OR payer = $2)";
    let found: Option<Subject> =
        sqlx::query_as(query).bind(line).bind(payer).fetch_optional(log.database().pool()).await?;
    let Some(of) = found else { return Ok(None) };
    let mut streams = vec![];
    match (of.activity.as_deref().map(str::parse), of.date) {
        (Some(Ok(activity)), Some(date)) => {
            streams.push((StreamId::new(Session::TYPE, stream_id(&activity, date)), 0));
        }
        _ => {
            streams.extend(of.payer.map(|payer| (StreamId::new(Family::TYPE, payer), 0)));
            streams.extend(of.child.map(|child| (StreamId::new(Child::TYPE, child.to_string()), 0)));
        }
    }
    let mut events = log.read_streams(&streams).await?;
    let named = of.request.to_string();
    events.retain(|event| event.payload.get().contains(&named));
    Ok(Some(events))
}

/// Whether an event of a session names other families' children too.
pub fn names_others(event: &RecordedEvent) -> bool {
    matches!(&*event.event_type, "WaitingListClosed" | "SessionClosed" | "SessionReopened")
}
