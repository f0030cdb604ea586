//! The session's state, and how events change it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Booking, BookingStatus as S, SessionCommand, SessionError as E, SessionEvent as V};
use crate::{aggregate, attendance::terms::Terms, shared::ids::ChildId};

/// A session: its bookings and its waiting list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    bookings: BTreeMap<ChildId, Booking>,
    /// Those who wait or have an offer, in the order they joined.
    queue: Vec<ChildId>,
    closed: bool,
}

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
    pub(super) fn waiting(&self) -> impl Iterator<Item = (ChildId, &Booking)> {
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

    /// Whether somebody is on its waiting list, or has an offer.
    pub(super) fn has_queue(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether the town closed it.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// A newcomer gets a place only when nobody waits for it.
    pub(super) fn newcomer_gets_place(&self, terms: &Terms) -> bool {
        self.waiting().next().is_none() && self.has_free_place(terms)
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

/// How many there are.
pub(super) fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
