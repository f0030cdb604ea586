//! Requests for days: one line per asked day, with where it stands and why.

use std::collections::{HashMap, hash_map::Entry};

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    attachment::Attachment,
    ids::{ActivityId, ChildId, RequestId},
    session::{AbsenceReason, Refusal, RefusalCode, Session, SessionEvent as E, parse_stream_id},
};
use portail_event_store::RecordedEvent;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::projection::{FoldContext, FoldError, Projection};

/// Its name.
pub const NAME: &str = "requests";

/// The projection of requests.
#[derive(Debug, Clone, Copy)]
pub struct RequestsProjection;

impl Projection for RequestsProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        3
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE line (line bigint PRIMARY KEY, kind text NOT NULL, request uuid NOT NULL, \
            child uuid NOT NULL, activity text NOT NULL, date date NOT NULL, payer text, \
            status text NOT NULL, detail text, reason text, refusal text, \
            submitted timestamptz NOT NULL, decided timestamptz, due timestamptz, files text, \
            UNIQUE (request, kind, activity, date)) WITH (fillfactor = 80); \
         CREATE INDEX line_payer ON line (payer, line); \
         CREATE INDEX line_pending ON line (line) WHERE status = 'PENDING'; \
         CREATE INDEX line_session ON line (activity, date)"
    }
    fn source(&self) -> &'static str {
        include_str!("requests.rs")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Session::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            let mut decoded = Vec::with_capacity(events.len());
            for event in events {
                let session = parse_stream_id(&event.stream.id)
                    .ok_or_else(|| FoldError::poison(event, "not a session's stream id"))?;
                decoded.push((*event, session, context.decode::<E>(event)?));
            }
            let is_closure = |e: &E| matches!(e, E::SessionClosed { .. } | E::SessionReopened { .. });
            // A closure concerns lines by session, not by request: what came before is written
            // first.
            for stretch in decoded.chunk_by(|a, b| !is_closure(&a.2) && !is_closure(&b.2)) {
                match stretch {
                    [(_, session, closure)] if is_closure(closure) => {
                        close_or_reopen(session, closure, connection).await?;
                    }
                    _ => fold_stretch(stretch, connection).await?,
                }
            }
            Ok(())
        })
    }
}

type Decoded<'a> = (&'a RecordedEvent, (ActivityId, NaiveDate), E);

/// A child's day in an activity.
type BookingKey = (Uuid, String, NaiveDate);

const RESERVATION: &str = "RESERVATION";
const ABSENCE: &str = "ABSENCE";

/// What an event does to which line.
enum Change {
    Status(&'static str, Option<&'static str>),
    Refused(Refusal),
    /// Billed: a refusal when a certificate had been awaited.
    Billed,
    /// A certificate came in: staff have to settle it.
    Certificate(Vec<Attachment>),
}

fn changes(event: &E) -> Vec<(&'static str, RequestId, Change)> {
    use Change::{Billed, Refused, Status};
    let refused = |code, capacity| Refused(Refusal { code, note: None, capacity });
    match event {
        E::ReservationConfirmed { request, .. } => vec![(RESERVATION, *request, Status("ACCEPTED", None))],
        E::ReservationWaitlisted { request, .. } => {
            vec![(RESERVATION, *request, Status("PENDING", Some("WAITLISTED")))]
        }
        E::PlaceOffered { request, .. } => vec![(RESERVATION, *request, Status("PENDING", Some("OFFERED")))],
        E::ReservationRefused { request, refusal, .. } => {
            vec![(RESERVATION, *request, Refused(refusal.clone()))]
        }
        E::ReservationWithdrawn { request, .. } | E::OfferDeclined { request, .. } => {
            vec![(RESERVATION, *request, Status("WITHDRAWN", None))]
        }
        E::OfferExpired { request, .. } => vec![(RESERVATION, *request, refused(RefusalCode::Late, None))],
        E::ReservationCancelled { request, .. } => {
            vec![(RESERVATION, *request, Status("ACCEPTED", Some("CANCELLED")))]
        }
        E::WaitingListClosed { refused: lines, capacity, .. } => lines
            .iter()
            .map(|l| (RESERVATION, l.request, refused(RefusalCode::Capacity, *capacity)))
            .collect(),
        E::CertificateReceived { absence, files, .. } => {
            vec![(ABSENCE, *absence, Change::Certificate(files.clone()))]
        }
        E::AbsenceExcused { absence, .. } => vec![(ABSENCE, *absence, Status("ACCEPTED", Some("EXCUSED")))],
        E::AbsenceBilled { absence, .. } => vec![(ABSENCE, *absence, Billed)],
        E::AbsenceWithdrawn { absence, .. } => vec![(ABSENCE, *absence, Status("WITHDRAWN", None))],
        _ => vec![],
    }
}

#[derive(Debug, Clone, FromRow, Serialize)]
struct Stored {
    line: i64,
    kind: String,
    request: Uuid,
    child: Uuid,
    activity: String,
    date: NaiveDate,
    payer: Option<String>,
    status: String,
    detail: Option<String>,
    reason: Option<String>,
    refusal: Option<String>,
    submitted: DateTime<Utc>,
    decided: Option<DateTime<Utc>>,
    due: Option<DateTime<Utc>>,
    files: Option<String>,
}

type Key = (Uuid, &'static str, String, NaiveDate);

const COLUMNS: &str = "line, kind, request, child, activity, date, payer, status, detail, reason, \
    refusal, submitted, decided, due, files";

async fn fold_stretch(decoded: &[Decoded<'_>], connection: &mut PgConnection) -> Result<(), FoldError> {
    let mut lines: HashMap<Key, Option<Stored>> = HashMap::new();
    let mut wanted: Vec<Key> = Vec::new();
    let mut payers: Vec<BookingKey> = Vec::new();
    for (_, (activity, date), event) in decoded {
        for (kind, request, _) in changes(event) {
            wanted.push((request.0, kind, activity.to_string(), *date));
        }
        if let E::AbsenceDeclared { child, .. } | E::CertificateReceived { child, .. } = event {
            payers.push((child.0, activity.to_string(), *date));
        }
    }
    load(&wanted, &mut lines, connection).await?;
    let mut payers = payers_of(&payers, connection).await?;
    for (recorded, (activity, date), event) in decoded {
        let at = event.basis().received;
        let new = |kind: &str, request: RequestId, child: ChildId, payer: Option<String>| Stored {
            line: recorded.position.cast_signed(),
            kind: kind.into(),
            request: request.0,
            child: child.0,
            activity: activity.to_string(),
            date: *date,
            payer,
            status: "PENDING".into(),
            detail: None,
            reason: None,
            refusal: None,
            submitted: at,
            decided: None,
            due: None,
            files: None,
        };
        match event {
            E::ReservationRequested { child, payer, request, .. } => {
                payers.insert((child.0, activity.to_string(), *date), payer.to_string());
                let line = new(RESERVATION, *request, *child, Some(payer.to_string()));
                lines.insert((request.0, RESERVATION, activity.to_string(), *date), Some(line));
            }
            E::AbsenceDeclared { child, absence, reason, certificate_due, .. } => {
                let payer = payers.get(&(child.0, activity.to_string(), *date)).cloned();
                let mut line = new(ABSENCE, *absence, *child, payer);
                line.reason = Some(reason_text(*reason).into());
                line.due = *certificate_due;
                lines.insert((absence.0, ABSENCE, activity.to_string(), *date), Some(line));
            }
            // A child missed without a word has an absence, and nobody asked for it before.
            E::CertificateReceived { child, absence, .. } => {
                let payer = payers.get(&(child.0, activity.to_string(), *date)).cloned();
                let key = (absence.0, ABSENCE, activity.to_string(), *date);
                lines.entry(key).or_insert_with(|| {
                    let reason = Some(reason_text(AbsenceReason::Medical).into());
                    Some(Stored { reason, due: Some(at), ..new(ABSENCE, *absence, *child, payer) })
                });
            }
            _ => {}
        }
        for (kind, request, change) in changes(event) {
            let key = (request.0, kind, activity.to_string(), *date);
            let Entry::Occupied(mut entry) = lines.entry(key) else { continue };
            let Some(line) = entry.get_mut() else { continue };
            apply(line, change, at)?;
        }
    }
    store(lines.into_values().flatten().collect(), connection).await?;
    Ok(())
}

fn apply(line: &mut Stored, change: Change, at: DateTime<Utc>) -> Result<(), FoldError> {
    let encode =
        |refusal: &Refusal| serde_json::to_string(refusal).map_err(|e| sqlx::Error::Encode(e.into()));
    line.refusal = None;
    match change {
        Change::Status(status, detail) => {
            line.status = status.into();
            line.detail = detail.map(Into::into);
            line.decided = (status != "PENDING").then_some(at);
        }
        Change::Refused(refusal) => {
            line.status = "REFUSED".into();
            line.detail = None;
            line.refusal = Some(encode(&refusal)?);
            line.decided = Some(at);
        }
        Change::Billed => {
            let (status, detail) = match (line.due, &line.files) {
                (None, _) => ("ACCEPTED", "BILLED"),
                (Some(_), None) => ("REFUSED", "CERTIFICATE_MISSING"),
                (Some(_), Some(_)) => ("REFUSED", "CERTIFICATE_REFUSED"),
            };
            line.status = status.into();
            line.detail = Some(detail.into());
            line.decided = Some(at);
        }
        Change::Certificate(files) => {
            let known = line.files.as_deref().map(serde_json::from_str::<Vec<Attachment>>).transpose();
            let mut all = known.map_err(|e| sqlx::Error::Decode(e.into()))?.unwrap_or_default();
            all.extend(files);
            line.files = Some(serde_json::to_string(&all).map_err(|e| sqlx::Error::Encode(e.into()))?);
            line.status = "PENDING".into();
            line.detail = Some("CERTIFICATE_RECEIVED".into());
            line.decided = None;
        }
    }
    Ok(())
}

async fn load(
    wanted: &[Key],
    lines: &mut HashMap<Key, Option<Stored>>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let (mut request, mut kind, mut activity, mut date) = (vec![], vec![], vec![], vec![]);
    for (r, k, a, d) in wanted {
        request.push(*r);
        kind.push(*k);
        activity.push(a.as_str());
        date.push(*d);
    }
    let query = "SELECT l.line, l.kind, l.request, l.child, l.activity, l.date, l.payer, l.status, \
            l.detail, l.reason, l.refusal, l.submitted, l.decided, l.due, l.files \
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[]) AS k (request, kind, activity, date) \
         CROSS JOIN LATERAL (SELECT * FROM line WHERE line.request = k.request AND line.kind = k.kind \
            AND line.activity = k.activity AND line.date = k.date OFFSET 0) l";
    let rows: Vec<Stored> = sqlx::query_as(query)
        .bind(request)
        .bind(kind)
        .bind(activity)
        .bind(date)
        .fetch_all(connection)
        .await?;
    for row in rows {
        let kind = if row.kind == ABSENCE { ABSENCE } else { RESERVATION };
        lines.insert((row.request, kind, row.activity.clone(), row.date), Some(row));
    }
    Ok(())
}

/// Who pays for bookings of earlier batches.
async fn payers_of(
    bookings: &[BookingKey],
    connection: &mut PgConnection,
) -> Result<HashMap<BookingKey, String>, sqlx::Error> {
    if bookings.is_empty() {
        return Ok(HashMap::new());
    }
    let (mut child, mut activity, mut date) = (vec![], vec![], vec![]);
    for (c, a, d) in bookings {
        child.push(*c);
        activity.push(a.as_str());
        date.push(*d);
    }
    let rows: Vec<(Uuid, String, NaiveDate, String)> = sqlx::query_as(
        "SELECT DISTINCT ON (l.child, l.activity, l.date) l.child, l.activity, l.date, l.payer \
         FROM unnest($1::uuid[], $2::text[], $3::date[]) AS k (child, activity, date) \
         CROSS JOIN LATERAL (SELECT * FROM line WHERE line.activity = k.activity AND line.date = k.date \
            AND line.child = k.child OFFSET 0) l \
         WHERE l.kind = 'RESERVATION' AND l.payer IS NOT NULL \
         ORDER BY l.child, l.activity, l.date, l.line DESC",
    )
    .bind(child)
    .bind(activity)
    .bind(date)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(c, a, d, payer)| ((c, a, d), payer)).collect())
}

async fn store(lines: Vec<Stored>, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if lines.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        ($field:ident) => {
            lines.iter().map(|l| l.$field.clone()).collect::<Vec<_>>()
        };
    }
    let query = format!(
        "INSERT INTO line ({COLUMNS}) SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], \
            $4::uuid[], $5::text[], $6::date[], $7::text[], $8::text[], $9::text[], $10::text[], \
            $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::text[]) \
         ON CONFLICT (line) DO UPDATE SET status = EXCLUDED.status, detail = EXCLUDED.detail, \
            refusal = EXCLUDED.refusal, decided = EXCLUDED.decided, files = EXCLUDED.files"
    );
    sqlx::query(&query)
        .bind(column!(line))
        .bind(column!(kind))
        .bind(column!(request))
        .bind(column!(child))
        .bind(column!(activity))
        .bind(column!(date))
        .bind(column!(payer))
        .bind(column!(status))
        .bind(column!(detail))
        .bind(column!(reason))
        .bind(column!(refusal))
        .bind(column!(submitted))
        .bind(column!(decided))
        .bind(column!(due))
        .bind(column!(files))
        .execute(connection)
        .await?;
    Ok(())
}

/// A closed session leaves nothing to decide; reopened, what was undecided is so again.
async fn close_or_reopen(
    (activity, date): &(ActivityId, NaiveDate),
    event: &E,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let (sql, children) = match event {
        E::SessionClosed { children, .. } => (
            "UPDATE line SET status = 'REFUSED', reason = coalesce(reason, detail), detail = 'CLOSED', decided = $4 \
             WHERE activity = $1 AND date = $2 AND child = ANY($3) AND status = 'PENDING'",
            children,
        ),
        E::SessionReopened { restored, .. } => (
            "UPDATE line SET status = 'PENDING', decided = NULL, \
                detail = CASE WHEN kind = 'RESERVATION' AND reason IS NOT NULL THEN 'WAITLISTED' END, \
                reason = CASE WHEN kind = 'ABSENCE' THEN reason END \
             WHERE activity = $1 AND date = $2 AND child = ANY($3) AND detail = 'CLOSED' AND $4 IS NOT NULL",
            restored,
        ),
        _ => return Ok(()),
    };
    let children: Vec<Uuid> = children.iter().map(|c| c.0).collect();
    sqlx::query(sql)
        .bind(activity.as_str())
        .bind(date)
        .bind(children)
        .bind(event.basis().received)
        .execute(connection)
        .await?;
    Ok(())
}

fn reason_text(reason: AbsenceReason) -> &'static str {
    match reason {
        AbsenceReason::Medical => "MEDICAL",
        AbsenceReason::Strike => "STRIKE",
        AbsenceReason::TeacherAbsent => "TEACHER_ABSENT",
        AbsenceReason::SchoolTrip => "SCHOOL_TRIP",
        AbsenceReason::SentHome => "SENT_HOME",
        AbsenceReason::FamilyEvent => "FAMILY_EVENT",
        AbsenceReason::Personal => "PERSONAL",
    }
}
