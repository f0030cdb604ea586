//! Given what a household booked and attended, then this is its bill.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::{
    attendance::session::{Absence, Attendance},
    attendance::terms::tests::{settings, terms_on},
    families::child::{CostSharing, Enrolment},
    money::account::InvoiceLine,
    money::billing::{Address, HouseholdChild, QuotientSource, Quotients, ShownQuotient},
    money::tariff::{Band, Outside, Scale, SiblingReduction, Surcharge, TariffEvent, Unit},
    shared::ids::RequestId,
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
        communes: [].into(),
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

fn shown(value: i64, since: &str, to: Option<&str>) -> Option<ShownQuotient> {
    Some(ShownQuotient { value: value.into(), since: Some(day(since)), to: to.map(day) })
}

/// What staff recorded, at positions from 1 on.
fn quotients(states: &[Option<ShownQuotient>]) -> Quotients {
    let mut quotients = Quotients::default();
    for (position, state) in (1..).zip(states) {
        quotients.show(*state, QuotientSource::Staff, day("2015-04-01"), position);
    }
    quotients
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
        quotients: quotients(&[shown(700, "2015-04-09", None)]),
        address: Address::default(),
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
    Run { billed: billed.clone(), tariff: Some(tariff(unit)), ..Run::default() }
        .bill(family, household, booked)
}

/// A run over April 2015, drafted on 4 May.
#[derive(Default)]
struct Run {
    billed: Billed,
    tariff: Option<Tariff>,
    credited: HashMap<BilledKey, u32>,
    taken_over: Vec<TakenOverInvoice>,
    out_of_reach: Vec<Booked>,
    quotient_corrections: QuotientCorrections,
}

impl Run {
    fn bill(&self, family: &FamilyNumber, household: &Household, booked: &[Booked]) -> Bill {
        let (booked, out_of_reach): (Vec<&Booked>, Vec<&Booked>) =
            (booked.iter().collect(), self.out_of_reach.iter().collect());
        bill(&BillInput {
            family,
            household,
            regie: &"al".parse().unwrap(),
            period: (day("2015-04-01"), day("2015-04-30")),
            booked: &booked,
            out_of_reach: &out_of_reach,
            billed: &self.billed,
            credited: &self.credited,
            taken_over: &self.taken_over,
            quotient_corrections: self.quotient_corrections,
            offer: &Town(self.tariff.clone().unwrap_or_else(|| tariff(Unit::Session))),
            today: day("2015-05-04"),
        })
    }
}

fn warned(bill: &Bill) -> Vec<(WarningKind, u32, String)> {
    bill.warnings.iter().map(|w| (w.kind, w.count, w.date.to_string())).collect()
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
        booked(LEO, "2015-04-02", S::Error(crate::attendance::session::CellError::Overlap)),
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
    household.quotients.forget();
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

/// A line of an invoice of the software before.
fn taken_over_line(child: ChildId, dates: &[&str], quantity: Option<u32>) -> InvoiceLine {
    InvoiceLine {
        child,
        activity: meals(),
        charge: Charge::Reserved,
        correction: false,
        tariff: 0,
        unit: Amount::cents(190),
        dates: dates.iter().map(|d| day(d)).collect(),
        quantity,
        steps: vec![],
        deductible: 0,
        account: "890".into(),
    }
}

fn april(lines: Vec<InvoiceLine>) -> TakenOverInvoice {
    TakenOverInvoice { number: 36, from: day("2015-04-01"), to: day("2015-04-30"), lines, position: 20 }
}

#[test]
fn what_the_software_before_billed_is_not_billed_again() {
    let days = [
        booked(LEO, "2015-04-07", S::PresentAsReserved),
        booked(LEO, "2015-04-09", S::PresentAsReserved),
        booked(EMMA, "2015-04-09", S::PresentAsReserved),
    ];
    let with = |lines, booked: &[Booked]| {
        Run { taken_over: vec![april(lines)], ..Run::default() }.bill(&family(1), &household(), booked)
    };
    let whole = with(vec![taken_over_line(LEO, &[], Some(8))], &days);
    assert_eq!(told(&whole), [(1, "1.80".to_owned(), "1.80".to_owned())], "Emma's meal is on no line");
    assert!(whole.warnings.is_empty());
    let by_day = with(vec![taken_over_line(LEO, &["2015-04-07"], None)], &days[..2]);
    assert_eq!(told(&by_day), [(1, "2.00".to_owned(), "2.00".to_owned())], "the 9th is not on it");
    // Nobody knows what it billed: staff are told, the family is charged nothing.
    let unknown = with(vec![], &days);
    assert!(unknown.lines.is_empty());
    let expected = [
        (WarningKind::TakenOver, 2, "2015-04-07".to_owned()),
        (WarningKind::TakenOver, 1, "2015-04-09".to_owned()),
    ];
    assert_eq!(warned(&unknown), expected);
    assert_eq!(unknown.warnings[0].invoice, Some(36));
}

#[test]
fn a_taken_over_line_of_fewer_sessions_than_there_are_is_told() {
    let days = ["2015-04-07", "2015-04-09", "2015-04-10"].map(|d| booked(LEO, d, S::PresentAsReserved));
    let with = |quantity, billed: Billed| {
        let taken_over = vec![april(vec![taken_over_line(LEO, &[], Some(quantity))])];
        Run { taken_over, billed, ..Run::default() }.bill(&family(1), &household(), &days)
    };
    assert!(with(3, Billed::new()).warnings.is_empty());
    let fewer = with(2, Billed::new());
    assert!(fewer.lines.is_empty());
    assert_eq!(
        warned(&fewer),
        [(WarningKind::TakenOver, 3, "2015-04-07".to_owned())],
        "nobody knows which two"
    );
    // One of them is on an invoice of ours: the line billed the two others.
    let key = BilledKey { child: LEO, activity: meals(), date: day("2015-04-10"), month: false };
    assert!(with(2, [(key, (Amount::cents(340), 50))].into()).warnings.is_empty());
}

#[test]
fn what_was_credited_by_hand_is_not_credited_again() {
    let key = |date: &'static str| BilledKey { child: LEO, activity: meals(), date: day(date), month: false };
    let billed: Billed = [(key("2015-04-07"), (Amount::cents(340), 5))].into();
    let bill = |credited: &[(&'static str, u32)], status| {
        let credited = credited.iter().map(|(date, invoice)| (key(date), *invoice)).collect();
        let run = Run { billed: billed.clone(), credited, ..Run::default() };
        run.bill(&family(1), &household(), &[booked(LEO, "2015-04-07", status)])
    };
    assert_eq!(
        told(&bill(&[("2015-04-09", 36)], S::Cancelled)),
        [(1, "-3.40".to_owned(), "-3.40".to_owned())]
    );
    let by_hand = bill(&[("2015-04-07", 36)], S::Cancelled);
    assert!(by_hand.lines.is_empty());
    assert_eq!(warned(&by_hand), [(WarningKind::Credited, 1, "2015-04-07".to_owned())]);
    assert_eq!(by_hand.warnings[0].invoice, Some(36));
}

#[test]
fn a_month_that_was_given_back_and_is_held_again_is_billed_again() {
    let key = |date| BilledKey { child: LEO, activity: meals(), date: day(date), month: true };
    let billed: Billed =
        [(key("2015-03-01"), (Amount::ZERO, 5)), (key("2015-04-01"), (Amount::cents(5900), 5))].into();
    let run = Run { billed, tariff: Some(tariff(Unit::Month)), ..Run::default() };
    let bill = run.bill(&family(1), &household(), &[]);
    let leo: Vec<_> = bill.lines.iter().filter(|line| line.child == LEO).collect();
    assert_eq!(leo.len(), 1, "{leo:?}");
    assert_eq!((leo[0].dates.as_slice(), leo[0].correction), ([day("2015-03-01")].as_slice(), true));
    assert!(leo[0].amount().is_positive());
}

#[test]
fn what_changed_since_it_was_taken_over_is_told() {
    let excused = Booked { position: 30, ..booked(LEO, "2015-04-28", S::AbsentExcused) };
    let seen = Booked { position: 30, ..booked(LEO, "2015-04-07", S::PresentAsReserved) };
    let run = Run { taken_over: vec![april(vec![taken_over_line(LEO, &[], Some(8))])], ..Run::default() };
    let bill = run.bill(&family(1), &household(), &[excused, seen]);
    assert!(bill.lines.is_empty());
    assert_eq!(warned(&bill), [(WarningKind::TakenOver, 1, "2015-04-28".to_owned())]);
}

#[test]
fn a_month_the_software_before_billed_is_not_billed_again() {
    let with = |invoice: TakenOverInvoice| {
        let run = Run { taken_over: vec![invoice], tariff: Some(tariff(Unit::Month)), ..Run::default() };
        run.bill(&family(1), &household(), &[])
    };
    let line = taken_over_line(LEO, &[], Some(1));
    let whole = with(april(vec![line.clone()]));
    assert_eq!(told(&whole), [(1, "3.06".to_owned(), "3.06".to_owned())], "Emma's month only");
    let half = with(TakenOverInvoice { to: day("2015-04-15"), ..april(vec![line]) });
    assert_eq!(told(&half).len(), 1, "half a month: staff decide");
    assert_eq!(warned(&half), [(WarningKind::TakenOver, 1, "2015-04-01".to_owned())]);
}

#[test]
fn a_session_no_run_has_billed_and_none_will_is_told() {
    let out_of_reach = vec![
        booked(LEO, "2014-11-04", S::PresentAsReserved),
        booked(LEO, "2014-11-06", S::PresentAsReserved),
        booked(LEO, "2014-11-07", S::AbsentExcused),
        booked(EMMA, "2014-11-04", S::Cancelled),
    ];
    let bill = Run { out_of_reach, ..Run::default() }.bill(&family(1), &household(), &[]);
    assert!(bill.lines.is_empty());
    assert_eq!(warned(&bill), [(WarningKind::NeverBilled, 2, "2014-11-04".to_owned())]);
}

#[test]
fn a_quotient_that_has_expired_is_told() {
    let mut household = household();
    household.quotients = quotients(&[shown(700, "2014-04-01", Some("2015-03-31"))]);
    let days =
        [booked(LEO, "2015-04-07", S::PresentAsReserved), booked(LEO, "2015-04-09", S::PresentAsReserved)];
    let bill = of(&family(1), &household, &days, &Billed::new(), Unit::Session);
    assert_eq!(bill.total().to_string(), "6.80", "without a valid quotient the last band holds");
    assert_eq!(warned(&bill), [(WarningKind::QuotientExpired, 2, "2015-04-07".to_owned())]);
    household.quotients = Quotients::default();
    let none = of(&family(1), &household, &days, &Billed::new(), Unit::Session);
    assert!(none.warnings.is_empty(), "a family that never gave one chose so");
}

/// A meal billed at 2.00 at position 12, before its quotient was deleted at position 13.
fn corrected(quotient_corrections: QuotientCorrections) -> Bill {
    let key = BilledKey { child: LEO, activity: meals(), date: day("2015-04-07"), month: false };
    let mut household = household();
    household.quotients = Quotients::default();
    for (state, position) in [(shown(700, "2015-01-01", None), 5), (None, 13)] {
        household.quotients.show(state, QuotientSource::Staff, day("2015-04-01"), position);
    }
    let run =
        Run { billed: [(key, (Amount::cents(200), 12))].into(), quotient_corrections, ..Run::default() };
    run.bill(&family(1), &household, &[booked(LEO, "2015-04-07", S::PresentAsReserved)])
}

#[test]
fn a_billed_day_keeps_its_price_when_its_quotient_is_corrected_unless_the_town_adjusts() {
    let kept = corrected(QuotientCorrections::Keep);
    assert!(kept.lines.is_empty());
    assert_eq!(warned(&kept), [(WarningKind::QuotientCorrected, 1, "2015-04-07".to_owned())]);
    let adjusted = corrected(QuotientCorrections::Adjust);
    assert_eq!(told(&adjusted), [(1, "1.40".to_owned(), "1.40".to_owned())]);
    assert!(adjusted.lines[0].correction && adjusted.warnings.is_empty());
    assert!(!adjusted.lines[0].steps.is_empty(), "it is explained");
}

/// A family at an address, by a tariff that charges double from elsewhere.
fn residence(postcode: &str, town: Option<&str>, commune: Option<&str>) -> (String, Vec<WarningKind>) {
    let mut household = household();
    household.quotients = Quotients::default();
    household.address = Address {
        postcode: Some(postcode.into()),
        town: town.map(Into::into),
        commune: commune.map(Into::into),
    };
    let mut settings = tariff(Unit::Session).on(day("2015-04-01")).unwrap().1.clone();
    settings.outside = Outside::Percent(200);
    settings.communes = ["62401".to_owned()].into();
    let mut tariff = Tariff::default();
    tariff.evolve(&TariffEvent::TariffSet { settings: Box::new(settings), from: day("2014-09-01") });
    let run = Run { tariff: Some(tariff), ..Run::default() };
    let bill = run.bill(&family(1), &household, &[booked(LEO, "2015-04-07", S::PresentAsReserved)]);
    (bill.total().to_string(), bill.warnings.iter().map(|w| w.kind).collect())
}

#[test]
fn a_family_is_of_the_town_by_its_commune_not_by_a_postcode_others_share() {
    let cases = [
        ("62138", Some("Haisnes"), None, "3.40", vec![]),
        ("62138", Some("DOUVRIN"), None, "6.80", vec![]),
        ("62138", Some("Douvrin"), Some("62401"), "3.40", vec![]),
        ("62138", None, None, "6.80", vec![WarningKind::ResidenceUnknown]),
        ("59000", None, None, "6.80", vec![]),
    ];
    for (postcode, town, commune, price, warnings) in cases {
        assert_eq!(residence(postcode, town, commune), (price.to_owned(), warnings), "{postcode} {town:?}");
    }
}
