//! Who gets a place: requests, the waiting list, offers.

use chrono::Duration;

use super::{Deciding, Decision, of};
use crate::{
    attendance::session::{
        BookingStatus as S, Refusal, RefusalCode, SessionError as E, SessionEvent as V,
        event::{Line, at_closing},
        guard,
        state::count,
    },
    catalogue::activity::{ApprovalMode, LateRequests},
    shared::ids::{ActivityId, ChildId, FamilyNumber, RequestId},
};

impl Deciding<'_> {
    pub(super) fn request(
        &self,
        child: ChildId,
        payer: FamilyNumber,
        request: RequestId,
        enrolled: bool,
        overlaps: &[ActivityId],
    ) -> Decision {
        let asking = guard::PlaceRequest { booking: self.session.booking(child), enrolled, overlaps };
        let late = guard::request(self.terms, asking, self.at, self.latitude.binding())?;
        let basis = self.basis(Some(self.terms.book_cutoff));
        let exception = self.exception(self.terms.book_cutoff);
        let waits = late && exception.is_none() && self.terms.late_requests == LateRequests::WaitingList;
        let requested = V::ReservationRequested { child, payer, request, late, exception, basis };
        let outcome = match self.terms.approval {
            _ if waits && self.list_is_open() => self.waitlisted(child, request),
            _ if waits => return Err(E::DeadlinePassed(self.terms.book_cutoff)),
            ApprovalMode::Staff => return Ok(vec![requested]),
            ApprovalMode::Instant if self.session.newcomer_gets_place(self.terms) => {
                V::ReservationConfirmed { child, request, basis }
            }
            ApprovalMode::Instant if self.list_is_open() => self.waitlisted(child, request),
            // Recorded, not just answered: the refusal and the capacity at that moment are the
            // family's evidence.
            ApprovalMode::Instant => {
                let refusal = at_closing(self.terms.capacity, Some(self.session.taken()));
                V::ReservationRefused { child, request, refusal, basis }
            }
        };
        Ok(vec![requested, outcome])
    }

    pub(super) fn confirm(&self, child: ChildId, overlaps: &[ActivityId]) -> Decision {
        let booking = self.booking(child, E::NotPending)?;
        let request = of(booking);
        self.terms.require_open()?;
        guard::no_overlap(overlaps)?;
        let confirmed = V::ReservationConfirmed { child, request, basis: self.basis(None) };
        let full = || E::SessionFull(self.terms.capacity.unwrap_or_default());
        match booking.status {
            S::Pending if self.session.newcomer_gets_place(self.terms) => Ok(vec![confirmed]),
            S::Pending if self.terms.waiting_list => Ok(vec![self.waitlisted(child, request)]),
            S::Pending => Err(full()),
            S::Waitlisted if !self.session.has_free_place(self.terms) => Err(full()),
            S::Waitlisted => match self.session.rank(child) {
                Some(rank) if rank > 1 => Err(E::NotFirstInLine(rank)),
                _ => Ok(vec![confirmed]),
            },
            S::Offered
            | S::Reserved
            | S::Refused
            | S::Withdrawn
            | S::Cancelled
            | S::AbsencePending
            | S::AbsentExcused
            | S::AbsentBilled
            | S::Leave
            | S::PresentAsReserved
            | S::Present
            | S::OutsideContract
            | S::Closed
            | S::Released
            | S::NotBooked
            | S::Error(_) => Err(E::NotPending),
        }
    }

    pub(super) fn put_on_waiting_list(&self, child: ChildId) -> Decision {
        let booking = self.booking(child, E::NotPending)?;
        self.terms.require_open()?;
        match booking.status {
            S::Pending if self.terms.waiting_list => Ok(vec![self.waitlisted(child, of(booking))]),
            S::Pending => Err(E::WaitingListClosed),
            S::Waitlisted
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
            | S::Present
            | S::OutsideContract
            | S::Closed
            | S::Released
            | S::NotBooked
            | S::Error(_) => Err(E::NotPending),
        }
    }

    pub(super) fn refuse(&self, child: ChildId, mut refusal: Refusal) -> Decision {
        let booking = self.booking(child, E::NotPending)?;
        if !matches!(booking.status, S::Pending | S::Waitlisted | S::Offered) {
            return Err(E::NotPending);
        }
        (refusal.capacity, refusal.held) = (None, None);
        match refusal.code {
            RefusalCode::Other if refusal.note.is_none() => return Err(E::ReasonRequired),
            // Lawful only while no place is free: the numbers are the family's evidence.
            RefusalCode::Capacity => {
                let capacity = self.terms.capacity.ok_or(E::NoCapacityLimit)?;
                let others = self.session.taken() - u32::from(booking.holds_place());
                if others < capacity {
                    return Err(E::SessionNotFull { held: others, capacity });
                }
                (refusal.capacity, refusal.held) = (Some(capacity), Some(others));
            }
            RefusalCode::ListClosed if self.list_is_open() => return Err(E::NotDue),
            RefusalCode::IncompleteFile
            | RefusalCode::NotEligible
            | RefusalCode::Late
            | RefusalCode::ListClosed
            | RefusalCode::Other => {}
        }
        Ok(vec![V::ReservationRefused { child, request: of(booking), refusal, basis: self.basis(None) }])
    }

    pub(super) fn close_waiting_list(&self) -> Decision {
        let closes = self.terms.list_closes();
        if self.at <= closes {
            return Err(E::NotDue);
        }
        let refused: Vec<Line> =
            self.session.waiting().map(|(child, booking)| Line { child, request: of(booking) }).collect();
        if refused.is_empty() {
            return Err(E::NotDue);
        }
        let (capacity, held) = (self.terms.capacity, Some(self.session.taken()));
        Ok(vec![V::WaitingListClosed { refused, capacity, held, basis: self.basis(Some(closes)) }])
    }

    /// Offers every free place to those who wait, in their order, while the list is open.
    pub(super) fn offer_freed_places(&self, events: &mut Vec<V>) {
        let closes = self.terms.list_closes();
        if self.terms.require_open().is_err() || self.at > closes {
            return;
        }
        let mut after = self.session.clone();
        events.iter().for_each(|event| after.evolve(event));
        while !after.is_closed() && after.has_free_place(self.terms) {
            let next = after.waiting().next().map(|(child, booking)| (child, of(booking)));
            let Some((child, request)) = next else { break };
            let until = (self.at + Duration::hours(i64::from(self.terms.offer_hours))).min(closes);
            let offered = V::PlaceOffered { child, request, until, basis: self.basis(Some(closes)) };
            after.evolve(&offered);
            events.push(offered);
        }
    }

    pub(super) fn waitlisted(&self, child: ChildId, request: RequestId) -> V {
        V::ReservationWaitlisted {
            child,
            request,
            rank: count(self.session.waiting()) + 1,
            capacity: self.terms.capacity,
            closes: self.terms.list_closes(),
            basis: self.basis(Some(self.terms.book_cutoff)),
        }
    }

    pub(super) fn list_is_open(&self) -> bool {
        self.terms.waiting_list && self.at <= self.terms.list_closes()
    }
}
