//! What a tariff says, and what is wrong with it.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{shared::amount::Amount, shared::commune, shared::ids::RegieId};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Unit {
    /// Each session.
    Session,
    /// Each started unit of so many minutes of attendance (15, 30, 60).
    Minutes(u16),
    /// Each month of an enrolment, however often the child comes.
    Month,
}

/// One band of the household income quotient: it begins here and ends where the next begins, so
/// that bands can neither overlap nor leave a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// The first quotient of the band, in euros.
    pub from: Decimal,
    /// The price of a unit, in euros, four decimals at most.
    pub price: Decimal,
}

/// How the price of a unit follows from the household income quotient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scale {
    /// It does not.
    Flat(Decimal),
    /// By bands, the first from 0. Without a valid quotient the last one holds.
    Bands(Vec<Band>),
    /// A percentage of the quotient between a floor and a ceiling. Without a valid quotient the
    /// ceiling holds.
    EffortRate {
        /// The percentage, e.g. 0.36.
        percent: Decimal,
        /// The least a unit costs.
        floor: Decimal,
        /// The most a unit costs.
        ceiling: Decimal,
    },
}

/// What families who live elsewhere pay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outside {
    /// The same.
    #[default]
    Same,
    /// A percentage of the price (200: double).
    Percent(u16),
    /// By a scale of their own.
    Scale(Scale),
}

/// What comes on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Surcharge {
    /// No surcharge.
    #[default]
    None,
    /// A percentage of the price (50: half as much again).
    Percent(u16),
    /// An amount.
    Amount(Amount),
    /// This price instead.
    Instead(Amount),
}

/// A reduction from a child's rank in the family on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiblingReduction {
    /// The first rank it is for: 2 is the second child of those enrolled, the oldest first.
    pub from_rank: u8,
    /// The reduction, in percent.
    pub percent: u8,
}

/// What fetching a child late costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatePickUp {
    /// Minutes after the session's end that cost nothing.
    pub grace_minutes: u16,
    /// Each started unit of so many minutes after them costs `amount`; 0: once.
    pub unit_minutes: u16,
    /// What a unit costs.
    pub amount: Amount,
}

/// A tariff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TariffSettings {
    /// The régie that bills.
    pub regie: RegieId,
    /// What is counted.
    pub unit: Unit,
    /// What a unit costs.
    pub scale: Scale,
    /// What it costs those who live elsewhere.
    #[serde(default)]
    pub outside: Outside,
    /// The postcodes of the town; none, and no communes: everybody is of the town. A postcode that
    /// several communes share is refused since 2026; older tariffs may name such.
    #[serde(default)]
    pub residents: BTreeSet<String>,
    /// The communes whose inhabitants are of the town, by INSEE code; they decide alone when given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub communes: BTreeSet<String>,
    /// Reductions for siblings, by rank.
    #[serde(default)]
    pub siblings: Vec<SiblingReduction>,
    /// What a request after the booking cut-off costs on top.
    #[serde(default)]
    pub late_request: Surcharge,
    /// What coming without a reservation, or outside the contract, costs on top.
    #[serde(default)]
    pub unbooked: Surcharge,
    /// What fetching a child late costs.
    #[serde(default)]
    pub late_pick_up: Option<LatePickUp>,
    /// How much of the price is child care a family may deduct from its taxes, in percent: meals
    /// and penalties are not (CGI 200 quater B).
    #[serde(default)]
    pub deductible_percent: u8,
    /// The account of the books it is earned on, e.g. 7067.
    pub product_account: String,
}

impl TariffSettings {
    /// The first postcode that does not tell whether a family is of the town: several communes share it.
    pub fn shared_postcode(&self) -> Option<&str> {
        let shared = |p: &&String| commune::of_postcode(p).len() > 1;
        self.residents.iter().find(shared).filter(|_| self.communes.is_empty()).map(String::as_str)
    }

    /// The first thing wrong with the tariff: the catalogue's key of what is expected.
    pub fn defect(&self) -> Option<&'static str> {
        let wrong_scale = match &self.outside {
            Outside::Scale(scale) => scale_defect(&self.scale).or_else(|| scale_defect(scale)),
            Outside::Same | Outside::Percent(_) => scale_defect(&self.scale),
        };
        let rising = |s: &[SiblingReduction]| s.windows(2).all(|pair| pair[0].from_rank < pair[1].from_rank);
        let account = &self.product_account;
        if let Some(defect) = wrong_scale {
            Some(defect)
        } else if matches!(self.unit, Unit::Minutes(minutes) if !(5..=240).contains(&minutes)) {
            Some("SETTING_UNIT")
        } else if !rising(&self.siblings)
            || self.siblings.iter().any(|s| s.percent > 100 || !(2..=20).contains(&s.from_rank))
        {
            Some("SETTING_SIBLINGS")
        } else if self.residents.iter().any(|p| p.len() != 5 || !p.bytes().all(|b| b.is_ascii_digit())) {
            Some("SETTING_POSTCODES")
        } else if self.communes.iter().any(|code| commune::by_code(code).is_none()) {
            Some("SETTING_COMMUNES")
        } else if self.deductible_percent > 100 {
            Some("SETTING_DEDUCTIBLE")
        } else if !(1..=12).contains(&account.len()) || !account.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Some("SETTING_PRODUCT_ACCOUNT")
        } else {
            None
        }
    }
}

fn scale_defect(scale: &Scale) -> Option<&'static str> {
    let price =
        |p: &Decimal| *p >= Decimal::ZERO && *p <= Decimal::from(10_000) && p.normalize().scale() <= 4;
    const PRICE: &str = "SETTING_PRICE";
    match scale {
        Scale::Flat(p) => (!price(p)).then_some(PRICE),
        Scale::Bands(bands) if bands.first().is_none_or(|b| !b.from.is_zero()) => Some("SETTING_FIRST_BAND"),
        Scale::Bands(bands) if bands.windows(2).any(|pair| pair[0].from >= pair[1].from) => {
            Some("SETTING_BANDS")
        }
        Scale::Bands(bands) => bands.iter().any(|b| !price(&b.price)).then_some(PRICE),
        Scale::EffortRate { percent, floor, ceiling } => {
            if !price(floor) || !price(ceiling) {
                Some(PRICE)
            } else if floor > ceiling {
                Some("SETTING_FLOOR")
            } else if *percent <= Decimal::ZERO || *percent > Decimal::from(100) {
                Some("SETTING_EFFORT_RATE")
            } else {
                None
            }
        }
    }
}
