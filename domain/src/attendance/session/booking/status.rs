//! Where a booking stands.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
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

/// What the clock lets expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expires {
    /// A place offered to somebody who waits.
    Offer,
    /// The time in which a certificate may come in.
    Certificate,
}
