//! Given what a household booked and attended, then this is its bill.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::{
    billing::{HouseholdChild, Quotient},
    child::{CostSharing, Enrolment},
    ids::RequestId,
    session::{Absence, Attendance},
    tariff::{Band, Outside, Scale, SiblingReduction, Surcharge, TariffEvent},
    terms::tests::{settings, terms_on},
};

const LEO: ChildId = ChildId(Uuid::from_u128(1));
const EMMA: ChildId = ChildId(Uuid::from_u128(2));

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn family(n: u64) -> FamilyNumber {
    format!("{n:013}").parse().unwrap()
}

fn meals() -> ActivityId {
    "restauration-scolaire".parse().unwrap()
}

/// Meals at 2.00 below a quotient of 800, 3.40 from there on; the second child 10 % less.
fn tariff(unit: Unit) -> Tariff {
    let band = |from: i64, cents| Band { from: from.into(), price: rust_decimal::Decimal::new(cents, 2) };
    let settings = TariffSettings {
        regie: "al".parse().unwrap(),
        unit,
        scale: Scale::Bands(vec![band(0, 200), band(800, 340)]),
        outside: Outside::Same,
        residents: [].into(),
        siblings: vec![SiblingReduction { from_rank: 2, percent: 10 }],
        late_request: Surcharge::None,
        unbooked: Surcharge::Percent(50),
        late_pick_up: None,
        deductible_percent: 40,
        product_account: "7067".into(),
    };
    let mut tariff = Tariff::default();
    tariff.evolve(&TariffEvent::TariffSet { settings: Box::new(settings), from: day("2014-09-01") });
    tariff
}

struct Town(Tariff);

impl Offer for Town {
    fn terms(&self, _: &ActivityId, date: NaiveDate) -> Option<Terms> {
        Some(terms_on(settings(), &date.to_string()))
    }
    fn tariff(&self, activity: &ActivityId) -> Option<&Tariff> {
        (*activity == meals()).then_some(&self.0)
    }
    fn holidays(&self, _: NaiveDate) -> Option<Holidays> {
        None
    }
    fn runs(&self, _: &ActivityId, _: NaiveDate) -> bool {
        true
    }
}

fn household() -> Household {
    let child = |id, born: &str| HouseholdChild {
        id,
        born: Some(day(born)),
        enrolments: vec![Enrolment {
            activity: meals(),
            payer: family(1),
            from: day("2014-09-01"),
            to: None,
            contract: [].into(),
            leave_days: 0,
        }],
        sharing: vec![],
    };
    Household {
        quotients: vec![Quotient { value: 700.into(), from: day("2015-04-09"), to: None }],
        postcode: None,
        children: vec![child(LEO, "2009-05-01"), child(EMMA, "2011-03-02")],
    }
}

fn booked(child: ChildId, date: &str, status: S) -> Booked {
    let (requested, since) = (at("2015-03-01T09:00:00Z"), at("2015-03-01T09:00:00Z"));
    let present = matches!(status, S::PresentAsReserved | S::Present);
    let absence = matches!(status, S::AbsentBilled | S::AbsencePending).then(|| Absence {
        id: RequestId(Uuid::from_u128(5)),
        reason: None,
        day_index: 0,
        declared: since,
        certificate_due: None,
        certificate_latest: None,
        billed_percent: Some(50),
        freed_place: false,
        certificate: None,
    });
    let booking = Booking {
        payer: family(1),
        request: None,
        status,
        requested,
        since,
        refusal: None,
        offer_until: None,
        absence,
        attendance: present.then_some(Attendance { present: true, arrived: None, left: None }),
        before_closure: None,
        release: None,
    };
    Booked { child, activity: meals(), date: day(date), booking, position: 10 }
}

fn of(family: &FamilyNumber, household: &Household, booked: &[Booked], billed: &Billed, unit: Unit) -> Bill {
    let regie = "al".parse().unwrap();
    let booked: Vec<&Booked> = booked.iter().collect();
    let period = (day("2015-04-01"), day("2015-04-30"));
    bill(family, household, &regie, period, &booked, billed, &Town(tariff(unit)), day("2015-05-04"))
}

fn told(bill: &Bill) -> Vec<(usize, String, String)> {
    bill.lines.iter().map(|l| (l.dates.len(), l.unit.to_string(), l.amount().to_string())).collect()
}

#[test]
fn days_of_one_price_are_one_line_and_a_quotient_does_not_count_back() {
    let days = [
        booked(LEO, "2015-04-02", S::PresentAsReserved),
        booked(LEO, "2015-04-07", S::PresentAsReserved),
        booked(LEO, "2015-04-09", S::PresentAsReserved),
        booked(LEO, "2015-04-10", S::Present),
        booked(LEO, "2015-04-27", S::AbsentExcused),
        booked(LEO, "2015-04-28", S::AbsentBilled),
        booked(EMMA, "2015-04-09", S::PresentAsReserved),
    ];
    let bill = of(&family(1), &household(), &days, &Billed::new(), Unit::Session);
    let expected = [
        (1, "2.00", "2.00"),
        (2, "3.40", "6.80"),
        (1, "3.00", "3.00"),
        (1, "1.00", "1.00"),
        (1, "1.80", "1.80"),
    ];
    let expected: Vec<_> = expected.map(|(n, unit, sum)| (n, unit.to_owned(), sum.to_owned())).into();
    assert_eq!(told(&bill), expected);
    assert_eq!(bill.total().to_string(), "14.60");
    assert!(bill.warnings.is_empty());
    let absence = bill.lines.iter().find(|l| matches!(l.charge, Charge::Absent(_))).unwrap();
    assert_eq!(absence.deductible, 0, "penalties are not deductible");
}

#[test]
fn what_cannot_be_settled_is_told_and_not_billed() {
    let days = [
        booked(LEO, "2015-04-02", S::Error(crate::session::CellError::Overlap)),
        booked(LEO, "2015-04-07", S::AbsencePending),
        booked(LEO, "2015-04-09", S::Reserved),
    ];
    let bill = of(&family(1), &household(), &days, &Billed::new(), Unit::Session);
    let kinds: Vec<_> = bill.warnings.iter().map(|w| w.kind).collect();
    assert_eq!(kinds, [WarningKind::Error, WarningKind::Undecided, WarningKind::NotPointed]);
    assert_eq!(bill.total().to_string(), "2.00", "a roll not called is billed as reserved");
}

#[test]
fn an_absence_excused_after_its_invoice_is_given_back() {
    let key = BilledKey { child: LEO, activity: meals(), date: day("2015-04-07"), month: false };
    let billed: Billed = [(key.clone(), (Amount::cents(340), 5))].into();
    let days = [booked(LEO, "2015-04-07", S::AbsentExcused)];
    let bill = of(&family(1), &household(), &days, &billed, Unit::Session);
    assert_eq!(told(&bill), [(1, "-3.40".to_owned(), "-3.40".to_owned())]);
    assert!(bill.lines[0].correction);
    let unchanged: Billed = [(key, (Amount::cents(340), 10))].into();
    let again = of(&family(1), &household(), &days, &unchanged, Unit::Session);
    assert!(again.lines.is_empty(), "what was invoiced as it stands keeps its price");
}

#[test]
fn a_month_is_billed_once_per_enrolled_child() {
    let bill = of(&family(1), &household(), &[], &Billed::new(), Unit::Month);
    assert_eq!(bill.total().to_string(), "6.46", "3.40 and 10 % less: the quotient counts from the 9th");
    let billed = bill.lines.iter().map(|line| {
        let (child, date) = (line.child, line.dates[0]);
        (BilledKey { child, activity: meals(), date, month: true }, (line.unit, 5))
    });
    assert!(of(&family(1), &household(), &[], &billed.collect(), Unit::Month).lines.is_empty());
}

#[test]
fn a_month_is_owed_only_while_an_enrolment_holds_in_it() {
    let mut household = household();
    household.children.truncate(1);
    household.children[0].enrolments[0].from = day("2016-04-01");
    assert!(
        of(&family(1), &household, &[], &Billed::new(), Unit::Month).lines.is_empty(),
        "April of the next year is not this April"
    );
    let april = BilledKey { child: LEO, activity: meals(), date: day("2015-04-01"), month: true };
    let billed: Billed = [(april, (Amount::cents(340), 5))].into();
    let back = of(&family(1), &household, &[], &billed, Unit::Month);
    assert_eq!(told(&back), [(1, "-3.40".to_owned(), "-3.40".to_owned())], "it was billed, and is not owed");
    assert!(back.lines[0].correction);
    household.children[0].enrolments[0].from = day("2014-09-01");
    household.children[0].enrolments[0].to = Some(day("2015-04-02"));
    assert!(of(&family(1), &household, &[], &billed, Unit::Month).lines.is_empty(), "a month begun is owed");
}

#[test]
fn separated_parents_bear_shares_or_weeks_that_add_up() {
    let days =
        [booked(LEO, "2015-04-07", S::PresentAsReserved), booked(LEO, "2015-04-14", S::PresentAsReserved)];
    let mut household = household();
    household.quotients.clear();
    let mut agree = |sharing| household.children[0].sharing = vec![(day("2015-04-01"), sharing)];
    let totals = |household: &Household| {
        [1, 2].map(|n| of(&family(n), household, &days, &Billed::new(), Unit::Session).total().to_string())
    };
    agree(CostSharing::Shares(vec![(family(1), 35), (family(2), 65)]));
    assert_eq!(totals(&household), ["2.38", "4.42"]);
    // 7 April 2015 is in week 15, the 14th in week 16.
    household.children[0].sharing =
        vec![(day("2015-04-01"), CostSharing::Weeks { even: family(2), odd: family(1) })];
    assert_eq!(totals(&household), ["3.40", "3.40"]);
}
