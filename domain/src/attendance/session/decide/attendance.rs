//! Who came: the roll-call, and its correction.

use chrono::NaiveTime;

use super::{Deciding, Decision, of};
use crate::{
    attendance::session::{
        Booking, BookingStatus as S, CellError, Correction, SessionError as E, SessionEvent as V,
    },
    families::child::ContractDay,
    shared::ids::{ActivityId, ChildId, FamilyNumber},
    shared::time::local_date,
};

impl Deciding<'_> {
    pub(super) fn presence(
        &self,
        child: ChildId,
        payer: FamilyNumber,
        (enrolled, contract): (bool, ContractDay),
        overlaps: &[ActivityId],
        (arrived, left): (Option<NaiveTime>, Option<NaiveTime>),
    ) -> Decision {
        self.require_day_reached()?;
        if let (Some(a), Some(l)) = (arrived, left)
            && l <= a
        {
            return Err(E::ImpossibleHours);
        }
        let booking = self.session.booking(child);
        if booking.is_some_and(|b| b.attendance.is_some()) {
            return Err(E::RollCalled);
        }
        let basis = self.basis(None);
        let payer = booking.filter(|b| !b.status.is_over()).map_or(payer, |b| b.payer.clone());
        let known_place = booking.is_some_and(|b| {
            matches!(b.status, S::Reserved | S::AbsencePending | S::AbsentBilled | S::AbsentExcused)
        });
        let error = if self.session.is_closed() || self.terms.require_open().is_err() {
            Some(CellError::ClosedDay)
        } else if !enrolled && !known_place {
            Some(CellError::NotEnrolled)
        } else if !overlaps.is_empty() {
            Some(CellError::Overlap)
        } else {
            None
        };
        Ok(vec![match error {
            Some(error) => V::InconsistentPresenceRecorded { child, payer, error, arrived, left, basis },
            None if booking.is_some_and(|b| b.holds_place() && b.status != S::Offered) => {
                V::PresenceRecorded { child, arrived, left, basis }
            }
            None => {
                let outside_contract = contract == ContractDay::Outside;
                let inside_contract = contract == ContractDay::Inside;
                V::UnbookedPresenceRecorded {
                    child,
                    payer,
                    outside_contract,
                    inside_contract,
                    arrived,
                    left,
                    basis,
                }
            }
        }])
    }

    pub(super) fn no_show(&self, child: ChildId) -> Decision {
        self.require_day_reached()?;
        let booking = self.booking(child, E::NotReserved)?;
        if booking.attendance.is_some() {
            return Err(E::RollCalled);
        }
        let basis = self.basis(None);
        match booking.status {
            S::Reserved => {
                let (certificate_due, certificate_latest) = self.certificate_window(self.terms.starts);
                Ok(vec![V::NoShowRecorded {
                    child,
                    absence: of(booking),
                    percent: self.terms.absence.billed_percent,
                    certificate_due,
                    certificate_latest,
                    basis,
                }])
            }
            S::AbsencePending | S::AbsentExcused | S::AbsentBilled | S::Leave => {
                Ok(vec![V::AbsenceObserved { child, basis }])
            }
            S::Pending
            | S::Waitlisted
            | S::Offered
            | S::Refused
            | S::Withdrawn
            | S::Cancelled
            | S::PresentAsReserved
            | S::Present
            | S::OutsideContract
            | S::Closed
            | S::Released
            | S::NotBooked
            | S::Error(_) => Err(E::NotReserved),
        }
    }

    /// The status a correction leads to. A correction states what happened: it takes a place only
    /// where one is held already or still free, so that no correction oversells the session.
    pub(super) fn correction(&self, booking: &Booking, to: Correction) -> Result<S, E> {
        let undecided = matches!(booking.status, S::Pending | S::Waitlisted | S::Offered);
        let called = booking.attendance.is_some();
        let unbooked = booking.is_only_a_presence();
        let booked = booking.request.is_some() && !booking.status.is_over() && !unbooked;
        let own = booking.holds_place() || booking.keeps_place();
        let place = booked && (own || self.session.has_free_place(self.terms));
        let status = match to {
            _ if undecided || booking.status == S::Closed => return Err(E::NothingToCorrect),
            // A presence that was a mistake leaves a day without a booking, not an absence.
            Correction::AbsentExcused | Correction::Reserved if unbooked => S::NotBooked,
            Correction::Present if place => S::PresentAsReserved,
            Correction::Present if called => S::Present,
            Correction::AbsentExcused if booked || called => S::AbsentExcused,
            Correction::AbsentBilled if place => S::AbsentBilled,
            Correction::Reserved if place && called => S::Reserved,
            Correction::Present
            | Correction::AbsentExcused
            | Correction::AbsentBilled
            | Correction::Reserved => return Err(E::NothingToCorrect),
        };
        if status == booking.status {
            return Err(E::NothingToCorrect);
        }
        // What an absence costs can be decided as soon as it is declared.
        let absence = matches!(status, S::AbsentExcused | S::AbsentBilled) && booking.absence.is_some();
        if status != S::Reserved && !absence {
            self.require_day_reached()?;
        }
        Ok(status)
    }

    fn require_day_reached(&self) -> Result<(), E> {
        if local_date(self.at) < self.terms.date { Err(E::DayNotReached) } else { Ok(()) }
    }
}
