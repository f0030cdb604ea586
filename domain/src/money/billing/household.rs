//! What prices depend on besides the booking: the household's quotient, town and children.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Quotients;
use crate::{
    catalogue::calendar::Holidays,
    families::child::{CostSharing, Enrolment},
    money::tariff::{Charge, Facts, TariffSettings},
    shared::commune,
    shared::ids::{ChildId, FamilyNumber},
};

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

/// Where a family lives, as its file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The postcode.
    pub postcode: Option<String>,
    /// The INSEE code of the commune, where it was chosen.
    pub commune: Option<String>,
    /// The town as it was written.
    pub town: Option<String>,
}

/// Whether a family lives in the town.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residence {
    /// It does.
    Town,
    /// It does not.
    Elsewhere,
    /// The address does not tell: several communes share the postcode, and none was chosen.
    Unknown {
        /// What it is billed as: by an older tariff's postcode as one of the town, else as one from
        /// elsewhere, as without any other proof.
        billed_as_town: bool,
    },
}

impl Residence {
    /// Whether it is billed as a family of the town.
    pub fn is_billed_as_town(self) -> bool {
        match self {
            Self::Town => true,
            Self::Elsewhere => false,
            Self::Unknown { billed_as_town } => billed_as_town,
        }
    }
}

/// A household.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    /// Its quotients.
    pub quotients: Quotients,
    /// Where it lives.
    pub address: Address,
    /// Its children.
    pub children: Vec<HouseholdChild>,
}

impl Household {
    /// Whether it lives in the town, as a tariff sees it.
    pub fn residence(&self, tariff: &TariffSettings) -> Residence {
        let Address { postcode, commune, town } = &self.address;
        if tariff.communes.is_empty() {
            // Before communes could be named, and where a postcode is one commune's alone.
            let Some(postcode) = postcode else {
                return if tariff.residents.is_empty() { Residence::Town } else { Residence::Elsewhere };
            };
            return match (tariff.residents.is_empty(), tariff.residents.contains(postcode)) {
                (true, _) => Residence::Town,
                (false, false) => Residence::Elsewhere,
                (false, true) if commune::of_postcode(postcode).len() > 1 => {
                    Residence::Unknown { billed_as_town: true }
                }
                (false, true) => Residence::Town,
            };
        }
        let Some(postcode) = postcode else { return Residence::Elsewhere };
        match commune::of_address(commune.as_deref(), postcode, town.as_deref()) {
            Some(found) if tariff.communes.contains(found.code) => Residence::Town,
            Some(_) => Residence::Elsewhere,
            None if commune::of_postcode(postcode).iter().any(|c| tariff.communes.contains(c.code)) => {
                Residence::Unknown { billed_as_town: false }
            }
            None => Residence::Elsewhere,
        }
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
            quotient: self.quotients.on(date),
            resident: self.residence(tariff).is_billed_as_town(),
            rank: self.rank(child, family, date),
            minutes: 0,
            minutes_late: 0,
            late_request: false,
        }
    }
}
