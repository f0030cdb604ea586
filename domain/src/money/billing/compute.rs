//! The computation of a bill.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveTime, Timelike};

use super::{
    Household, Residence, Warning, WarningKind,
    charge::charge,
    lines::Lines,
    months::months,
    taken_over::{Coverage, TakenOver, TakenOverInvoice},
    warning::Warnings,
};
use crate::{
    attendance::session::{Booking, BookingStatus as S},
    attendance::terms::Terms,
    catalogue::calendar::Holidays,
    money::account::InvoiceLine,
    money::regie::QuotientCorrections,
    money::tariff::{Charge, Facts, Outside, Quote, Tariff, TariffSettings},
    shared::amount::Amount,
    shared::ids::{ActivityId, ChildId, FamilyNumber, RegieId},
    shared::time::TOWN_ZONE,
};

/// What the town offers: how sessions are on their day, and what they cost.
pub trait Offer {
    /// The terms of a session.
    fn terms(&self, activity: &ActivityId, date: NaiveDate) -> Option<Terms>;
    /// The tariff of an activity.
    fn tariff(&self, activity: &ActivityId) -> Option<&Tariff>;
    /// The school holidays a day lies in.
    fn holidays(&self, date: NaiveDate) -> Option<Holidays>;
    /// Whether an activity has not ended by a day: a month of one that has is not billed.
    fn runs(&self, activity: &ActivityId, date: NaiveDate) -> bool;
}

/// A booking as the calendar has it.
#[derive(Debug, Clone)]
pub struct Booked {
    /// The child.
    pub child: ChildId,
    /// The activity.
    pub activity: ActivityId,
    /// The day.
    pub date: NaiveDate,
    /// The booking.
    pub booking: Booking,
    /// The position of the log that made it so.
    pub position: u64,
}

/// What was billed: a child's session of a day, or its month (by the first).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BilledKey {
    /// The child.
    pub child: ChildId,
    /// The activity.
    pub activity: ActivityId,
    /// The day, or the first of the month.
    pub date: NaiveDate,
    /// Whether it is a month.
    pub month: bool,
}

/// What a family was billed so far, and the position of the log each price was computed from.
pub type Billed = HashMap<BilledKey, (Amount, u64)>;

/// A bill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bill {
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
    /// What staff should look at.
    pub warnings: Vec<Warning>,
}

impl Bill {
    /// What it comes to.
    pub fn total(&self) -> Amount {
        self.lines.iter().map(InvoiceLine::amount).sum()
    }
}

fn minutes(time: NaiveTime) -> u32 {
    time.num_seconds_from_midnight() / 60
}

/// What a price of a session depends on.
pub(super) fn facts(
    household: &Household,
    family: &FamilyNumber,
    child: ChildId,
    terms: &Terms,
    booking: Option<&Booking>,
    charge: Charge,
    tariff: &TariffSettings,
) -> Facts {
    let local = |at: chrono::DateTime<chrono::Utc>| minutes(at.with_timezone(&TOWN_ZONE).time());
    let (starts, ends) = (local(terms.starts), local(terms.ends));
    let attended = booking.and_then(|b| b.attendance).filter(|a| a.present);
    let stay = attended.and_then(|a| Some((minutes(a.arrived?), minutes(a.left?))));
    let left = attended.and_then(|a| a.left).map(minutes);
    Facts {
        minutes: stay.map_or(ends.saturating_sub(starts), |(came, went)| went.saturating_sub(came)),
        minutes_late: left.map_or(0, |left| left.saturating_sub(ends)),
        late_request: booking.is_some_and(|b| b.requested > terms.book_cutoff),
        ..household.facts(family, child, terms.date, tariff, charge)
    }
}

/// Everything a bill depends on.
#[derive(Clone, Copy)]
pub struct BillInput<'a> {
    /// The family.
    pub family: &'a FamilyNumber,
    /// Its household.
    pub household: &'a Household,
    /// The régie that bills.
    pub regie: &'a RegieId,
    /// The first and the last day of the run's period.
    pub period: (NaiveDate, NaiveDate),
    /// The bookings of the period and of as many days before as a run looks back.
    pub booked: &'a [&'a Booked],
    /// Older bookings that were never billed.
    pub out_of_reach: &'a [&'a Booked],
    /// What the family was billed so far.
    pub billed: &'a Billed,
    /// What is on invoices that were credited by hand, by its invoice.
    pub credited: &'a HashMap<BilledKey, u32>,
    /// The invoices of the software before.
    pub taken_over: &'a [TakenOverInvoice],
    /// What becomes of billed days whose income quotient was corrected.
    pub quotient_corrections: QuotientCorrections,
    /// What the town offers.
    pub offer: &'a dyn Offer,
    /// The town's date.
    pub today: NaiveDate,
}

type Place<'a> = (ChildId, &'a ActivityId, NaiveDate);

impl BillInput<'_> {
    /// Warns of a price that rests on something that is missing.
    pub(super) fn warn_of_price(
        &self,
        quote: &Quote,
        day: NaiveDate,
        tariff: &TariffSettings,
        place: Place<'_>,
        warnings: &mut Warnings,
    ) {
        if quote.amount.is_zero() {
            return;
        }
        if quote.lacks_proof() && self.household.quotients.has_expired_on(day) {
            warnings.add(WarningKind::QuotientExpired, place, None);
        }
        if tariff.outside != Outside::Same
            && matches!(self.household.residence(tariff), Residence::Unknown { .. })
        {
            warnings.add(WarningKind::ResidenceUnknown, place, None);
        }
    }

    /// The price of a booking for this family; none where it costs nothing or has no terms.
    fn quote(
        &self,
        household: &Household,
        cell: &Booked,
        part: (u8, u8),
        tariff: &TariffSettings,
    ) -> Option<(Charge, Quote)> {
        let charged = charge(&cell.booking)?;
        let terms = self.offer.terms(&cell.activity, cell.date)?;
        let facts = facts(household, self.family, cell.child, &terms, Some(&cell.booking), charged, tariff);
        Some((charged, tariff.price(&facts).part(part.0, part.1)))
    }

    /// The invoice that was credited by hand, where a correction would give back what it billed: nobody can
    /// tell whether that credit was for this already.
    pub(super) fn credited_by_hand(
        &self,
        key: &BilledKey,
        before: Option<Amount>,
        now: Amount,
    ) -> Option<u32> {
        self.credited.get(key).copied().filter(|_| before.is_some_and(|before| now < before))
    }

    /// The difference a corrected quotient makes to a day that was billed before: now, and then.
    fn corrected(
        &self,
        cell: &Booked,
        part: (u8, u8),
        seen: u64,
        tariff: &TariffSettings,
    ) -> Option<(Charge, Quote, Amount)> {
        let quotients = &self.household.quotients;
        let then = quotients.on_as_known(cell.date, seen);
        if then == quotients.on(cell.date) {
            return None;
        }
        let (charged, now) = self.quote(self.household, cell, part, tariff)?;
        let terms = self.offer.terms(&cell.activity, cell.date)?;
        let facts =
            facts(self.household, self.family, cell.child, &terms, Some(&cell.booking), charged, tariff);
        let before = tariff.price(&Facts { quotient: then, ..facts }).part(part.0, part.1);
        (before.amount != now.amount).then_some((charged, now, before.amount))
    }
}

/// What a family is to be billed by a régie up to a day: the sessions given, the months of the
/// period, less what it was billed for them already by this software or the one before.
pub fn bill(input: &BillInput<'_>) -> Bill {
    let (mut lines, mut warnings) = (Lines::default(), Warnings::default());
    let booked = input.booked.iter().chain(input.out_of_reach).copied();
    let taken_over = TakenOver::new(input.taken_over, booked, input.billed);
    for cell in input.booked {
        session(input, &taken_over, cell, &mut lines, &mut warnings);
    }
    for cell in input.out_of_reach {
        never_billed(input, &taken_over, cell, &mut warnings);
    }
    months(input, &taken_over, &mut lines, &mut warnings);
    Bill { lines: lines.sorted(), warnings: warnings.sorted() }
}

fn session(
    input: &BillInput<'_>,
    taken_over: &TakenOver<'_>,
    cell: &Booked,
    lines: &mut Lines,
    warnings: &mut Warnings,
) {
    let Some(child) = input.household.child(cell.child) else { return };
    let Some(part) =
        child.part(input.family, &cell.booking.payer, cell.date, input.offer.holidays(cell.date))
    else {
        return;
    };
    let place = (cell.child, &cell.activity, cell.date);
    let key = BilledKey { child: cell.child, activity: cell.activity.clone(), date: cell.date, month: false };
    let charged = charge(&cell.booking);
    let before = input.billed.get(&key).copied();
    let tariff = input.offer.tariff(&cell.activity).and_then(|t| t.on(cell.date));
    let Some((version, settings)) = tariff else {
        if charged.is_some() && before.is_none_or(|(_, seen)| seen < cell.position) {
            warnings.add(WarningKind::NoTariff, place, None);
        }
        return;
    };
    if settings.regie != *input.regie {
        return;
    }
    match before {
        // What was invoiced keeps its price: only a booking that changed since is looked at again, and
        // one whose quotient was corrected, where the town wants that.
        Some((_, seen)) if seen >= cell.position => {
            if let Some((charged, now, then)) = input.corrected(cell, part, seen, settings) {
                match input.quotient_corrections {
                    QuotientCorrections::Adjust => {
                        match input.credited_by_hand(&key, Some(then), now.amount) {
                            Some(invoice) => warnings.add(WarningKind::Credited, place, Some(invoice)),
                            None => lines.add(&key, charged, version, settings, &now, Some(then)),
                        }
                    }
                    QuotientCorrections::Keep => warnings.add(WarningKind::QuotientCorrected, place, None),
                }
            }
            return;
        }
        Some(_) => {}
        None => match taken_over.session(cell.child, &cell.activity, cell.date) {
            Coverage::Covered { invoice, position } => {
                // It was billed as it stood then. What has become of it may be worth another sum, which
                // the software before did not leave.
                if cell.position > position && !is_as_booked(cell.booking.status) {
                    warnings.add(WarningKind::TakenOver, place, Some(invoice));
                }
                return;
            }
            Coverage::Undecided { invoice } => {
                if charged.is_some() {
                    warnings.add(WarningKind::TakenOver, place, Some(invoice));
                }
                return;
            }
            Coverage::Not => {}
        },
    }
    match cell.booking.status {
        S::Error(_) => return warnings.add(WarningKind::Error, place, None),
        S::AbsencePending => return warnings.add(WarningKind::Undecided, place, None),
        S::Reserved if cell.date < input.today => warnings.add(WarningKind::NotPointed, place, None),
        S::Pending
        | S::Waitlisted
        | S::Offered
        | S::Reserved
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
        | S::NotBooked => {}
    }
    let quote = match charged {
        Some(_) => {
            let Some((_, quote)) = input.quote(input.household, cell, part, settings) else { return };
            input.warn_of_price(&quote, cell.date, settings, place, warnings);
            quote
        }
        None => Quote { amount: Amount::default(), steps: vec![] },
    };
    let before = before.map(|(amount, _)| amount);
    if let Some(invoice) = input.credited_by_hand(&key, before, quote.amount) {
        return warnings.add(WarningKind::Credited, place, Some(invoice));
    }
    lines.add(&key, charged.unwrap_or(Charge::Reserved), version, settings, &quote, before);
}

/// Whether a session took place, or will, as it was booked.
fn is_as_booked(status: S) -> bool {
    matches!(status, S::Reserved | S::PresentAsReserved | S::AbsentBilled)
}

/// A session that no run has billed and none will: runs look back so many days only.
fn never_billed(input: &BillInput<'_>, taken_over: &TakenOver<'_>, cell: &Booked, warnings: &mut Warnings) {
    let Some(child) = input.household.child(cell.child) else { return };
    let Some(part) =
        child.part(input.family, &cell.booking.payer, cell.date, input.offer.holidays(cell.date))
    else {
        return;
    };
    let tariff = input.offer.tariff(&cell.activity).and_then(|t| t.on(cell.date));
    let Some((_, settings)) = tariff.filter(|(_, s)| s.regie == *input.regie) else { return };
    if taken_over.session(cell.child, &cell.activity, cell.date) != Coverage::Not {
        return;
    }
    let owed = match cell.booking.status {
        S::Error(_) | S::AbsencePending => true,
        S::Pending
        | S::Waitlisted
        | S::Offered
        | S::Reserved
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
        | S::NotBooked => {
            input.quote(input.household, cell, part, settings).is_some_and(|(_, q)| !q.amount.is_zero())
        }
    };
    if owed {
        warnings.add(WarningKind::NeverBilled, (cell.child, &cell.activity, cell.date), None);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
