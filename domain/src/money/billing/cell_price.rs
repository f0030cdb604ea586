//! What a cell of the planning costs, and what each act in it would change: the prices a bill will
//! have, before anything is billed.

use chrono::{DateTime, Utc};

use super::{Household, charge::charge, compute::facts};
use crate::{
    attendance::cell::Action,
    attendance::session::{Booking, BookingStatus as S},
    attendance::terms::Terms,
    catalogue::activity::LateRequests,
    money::tariff::{Charge, Quote, Tariff, TariffSettings},
    shared::amount::Amount,
    shared::ids::{ChildId, FamilyNumber},
};

/// The prices of one child's cell for one family.
#[derive(Debug, Clone, Copy)]
pub struct CellPrices<'a> {
    household: &'a Household,
    family: &'a FamilyNumber,
    child: ChildId,
    terms: &'a Terms,
    booking: Option<&'a Booking>,
    tariff: &'a TariffSettings,
    late: bool,
}

/// What an act in a cell comes to for the family, in euros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionPrice {
    /// What the cell costs once it is done.
    pub price: Amount,
    /// How much more that is than if nothing is done; negative: it gives back.
    pub change: Amount,
}

impl<'a> CellPrices<'a> {
    /// The prices of a cell for somebody who acts at an instant; none where no tariff holds that
    /// day. `past_deadlines`: whether they may act after the deadlines of families, as staff do.
    pub fn of(
        household: &'a Household,
        (family, child): (&'a FamilyNumber, ChildId),
        terms: &'a Terms,
        booking: Option<&'a Booking>,
        tariff: &'a Tariff,
        (now, past_deadlines): (DateTime<Utc>, bool),
    ) -> Option<Self> {
        let (_, tariff) = tariff.on(terms.date)?;
        let accepted = terms.late_requests != LateRequests::Refuse && now <= terms.starts;
        let late = now > terms.book_cutoff && (accepted || past_deadlines);
        let booking = booking.filter(|b| !b.status.is_over());
        Some(Self { household, family, child, terms, booking, tariff, late })
    }

    /// What the cell costs: as it was booked, asked for or attended; an undecided request as if it
    /// were granted, an undecided absence as if no certificate came, a free day as if it were asked
    /// for now. None where the family bears nothing of it.
    pub fn cell(&self) -> Option<Quote> {
        self.quote(match self.booking {
            None => Some(Charge::Reserved),
            Some(booking) => match booking.status {
                S::Pending | S::Waitlisted | S::Offered => Some(Charge::Reserved),
                S::AbsencePending => Some(self.absent()),
                S::Reserved
                | S::Refused
                | S::Withdrawn
                | S::Cancelled
                | S::AbsentExcused
                | S::AbsentBilled
                | S::Leave
                | S::PresentAsReserved
                | S::Present
                | S::OutsideContract
                | S::Closed
                | S::Released
                | S::NotBooked
                | S::Error(_) => charge(booking),
            },
        })
    }

    /// What an act comes to. None where the family bears nothing of it.
    pub fn action(&self, action: Action, now: DateTime<Utc>) -> Option<ActionPrice> {
        let after = match action {
            Action::RequestReservation | Action::AcceptOffer | Action::WithdrawAbsence => {
                Some(Charge::Reserved)
            }
            Action::DeclareAbsence if now > self.terms.cancel_cutoff => Some(self.absent()),
            Action::DeclareAbsence
            | Action::WithdrawReservation
            | Action::CancelReservation
            | Action::DeclineOffer
            | Action::AttachCertificate
            | Action::TakeLeave => None,
        };
        let price = self.quote(after)?.amount;
        let nothing_done = match self.booking.map(|b| b.status) {
            // An offer that nobody accepts runs out.
            None | Some(S::Offered) => Amount::default(),
            Some(_) => self.cell()?.amount,
        };
        Some(ActionPrice { price, change: price - nothing_done })
    }

    fn absent(&self) -> Charge {
        let billed = self.booking.and_then(|b| b.absence.as_ref()).and_then(|a| a.billed_percent);
        Charge::Absent(billed.unwrap_or(self.terms.absence.billed_percent))
    }

    fn quote(&self, charge: Option<Charge>) -> Option<Quote> {
        let payer = self.booking.map_or(self.family, |b| &b.payer);
        let (from, to) = match self.household.child(self.child) {
            Some(child) => child.part(self.family, payer, self.terms.date, self.terms.day.holidays)?,
            None => (0, 100),
        };
        let Some(charge) = charge else {
            return Some(Quote { amount: Amount::default(), steps: vec![] });
        };
        let mut facts =
            facts(self.household, self.family, self.child, self.terms, self.booking, charge, self.tariff);
        facts.late_request = self.booking.map_or(self.late, |_| facts.late_request);
        Some(self.tariff.price(&facts).part(from, to))
    }
}
