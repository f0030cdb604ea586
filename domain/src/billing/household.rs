//! What prices depend on besides the booking: the household's quotient, town and children.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::Holidays,
    child::{CostSharing, Enrolment},
    ids::{ChildId, FamilyNumber},
    tariff::{Charge, Facts, TariffSettings},
};

/// A household income quotient and the days it counts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotient {
    /// The quotient, in euros.
    pub value: Decimal,
    /// The first day it counts: what a parent brings late does not count back (Cœur de Garonne,
    /// Le Palabre); what staff record counts from its own first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// A child of a household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdChild {
    /// The child.
    pub id: ChildId,
    /// When it was born; none once erased.
    pub born: Option<NaiveDate>,
    /// Its enrolments, whoever pays.
    pub enrolments: Vec<Enrolment>,
    /// How its families bear its costs, each from a day on, by that day.
    pub sharing: Vec<(NaiveDate, CostSharing)>,
}

impl HouseholdChild {
    /// Which part of what `payer` booked on a day a family bears, as cumulative percentages; none:
    /// it bears nothing. `holidays` are the school holidays the day lies in.
    pub fn part(
        &self,
        family: &FamilyNumber,
        payer: &FamilyNumber,
        date: NaiveDate,
        holidays: Option<Holidays>,
    ) -> Option<(u8, u8)> {
        let agreed = self.sharing.iter().rev().find(|(from, _)| *from <= date).map(|(_, sharing)| sharing);
        agreed.unwrap_or(&CostSharing::Booked).part(family, payer, date, holidays)
    }
}

/// A household.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    /// Its quotients, in the order they were recorded.
    pub quotients: Vec<Quotient>,
    /// Its postcode.
    pub postcode: Option<String>,
    /// Its children.
    pub children: Vec<HouseholdChild>,
}

impl Household {
    /// The quotient that counts on a day: the one recorded last of those that hold.
    pub fn quotient_on(&self, date: NaiveDate) -> Option<Decimal> {
        let holds = |q: &&Quotient| q.from <= date && q.to.is_none_or(|to| date <= to);
        self.quotients.iter().rev().find(holds).map(|q| q.value)
    }

    /// Whether it lives in the town, as a tariff sees it.
    pub fn is_resident(&self, tariff: &TariffSettings) -> bool {
        tariff.residents.is_empty() || self.postcode.as_ref().is_some_and(|p| tariff.residents.contains(p))
    }

    /// A child of it.
    pub fn child(&self, id: ChildId) -> Option<&HouseholdChild> {
        self.children.iter().find(|c| c.id == id)
    }

    /// The rank of a child on a day among those the family has enrolled in anything, the oldest
    /// first; 1 when it is alone.
    pub fn rank(&self, child: ChildId, family: &FamilyNumber, date: NaiveDate) -> u8 {
        let enrolled = |c: &&HouseholdChild| {
            c.id == child || c.enrolments.iter().any(|e| e.payer == *family && e.holds_on(date))
        };
        let key = |c: &HouseholdChild| (c.born.unwrap_or(NaiveDate::MAX), c.id);
        let own = self.child(child).map(key);
        let older = self.children.iter().filter(enrolled).filter(|c| Some(key(c)) < own).count();
        u8::try_from(older + 1).unwrap_or(u8::MAX)
    }

    /// What the price of a charge depends on before anything is known of attendance.
    pub(super) fn facts(
        &self,
        family: &FamilyNumber,
        child: ChildId,
        date: NaiveDate,
        tariff: &TariffSettings,
        charge: Charge,
    ) -> Facts {
        Facts {
            charge,
            quotient: self.quotient_on(date),
            resident: self.is_resident(tariff),
            rank: self.rank(child, family, date),
            minutes: 0,
            minutes_late: 0,
            late_request: false,
        }
    }
}
