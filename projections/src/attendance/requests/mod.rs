//! Requests for days: one line per asked day, with where it stands and why.

mod lines;

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    attachment::Attachment,
    ids::{ActivityId, ChildId, RequestId},
    session::{
        AbsenceReason, Refusal, RefusalCode, ReleaseReason, Session, SessionEvent as E, at_closing,
        parse_stream_id,
    },
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use self::lines::{BookingKey, Key, Line, Stored, load, payers_of, store};
use crate::engine::projection::{FoldContext, FoldError, Projection};

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
        5
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE line (line bigint PRIMARY KEY, kind text NOT NULL, request uuid NOT NULL, \
            child uuid NOT NULL, activity text NOT NULL, date date NOT NULL, payer text, \
            status text NOT NULL, detail text, reason text, refusal text, \
            submitted timestamptz NOT NULL, decided timestamptz, due timestamptz, files text, \
            before text, UNIQUE (request, kind, activity, date)) WITH (fillfactor = 80); \
         CREATE INDEX line_session ON line (activity, date)"
    }
    fn indexes(&self) -> &'static str {
        "CREATE INDEX IF NOT EXISTS line_payer ON line (payer, line); \
         CREATE INDEX IF NOT EXISTS line_pending ON line (line) WHERE status = 'PENDING'"
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
            let is_closure = |e: &E| {
                matches!(
                    e,
                    E::SessionClosed { .. }
                        | E::SessionReopened { .. }
                        | E::BookingsReleased { .. }
                        | E::BookingsRestored { .. }
                )
            };
            // A closure or a release concerns lines by session, not by request: what came before is
            // written first.
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
        E::OfferExpired { request, .. } => {
            vec![(RESERVATION, *request, Refused(Refusal::of(RefusalCode::Late)))]
        }
        E::ReservationCancelled { request, .. } => {
            vec![(RESERVATION, *request, Status("ACCEPTED", Some("CANCELLED")))]
        }
        E::WaitingListClosed { refused: lines, capacity, held, .. } => {
            let refusal = at_closing(*capacity, *held);
            lines.iter().map(|l| (RESERVATION, l.request, Refused(refusal.clone()))).collect()
        }
        E::CertificateReceived { absence, files, .. } => {
            vec![(ABSENCE, *absence, Change::Certificate(files.clone()))]
        }
        E::AbsenceExcused { absence, .. } => vec![(ABSENCE, *absence, Status("ACCEPTED", Some("EXCUSED")))],
        E::AbsenceBilled { absence, .. } => vec![(ABSENCE, *absence, Billed)],
        E::AbsenceWithdrawn { absence, .. } => vec![(ABSENCE, *absence, Status("WITHDRAWN", None))],
        _ => vec![],
    }
}

/// The line an event makes.
fn made_by(event: &E) -> Option<(&'static str, RequestId)> {
    match event {
        E::ReservationRequested { request, .. } => Some((RESERVATION, *request)),
        E::AbsenceDeclared { absence, .. } => Some((ABSENCE, *absence)),
        _ => None,
    }
}

async fn fold_stretch(decoded: &[Decoded<'_>], connection: &mut PgConnection) -> Result<(), FoldError> {
    let mut made: HashSet<Key<'_>> = HashSet::new();
    let mut wanted: Vec<Key<'_>> = Vec::new();
    let mut payers: Vec<BookingKey<'_>> = Vec::new();
    for (_, (activity, date), event) in decoded {
        let key = |(kind, request): (&'static str, RequestId)| (request.0, kind, activity.as_str(), *date);
        made.extend(made_by(event).map(key));
        let changed = changes(event).into_iter().map(|(kind, request, _)| key((kind, request)));
        wanted.extend(changed.filter(|key| !made.contains(key)));
        if let E::AbsenceDeclared { child, .. } | E::CertificateReceived { child, .. } = event {
            payers.push((child.0, activity.as_str(), *date));
        }
    }
    let mut lines = load(&wanted, connection).await?;
    let mut payers = payers_of(&payers, connection).await?;
    for (recorded, (activity, date), event) in decoded {
        let at = event.basis().received;
        let key = |kind, request: RequestId| (request.0, kind, activity.as_str(), *date);
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
                payers.insert((child.0, activity.as_str(), *date), payer.to_string());
                let row = new(RESERVATION, *request, *child, Some(payer.to_string()));
                lines.insert(key(RESERVATION, *request), Line::new(row));
            }
            E::AbsenceDeclared { child, absence, reason, certificate_due, .. } => {
                let payer = payers.get(&(child.0, activity.as_str(), *date)).cloned();
                let mut row = new(ABSENCE, *absence, *child, payer);
                row.reason = Some(reason_text(*reason).into());
                row.due = *certificate_due;
                lines.insert(key(ABSENCE, *absence), Line::new(row));
            }
            // A child missed without a word has an absence, and nobody asked for it before.
            E::CertificateReceived { child, absence, .. } => {
                let payer = payers.get(&(child.0, activity.as_str(), *date)).cloned();
                lines.entry(key(ABSENCE, *absence)).or_insert_with(|| {
                    let reason = Some(reason_text(AbsenceReason::Medical).into());
                    Line::new(Stored { reason, due: Some(at), ..new(ABSENCE, *absence, *child, payer) })
                });
            }
            _ => {}
        }
        for (kind, request, change) in changes(event) {
            if let Some(line) = lines.get_mut(&key(kind, request)) {
                apply(&mut line.row, change, at)?;
            }
        }
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    lines.sort_unstable_by_key(|line| line.row.line);
    let (known, new): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.stored);
    store(&new, "", connection).await?;
    const CHANGE: &str = "ON CONFLICT (line) DO UPDATE SET status = EXCLUDED.status, detail = EXCLUDED.detail, before = NULL, \
        refusal = EXCLUDED.refusal, decided = EXCLUDED.decided, files = EXCLUDED.files";
    store(&known, CHANGE, connection).await?;
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

/// A closed session leaves nothing to decide; reopened, what was undecided is so again. So does what
/// is released, and what is restored.
async fn close_or_reopen(
    (activity, date): &(ActivityId, NaiveDate),
    event: &E,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let released: String;
    let (sql, children) = match event {
        E::SessionClosed { children, .. } => (
            "UPDATE line SET status = 'REFUSED', reason = coalesce(reason, detail), detail = 'CLOSED', decided = $4 \
             WHERE activity = $1 AND date = $2 AND child = ANY($3) AND status = 'PENDING'",
            children.clone(),
        ),
        E::SessionReopened { restored, .. } => (
            "UPDATE line SET status = 'PENDING', decided = NULL, \
                detail = CASE WHEN kind = 'RESERVATION' AND reason IS NOT NULL THEN 'WAITLISTED' END, \
                reason = CASE WHEN kind = 'ABSENCE' THEN reason END \
             WHERE activity = $1 AND date = $2 AND child = ANY($3) AND detail = 'CLOSED' AND $4 IS NOT NULL",
            restored.clone(),
        ),
        // Released: what was undecided is answered, what was granted no longer holds. Where it stood
        // waits in `before`; the detail is why.
        E::BookingsReleased { reason, children, .. } => {
            released = format!(
                "UPDATE line SET before = status || ' ' || coalesce(detail, ''), decided = $4, detail = '{}', \
                    status = CASE WHEN status = 'PENDING' THEN 'REFUSED' ELSE status END \
                 WHERE activity = $1 AND date = $2 AND child = ANY($3) AND before IS NULL \
                    AND (status = 'PENDING' OR (status = 'ACCEPTED' AND detail IS DISTINCT FROM 'CANCELLED'))",
                release_text(*reason)
            );
            (released.as_str(), children.clone())
        }
        E::BookingsRestored { restored, .. } => (
            "UPDATE line SET status = split_part(before, ' ', 1), detail = nullif(split_part(before, ' ', 2), ''), \
                decided = CASE WHEN before LIKE 'PENDING %' THEN NULL ELSE $4 END, before = NULL \
             WHERE activity = $1 AND date = $2 AND child = ANY($3) AND before IS NOT NULL",
            restored.iter().map(|line| line.child).collect(),
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

fn release_text(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::EnrolmentEnded => "ENROLMENT_ENDED",
        ReleaseReason::LeftFamily => "LEFT_FAMILY",
        ReleaseReason::ActivityEnded => "ACTIVITY_ENDED",
        ReleaseReason::NotOffered => "NOT_OFFERED",
    }
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
