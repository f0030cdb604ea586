//! What a booking is charged as.

use crate::{
    attendance::session::{Booking, BookingStatus as S},
    money::tariff::Charge,
};

/// What a booking is charged as; none when it costs nothing.
pub(super) fn charge(booking: &Booking) -> Option<Charge> {
    match booking.status {
        S::Reserved | S::PresentAsReserved => Some(Charge::Reserved),
        S::Present => Some(Charge::Unbooked),
        S::OutsideContract => Some(Charge::OutsideContract),
        S::AbsentBilled => {
            let percent = booking.absence.as_ref().and_then(|a| a.billed_percent);
            Some(Charge::Absent(percent.unwrap_or(100)))
        }
        S::Pending
        | S::Waitlisted
        | S::Offered
        | S::Refused
        | S::Withdrawn
        | S::Cancelled
        | S::AbsencePending
        | S::AbsentExcused
        | S::Leave
        | S::Closed
        | S::Released
        | S::NotBooked
        | S::Error(_) => None,
    }
}
