//! Folding the events of sessions into the lines of requests.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::{
    attendance::session::{AbsenceReason, Refusal, SessionEvent as V, parse_stream_id},
    shared::attachment::Attachment,
    shared::ids::{ActivityId, ChildId, RequestId},
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use super::{
    changes::{Change, changes, made_by},
    closures::close_or_reopen,
    lines::{BookingKey, Key, Line, Stored, load, payers_of, store},
};
use crate::{
    attendance::request::{RequestDetail, RequestKind, RequestStatus},
    engine::projection::{FoldContext, FoldError},
};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let mut decoded = Vec::with_capacity(events.len());
    for event in events {
        let session = parse_stream_id(&event.stream.id)
            .ok_or_else(|| FoldError::poison(event, "not a session's stream id"))?;
        decoded.push((*event, session, context.decode::<V>(event)?));
    }
    let is_closure = |e: &V| {
        matches!(
            e,
            V::SessionClosed { .. }
                | V::SessionReopened { .. }
                | V::BookingsReleased { .. }
                | V::BookingsRestored { .. }
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
}

type Decoded<'a> = (&'a RecordedEvent, (ActivityId, NaiveDate), V);

async fn fold_stretch(decoded: &[Decoded<'_>], connection: &mut PgConnection) -> Result<(), FoldError> {
    let mut made: HashSet<Key<'_>> = HashSet::new();
    let mut wanted: Vec<Key<'_>> = Vec::new();
    let mut payers: Vec<BookingKey<'_>> = Vec::new();
    for (_, (activity, date), event) in decoded {
        let key = |(kind, request): (RequestKind, RequestId)| (request.0, kind, activity.as_str(), *date);
        made.extend(made_by(event).map(key));
        let changed = changes(event).into_iter().map(|(kind, request, _)| key((kind, request)));
        wanted.extend(changed.filter(|key| !made.contains(key)));
        if let V::AbsenceDeclared { child, .. } | V::CertificateReceived { child, .. } = event {
            payers.push((child.0, activity.as_str(), *date));
        }
    }
    let mut lines = load(&wanted, connection).await?;
    let mut payers = payers_of(&payers, connection).await?;
    for (recorded, (activity, date), event) in decoded {
        let at = event.basis().received;
        let key = |kind, request: RequestId| (request.0, kind, activity.as_str(), *date);
        let new = |kind: RequestKind, request: RequestId, child: ChildId, payer: Option<String>| Stored {
            line: recorded.position.cast_signed(),
            kind,
            request: request.0,
            child: child.0,
            activity: activity.to_string(),
            date: *date,
            payer,
            status: RequestStatus::Pending,
            detail: None,
            reason: None,
            refusal: None,
            submitted: at,
            decided: None,
            due: None,
            files: None,
        };
        match event {
            V::ReservationRequested { child, payer, request, .. } => {
                payers.insert((child.0, activity.as_str(), *date), payer.to_string());
                let row = new(RequestKind::Reservation, *request, *child, Some(payer.to_string()));
                lines.insert(key(RequestKind::Reservation, *request), Line::new(row));
            }
            V::AbsenceDeclared { child, absence, reason, certificate_due, .. } => {
                let payer = payers.get(&(child.0, activity.as_str(), *date)).cloned();
                let mut row = new(RequestKind::Absence, *absence, *child, payer);
                row.reason = Some(reason.to_string());
                row.due = *certificate_due;
                lines.insert(key(RequestKind::Absence, *absence), Line::new(row));
            }
            // A child missed without a word has an absence, and nobody asked for it before.
            V::CertificateReceived { child, absence, .. } => {
                let payer = payers.get(&(child.0, activity.as_str(), *date)).cloned();
                lines.entry(key(RequestKind::Absence, *absence)).or_insert_with(|| {
                    let reason = Some(AbsenceReason::Medical.to_string());
                    Line::new(Stored {
                        reason,
                        due: Some(at),
                        ..new(RequestKind::Absence, *absence, *child, payer)
                    })
                });
            }
            V::CertificateOverdue { .. }
            | V::LeaveTaken { .. }
            | V::PresenceRecorded { .. }
            | V::UnbookedPresenceRecorded { .. }
            | V::InconsistentPresenceRecorded { .. }
            | V::NoShowRecorded { .. }
            | V::AbsenceObserved { .. }
            | V::AttendanceCorrected { .. }
            | V::SessionClosed { .. }
            | V::SessionReopened { .. }
            | V::BookingsReleased { .. }
            | V::BookingsRestored { .. }
            | V::ReservationConfirmed { .. }
            | V::ReservationWaitlisted { .. }
            | V::PlaceOffered { .. }
            | V::ReservationRefused { .. }
            | V::ReservationWithdrawn { .. }
            | V::OfferDeclined { .. }
            | V::OfferExpired { .. }
            | V::ReservationCancelled { .. }
            | V::WaitingListClosed { .. }
            | V::AbsenceExcused { .. }
            | V::AbsenceBilled { .. }
            | V::AbsenceWithdrawn { .. } => {}
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
            line.status = status;
            line.detail = detail;
            line.decided = (status != RequestStatus::Pending).then_some(at);
        }
        Change::Refused(refusal) => {
            line.status = RequestStatus::Refused;
            line.detail = None;
            line.refusal = Some(encode(&refusal)?);
            line.decided = Some(at);
        }
        Change::Billed => {
            let (status, detail) = match (line.due, &line.files) {
                (None, _) => (RequestStatus::Accepted, RequestDetail::Billed),
                (Some(_), None) => (RequestStatus::Refused, RequestDetail::CertificateMissing),
                (Some(_), Some(_)) => (RequestStatus::Refused, RequestDetail::CertificateRefused),
            };
            line.status = status;
            line.detail = Some(detail);
            line.decided = Some(at);
        }
        Change::Certificate(files) => {
            let known = line.files.as_deref().map(serde_json::from_str::<Vec<Attachment>>).transpose();
            let mut all = known.map_err(|e| sqlx::Error::Decode(e.into()))?.unwrap_or_default();
            all.extend(files);
            line.files = Some(serde_json::to_string(&all).map_err(|e| sqlx::Error::Encode(e.into()))?);
            line.status = RequestStatus::Pending;
            line.detail = Some(RequestDetail::CertificateReceived);
            line.decided = None;
        }
    }
    Ok(())
}
