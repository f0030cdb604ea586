//! The computation of a bill.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{NaiveDate, NaiveTime, Timelike};

use super::Household;
use crate::{
    account::InvoiceLine,
    amount::Amount,
    calendar::Holidays,
    ids::{ActivityId, ChildId, FamilyNumber, RegieId},
    session::{Booking, BookingStatus as S},
    tariff::{Charge, Facts, Quote, Tariff, TariffSettings, Unit},
    terms::Terms,
    time::{Month, TOWN_ZONE},
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

/// What a bill cannot settle by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WarningKind {
    /// A session is in error: it is not billed.
    Error,
    /// An absence is undecided: it is not billed yet.
    Undecided,
    /// The roll was not called: it is billed as reserved.
    NotPointed,
    /// The activity has no tariff on the day: it is not billed.
    NoTariff,
}

impl WarningKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Error, Self::Undecided, Self::NotPointed, Self::NoTariff];

    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        match self {
            Self::Error => "WARNING_ERROR",
            Self::Undecided => "WARNING_UNDECIDED",
            Self::NotPointed => "WARNING_NOT_POINTED",
            Self::NoTariff => "WARNING_NO_TARIFF",
        }
    }
}

/// A warning about a session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Warning {
    /// What about.
    pub kind: WarningKind,
    /// The child.
    pub child: ChildId,
    /// The activity.
    pub activity: ActivityId,
    /// The day.
    pub date: NaiveDate,
}

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
        _ => None,
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

/// Child, activity, whether it corrects, what is charged, the tariff's version, the price of a day
/// and how it was computed.
type LineKey = (ChildId, ActivityId, bool, Charge, u32, Amount, String);

/// Groups charges of one price into lines.
#[derive(Default)]
struct Lines(BTreeMap<LineKey, InvoiceLine>);

impl Lines {
    fn add(
        &mut self,
        key: &BilledKey,
        charge: Charge,
        version: u32,
        tariff: &TariffSettings,
        quote: &Quote,
        before: Option<Amount>,
    ) {
        let unit = quote.amount - before.unwrap_or_default();
        if unit.is_zero() {
            return;
        }
        let correction = before.is_some();
        let how = quote.steps.iter().map(|s| format!("{:?}{:?}{}", s.rule, s.value, s.price)).collect();
        let place = (key.child, key.activity.clone(), correction, charge, version, unit, how);
        let line = self.0.entry(place).or_insert_with(|| InvoiceLine {
            child: key.child,
            activity: key.activity.clone(),
            charge,
            correction,
            tariff: version,
            unit,
            dates: vec![],
            steps: quote.steps.clone(),
            deductible: if matches!(charge, Charge::Absent(_)) { 0 } else { tariff.deductible_percent },
            account: tariff.product_account.clone(),
        });
        line.dates.push(key.date);
    }
}

/// What a family is to be billed by a régie up to a day: the sessions given, the months of the
/// period, less what it was billed for them already.
#[allow(clippy::too_many_arguments, reason = "each is one thing a bill depends on")]
pub fn bill(
    family: &FamilyNumber,
    household: &Household,
    regie: &RegieId,
    (from, to): (NaiveDate, NaiveDate),
    booked: &[&Booked],
    billed: &Billed,
    offer: &dyn Offer,
    today: NaiveDate,
) -> Bill {
    let (mut lines, mut warnings) = (Lines::default(), vec![]);
    for cell in booked {
        let Some(child) = household.child(cell.child) else { continue };
        let holidays = offer.holidays(cell.date);
        let Some((begin, end)) = child.part(family, &cell.booking.payer, cell.date, holidays) else {
            continue;
        };
        let warn =
            |kind| Warning { kind, child: cell.child, activity: cell.activity.clone(), date: cell.date };
        let key =
            BilledKey { child: cell.child, activity: cell.activity.clone(), date: cell.date, month: false };
        let before = billed.get(&key).copied();
        // What was invoiced keeps its price: only a booking that changed since is looked at again.
        if before.is_some_and(|(_, seen)| seen >= cell.position) {
            continue;
        }
        let before = before.map(|(amount, _)| amount);
        let charged = charge(&cell.booking);
        let tariff = offer.tariff(&cell.activity).and_then(|t| t.on(cell.date));
        let Some((version, settings)) = tariff else {
            if charged.is_some() {
                warnings.push(warn(WarningKind::NoTariff));
            }
            continue;
        };
        if settings.regie != *regie {
            continue;
        }
        match cell.booking.status {
            S::Error(_) => {
                warnings.push(warn(WarningKind::Error));
                continue;
            }
            S::AbsencePending => {
                warnings.push(warn(WarningKind::Undecided));
                continue;
            }
            S::Reserved if cell.date < today => warnings.push(warn(WarningKind::NotPointed)),
            _ => {}
        }
        let quote = match charged {
            Some(charge) => {
                let Some(terms) = offer.terms(&cell.activity, cell.date) else { continue };
                let booking = Some(&cell.booking);
                let facts = facts(household, family, cell.child, &terms, booking, charge, settings);
                settings.price(&facts).part(begin, end)
            }
            None => Quote { amount: Amount::default(), steps: vec![] },
        };
        lines.add(&key, charged.unwrap_or(Charge::Reserved), version, settings, &quote, before);
    }
    months(family, household, regie, (from, to), billed, offer, &mut lines);
    warnings.sort();
    Bill { lines: lines.0.into_values().collect(), warnings }
}

/// The months of enrolments paid by the month; and those billed before that no enrolment holds in
/// any more, given back.
fn months(
    family: &FamilyNumber,
    household: &Household,
    regie: &RegieId,
    (from, to): (NaiveDate, NaiveDate),
    billed: &Billed,
    offer: &dyn Offer,
    lines: &mut Lines,
) {
    let mut held = HashSet::new();
    for child in &household.children {
        for enrolment in &child.enrolments {
            let Some(tariff) = offer.tariff(&enrolment.activity) else { continue };
            let mut month = Month::of(billed.keys().map(|key| key.date).min().map_or(from, |d| d.min(from)));
            while month.first() <= to {
                let (this, day) = (month, month.first().max(enrolment.from));
                month = month.next();
                let inside = Month::of(day) == this && enrolment.holds_on(day);
                let inside = inside && offer.runs(&enrolment.activity, day);
                let Some((version, settings)) = tariff.on(day).filter(|_| inside) else { continue };
                let holidays = offer.holidays(day);
                let Some((begin, end)) = child.part(family, &enrolment.payer, day, holidays) else {
                    continue;
                };
                let key = BilledKey {
                    child: child.id,
                    activity: enrolment.activity.clone(),
                    date: this.first(),
                    month: true,
                };
                held.insert(key.clone());
                let due = settings.unit == Unit::Month && settings.regie == *regie && this >= Month::of(from);
                if !due || billed.contains_key(&key) {
                    continue;
                }
                let facts = household.facts(family, child.id, day, settings, Charge::Month);
                let quote = settings.price(&facts).part(begin, end);
                lines.add(&key, Charge::Month, version, settings, &quote, None);
            }
        }
    }
    for (key, (amount, _)) in billed {
        let Some((version, settings)) = offer.tariff(&key.activity).and_then(|t| t.on(key.date)) else {
            continue;
        };
        if key.month && !held.contains(key) && settings.regie == *regie {
            let nothing = Quote { amount: Amount::default(), steps: vec![] };
            lines.add(key, Charge::Month, version, settings, &nothing, Some(*amount));
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
