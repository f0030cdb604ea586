//! The price of something, and how it was computed, step by step. Pure: the same facts and the
//! same tariff give the same cents for ever.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{Outside, Scale, Surcharge, TariffSettings, Unit};
use crate::shared::amount::Amount;

/// What is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Charge {
    /// A session reserved, come to or not yet.
    Reserved,
    /// A session come to without a reservation.
    Unbooked,
    /// A session come to outside the contract.
    OutsideContract,
    /// A session missed without an excuse, at a percentage of its price.
    Absent(u8),
    /// A month of an enrolment.
    Month,
}

/// What a price depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What is charged.
    pub charge: Charge,
    /// The household income quotient valid on the day; none: no proof.
    pub quotient: Option<Decimal>,
    /// Whether the family lives in the town.
    pub resident: bool,
    /// The child's rank among the family's enrolled children, the oldest is 1.
    pub rank: u8,
    /// How long the child was there, or the session lasts, in minutes.
    pub minutes: u32,
    /// Minutes after the session's end at which the child was fetched.
    pub minutes_late: u32,
    /// Whether it was asked for after the booking cut-off.
    pub late_request: bool,
}

/// One step of a computation; `value` is what the step is about, `price` what stands after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which rule.
    pub rule: StepRule,
    /// What the rule is about: a quotient, a percentage, a number of units, a rank, an amount.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Decimal>,
    /// The price after the step, in euros, not yet rounded.
    pub price: Decimal,
}

/// The rules of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", prefix = "PRICE_")]
pub enum StepRule {
    /// The flat price of a unit.
    #[strum(serialize = "FLAT")]
    FlatPrice,
    /// The band that begins at the quotient `value`.
    Band,
    /// The last band: no valid quotient is on file.
    BandWithoutProof,
    /// The effort rate of `value` percent.
    EffortRate,
    /// The effort rate's floor.
    Floor,
    /// The effort rate's ceiling.
    Ceiling,
    /// The ceiling: no valid quotient is on file.
    CeilingWithoutProof,
    /// The price of those who live elsewhere: `value` percent.
    #[strum(serialize = "OUTSIDE")]
    OutsidePercent,
    /// `value` units of time.
    Units,
    /// Nothing per session: the month is paid.
    PaidByMonth,
    /// The reduction of the child of rank `value`.
    Sibling,
    /// The surcharge of a late request.
    LateRequest,
    /// The surcharge of coming without a reservation.
    Unbooked,
    /// The share of an absence that is billed: `value` percent.
    #[strum(serialize = "ABSENCE")]
    AbsencePercent,
    /// Fetched `value` minutes late.
    LatePickUp,
    /// The family's share: `value` percent.
    Share,
}

impl StepRule {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::FlatPrice,
        Self::Band,
        Self::BandWithoutProof,
        Self::EffortRate,
        Self::Floor,
        Self::Ceiling,
        Self::CeilingWithoutProof,
        Self::OutsidePercent,
        Self::Units,
        Self::PaidByMonth,
        Self::Sibling,
        Self::LateRequest,
        Self::Unbooked,
        Self::AbsencePercent,
        Self::LatePickUp,
        Self::Share,
    ];

    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        self.into()
    }
}

/// A price and how it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The price, rounded once, to the cent.
    pub amount: Amount,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// A computation under way.
#[derive(Default)]
struct Computation {
    price: Decimal,
    steps: Vec<Step>,
}

impl Computation {
    fn step(&mut self, rule: StepRule, value: Option<Decimal>, price: Decimal) {
        self.price = price;
        self.steps.push(Step { rule, value, price });
    }

    fn scale(&mut self, scale: &Scale, quotient: Option<Decimal>) {
        match (scale, quotient) {
            (Scale::Flat(price), _) => self.step(StepRule::FlatPrice, None, *price),
            (Scale::Bands(bands), Some(quotient)) => {
                let band = bands.iter().rev().find(|b| b.from <= quotient).or(bands.first());
                let (from, price) = band.map_or((Decimal::ZERO, Decimal::ZERO), |b| (b.from, b.price));
                self.step(StepRule::Band, Some(from), price);
            }
            (Scale::Bands(bands), None) => {
                let price = bands.last().map_or(Decimal::ZERO, |b| b.price);
                self.step(StepRule::BandWithoutProof, None, price);
            }
            (Scale::EffortRate { percent, floor, ceiling }, Some(quotient)) => {
                // Only what is charged is told: beyond a limit the exact product would betray the
                // quotient to whoever reads the invoice.
                let exact = quotient * percent / Decimal::ONE_HUNDRED;
                if exact < *floor {
                    self.step(StepRule::Floor, None, *floor);
                } else if exact > *ceiling {
                    self.step(StepRule::Ceiling, None, *ceiling);
                } else {
                    self.step(StepRule::EffortRate, Some(*percent), exact);
                }
            }
            (Scale::EffortRate { ceiling, .. }, None) => {
                self.step(StepRule::CeilingWithoutProof, None, *ceiling);
            }
        }
    }

    fn percent(&mut self, rule: StepRule, value: Decimal, percent: Decimal) {
        self.step(rule, Some(value), self.price * percent / Decimal::ONE_HUNDRED);
    }

    fn surcharge(&mut self, rule: StepRule, surcharge: Surcharge) {
        match surcharge {
            Surcharge::None => {}
            Surcharge::Percent(more) => {
                let more = Decimal::from(more);
                self.percent(rule, more, Decimal::ONE_HUNDRED + more);
            }
            Surcharge::Amount(more) => {
                self.step(rule, Some(more.decimal()), self.price + more.decimal());
            }
            Surcharge::Instead(price) => self.step(rule, Some(price.decimal()), price.decimal()),
        }
    }
}

impl TariffSettings {
    /// The price of something, with its computation. Rounded once, at the end, halves away from
    /// zero.
    pub fn price(&self, facts: &Facts) -> Quote {
        let mut sum = Computation::default();
        if self.unit == Unit::Month && facts.charge != Charge::Month {
            sum.step(StepRule::PaidByMonth, None, Decimal::ZERO);
        } else {
            self.base(facts, &mut sum);
        }
        match facts.charge {
            Charge::Unbooked | Charge::OutsideContract => sum.surcharge(StepRule::Unbooked, self.unbooked),
            Charge::Reserved if facts.late_request => sum.surcharge(StepRule::LateRequest, self.late_request),
            Charge::Absent(percent) if percent < 100 => {
                let percent = Decimal::from(percent);
                sum.percent(StepRule::AbsencePercent, percent, percent);
            }
            Charge::Reserved | Charge::Absent(_) | Charge::Month => {}
        }
        if let Some(late) = self.late_pick_up.filter(|l| facts.minutes_late > u32::from(l.grace_minutes)) {
            let over = facts.minutes_late - u32::from(late.grace_minutes);
            let units = if late.unit_minutes == 0 { 1 } else { over.div_ceil(u32::from(late.unit_minutes)) };
            let more = late.amount.decimal() * Decimal::from(units);
            sum.step(StepRule::LatePickUp, Some(facts.minutes_late.into()), sum.price + more);
        }
        Quote { amount: Amount::round(sum.price), steps: sum.steps }
    }

    fn base(&self, facts: &Facts, sum: &mut Computation) {
        match (&self.outside, facts.resident) {
            (Outside::Scale(scale), false) => sum.scale(scale, facts.quotient),
            (Outside::Percent(percent), false) => {
                sum.scale(&self.scale, facts.quotient);
                let percent = Decimal::from(*percent);
                sum.percent(StepRule::OutsidePercent, percent, percent);
            }
            (Outside::Same, false) | (Outside::Same | Outside::Percent(_) | Outside::Scale(_), true) => {
                sum.scale(&self.scale, facts.quotient);
            }
        }
        if let Unit::Minutes(unit) = self.unit {
            let units = Decimal::from(facts.minutes.div_ceil(u32::from(unit.max(1))));
            sum.step(StepRule::Units, Some(units), sum.price * units);
        }
        let reduction = self.siblings.iter().rev().find(|s| s.from_rank <= facts.rank);
        if let Some(reduction) = reduction.filter(|r| r.percent > 0) {
            let rest = Decimal::from(100 - reduction.percent.min(100));
            sum.percent(StepRule::Sibling, Decimal::from(facts.rank), rest);
        }
    }
}

impl Quote {
    /// Whether it would be another with a valid quotient on file.
    pub fn lacks_proof(&self) -> bool {
        let without = |s: &Step| matches!(s.rule, StepRule::BandWithoutProof | StepRule::CeilingWithoutProof);
        self.steps.iter().any(without)
    }

    /// The part of the price between two cumulative percentages: parts that meet add up to the
    /// whole to the cent.
    #[must_use]
    pub fn part(mut self, from: u8, to: u8) -> Self {
        if (from, to) == (0, 100) {
            return self;
        }
        let upto = |percent: u8| {
            Amount::round(self.amount.decimal() * Decimal::from(percent) / Decimal::ONE_HUNDRED)
        };
        let amount = upto(to) - upto(from);
        let share = Decimal::from(to.saturating_sub(from));
        self.steps.push(Step { rule: StepRule::Share, value: Some(share), price: amount.decimal() });
        Self { amount, steps: self.steps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::tariff::{Band, LatePickUp, SiblingReduction};

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn tariff(unit: Unit, scale: Scale) -> TariffSettings {
        TariffSettings {
            regie: "al".parse().unwrap(),
            unit,
            scale,
            outside: Outside::Same,
            residents: [].into(),
            communes: [].into(),
            siblings: vec![],
            late_request: Surcharge::None,
            unbooked: Surcharge::None,
            late_pick_up: None,
            deductible_percent: 0,
            product_account: "7067".into(),
        }
    }

    fn facts(quotient: Option<&str>) -> Facts {
        Facts {
            charge: Charge::Reserved,
            quotient: quotient.map(decimal),
            resident: true,
            rank: 1,
            minutes: 90,
            minutes_late: 0,
            late_request: false,
        }
    }

    fn price(tariff: &TariffSettings, facts: &Facts) -> String {
        tariff.price(facts).amount.to_string()
    }

    /// Champcevinel: up to 622, 1000, 1500 and above.
    fn champcevinel() -> Scale {
        let band = |from: &str, price: &str| Band { from: decimal(from), price: decimal(price) };
        Scale::Bands(vec![band("0", "1.00"), band("623", "3.30"), band("1001", "3.40"), band("1501", "3.50")])
    }

    #[test]
    fn bands_hold_from_their_first_quotient_to_the_next_ones() {
        let meals = tariff(Unit::Session, champcevinel());
        for (quotient, expected) in
            [("0", "1.00"), ("622.99", "1.00"), ("623", "3.30"), ("1000.50", "3.30"), ("9999", "3.50")]
        {
            assert_eq!(price(&meals, &facts(Some(quotient))), expected, "quotient {quotient}");
        }
        assert_eq!(price(&meals, &facts(None)), "3.50", "no proof: the last band");
    }

    #[test]
    fn an_effort_rate_stays_between_its_floor_and_its_ceiling() {
        // Fay-aux-Loges: 0.36 % of the quotient, 2.60 to 4.50.
        let scale =
            Scale::EffortRate { percent: decimal("0.36"), floor: decimal("2.60"), ceiling: decimal("4.50") };
        let meals = tariff(Unit::Session, scale);
        let cases = [(Some("500"), "2.60"), (Some("1000"), "3.60"), (Some("2000"), "4.50"), (None, "4.50")];
        for (quotient, expected) in cases {
            assert_eq!(price(&meals, &facts(quotient)), expected);
        }
    }

    #[test]
    fn started_half_hours_count_and_those_from_elsewhere_pay_double() {
        let mut care = tariff(Unit::Minutes(30), Scale::Flat(decimal("0.48")));
        care.outside = Outside::Percent(200);
        let stay = Facts { minutes: 61, ..facts(Some("700")) };
        assert_eq!(price(&care, &stay), "1.44");
        assert_eq!(price(&care, &Facts { resident: false, ..stay }), "2.88");
    }

    #[test]
    fn the_second_child_pays_less_and_an_unbooked_meal_more() {
        let mut meals = tariff(Unit::Session, Scale::Flat(decimal("4.50")));
        meals.siblings = vec![
            SiblingReduction { from_rank: 2, percent: 10 },
            SiblingReduction { from_rank: 3, percent: 25 },
        ];
        meals.unbooked = Surcharge::Percent(50);
        let of = |rank, charge| price(&meals, &Facts { rank, charge, ..facts(None) });
        assert_eq!(of(1, Charge::Reserved), "4.50");
        assert_eq!(of(2, Charge::Reserved), "4.05");
        assert_eq!(of(4, Charge::Reserved), "3.38", "3.375 is rounded away from zero");
        assert_eq!(of(2, Charge::Unbooked), "6.08");
        assert_eq!(of(1, Charge::Absent(50)), "2.25");
    }

    #[test]
    fn a_late_pick_up_counts_started_units_after_its_grace() {
        let mut care = tariff(Unit::Session, Scale::Flat(decimal("2")));
        care.late_pick_up =
            Some(LatePickUp { grace_minutes: 10, unit_minutes: 15, amount: Amount::cents(500) });
        let of = |late| price(&care, &Facts { minutes_late: late, ..facts(None) });
        assert_eq!((of(10), of(11), of(26)), ("2.00".into(), "7.00".into(), "12.00".into()));
    }

    #[test]
    fn a_month_is_paid_once_and_its_sessions_are_free() {
        let mut care = tariff(Unit::Month, Scale::Flat(decimal("59")));
        care.unbooked = Surcharge::Amount(Amount::cents(700));
        let of = |charge| price(&care, &Facts { charge, ..facts(None) });
        assert_eq!(of(Charge::Month), "59.00");
        assert_eq!(of(Charge::Reserved), "0.00");
        assert_eq!(of(Charge::OutsideContract), "7.00");
    }

    #[test]
    fn shares_of_a_price_add_up_to_it() {
        let quote = tariff(Unit::Session, Scale::Flat(decimal("3.45"))).price(&facts(None));
        let (one, other) = (quote.clone().part(0, 50), quote.clone().part(50, 100));
        assert_eq!((one.amount.to_string(), other.amount.to_string()), ("1.73".into(), "1.72".into()));
        assert_eq!(one.amount + other.amount, quote.amount);
    }

    #[test]
    fn a_price_explains_itself() {
        let mut meals = tariff(Unit::Session, champcevinel());
        meals.siblings = vec![SiblingReduction { from_rank: 2, percent: 10 }];
        let quote = meals.price(&Facts { rank: 2, ..facts(Some("700")) });
        let steps: Vec<_> = quote.steps.iter().map(|s| (s.rule, s.price)).collect();
        assert_eq!(steps, [(StepRule::Band, decimal("3.30")), (StepRule::Sibling, decimal("2.97"))]);
    }
}
