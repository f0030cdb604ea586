//! How events change a booking.

use chrono::{DateTime, NaiveTime, Utc};

use super::{Absence, Attendance, Booking, BookingStatus, CellError, Certificate};
use crate::{
    attendance::session::{Refusal, RefusalCode, Release, SessionEvent, event},
    shared::ids::{ChildId, FamilyNumber, RequestId},
};

impl Booking {
    fn asked(
        payer: &FamilyNumber,
        request: Option<RequestId>,
        status: BookingStatus,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            payer: payer.clone(),
            request,
            status,
            requested: at,
            since: at,
            refusal: None,
            offer_until: None,
            absence: None,
            attendance: None,
            before_closure: None,
            release: None,
        }
    }

    /// Folds an event into one child's booking; total.
    pub fn evolve(slot: &mut Option<Self>, child: ChildId, event: &SessionEvent) {
        use BookingStatus as S;
        use SessionEvent as V;
        let at = event.basis().received;
        match event {
            V::ReservationRequested { payer, request, .. } => {
                *slot = Some(Self::asked(payer, Some(*request), S::Pending, at));
                return;
            }
            V::UnbookedPresenceRecorded {
                payer, outside_contract, inside_contract, arrived, left, ..
            } => {
                let status = match (outside_contract, inside_contract) {
                    (_, true) => S::PresentAsReserved,
                    (true, false) => S::OutsideContract,
                    (false, false) => S::Present,
                };
                Self::seen(slot, payer, status, *arrived, *left, at);
                return;
            }
            V::InconsistentPresenceRecorded { payer, error, arrived, left, .. } => {
                Self::seen(slot, payer, S::Error(*error), *arrived, *left, at);
                return;
            }
            V::ReservationConfirmed { .. }
            | V::ReservationWaitlisted { .. }
            | V::ReservationRefused { .. }
            | V::ReservationWithdrawn { .. }
            | V::PlaceOffered { .. }
            | V::OfferDeclined { .. }
            | V::OfferExpired { .. }
            | V::ReservationCancelled { .. }
            | V::AbsenceDeclared { .. }
            | V::AbsenceExcused { .. }
            | V::AbsenceBilled { .. }
            | V::CertificateOverdue { .. }
            | V::AbsenceWithdrawn { .. }
            | V::LeaveTaken { .. }
            | V::PresenceRecorded { .. }
            | V::NoShowRecorded { .. }
            | V::CertificateReceived { .. }
            | V::AbsenceObserved { .. }
            | V::AttendanceCorrected { .. }
            | V::SessionClosed { .. }
            | V::SessionReopened { .. }
            | V::WaitingListClosed { .. }
            | V::BookingsReleased { .. }
            | V::BookingsRestored { .. } => {}
        }
        let Some(booking) = slot else { return };
        match event {
            V::ReservationConfirmed { .. } => booking.turn(at, S::Reserved),
            V::ReservationWaitlisted { .. } => {
                booking.turn(at, S::Waitlisted);
                booking.release = None;
            }
            V::ReservationRefused { refusal, .. } => {
                booking.turn(at, S::Refused);
                booking.refusal = Some(refusal.clone());
            }
            V::ReservationWithdrawn { .. } | V::OfferDeclined { .. } => booking.turn(at, S::Withdrawn),
            V::PlaceOffered { until, .. } => {
                booking.turn(at, S::Offered);
                booking.offer_until = Some(*until);
            }
            V::OfferExpired { .. } => {
                booking.turn(at, S::Refused);
                booking.refusal = Some(Refusal::of(RefusalCode::Late));
            }
            V::ReservationCancelled { .. } => booking.turn(at, S::Cancelled),
            V::AbsenceDeclared {
                absence, reason, day_index, certificate_due, certificate_latest, ..
            } => {
                booking.turn(at, S::AbsencePending);
                booking.absence = Some(Absence {
                    id: *absence,
                    reason: Some(*reason),
                    day_index: *day_index,
                    declared: at,
                    certificate_due: *certificate_due,
                    certificate_latest: *certificate_latest,
                    billed_percent: None,
                    freed_place: false,
                    certificate: None,
                });
            }
            V::AbsenceExcused { frees_place, .. } => {
                booking.turn(at, S::AbsentExcused);
                if let Some(absence) = &mut booking.absence {
                    absence.freed_place = *frees_place;
                    absence.billed_percent = None;
                }
            }
            V::AbsenceBilled { percent, .. } => {
                booking.turn(at, S::AbsentBilled);
                if let Some(absence) = &mut booking.absence {
                    absence.billed_percent = Some(*percent);
                }
            }
            V::CertificateOverdue { .. } => {}
            V::AbsenceWithdrawn { .. } => {
                booking.turn(at, S::Reserved);
                booking.absence = None;
            }
            V::LeaveTaken { .. } => booking.turn(at, S::Leave),
            V::PresenceRecorded { arrived, left, .. } => {
                booking.turn(at, S::PresentAsReserved);
                booking.attendance = Some(Attendance { present: true, arrived: *arrived, left: *left });
            }
            V::NoShowRecorded { absence, percent, certificate_due, certificate_latest, .. } => {
                booking.turn(at, S::AbsentBilled);
                booking.attendance = Some(Attendance { present: false, arrived: None, left: None });
                booking.absence = Some(Absence {
                    id: *absence,
                    reason: None,
                    day_index: 0,
                    declared: at,
                    certificate_due: Some(*certificate_due),
                    certificate_latest: Some(*certificate_latest),
                    billed_percent: Some(*percent),
                    freed_place: false,
                    certificate: None,
                });
            }
            V::CertificateReceived { files, .. } => {
                if let Some(absence) = &mut booking.absence {
                    let known = absence
                        .certificate
                        .get_or_insert_with(|| Certificate { received: at, files: vec![] });
                    known.files.extend(files.iter().cloned());
                }
            }
            V::AbsenceObserved { .. } => {
                booking.attendance = Some(Attendance { present: false, arrived: None, left: None });
            }
            V::AttendanceCorrected { to: status, .. } => {
                booking.turn(at, *status);
                // What staff found out stands, whatever the booking was before a closure.
                booking.before_closure = None;
                booking.attendance = match status {
                    S::PresentAsReserved | S::Present | S::OutsideContract => {
                        Some(Attendance { present: true, arrived: None, left: None })
                    }
                    S::AbsentExcused | S::AbsentBilled => {
                        Some(Attendance { present: false, arrived: None, left: None })
                    }
                    S::Pending
                    | S::Waitlisted
                    | S::Offered
                    | S::Reserved
                    | S::Refused
                    | S::Withdrawn
                    | S::Cancelled
                    | S::AbsencePending
                    | S::Leave
                    | S::Closed
                    | S::Released
                    | S::NotBooked
                    | S::Error(_) => None,
                };
            }
            V::SessionClosed { .. } => {
                booking.before_closure = Some(booking.status);
                let present = booking.attendance.is_some_and(|a| a.present);
                booking.turn(at, if present { S::Error(CellError::ClosedDay) } else { S::Closed });
            }
            V::SessionReopened { dropped, .. } => {
                let (before, now) = (booking.before_closure.take(), booking.status);
                let present = booking.attendance.is_some_and(|a| a.present);
                booking.turn(
                    at,
                    if dropped.contains(&child) {
                        S::Cancelled
                    } else {
                        match before {
                            // An offer interrupted by the closure is made again.
                            Some(S::Offered) => S::Waitlisted,
                            Some(S::Reserved) if present => S::PresentAsReserved,
                            Some(status) => status,
                            None => now,
                        }
                    },
                );
            }
            V::WaitingListClosed { capacity, held, .. } => {
                booking.turn(at, S::Refused);
                booking.refusal = Some(event::at_closing(*capacity, *held));
            }
            V::BookingsReleased { reason, .. } => {
                let before = booking.before_closure.take().unwrap_or(booking.status);
                booking.turn(at, S::Released);
                booking.release = Some(Release { reason: *reason, before });
                booking.offer_until = None;
                booking.attendance = None;
            }
            V::BookingsRestored { restored, .. } => {
                if let Some(line) = restored.iter().find(|line| line.child == child) {
                    booking.turn(at, line.to);
                    booking.release = None;
                }
            }
            V::ReservationRequested { .. }
            | V::UnbookedPresenceRecorded { .. }
            | V::InconsistentPresenceRecorded { .. } => {}
        }
    }

    fn turn(&mut self, since: DateTime<Utc>, status: BookingStatus) {
        self.status = status;
        self.since = since;
    }

    fn seen(
        slot: &mut Option<Self>,
        payer: &FamilyNumber,
        status: BookingStatus,
        arrived: Option<NaiveTime>,
        left: Option<NaiveTime>,
        at: DateTime<Utc>,
    ) {
        let booking = slot.get_or_insert_with(|| Self::asked(payer, None, status, at));
        booking.payer = payer.clone();
        booking.status = status;
        booking.since = at;
        booking.attendance = Some(Attendance { present: true, arrived, left });
    }
}
