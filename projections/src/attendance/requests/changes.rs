//! What an event does to which line.

use portail_domain::{
    attendance::session::{Refusal, RefusalCode, SessionEvent as V, at_closing},
    shared::attachment::Attachment,
    shared::ids::RequestId,
};

pub(super) const RESERVATION: &str = "RESERVATION";

pub(super) const ABSENCE: &str = "ABSENCE";

/// What an event does to which line.
pub(super) enum Change {
    Status(&'static str, Option<&'static str>),
    Refused(Refusal),
    /// Billed: a refusal when a certificate had been awaited.
    Billed,
    /// A certificate came in: staff have to settle it.
    Certificate(Vec<Attachment>),
}

pub(super) fn changes(event: &V) -> Vec<(&'static str, RequestId, Change)> {
    use Change::{Billed, Refused, Status};
    match event {
        V::ReservationConfirmed { request, .. } => vec![(RESERVATION, *request, Status("ACCEPTED", None))],
        V::ReservationWaitlisted { request, .. } => {
            vec![(RESERVATION, *request, Status("PENDING", Some("WAITLISTED")))]
        }
        V::PlaceOffered { request, .. } => vec![(RESERVATION, *request, Status("PENDING", Some("OFFERED")))],
        V::ReservationRefused { request, refusal, .. } => {
            vec![(RESERVATION, *request, Refused(refusal.clone()))]
        }
        V::ReservationWithdrawn { request, .. } | V::OfferDeclined { request, .. } => {
            vec![(RESERVATION, *request, Status("WITHDRAWN", None))]
        }
        V::OfferExpired { request, .. } => {
            vec![(RESERVATION, *request, Refused(Refusal::of(RefusalCode::Late)))]
        }
        V::ReservationCancelled { request, .. } => {
            vec![(RESERVATION, *request, Status("ACCEPTED", Some("CANCELLED")))]
        }
        V::WaitingListClosed { refused: lines, capacity, held, .. } => {
            let refusal = at_closing(*capacity, *held);
            lines.iter().map(|l| (RESERVATION, l.request, Refused(refusal.clone()))).collect()
        }
        V::CertificateReceived { absence, files, .. } => {
            vec![(ABSENCE, *absence, Change::Certificate(files.clone()))]
        }
        V::AbsenceExcused { absence, .. } => vec![(ABSENCE, *absence, Status("ACCEPTED", Some("EXCUSED")))],
        V::AbsenceBilled { absence, .. } => vec![(ABSENCE, *absence, Billed)],
        V::AbsenceWithdrawn { absence, .. } => vec![(ABSENCE, *absence, Status("WITHDRAWN", None))],
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
        | V::ReservationRequested { .. }
        | V::AbsenceDeclared { .. } => vec![],
    }
}

/// The line an event makes.
pub(super) fn made_by(event: &V) -> Option<(&'static str, RequestId)> {
    match event {
        V::ReservationRequested { request, .. } => Some((RESERVATION, *request)),
        V::AbsenceDeclared { absence, .. } => Some((ABSENCE, *absence)),
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
        | V::AbsenceWithdrawn { .. }
        | V::CertificateReceived { .. } => None,
    }
}
