//! What an event does to which line.

use portail_domain::{
    attendance::session::{Refusal, RefusalCode, SessionEvent as E, at_closing},
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

pub(super) fn changes(event: &E) -> Vec<(&'static str, RequestId, Change)> {
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
        E::CertificateOverdue { .. }
        | E::LeaveTaken { .. }
        | E::PresenceRecorded { .. }
        | E::UnbookedPresenceRecorded { .. }
        | E::InconsistentPresenceRecorded { .. }
        | E::NoShowRecorded { .. }
        | E::AbsenceObserved { .. }
        | E::AttendanceCorrected { .. }
        | E::SessionClosed { .. }
        | E::SessionReopened { .. }
        | E::BookingsReleased { .. }
        | E::BookingsRestored { .. }
        | E::ReservationRequested { .. }
        | E::AbsenceDeclared { .. } => vec![],
    }
}

/// The line an event makes.
pub(super) fn made_by(event: &E) -> Option<(&'static str, RequestId)> {
    match event {
        E::ReservationRequested { request, .. } => Some((RESERVATION, *request)),
        E::AbsenceDeclared { absence, .. } => Some((ABSENCE, *absence)),
        E::CertificateOverdue { .. }
        | E::LeaveTaken { .. }
        | E::PresenceRecorded { .. }
        | E::UnbookedPresenceRecorded { .. }
        | E::InconsistentPresenceRecorded { .. }
        | E::NoShowRecorded { .. }
        | E::AbsenceObserved { .. }
        | E::AttendanceCorrected { .. }
        | E::SessionClosed { .. }
        | E::SessionReopened { .. }
        | E::BookingsReleased { .. }
        | E::BookingsRestored { .. }
        | E::ReservationConfirmed { .. }
        | E::ReservationWaitlisted { .. }
        | E::PlaceOffered { .. }
        | E::ReservationRefused { .. }
        | E::ReservationWithdrawn { .. }
        | E::OfferDeclined { .. }
        | E::OfferExpired { .. }
        | E::ReservationCancelled { .. }
        | E::WaitingListClosed { .. }
        | E::AbsenceExcused { .. }
        | E::AbsenceBilled { .. }
        | E::AbsenceWithdrawn { .. }
        | E::CertificateReceived { .. } => None,
    }
}
