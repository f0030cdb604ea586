//! One child's booking in one session, and how events change it.
//!
//! [`Booking::evolve`] is the only fold of bookings: the aggregate and the read model share it.

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AbsenceReason, SessionEvent, event};
use crate::{
    shared::attachment::Attachment,
    shared::ids::{ChildId, FamilyNumber, RequestId},
    shared::sealed::Sealed,
};

/// Why staff refuse, by a code; a free explanation is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// No place left; the capacity is recorded.
    Capacity,
    /// The family's file is incomplete.
    IncompleteFile,
    /// The conditions of access are not met.
    NotEligible,
    /// Asked too late, or an offer not accepted in time.
    Late,
    /// The waiting list closed before the place could be given.
    ListClosed,
    /// Another reason: the note says it.
    Other,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The code.
    pub code: RefusalCode,
    /// The explanation, sealed; required for [`RefusalCode::Other`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<Sealed>,
    /// The capacity at the moment of a refusal for capacity: a school-meal refusal is lawful only
    /// then (Conseil d'État, 22 March 2021).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capacity: Option<u32>,
    /// How many places were held at that moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held: Option<u32>,
}

impl Refusal {
    /// A refusal that its code explains.
    pub fn of(code: RefusalCode) -> Self {
        Self { code, note: None, capacity: None, held: None }
    }
}

/// Why bookings were released: what they followed from has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReleaseReason {
    /// The child's enrolment has ended.
    EnrolmentEnded,
    /// The child has left the family that paid.
    LeftFamily,
    /// The activity is no longer offered.
    ActivityEnded,
    /// The activity is no longer offered on such a day.
    NotOffered,
}

impl ReleaseReason {
    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        match self {
            Self::EnrolmentEnded => "RELEASED_ENROLMENT_ENDED",
            Self::LeftFamily => "RELEASED_LEFT_FAMILY",
            Self::ActivityEnded => "RELEASED_ACTIVITY_ENDED",
            Self::NotOffered => "RELEASED_NOT_OFFERED",
        }
    }
}

/// A released booking: why, and what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What ended, so that the place was released.
    pub reason: ReleaseReason,
    /// Where the booking stood: what brings it back.
    pub before: BookingStatus,
}

/// What staff must settle in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CellError {
    /// Present on a closed day.
    ClosedDay,
    /// Present without enrolment.
    NotEnrolled,
    /// Present in two activities at the same hours.
    Overlap,
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BookingStatus {
    /// Asked, undecided.
    Pending,
    /// On the waiting list.
    Waitlisted,
    /// A place is offered; it is held until the offer ends.
    Offered,
    /// Confirmed.
    Reserved,
    /// Refused.
    Refused,
    /// Taken back by the parent.
    Withdrawn,
    /// Cancelled in time.
    Cancelled,
    /// Absent, undecided.
    AbsencePending,
    /// Absent at no cost.
    AbsentExcused,
    /// Absent and billed.
    AbsentBilled,
    /// On contract leave.
    Leave,
    /// There as reserved.
    PresentAsReserved,
    /// There without a reservation.
    Present,
    /// There outside the contract.
    OutsideContract,
    /// Closed by the town.
    Closed,
    /// Released: what it followed from has ended.
    Released,
    /// Nothing is booked: a recorded presence was a mistake.
    NotBooked,
    /// Staff must settle it.
    Error(CellError),
}

/// A declared or observed absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// The declaration.
    pub id: RequestId,
    /// Why; none for a no-show.
    pub reason: Option<AbsenceReason>,
    /// Which absent day of the declaration, from 0.
    pub day_index: u16,
    /// When it was declared or seen.
    pub declared: DateTime<Utc>,
    /// Until when the certificate is in time.
    pub certificate_due: Option<DateTime<Utc>>,
    /// Until when a late certificate is still accepted.
    pub certificate_latest: Option<DateTime<Utc>>,
    /// The percentage billed, once billed.
    pub billed_percent: Option<u8>,
    /// Whether it came before the cancel cut-off and gave the place back.
    #[serde(default)]
    pub freed_place: bool,
    /// The certificate sent in, until staff settle it and after.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certificate: Option<Certificate>,
}

/// A medical certificate sent in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// When it first came: what decides whether it was in time.
    pub received: DateTime<Utc>,
    /// Its files; more may follow.
    pub files: Vec<Attachment>,
}

/// The roll-call of one child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    /// Whether the child was there.
    pub present: bool,
    /// When the child arrived, local time.
    pub arrived: Option<NaiveTime>,
    /// When the child left, local time.
    pub left: Option<NaiveTime>,
}

/// A child's booking in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Who pays.
    pub payer: FamilyNumber,
    /// The request it came from; none for an unbooked presence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<RequestId>,
    /// Where it stands.
    pub status: BookingStatus,
    /// When it was asked for.
    pub requested: DateTime<Utc>,
    /// When it got its present status.
    pub since: DateTime<Utc>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<Refusal>,
    /// Until when the offered place can be accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offer_until: Option<DateTime<Utc>>,
    /// The absence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub absence: Option<Absence>,
    /// The roll-call.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attendance: Option<Attendance>,
    /// What it was before the closure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before_closure: Option<BookingStatus>,
    /// Why it was released, and what it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub release: Option<Release>,
}

impl BookingStatus {
    /// Whether it blocks another activity at the same hours. An offer does not: it is checked
    /// when accepted.
    pub fn blocks_hours(self) -> bool {
        use BookingStatus as S;
        matches!(
            self,
            S::Reserved | S::AbsencePending | S::PresentAsReserved | S::Present | S::OutsideContract
        )
    }

    /// Whether a new request may take its place.
    pub fn is_over(self) -> bool {
        use BookingStatus as S;
        matches!(self, S::Refused | S::Withdrawn | S::Cancelled | S::Released | S::NotBooked)
    }

    /// Whether a closure excuses it.
    pub fn is_closable(self) -> bool {
        use BookingStatus as S;
        matches!(
            self,
            S::Pending
                | S::Waitlisted
                | S::Offered
                | S::Reserved
                | S::AbsencePending
                | S::AbsentExcused
                | S::AbsentBilled
        )
    }
}

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

    /// Whether it falls with what it follows from: everything but what is over, and a child that
    /// came.
    pub fn is_releasable(&self) -> bool {
        !self.status.is_over() && !self.attendance.is_some_and(|a| a.present)
    }

    /// Whether a recorded presence is all there is: nothing was booked before it.
    pub(super) fn is_only_a_presence(&self) -> bool {
        use BookingStatus as S;
        match self.status {
            S::Present | S::OutsideContract => self.absence.is_none(),
            S::Error(_) => self.request.is_none() || self.refusal.is_some() || self.release.is_some(),
            S::Pending
            | S::Waitlisted
            | S::Offered
            | S::Reserved
            | S::Refused
            | S::Withdrawn
            | S::Cancelled
            | S::AbsencePending
            | S::AbsentExcused
            | S::AbsentBilled
            | S::Leave
            | S::PresentAsReserved
            | S::Closed
            | S::Released
            | S::NotBooked => false,
        }
    }

    /// Whether the child has one of the session's places. Only an absence declared before the
    /// cancel cut-off gives it back.
    pub fn holds_place(&self) -> bool {
        self.holds_place_as(self.status)
    }

    /// Whether a place waits for the child while the session is closed: reopening gives it back.
    pub fn keeps_place(&self) -> bool {
        self.before_closure.is_some_and(|before| self.holds_place_as(before))
    }

    fn holds_place_as(&self, status: BookingStatus) -> bool {
        use BookingStatus as S;
        match status {
            S::Offered | S::Reserved | S::AbsencePending | S::AbsentBilled | S::PresentAsReserved => true,
            S::AbsentExcused => self.absence.as_ref().is_some_and(|a| !a.freed_place),
            S::Pending
            | S::Waitlisted
            | S::Refused
            | S::Withdrawn
            | S::Cancelled
            | S::Leave
            | S::Present
            | S::OutsideContract
            | S::Closed
            | S::Released
            | S::NotBooked
            | S::Error(_) => false,
        }
    }

    /// The instant a timer must act on this booking, if one must.
    pub fn timer(&self) -> Option<DateTime<Utc>> {
        match self.status {
            BookingStatus::Offered => self.offer_until,
            // What came in waits for staff, not for the clock.
            BookingStatus::AbsencePending => {
                self.absence.as_ref().filter(|a| a.certificate.is_none()).and_then(|a| a.certificate_due)
            }
            BookingStatus::Pending
            | BookingStatus::Waitlisted
            | BookingStatus::Reserved
            | BookingStatus::Refused
            | BookingStatus::Withdrawn
            | BookingStatus::Cancelled
            | BookingStatus::AbsentExcused
            | BookingStatus::AbsentBilled
            | BookingStatus::Leave
            | BookingStatus::PresentAsReserved
            | BookingStatus::Present
            | BookingStatus::OutsideContract
            | BookingStatus::Closed
            | BookingStatus::Released
            | BookingStatus::NotBooked
            | BookingStatus::Error(_) => None,
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
