//! The guards: whether an act is allowed now, and if not, why.
//!
//! The aggregate enforces them; the calendar shows them beside each cell. One source for both, so
//! that a portal never offers what would be refused.

use chrono::{DateTime, Utc};

use super::{Booking, BookingStatus as S, SessionError as E};
use crate::{
    attendance::terms::Terms,
    catalogue::activity::LateRequests,
    shared::ids::{ActivityId, RequestId},
};

/// What asking for a place depends on.
#[derive(Debug, Clone, Copy)]
pub struct PlaceRequest<'a> {
    /// The child's booking in this session, if any.
    pub booking: Option<&'a Booking>,
    /// Whether the child is enrolled by the payer that day.
    pub enrolled: bool,
    /// The child's other reservations at the same hours.
    pub overlaps: &'a [ActivityId],
}

/// Whether a deadline binds who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// A family: it does.
    Family,
    /// Staff who gave no reason: it does, and a reason is asked for.
    Staff,
    /// Staff who said why: it does not.
    StaffWithReason,
}

impl Binding {
    /// What acting after a deadline comes to.
    fn after(self, deadline: DateTime<Utc>) -> Result<(), E> {
        match self {
            Self::Family => Err(E::DeadlinePassed(deadline)),
            Self::Staff => Err(E::ReasonRequired),
            Self::StaffWithReason => Ok(()),
        }
    }
}

/// A place may be asked for; the answer says whether the request is late.
///
/// # Errors
/// The first rule in the way.
pub fn request(
    terms: &Terms,
    asking: PlaceRequest<'_>,
    at: DateTime<Utc>,
    binding: Binding,
) -> Result<bool, E> {
    terms.require_open()?;
    if !asking.enrolled {
        return Err(E::NotEnrolled);
    }
    if let Some(booking) = asking.booking {
        if booking.attendance.is_some() {
            return Err(E::RollCalled);
        }
        match booking.status {
            S::Pending | S::Waitlisted | S::Offered => return Err(E::AlreadyRequested),
            S::Refused | S::Withdrawn | S::Cancelled | S::Released | S::NotBooked => {}
            S::Reserved
            | S::AbsencePending
            | S::AbsentExcused
            | S::AbsentBilled
            | S::Leave
            | S::PresentAsReserved
            | S::Present
            | S::OutsideContract
            | S::Closed
            | S::Error(_) => return Err(E::AlreadyReserved),
        }
    }
    no_overlap(asking.overlaps)?;
    if at > terms.starts || at > terms.book_cutoff && terms.late_requests == LateRequests::Refuse {
        binding.after(terms.book_cutoff)?;
    }
    Ok(at > terms.book_cutoff)
}

/// No other reservation is in the way.
///
/// # Errors
/// Names the reservations.
pub fn no_overlap(overlaps: &[ActivityId]) -> Result<(), E> {
    if overlaps.is_empty() { Ok(()) } else { Err(E::OverlappingReservation(overlaps.to_vec())) }
}

/// An undecided request may be taken back, at any time before it is decided.
///
/// # Errors
/// Nothing undecided is there.
pub fn withdraw(booking: Option<&Booking>) -> Result<(), E> {
    match booking.map(|b| b.status) {
        Some(S::Pending | S::Waitlisted | S::Offered) => Ok(()),
        _ => Err(E::NothingToWithdraw),
    }
}

/// The offered place may be accepted; the answer is until when.
///
/// # Errors
/// No offer, or it ran out.
pub fn offer(booking: Option<&Booking>, at: DateTime<Utc>) -> Result<DateTime<Utc>, E> {
    match booking {
        Some(Booking { status: S::Offered, offer_until: Some(until), .. }) => {
            if at > *until {
                Err(E::OfferExpired(*until))
            } else {
                Ok(*until)
            }
        }
        _ => Err(E::NotOfferedAPlace),
    }
}

/// A reservation may be cancelled at no cost.
///
/// # Errors
/// Not reserved, roll called, or too late.
pub fn cancel(
    terms: &Terms,
    booking: Option<&Booking>,
    at: DateTime<Utc>,
    binding: Binding,
) -> Result<(), E> {
    reserved(booking)?;
    if at > terms.cancel_cutoff { binding.after(terms.cancel_cutoff) } else { Ok(()) }
}

/// An absence may be declared: as long as the roll has not been called.
///
/// # Errors
/// Not reserved, or roll called.
pub fn declare_absence(booking: Option<&Booking>) -> Result<(), E> {
    reserved(booking)
}

/// A declared absence may be taken back before the session starts.
///
/// # Errors
/// No absence, roll called, or the session has started.
pub fn withdraw_absence(terms: &Terms, booking: Option<&Booking>, at: DateTime<Utc>) -> Result<(), E> {
    let booking = booking.filter(|b| b.absence.is_some()).ok_or(E::NoAbsence)?;
    if booking.attendance.is_some() {
        return Err(E::RollCalled);
    }
    if !matches!(booking.status, S::AbsencePending | S::AbsentExcused | S::AbsentBilled) {
        return Err(E::NoAbsence);
    }
    if at > terms.starts { Err(E::SessionStarted) } else { Ok(()) }
}

/// A certificate may be sent in while one is awaited, and late until its last instant; the answer
/// is the absence it is for.
///
/// # Errors
/// No absence, none that asks for a certificate, or too late.
pub fn certificate(booking: Option<&Booking>, at: DateTime<Utc>) -> Result<RequestId, E> {
    let booking = booking.ok_or(E::NoAbsence)?;
    let absence = booking.absence.as_ref().ok_or(E::NoAbsence)?;
    let awaited = matches!(booking.status, S::AbsencePending | S::AbsentBilled);
    let latest = absence.certificate_latest.filter(|_| awaited).ok_or(E::NoCertificateExpected)?;
    if at > latest { Err(E::CertificateTooLate(latest)) } else { Ok(absence.id) }
}

/// Leave may be taken with notice.
///
/// # Errors
/// No leave here, not reserved, or too late.
pub fn take_leave(
    terms: &Terms,
    booking: Option<&Booking>,
    at: DateTime<Utc>,
    binding: Binding,
) -> Result<(), E> {
    let cutoff = terms.leave_cutoff.ok_or(E::NoLeave)?;
    reserved(booking)?;
    if at > cutoff { binding.after(cutoff) } else { Ok(()) }
}

fn reserved(booking: Option<&Booking>) -> Result<(), E> {
    match booking {
        Some(b) if b.attendance.is_some() => Err(E::RollCalled),
        Some(b) if b.status == S::Reserved => Ok(()),
        _ => Err(E::NotReserved),
    }
}
