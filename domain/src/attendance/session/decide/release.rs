//! What happens to bookings when what they follow from ends, and when it is back.

use std::collections::BTreeSet;

use super::{Deciding, of};
use crate::{
    attendance::session::{Booking, BookingStatus as S, ReleaseReason, Restored, SessionEvent as V, Whose},
    shared::ids::ChildId,
};

impl Whose {
    fn covers(&self, child: ChildId, booking: &Booking) -> bool {
        match self {
            Self::Child { child: one, payer } => *one == child && booking.payer == *payer,
            Self::Children(children) => children.contains(&child),
            Self::Everybody => true,
        }
    }
}

impl Deciding<'_> {
    /// Releases everything that falls with what it follows from; nothing where nothing does.
    pub(super) fn release(&self, whose: &Whose, reason: ReleaseReason) -> Vec<V> {
        let falls = |child: &ChildId, b: &Booking| whose.covers(*child, b) && b.is_releasable();
        let bookings = self.session.bookings().filter(|(child, booking)| falls(child, booking));
        let children: Vec<ChildId> = bookings.map(|(child, _)| child).collect();
        if children.is_empty() {
            return vec![];
        }
        vec![V::BookingsReleased { reason, children, basis: self.basis(None) }]
    }

    /// Restores what still can stand, in the order it was asked for: a place only while one is free
    /// and nobody waits for it, else a place on the waiting list, else nothing. A session that has begun
    /// gives places back to those who held them: an end undone too late leaves no day unbilled.
    pub(super) fn restore(
        &self,
        whose: &Whose,
        reasons: &[ReleaseReason],
        reserved_elsewhere: &BTreeSet<ChildId>,
    ) -> Vec<V> {
        if self.terms.require_open().is_err() {
            return vec![];
        }
        let has_begun = self.at > self.terms.starts;
        let released = |(child, booking): (ChildId, &Booking)| {
            let release = booking.release.filter(|_| booking.status == S::Released)?;
            let back = reasons.contains(&release.reason) && whose.covers(child, booking);
            back.then(|| (booking.requested, child, of(booking), release.before))
        };
        let mut bookings: Vec<_> = self.session.bookings().filter_map(released).collect();
        bookings.sort_unstable_by_key(|(requested, child, ..)| (*requested, *child));
        let (mut events, mut after) = (vec![], self.session.clone());
        for (_, child, request, before) in bookings {
            if has_begun && matches!(before, S::Pending | S::Waitlisted | S::Offered) {
                continue;
            }
            if before.blocks_hours() && reserved_elsewhere.contains(&child) {
                continue;
            }
            let mut standing = after.clone();
            let restored = V::BookingsRestored {
                restored: vec![Restored { child, to: before }],
                basis: self.basis(None),
            };
            standing.evolve(&restored);
            let holds = standing.booking(child).is_some_and(Booking::holds_place);
            let waits = matches!(before, S::Waitlisted | S::Offered);
            if !waits && (!holds || after.newcomer_gets_place(self.terms)) {
                after = standing;
                events.push(restored);
            } else if self.list_is_open() {
                let (terms, at, latitude) = (self.terms, self.at, self.latitude);
                let waiting = Deciding { session: &after, terms, at, latitude }.waitlisted(child, request);
                after.evolve(&waiting);
                events.push(waiting);
            }
        }
        events
    }
}
