//! Closures and releases: they concern lines by session.

use chrono::NaiveDate;
use portail_domain::{attendance::session::SessionEvent as V, shared::ids::ActivityId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::attendance::request::RequestDetail;

/// A closed session leaves nothing to decide; reopened, what was undecided is so again. So does what
/// is released, and what is restored.
pub(super) async fn close_or_reopen(
    (activity, date): &(ActivityId, NaiveDate),
    event: &V,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let released: String;
    let (sql, children) = match event {
        V::SessionClosed { children, .. } => (
            "UPDATE line SET status = 'REFUSED', reason = coalesce(reason, detail), detail = 'CLOSED', decided = $4 \
             WHERE activity = $1 AND date = $2 AND child = ANY($3) AND status = 'PENDING'",
            children.clone(),
        ),
        V::SessionReopened { restored, .. } => (
            "UPDATE line SET status = 'PENDING', decided = NULL, \
                detail = CASE WHEN kind = 'RESERVATION' AND reason IS NOT NULL THEN 'WAITLISTED' END, \
                reason = CASE WHEN kind = 'ABSENCE' THEN reason END \
             WHERE activity = $1 AND date = $2 AND child = ANY($3) AND detail = 'CLOSED' AND $4 IS NOT NULL",
            restored.clone(),
        ),
        // Released: what was undecided is answered, what was granted no longer holds. Where it stood
        // waits in `before`; the detail is why.
        V::BookingsReleased { reason, children, .. } => {
            released = format!(
                "UPDATE line SET before = status || ' ' || coalesce(detail, ''), decided = $4, detail = '{}', \
                    status = CASE WHEN status = 'PENDING' THEN 'REFUSED' ELSE status END \
                 WHERE activity = $1 AND date = $2 AND child = ANY($3) AND before IS NULL \
                    AND (status = 'PENDING' OR (status = 'ACCEPTED' AND detail IS DISTINCT FROM 'CANCELLED'))",
                RequestDetail::from(*reason)
            );
            (released.as_str(), children.clone())
        }
        V::BookingsRestored { restored, .. } => (
            "UPDATE line SET status = split_part(before, ' ', 1), detail = nullif(split_part(before, ' ', 2), ''), \
                decided = CASE WHEN before LIKE 'PENDING %' THEN NULL ELSE $4 END, before = NULL \
             WHERE activity = $1 AND date = $2 AND child = ANY($3) AND before IS NOT NULL",
            restored.iter().map(|line| line.child).collect(),
        ),
        V::CertificateOverdue { .. }
        | V::LeaveTaken { .. }
        | V::PresenceRecorded { .. }
        | V::UnbookedPresenceRecorded { .. }
        | V::InconsistentPresenceRecorded { .. }
        | V::NoShowRecorded { .. }
        | V::AbsenceObserved { .. }
        | V::AttendanceCorrected { .. }
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
        | V::AbsenceWithdrawn { .. }
        | V::ReservationRequested { .. }
        | V::AbsenceDeclared { .. }
        | V::CertificateReceived { .. } => return Ok(()),
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
