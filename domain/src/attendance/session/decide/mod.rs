//! The session's decisions: which rule applies to a command, and which events follow.

mod absence;
mod attendance;
mod places;
mod release;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    Act, Basis, Booking, Correction, Latitude, Session, SessionCommand, SessionError as E, SessionEvent as V,
    guard,
};
use crate::{
    attendance::terms::Terms,
    shared::ids::{ChildId, FamilyNumber, RequestId},
    shared::sealed::Sealed,
};

type Decision = Result<Vec<V>, E>;

impl Session {
    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks; nothing has happened then.
    pub fn decide(&self, command: SessionCommand) -> Decision {
        let SessionCommand { terms, at, latitude, act } = command;
        let binding = latitude.binding();
        let d = Deciding { session: self, terms: &terms, at, latitude: &latitude };
        if self.is_closed() && act.needs_open_session() {
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
                if self.is_closed() {
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
        if restores || self.has_queue() {
            d.offer_freed_places(&mut events);
        }
        Ok(events)
    }
}

/// The request a booking came from; the nil one where there is none.
fn of(booking: &Booking) -> RequestId {
    booking.request.unwrap_or(RequestId(uuid::Uuid::nil()))
}

/// One decision in the making: the session as it was, its terms, and the time of receipt.
struct Deciding<'a> {
    session: &'a Session,
    terms: &'a Terms,
    at: DateTime<Utc>,
    latitude: &'a Latitude,
}

impl Deciding<'_> {
    /// Why staff act past a deadline; none before it.
    fn exception(&self, deadline: DateTime<Utc>) -> Option<Sealed> {
        self.latitude.reason().filter(|_| self.at > deadline).cloned()
    }

    fn basis(&self, cutoff: Option<DateTime<Utc>>) -> Basis {
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

    fn reopen(&self, reserved_elsewhere: &BTreeSet<ChildId>) -> Decision {
        if !self.session.is_closed() {
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
}
