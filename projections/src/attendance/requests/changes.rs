//! What an event does to which line.

use portail_domain::{
    attendance::session::{Refusal, RefusalCode, SessionEvent as V, at_closing},
    shared::attachment::Attachment,
    shared::ids::RequestId,
};

use crate::attendance::request::{RequestDetail, RequestKind, RequestStatus};

/// What an event does to which line.
pub(super) enum Change {
    Status(RequestStatus, Option<RequestDetail>),
    Refused(Refusal),
    /// Billed: a refusal when a certificate had been awaited.
    Billed,
    /// A certificate came in: staff have to settle it.
    Certificate(Vec<Attachment>),
}

pub(super) fn changes(event: &V) -> Vec<(RequestKind, RequestId, Change)> {
    use Change::{Billed, Refused, Status};
    match event {
        V::ReservationConfirmed { request, .. } => {
            vec![(RequestKind::Reservation, *request, Status(RequestStatus::Accepted, None))]
        }
        V::ReservationWaitlisted { request, .. } => {
            vec![(
                RequestKind::Reservation,
                *request,
                Status(RequestStatus::Pending, Some(RequestDetail::Waitlisted)),
            )]
        }
        V::PlaceOffered { request, .. } => vec![(
            RequestKind::Reservation,
            *request,
            Status(RequestStatus::Pending, Some(RequestDetail::Offered)),
        )],
        V::ReservationRefused { request, refusal, .. } => {
            vec![(RequestKind::Reservation, *request, Refused(refusal.clone()))]
        }
        V::ReservationWithdrawn { request, .. } | V::OfferDeclined { request, .. } => {
            vec![(RequestKind::Reservation, *request, Status(RequestStatus::Withdrawn, None))]
        }
        V::OfferExpired { request, .. } => {
            vec![(RequestKind::Reservation, *request, Refused(Refusal::of(RefusalCode::Late)))]
        }
        V::ReservationCancelled { request, .. } => {
            vec![(
                RequestKind::Reservation,
                *request,
                Status(RequestStatus::Accepted, Some(RequestDetail::Cancelled)),
            )]
        }
        V::WaitingListClosed { refused: lines, capacity, held, .. } => {
            let refusal = at_closing(*capacity, *held);
            lines.iter().map(|l| (RequestKind::Reservation, l.request, Refused(refusal.clone()))).collect()
        }
        V::CertificateReceived { absence, files, .. } => {
            vec![(RequestKind::Absence, *absence, Change::Certificate(files.clone()))]
        }
        V::AbsenceExcused { absence, .. } => vec![(
            RequestKind::Absence,
            *absence,
            Status(RequestStatus::Accepted, Some(RequestDetail::Excused)),
        )],
        V::AbsenceBilled { absence, .. } => vec![(RequestKind::Absence, *absence, Billed)],
        V::AbsenceWithdrawn { absence, .. } => {
            vec![(RequestKind::Absence, *absence, Status(RequestStatus::Withdrawn, None))]
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
        | V::ReservationRequested { .. }
        | V::AbsenceDeclared { .. } => vec![],
    }
}

/// The line an event makes.
pub(super) fn made_by(event: &V) -> Option<(RequestKind, RequestId)> {
    match event {
        V::ReservationRequested { request, .. } => Some((RequestKind::Reservation, *request)),
        V::AbsenceDeclared { absence, .. } => Some((RequestKind::Absence, *absence)),
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
