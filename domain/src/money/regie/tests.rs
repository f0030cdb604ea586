//! Numbers, runs, the cash desk, settings and collections.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::{
    CollectionMode, QuotientCorrections, Regie, RegieChanges, RegieCommand as C, RegieError as E,
    RegieEvent as V, RegieSettings, collection::collection_day,
};
use crate::{
    money::account::PaymentMethod,
    shared::amount::Amount,
    shared::ids::{FamilyNumber, RunId},
};

fn settings() -> Box<RegieSettings> {
    Box::new(RegieSettings {
        name: "Régie garderie ALSH".into(),
        prefix: "AL".into(),
        collection: CollectionMode::Regie,
        show_balance: true,
        show_unpaid: true,
        minimum_invoice: Amount::cents(1500),
        creditor: None,
        debtor_account: "411".into(),
        contact: vec![],
        quotient_corrections: QuotientCorrections::Keep,
    })
}

fn defined() -> V {
    V::RegieDefined { settings: settings(), first_invoice: 37, first_payment: 229 }
}

fn at() -> DateTime<Utc> {
    "2015-05-04T09:00:00Z".parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn pay(date: &str, cents: i64) -> C {
    let method = PaymentMethod::Cheque;
    C::NumberPayment { date: day(date), method, amount: Amount::cents(cents), at: at() }
}

fn prepared(run: RunId) -> V {
    V::BillingRunPrepared {
        run,
        from: day("2015-04-01"),
        to: day("2015-04-30"),
        date: day("2015-05-04"),
        due: day("2015-05-31"),
        received: at(),
    }
}

#[test]
fn given_a_run_being_issued_then_numbers_follow_without_a_gap_and_a_chunk_counts_once() {
    let run = RunId(Uuid::from_u128(1));
    let family: FamilyNumber = "1001001010331".parse().unwrap();
    let mut regie = Regie::default();
    for event in [defined(), prepared(run), V::BillingRunStarted { run, received: at() }] {
        regie.evolve(&event);
    }
    let chunk = C::NumberInvoices { run, after: None, last: Some(family.clone()), count: 200, at: at() };
    let numbered = regie.decide(chunk.clone()).unwrap();
    let apart = V::SeriesSetApart { invoice: 37, payment: 229 };
    assert_eq!(numbered, [apart, V::InvoicesNumbered { run, first: 37, count: 200, last: family.clone() }]);
    numbered.iter().for_each(|e| regie.evolve(e));
    assert_eq!(regie.next_invoice(), 237);
    assert_eq!(regie.decide(chunk), Err(E::RunStage), "the same chunk again");
}

#[test]
fn given_a_prepared_run_when_another_is_prepared_then_refused() {
    let run = RunId(Uuid::from_u128(1));
    let again = C::PrepareRun {
        run: RunId(Uuid::from_u128(2)),
        from: day("2015-05-01"),
        to: day("2015-05-31"),
        date: day("2015-06-01"),
        due: day("2015-06-30"),
        at: at(),
    };
    TestFramework::<Regie>::with(())
        .given(vec![defined(), prepared(run)])
        .when(again)
        .then_expect_error(E::RunOpen);
}

#[test]
fn given_a_closed_cash_day_when_a_payment_is_dated_in_it_then_refused() {
    let mut regie = Regie::default();
    regie.evolve(&defined());
    for command in [pay("2015-05-04", 1000), pay("2015-05-04", 500), pay("2015-05-05", 700)] {
        for event in regie.decide(command).unwrap() {
            regie.evolve(&event);
        }
    }
    let close = C::CloseCashDay { date: day("2015-05-04"), at: at() };
    for event in regie.decide(close).unwrap() {
        if let V::CashDayClosed { totals, .. } = &event {
            assert_eq!(totals.len(), 1, "the next day's payment is not in it");
            assert_eq!((totals[0].count, totals[0].total), (2, Amount::cents(1500)));
        }
        regie.evolve(&event);
    }
    assert_eq!(regie.decide(pay("2015-05-04", 100)), Err(E::CashDayClosed(day("2015-05-04"))));
    assert!(regie.decide(pay("2015-05-05", 100)).is_ok());
}

/// The texts of what was given out, in order.
fn handed_out(commands: Vec<C>, regie: &mut Regie) -> Vec<String> {
    let mut texts = vec![];
    for command in commands {
        let (invoice, payment, series) = (regie.next_invoice(), regie.next_payment(), regie.series());
        texts.extend(match &command {
            C::NumberInvoices { count, .. } => {
                (invoice..invoice + count).map(|n| series.invoice(n)).collect()
            }
            C::NumberCreditNote { .. } => vec![series.invoice(invoice)],
            C::TakeOver { .. } => vec![],
            _ => vec![series.payment(payment)],
        });
        let taken = match &command {
            C::TakeOver { number, invoice } => Some((*number, *invoice)),
            _ => None,
        };
        for event in regie.decide(command).unwrap() {
            regie.evolve(&event);
        }
        if let Some((number, is_invoice)) = taken {
            let series = regie.series();
            texts.push(if is_invoice { series.invoice(number) } else { series.payment(number) });
        }
    }
    texts
}

#[test]
fn no_number_names_an_invoice_and_a_payment() {
    let run = RunId(Uuid::from_u128(1));
    let mut regie = Regie::default();
    for event in [defined(), prepared(run), V::BillingRunStarted { run, received: at() }] {
        regie.evolve(&event);
    }
    let over = |invoice, number| C::TakeOver { invoice, number };
    let last = Some("1001001010331".parse().unwrap());
    let texts = handed_out(
        vec![
            over(true, 12),
            over(false, 228),
            over(true, 36),
            over(false, 36),
            over(false, 20),
            over(true, 20),
            C::NumberInvoices { run, after: None, last, count: 300, at: at() },
            pay("2015-05-05", 500),
            C::NumberCreditNote { at: at() },
            over(false, 100),
        ],
        &mut regie,
    );
    let known: BTreeSet<&String> = texts.iter().collect();
    assert_eq!(known.len(), texts.len(), "no text twice");
    let over = ["AL-12", "AL-228", "AL-36", "AL-R36", "AL-20", "AL-F20"];
    assert_eq!(texts[..6], over.map(str::to_owned), "the second of a number bears its letter");
    assert_eq!(texts[6], "AL-37");
    assert_eq!(texts[6 + 191], "AL-F228", "the software before gave AL-228 to a payment");
    assert_eq!(texts[306..], ["AL-R229", "AL-337", "AL-R100"].map(str::to_owned));
}

#[test]
fn given_a_log_that_wrote_both_alike_then_its_numbers_stay_and_new_ones_differ() {
    let mut regie = Regie::default();
    let (date, method, received) = (day("2015-05-04"), PaymentMethod::Cash, at());
    regie.evolve(&defined());
    for number in 229..240 {
        regie.evolve(&V::PaymentNumbered { number, date, method, amount: Amount::cents(100), received });
    }
    let paid = regie.decide(pay("2015-05-05", 500)).unwrap();
    assert_eq!(paid[0], V::SeriesSetApart { invoice: 37, payment: 240 });
    paid.iter().for_each(|e| regie.evolve(e));
    assert_eq!(regie.decide(pay("2015-05-05", 500)).unwrap().len(), 1, "said once");
    let series = regie.series();
    assert_eq!([239, 240].map(|n| series.payment(n)), ["AL-239", "AL-R240"], "what was handed out stays");
    assert_eq!([36, 239, 240].map(|n| series.invoice(n)), ["AL-36", "AL-F239", "AL-240"]);
}

#[test]
fn given_settings_when_one_is_changed_then_the_others_stay() {
    let mut regie = Regie::default();
    let mut before = settings();
    before.contact = vec!["Rue de la Mairie".into()];
    regie.evolve(&V::RegieDefined { settings: before.clone(), first_invoice: 1, first_payment: 1 });
    let changes =
        Box::new(RegieChanges { minimum_invoice: Some(Amount::cents(2000)), ..RegieChanges::default() });
    let changed = regie.decide(C::Change { changes }).unwrap();
    before.minimum_invoice = Amount::cents(2000);
    assert_eq!(changed, [V::RegieChanged { settings: before }]);
    let nothing = C::Change { changes: Box::default() };
    assert_eq!(regie.decide(nothing), Ok(vec![]), "no change, no event");
}

#[test]
fn given_a_number_when_the_prefix_is_changed_then_refused() {
    let change = || {
        let changes = RegieChanges { prefix: Some("ZZ".into()), ..RegieChanges::default() };
        C::Change { changes: Box::new(changes) }
    };
    let mut regie = Regie::default();
    regie.evolve(&defined());
    assert!(regie.decide(change()).is_ok(), "nothing bears it yet");
    for event in regie.decide(pay("2015-05-05", 500)).unwrap() {
        regie.evolve(&event);
    }
    assert_eq!(regie.decide(change()), Err(E::PrefixInUse));
}

#[test]
fn a_collection_is_ordered_for_a_day_banks_settle_on() {
    let today = day("2015-06-12");
    for (date, expected) in [
        ("2015-06-15", Ok(())),
        ("2015-05-01", Err(E::CollectionTooSoon(day("2015-06-15")))),
        ("2015-06-12", Err(E::CollectionTooSoon(day("2015-06-15")))),
        ("2015-06-13", Err(E::CollectionTooSoon(day("2015-06-15")))),
        ("2015-06-21", Err(E::NotABankDay(day("2015-06-22")))),
        ("2015-09-12", Err(E::NotABankDay(day("2015-09-14")))),
        ("2015-09-14", Err(E::CollectionTooLate(day("2015-09-12")))),
        ("9999-01-04", Err(E::CollectionTooLate(day("2015-09-12")))),
    ] {
        assert_eq!(collection_day(day(date), today), expected, "{date}");
    }
    assert_eq!(
        collection_day(day("2025-12-25"), day("2025-12-01")),
        Err(E::NotABankDay(day("2025-12-29"))),
        "a TARGET holiday, another, then a weekend"
    );
}

#[test]
fn given_own_series_when_a_number_of_them_is_taken_over_then_refused() {
    let take = |number| C::TakeOver { invoice: true, number };
    let framework = || TestFramework::<Regie>::with(()).given(vec![defined()]);
    framework().when(take(36)).then_expect_events(vec![V::NumberTakenOver { invoice: true, number: 36 }]);
    framework().when(take(37)).then_expect_error(E::NumberTaken);
}
