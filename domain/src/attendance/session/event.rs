//! What happened in a session.
//!
//! Every decision carries its [`Basis`]: by which version of the rules, with which cut-off and
//! received when. An auditor needs nothing else to judge it.

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AbsenceReason, Refusal, RefusalCode, ReleaseReason};
use crate::{
    catalogue::calendar::ClosureReason,
    domain_event,
    shared::attachment::Attachment,
    shared::ids::{ChildId, FamilyNumber, RequestId},
    shared::sealed::Sealed,
};

/// On what a decision was based.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The version of the activity's settings.
    pub policy: u32,
    /// The version of the town's calendar.
    pub calendar: u32,
    /// The cut-off that applied, if one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cutoff: Option<DateTime<Utc>>,
    /// When the request or the fact was received.
    pub received: DateTime<Utc>,
}

/// A child and the request it made: for events about many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The child.
    pub child: ChildId,
    /// Its request.
    pub request: RequestId,
}

/// A child whose released booking stands again, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The child.
    pub child: ChildId,
    /// Where its booking stands.
    pub to: super::BookingStatus,
}

/// What those are told who still waited when the list closed: that the session is full only where
/// it was. Logs from before the number was kept say it of all.
pub fn at_closing(capacity: Option<u32>, held: Option<u32>) -> Refusal {
    let full = capacity.is_some_and(|capacity| held.is_none_or(|held| held >= capacity));
    let code = if full { RefusalCode::Capacity } else { RefusalCode::ListClosed };
    Refusal { code, note: None, capacity, held }
}

/// An event of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum SessionEvent {
    /// A place was asked for; `exception` is why staff asked after the deadline.
    ReservationRequested {
        child: ChildId,
        payer: FamilyNumber,
        request: RequestId,
        late: bool,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        exception: Option<Sealed>,
        basis: Basis,
    },
    /// The place was granted.
    ReservationConfirmed { child: ChildId, request: RequestId, basis: Basis },
    /// The session is full: on the list.
    ReservationWaitlisted {
        child: ChildId,
        request: RequestId,
        rank: u32,
        capacity: Option<u32>,
        closes: DateTime<Utc>,
        basis: Basis,
    },
    /// The request was refused.
    ReservationRefused { child: ChildId, request: RequestId, refusal: Refusal, basis: Basis },
    /// The parent took the request back.
    ReservationWithdrawn { child: ChildId, request: RequestId, basis: Basis },
    /// A freed place was offered to the first who waits.
    PlaceOffered { child: ChildId, request: RequestId, until: DateTime<Utc>, basis: Basis },
    /// The parent declined it.
    OfferDeclined { child: ChildId, request: RequestId, basis: Basis },
    /// It was not accepted in time.
    OfferExpired { child: ChildId, request: RequestId, basis: Basis },
    /// The reservation was cancelled in time, or by staff later with a reason; its place is free.
    ReservationCancelled {
        child: ChildId,
        request: RequestId,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        exception: Option<Sealed>,
        basis: Basis,
    },
    /// An absence was declared.
    AbsenceDeclared {
        child: ChildId,
        absence: RequestId,
        reason: AbsenceReason,
        day_index: u16,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        certificate_due: Option<DateTime<Utc>>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        certificate_latest: Option<DateTime<Utc>>,
        basis: Basis,
    },
    /// The absence costs nothing; `frees_place` when it came before the cancel cut-off.
    AbsenceExcused { child: ChildId, absence: RequestId, frees_place: bool, basis: Basis },
    /// The absence is billed at a percentage of the price.
    AbsenceBilled { child: ChildId, absence: RequestId, percent: u8, basis: Basis },
    /// No certificate came in time.
    CertificateOverdue { child: ChildId, absence: RequestId, basis: Basis },
    /// The parent took the absence back.
    AbsenceWithdrawn { child: ChildId, absence: RequestId, basis: Basis },
    /// Contract leave was taken; `exception` is why staff took it after its notice.
    LeaveTaken {
        child: ChildId,
        request: RequestId,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        exception: Option<Sealed>,
        basis: Basis,
    },
    /// Roll-call: there, as reserved.
    PresenceRecorded { child: ChildId, arrived: Option<NaiveTime>, left: Option<NaiveTime>, basis: Basis },
    /// Roll-call: there without a reservation; on a day of a regular contract none is needed.
    UnbookedPresenceRecorded {
        child: ChildId,
        payer: FamilyNumber,
        outside_contract: bool,
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        inside_contract: bool,
        arrived: Option<NaiveTime>,
        left: Option<NaiveTime>,
        basis: Basis,
    },
    /// Roll-call: there although it cannot be; staff must settle it.
    InconsistentPresenceRecorded {
        child: ChildId,
        payer: FamilyNumber,
        error: super::CellError,
        arrived: Option<NaiveTime>,
        left: Option<NaiveTime>,
        basis: Basis,
    },
    /// Roll-call: reserved and not there; billed, the certificate window open.
    NoShowRecorded {
        child: ChildId,
        absence: RequestId,
        percent: u8,
        certificate_due: DateTime<Utc>,
        certificate_latest: DateTime<Utc>,
        basis: Basis,
    },
    /// A medical certificate came in; staff have to settle it.
    CertificateReceived { child: ChildId, absence: RequestId, files: Vec<Attachment>, basis: Basis },
    /// Roll-call: an absence already known was seen.
    AbsenceObserved { child: ChildId, basis: Basis },
    /// Staff corrected the cell.
    AttendanceCorrected { child: ChildId, to: super::BookingStatus, reason: Sealed, basis: Basis },
    /// Closed for everybody: these children's bookings are excused at no cost.
    SessionClosed { reason: ClosureReason, children: Vec<ChildId>, basis: Basis },
    /// Reopened: these bookings stand again, those do not.
    SessionReopened { restored: Vec<ChildId>, dropped: Vec<ChildId>, basis: Basis },
    /// The waiting list closed: those who still waited are refused, for capacity where the session
    /// is full.
    WaitingListClosed {
        refused: Vec<Line>,
        capacity: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        held: Option<u32>,
        basis: Basis,
    },
    /// What these bookings followed from has ended: they hold no place and cost nothing.
    BookingsReleased { reason: ReleaseReason, children: Vec<ChildId>, basis: Basis },
    /// What they followed from is back: these stand again.
    BookingsRestored { restored: Vec<Restored>, basis: Basis },
}

domain_event!(SessionEvent {
    ReservationRequested = "1.0",
    ReservationConfirmed = "1.0",
    ReservationWaitlisted = "1.0",
    ReservationRefused = "1.0",
    ReservationWithdrawn = "1.0",
    PlaceOffered = "1.0",
    OfferDeclined = "1.0",
    OfferExpired = "1.0",
    ReservationCancelled = "1.0",
    AbsenceDeclared = "1.0",
    AbsenceExcused = "1.0",
    AbsenceBilled = "1.0",
    CertificateOverdue = "1.0",
    AbsenceWithdrawn = "1.0",
    LeaveTaken = "1.0",
    PresenceRecorded = "1.0",
    UnbookedPresenceRecorded = "1.0",
    InconsistentPresenceRecorded = "1.0",
    NoShowRecorded = "1.0",
    CertificateReceived = "1.0",
    AbsenceObserved = "1.0",
    AttendanceCorrected = "1.0",
    SessionClosed = "1.0",
    SessionReopened = "1.0",
    WaitingListClosed = "1.0",
    BookingsReleased = "1.0",
    BookingsRestored = "1.0",
});

impl SessionEvent {
    /// The children whose bookings the event changes.
    pub fn children(&self) -> Vec<ChildId> {
        match self {
            Self::SessionClosed { children, .. } | Self::BookingsReleased { children, .. } => {
                children.clone()
            }
            Self::BookingsRestored { restored, .. } => restored.iter().map(|line| line.child).collect(),
            Self::SessionReopened { restored, dropped, .. } => {
                restored.iter().chain(dropped).copied().collect()
            }
            Self::WaitingListClosed { refused, .. } => refused.iter().map(|l| l.child).collect(),
            Self::ReservationRequested { child, .. }
            | Self::ReservationConfirmed { child, .. }
            | Self::ReservationWaitlisted { child, .. }
            | Self::ReservationRefused { child, .. }
            | Self::ReservationWithdrawn { child, .. }
            | Self::PlaceOffered { child, .. }
            | Self::OfferDeclined { child, .. }
            | Self::OfferExpired { child, .. }
            | Self::ReservationCancelled { child, .. }
            | Self::AbsenceDeclared { child, .. }
            | Self::AbsenceExcused { child, .. }
            | Self::AbsenceBilled { child, .. }
            | Self::CertificateOverdue { child, .. }
            | Self::AbsenceWithdrawn { child, .. }
            | Self::LeaveTaken { child, .. }
            | Self::PresenceRecorded { child, .. }
            | Self::UnbookedPresenceRecorded { child, .. }
            | Self::InconsistentPresenceRecorded { child, .. }
            | Self::NoShowRecorded { child, .. }
            | Self::CertificateReceived { child, .. }
            | Self::AbsenceObserved { child, .. }
            | Self::AttendanceCorrected { child, .. } => vec![*child],
        }
    }

    /// On what it was based.
    pub fn basis(&self) -> &Basis {
        match self {
            Self::ReservationRequested { basis, .. }
            | Self::ReservationConfirmed { basis, .. }
            | Self::ReservationWaitlisted { basis, .. }
            | Self::ReservationRefused { basis, .. }
            | Self::ReservationWithdrawn { basis, .. }
            | Self::PlaceOffered { basis, .. }
            | Self::OfferDeclined { basis, .. }
            | Self::OfferExpired { basis, .. }
            | Self::ReservationCancelled { basis, .. }
            | Self::AbsenceDeclared { basis, .. }
            | Self::AbsenceExcused { basis, .. }
            | Self::AbsenceBilled { basis, .. }
            | Self::CertificateOverdue { basis, .. }
            | Self::AbsenceWithdrawn { basis, .. }
            | Self::LeaveTaken { basis, .. }
            | Self::PresenceRecorded { basis, .. }
            | Self::UnbookedPresenceRecorded { basis, .. }
            | Self::InconsistentPresenceRecorded { basis, .. }
            | Self::NoShowRecorded { basis, .. }
            | Self::CertificateReceived { basis, .. }
            | Self::AbsenceObserved { basis, .. }
            | Self::AttendanceCorrected { basis, .. }
            | Self::SessionClosed { basis, .. }
            | Self::SessionReopened { basis, .. }
            | Self::WaitingListClosed { basis, .. }
            | Self::BookingsReleased { basis, .. }
            | Self::BookingsRestored { basis, .. } => basis,
        }
    }
}
