//! One child's booking in one session.
//!
//! [`Booking::evolve`] is the only fold of bookings: the aggregate and the read model share it.

mod fold;
mod status;

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::status::{BookingStatus, CellError, Expires};
use super::{AbsenceReason, Refusal, Release};
use crate::{
    shared::attachment::Attachment,
    shared::ids::{FamilyNumber, RequestId},
};

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

impl Booking {
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

    /// What of this booking the clock lets expire, and when.
    pub fn timer(&self) -> Option<(Expires, DateTime<Utc>)> {
        match self.status {
            BookingStatus::Offered => Some((Expires::Offer, self.offer_until?)),
            // What came in waits for staff, not for the clock.
            BookingStatus::AbsencePending => {
                let awaited = self.absence.as_ref().filter(|a| a.certificate.is_none())?;
                Some((Expires::Certificate, awaited.certificate_due?))
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
}
