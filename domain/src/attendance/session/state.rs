//! The session's state and its decisions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Act, Basis, Booking, BookingStatus as S, CellError, Correction, Latitude, Refusal, RefusalCode,
    SessionCommand, SessionError as E, SessionEvent as V,
    absence::{self, AbsenceReason, CertificateOutcome, Outcome},
    event::{Line, at_closing},
    guard,
};
use crate::{
    aggregate,
    attendance::terms::Terms,
    catalogue::activity::{ApprovalMode, LateRequests},
    families::child::ContractDay,
    shared::ids::{ActivityId, ChildId, FamilyNumber, RequestId},
    shared::sealed::Sealed,
    shared::time::local_date,
};

/// A session: its bookings and its waiting list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    bookings: BTreeMap<ChildId, Booking>,
    /// Those who wait or have an offer, in the order they joined.
    queue: Vec<ChildId>,
    closed: bool,
}

type Decision = Result<Vec<V>, E>;

impl Session {
    /// A child's booking.
    pub fn booking(&self, child: ChildId) -> Option<&Booking> {
        self.bookings.get(&child)
    }

    /// Every booking, by child.
    pub fn bookings(&self) -> impl Iterator<Item = (ChildId, &Booking)> {
        self.bookings.iter().map(|(child, booking)| (*child, booking))
    }

    /// How many places are held.
    pub fn held(&self) -> u32 {
        count(self.bookings.values().filter(|b| b.holds_place()))
    }

    /// Those who wait without an offer, in the order they joined.
    fn waiting(&self) -> impl Iterator<Item = (ChildId, &Booking)> {
        self.queue
            .iter()
            .filter_map(|child| Some((*child, self.booking(*child)?)))
            .filter(|(_, booking)| booking.status == S::Waitlisted)
    }

    /// A child's rank among those who wait, from 1.
    pub fn rank(&self, child: ChildId) -> Option<u32> {
        let index = self.waiting().position(|(c, _)| c == child)?;
        u32::try_from(index + 1).ok()
    }

    /// Whether a place is neither held nor kept for a reopening.
    pub(super) fn has_free_place(&self, terms: &Terms) -> bool {
        terms.capacity.is_none_or(|capacity| self.taken() < capacity)
    }

    /// How many places are held, or kept for a reopening.
    pub(super) fn taken(&self) -> u32 {
        count(self.bookings.values().filter(|b| b.holds_place() || b.keeps_place()))
    }

    /// A newcomer gets a place only when nobody waits for it.
    pub(super) fn newcomer_gets_place(&self, terms: &Terms) -> bool {
        self.waiting().next().is_none() && self.has_free_place(terms)
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks; nothing has happened then.
    pub fn decide(&self, command: SessionCommand) -> Decision {
        let SessionCommand { terms, at, latitude, act } = command;
        let binding = latitude.binding();
        let d = Deciding { session: self, terms: &terms, at, latitude: &latitude };
        if self.closed && act.needs_open_session() {
            return Err(E::DayClosed);
        }
        let restores = matches!(act, Act::Restore { .. });
        let mut events = match act {
            Act::Request { child, payer, request, enrolled, overlaps } => {
                d.request(child, payer, request, enrolled, &overlaps)?
            }
            Act::Confirm { child, overlaps } => d.confirm(child, &overlaps)?,
            Act::PutOnWaitingList { child } => d.put_on_waiting_list(child)?,
            Act::Refuse { child, refusal } => d.refuse(child, refusal)?,
            Act::Withdraw { child, payer } => {
                let booking = d.of_payer(child, &payer, E::NothingToWithdraw)?;
                guard::withdraw(Some(booking))?;
                vec![V::ReservationWithdrawn { child, request: of(booking), basis: d.basis(None) }]
            }
            Act::AcceptOffer { child, payer, overlaps } => {
                let booking = d.of_payer(child, &payer, E::NotOfferedAPlace)?;
                let until = guard::offer(Some(booking), at)?;
                guard::no_overlap(&overlaps)?;
                vec![V::ReservationConfirmed { child, request: of(booking), basis: d.basis(Some(until)) }]
            }
            Act::DeclineOffer { child, payer } => {
                let booking = d.of_payer(child, &payer, E::NotOfferedAPlace)?;
                let until = guard::offer(Some(booking), at)?;
                vec![V::OfferDeclined { child, request: of(booking), basis: d.basis(Some(until)) }]
            }
            Act::ExpireOffer { child } => {
                let booking = d.booking(child, E::NotOfferedAPlace)?;
                match guard::offer(Some(booking), at) {
                    Err(E::OfferExpired(until)) => {
                        vec![V::OfferExpired { child, request: of(booking), basis: d.basis(Some(until)) }]
                    }
                    Ok(_) => return Err(E::NotDue),
                    Err(other) => return Err(other),
                }
            }
            Act::Cancel { child, payer } => {
                let booking = d.of_payer(child, &payer, E::NotReserved)?;
                guard::cancel(&terms, Some(booking), at, binding)?;
                let basis = d.basis(Some(terms.cancel_cutoff));
                let exception = d.exception(terms.cancel_cutoff);
                vec![V::ReservationCancelled { child, request: of(booking), exception, basis }]
            }
            Act::DeclareAbsence { child, payer, absence, reason, confirmed, day_index, first_start } => {
                let booking = d.of_payer(child, &payer, E::NotReserved)?;
                if !confirmed {
                    return Err(E::ConfirmationRequired);
                }
                guard::declare_absence(Some(booking))?;
                d.declare_absence(child, absence, reason, day_index, first_start)
            }
            Act::WithdrawAbsence { child, payer, overlaps } => {
                let booking = d.of_payer(child, &payer, E::NoAbsence)?;
                guard::withdraw_absence(&terms, Some(booking), at)?;
                d.withdraw_absence(child, booking, &overlaps)?
            }
            Act::SettleCertificate { child, received, accepted } => {
                d.settle_certificate(child, received, accepted)?
            }
            Act::SettleExcuse { child, accepted } => d.settle_excuse(child, accepted)?,
            Act::AttachCertificate { child, payer, files } => {
                let booking = d.of_payer(child, &payer, E::NoAbsence)?;
                let absence = guard::certificate(Some(booking), at)?;
                vec![V::CertificateReceived { child, absence, files, basis: d.basis(None) }]
            }
            Act::ExpireCertificate { child } => d.expire_certificate(child)?,
            Act::TakeLeave { child, payer, quota: (quota, left) } => {
                let booking = d.of_payer(child, &payer, E::NotReserved)?;
                guard::take_leave(&terms, Some(booking), at, binding)?;
                if left == 0 {
                    return Err(E::LeaveQuotaUsed(quota));
                }
                let exception = terms.leave_cutoff.and_then(|cutoff| d.exception(cutoff));
                let basis = d.basis(terms.leave_cutoff);
                vec![V::LeaveTaken { child, request: of(booking), exception, basis }]
            }
            Act::RecordPresence { child, payer, enrolled, contract, overlaps, arrived, left } => {
                d.presence(child, payer, (enrolled, contract), &overlaps, (arrived, left))?
            }
            Act::RecordNoShow { child } => d.no_show(child)?,
            Act::Correct { child, to, reason, overlaps } => {
                let booking = d.booking(child, E::NothingToCorrect)?;
                if to == Correction::Reserved {
                    guard::no_overlap(&overlaps)?;
                }
                let to = d.correction(booking, to)?;
                vec![V::AttendanceCorrected { child, to, reason, basis: d.basis(None) }]
            }
            Act::Close { reason } => {
                if self.closed {
                    return Err(E::AlreadyClosed);
                }
                let concerned =
                    |b: &Booking| b.status.is_closable() || b.attendance.is_some_and(|a| a.present);
                let children = self.bookings().filter(|(_, b)| concerned(b)).map(|(c, _)| c).collect();
                return Ok(vec![V::SessionClosed { reason, children, basis: d.basis(None) }]);
            }
            Act::Reopen { reserved_elsewhere } => d.reopen(&reserved_elsewhere)?,
            Act::Release { whose, reason } => d.release(&whose, reason),
            Act::Restore { whose, reasons, reserved_elsewhere } => {
                d.restore(&whose, reasons, &reserved_elsewhere)
            }
            Act::CloseWaitingList => return d.close_waiting_list(),
            Act::OfferPlaces => vec![],
        };
        if restores || !self.queue.is_empty() {
            d.offer_freed_places(&mut events);
        }
        Ok(events)
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::SessionClosed { .. } => self.closed = true,
            V::SessionReopened { .. } => self.closed = false,
            V::ReservationRequested { .. }
            | V::ReservationConfirmed { .. }
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
            | V::UnbookedPresenceRecorded { .. }
            | V::InconsistentPresenceRecorded { .. }
            | V::NoShowRecorded { .. }
            | V::CertificateReceived { .. }
            | V::AbsenceObserved { .. }
            | V::AttendanceCorrected { .. }
            | V::WaitingListClosed { .. }
            | V::BookingsReleased { .. }
            | V::BookingsRestored { .. } => {}
        }
        for child in event.children() {
            let mut slot = self.bookings.remove(&child);
            Booking::evolve(&mut slot, child, event);
            let waits = slot.as_ref().is_some_and(|b| matches!(b.status, S::Waitlisted | S::Offered));
            let queued = self.queue.iter().position(|c| *c == child);
            match (waits, queued) {
                (true, None) => self.queue.push(child),
                // A closure keeps the order of those who wait, for a reopening.
                (false, Some(index)) if !self.closed || matches!(event, V::BookingsReleased { .. }) => {
                    self.queue.remove(index);
                }
                _ => {}
            }
            if let Some(booking) = slot {
                self.bookings.insert(child, booking);
            }
        }
    }
}

aggregate!(Session, "Session", SessionCommand, V, E);

pub(super) fn of(booking: &Booking) -> RequestId {
    booking.request.unwrap_or(RequestId(uuid::Uuid::nil()))
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// One decision in the making: the session as it was, its terms, and the time of receipt.
pub(super) struct Deciding<'a> {
    pub(super) session: &'a Session,
    pub(super) terms: &'a Terms,
    pub(super) at: DateTime<Utc>,
    pub(super) latitude: &'a Latitude,
}

impl Deciding<'_> {
    /// Why staff act past a deadline; none before it.
    fn exception(&self, deadline: DateTime<Utc>) -> Option<Sealed> {
        self.latitude.reason().filter(|_| self.at > deadline).cloned()
    }

    pub(super) fn basis(&self, cutoff: Option<DateTime<Utc>>) -> Basis {
        Basis {
            policy: self.terms.policy_version,
            calendar: self.terms.calendar_version,
            cutoff,
            received: self.at,
        }
    }

    fn booking(&self, child: ChildId, otherwise: E) -> Result<&Booking, E> {
        self.session.booking(child).ok_or(otherwise)
    }

    fn of_payer(&self, child: ChildId, payer: &FamilyNumber, otherwise: E) -> Result<&Booking, E> {
        let booking = self.booking(child, otherwise)?;
        if booking.payer == *payer { Ok(booking) } else { Err(E::OtherPayer) }
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

    fn request(
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

    fn confirm(&self, child: ChildId, overlaps: &[ActivityId]) -> Decision {
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

    fn put_on_waiting_list(&self, child: ChildId) -> Decision {
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

    fn refuse(&self, child: ChildId, mut refusal: Refusal) -> Decision {
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

    fn declare_absence(
        &self,
        child: ChildId,
        id: RequestId,
        reason: AbsenceReason,
        day_index: u16,
        first_start: DateTime<Utc>,
    ) -> Vec<V> {
        let outcome = absence::on_declaration(self.terms, reason, self.at);
        let basis = self.basis(Some(self.terms.cancel_cutoff));
        let awaits = outcome == Outcome::CertificateDue;
        let (due, latest) = self.certificate_window(first_start);
        let declared = V::AbsenceDeclared {
            child,
            absence: id,
            reason,
            day_index,
            certificate_due: awaits.then_some(due),
            certificate_latest: awaits.then_some(latest),
            basis,
        };
        let frees_place = outcome == Outcome::ExcusedInTime;
        match outcome {
            Outcome::ExcusedInTime | Outcome::Excused => {
                vec![declared, V::AbsenceExcused { child, absence: id, frees_place, basis }]
            }
            Outcome::CertificateDue | Outcome::Unconfirmed => vec![declared],
            Outcome::Billed => {
                let percent = self.terms.absence.billed_percent;
                vec![declared, V::AbsenceBilled { child, absence: id, percent, basis }]
            }
        }
    }

    /// The certificate's due instant and last instant, counted from the first absent session or
    /// from the declaration when that comes later.
    fn certificate_window(&self, first_start: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let policy = &self.terms.absence;
        let due = first_start.max(self.at) + Duration::hours(i64::from(policy.certificate_window_hours));
        let latest = first_start + Duration::days(i64::from(policy.late_certificate_days));
        (due, latest.max(due))
    }

    fn withdraw_absence(&self, child: ChildId, booking: &Booking, overlaps: &[ActivityId]) -> Decision {
        self.terms.require_open()?;
        guard::no_overlap(overlaps)?;
        if !booking.holds_place() && !self.session.newcomer_gets_place(self.terms) {
            return Err(E::SessionFull(self.terms.capacity.unwrap_or_default()));
        }
        let absence = booking.absence.as_ref().map(|a| a.id).ok_or(E::NoAbsence)?;
        Ok(vec![V::AbsenceWithdrawn { child, absence, basis: self.basis(Some(self.terms.starts)) }])
    }

    /// Staff say whether what the family gave as its reason was so: before or after it was settled.
    fn settle_excuse(&self, child: ChildId, accepted: bool) -> Decision {
        let booking = self.booking(child, E::NoAbsence)?;
        let known = booking.absence.as_ref().ok_or(E::NoAbsence)?;
        let listed = |reason| self.terms.absence.excusing_reasons.contains(&reason);
        let open = known.certificate_due.is_none() && !known.freed_place && known.reason.is_some_and(listed);
        let (absence, basis) = (known.id, self.basis(None));
        match (booking.status, accepted) {
            (S::AbsencePending | S::AbsentBilled, true) if open => {
                Ok(vec![V::AbsenceExcused { child, absence, frees_place: false, basis }])
            }
            (S::AbsencePending | S::AbsentExcused, false) if open => {
                let percent = self.terms.absence.billed_percent;
                Ok(vec![V::AbsenceBilled { child, absence, percent, basis }])
            }
            _ => Err(E::NoExcuseExpected),
        }
    }

    fn settle_certificate(&self, child: ChildId, received: DateTime<Utc>, accepted: bool) -> Decision {
        let booking = self.booking(child, E::NoAbsence)?;
        let known = booking.absence.as_ref().ok_or(E::NoAbsence)?;
        let (Some(due), Some(latest)) = (known.certificate_due, known.certificate_latest) else {
            return Err(E::NoCertificateExpected);
        };
        // What the portal received counts from then, whenever staff look at it.
        let received = known.certificate.as_ref().map_or(received, |c| c.received.min(received));
        let (absence, basis) = (known.id, self.basis(Some(due)));
        let billed = V::AbsenceBilled { child, absence, percent: self.terms.absence.billed_percent, basis };
        let excused = V::AbsenceExcused { child, absence, frees_place: false, basis };
        match (booking.status, accepted) {
            (S::AbsencePending | S::AbsentBilled, true) => {
                match absence::on_certificate(&self.terms.absence, due, latest, known.day_index, received) {
                    CertificateOutcome::Excused => Ok(vec![excused]),
                    CertificateOutcome::WaitingDay
                        if booking.status == S::AbsentBilled && known.certificate.is_none() =>
                    {
                        Ok(vec![])
                    }
                    CertificateOutcome::WaitingDay => Ok(vec![billed]),
                    CertificateOutcome::TooLate => Err(E::CertificateTooLate(latest)),
                }
            }
            // A certificate found to be false bills an excused absence again.
            (S::AbsencePending | S::AbsentExcused, false) => Ok(vec![billed]),
            // One that came late and is not accepted: the answer is recorded for the family.
            (S::AbsentBilled, false) if known.certificate.is_some() => Ok(vec![billed]),
            _ => Err(E::NoCertificateExpected),
        }
    }

    fn expire_certificate(&self, child: ChildId) -> Decision {
        let booking = self.booking(child, E::NoCertificateExpected)?;
        let known = booking.absence.as_ref().filter(|_| booking.status == S::AbsencePending);
        let known = known.ok_or(E::NoCertificateExpected)?;
        let due = known.certificate_due.ok_or(E::NoCertificateExpected)?;
        if self.at <= due || known.certificate.is_some() {
            return Err(E::NotDue);
        }
        let (absence, basis) = (known.id, self.basis(Some(due)));
        let percent = self.terms.absence.billed_percent;
        Ok(vec![
            V::CertificateOverdue { child, absence, basis },
            V::AbsenceBilled { child, absence, percent, basis },
        ])
    }

    fn require_day_reached(&self) -> Result<(), E> {
        if local_date(self.at) < self.terms.date { Err(E::DayNotReached) } else { Ok(()) }
    }

    fn presence(
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
        let error = if self.session.closed || self.terms.require_open().is_err() {
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

    fn no_show(&self, child: ChildId) -> Decision {
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
    fn correction(&self, booking: &Booking, to: Correction) -> Result<S, E> {
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

    fn reopen(&self, reserved_elsewhere: &BTreeSet<ChildId>) -> Decision {
        if !self.session.closed {
            return Err(E::NotClosed);
        }
        let (mut restored, mut dropped) = (Vec::new(), Vec::new());
        for (child, booking) in self.session.bookings() {
            let Some(before) = booking.before_closure else { continue };
            if before.blocks_hours() && reserved_elsewhere.contains(&child) {
                dropped.push(child);
            } else {
                restored.push(child);
            }
        }
        Ok(vec![V::SessionReopened { restored, dropped, basis: self.basis(None) }])
    }

    fn close_waiting_list(&self) -> Decision {
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
    fn offer_freed_places(&self, events: &mut Vec<V>) {
        let closes = self.terms.list_closes();
        if self.terms.require_open().is_err() || self.at > closes {
            return;
        }
        let mut after = self.session.clone();
        events.iter().for_each(|event| after.evolve(event));
        while !after.closed && after.has_free_place(self.terms) {
            let next = after.waiting().next().map(|(child, booking)| (child, of(booking)));
            let Some((child, request)) = next else { break };
            let until = (self.at + Duration::hours(i64::from(self.terms.offer_hours))).min(closes);
            let offered = V::PlaceOffered { child, request, until, basis: self.basis(Some(closes)) };
            after.evolve(&offered);
            events.push(offered);
        }
    }
}
