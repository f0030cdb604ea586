//! Given operations of any days, then balance, open and due agree on every day.

use chrono::Days;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    money::account::{Account, AccountCommand as C, InvoiceLine, PaymentMethod, RejectionReason},
    money::tariff::Charge,
    shared::ids::{ChildId, RunId},
    shared::sealed::{Purpose, Sealed},
};

/// How many days the operations of a test spread over.
const SPAN: u64 = 40;

fn day(n: u64) -> NaiveDate {
    "2015-04-01".parse::<NaiveDate>().unwrap() + Days::new(n)
}

fn regie(n: u8) -> RegieId {
    if n == 0 { "al".parse().unwrap() } else { "rs".parse().unwrap() }
}

/// What staff do, with the day they date it.
#[derive(Debug, Clone)]
enum Step {
    Invoice { regie: u8, date: u64, due: u64, cents: i64 },
    Pay { regie: u8, date: u64, cents: i64 },
    Reject { regie: u8, date: u64, payment: u32 },
    Refund { regie: u8, date: u64, cents: i64 },
    Credit { regie: u8, date: u64, invoice: u32, cents: i64 },
}

fn any_step() -> impl Strategy<Value = Step> {
    let (regie, date, cents) = (0_u8..2, 0..SPAN, 1_i64..20_000);
    prop_oneof![
        (regie.clone(), date.clone(), 0..SPAN, -4_000_i64..20_000)
            .prop_map(|(regie, date, due, cents)| Step::Invoice { regie, date, due, cents }),
        (regie.clone(), date.clone(), cents.clone()).prop_map(|(regie, date, cents)| Step::Pay {
            regie,
            date,
            cents
        }),
        (regie.clone(), date.clone(), 1_u32..12).prop_map(|(regie, date, payment)| Step::Reject {
            regie,
            date,
            payment
        }),
        (regie.clone(), date.clone(), cents.clone()).prop_map(|(regie, date, cents)| Step::Refund {
            regie,
            date,
            cents
        }),
        (regie, date, 1_u32..12, cents).prop_map(|(regie, date, invoice, cents)| Step::Credit {
            regie,
            date,
            invoice,
            cents
        }),
    ]
}

fn command(step: &Step, number: u32) -> C {
    let at = "2015-04-01T09:00:00Z".parse().unwrap();
    match step.clone() {
        Step::Invoice { regie: r, date, due, cents } => C::Invoice {
            regie: regie(r),
            number,
            run: RunId(Uuid::nil()),
            date: day(date),
            due: day(due),
            from: day(0),
            to: day(0),
            lines: vec![InvoiceLine {
                child: ChildId(Uuid::nil()),
                activity: "garderie".parse().unwrap(),
                charge: Charge::Reserved,
                correction: false,
                tariff: 1,
                unit: Amount::cents(cents),
                dates: vec![day(0)],
                quantity: None,
                steps: vec![],
                deductible: 0,
                account: "7067".into(),
            }],
            seen: 1,
            at,
        },
        Step::Pay { regie: r, date, cents } => C::Pay {
            regie: regie(r),
            number,
            date: day(date),
            method: PaymentMethod::Cheque,
            amount: Amount::cents(cents),
            reference: None,
            allocations: vec![],
            debited: None,
            at,
        },
        Step::Reject { regie: r, date, payment } => C::Reject {
            regie: regie(r),
            payment,
            number,
            date: day(date),
            reason: RejectionReason::Other,
            at,
        },
        Step::Refund { regie: r, date, cents } => C::Refund {
            regie: regie(r),
            number,
            date: day(date),
            method: PaymentMethod::Transfer,
            amount: Amount::cents(cents),
            at,
        },
        Step::Credit { regie: r, date, invoice, cents } => C::Credit {
            regie: regie(r),
            number,
            date: day(date),
            invoice,
            amount: Amount::cents(cents),
            note: Sealed {
                alg: "XC20P".into(),
                subject: "s".into(),
                purpose: Purpose::Note,
                nonce: String::new(),
                ct: String::new(),
            },
            at,
        },
    }
}

/// The line an operation is on a statement: the day it counts from, and what is owed more.
fn statement_line(event: &V, paid: &HashMap<(RegieId, u32), NaiveDate>) -> Option<(NaiveDate, Amount)> {
    Some(match event {
        V::InvoiceIssued { date, total, .. } => (*date, *total),
        V::CreditNoteIssued { date, total, .. } => (*date, -*total),
        V::PaymentRecorded { date, amount, .. } => (*date, -*amount),
        V::PaymentRejected { regie, payment, date, amount, .. } => {
            (rejection_counts_from(paid[&(regie.clone(), *payment)], *date), *amount)
        }
        V::RefundRecorded { date, amount, .. } => (*date, *amount),
        V::OperationTakenOver { .. } | V::DocumentArchived { .. } => return None,
    })
}

proptest! {
    #[test]
    fn home_unpaid_invoices_and_statement_agree_on_every_day(steps in prop::collection::vec(any_step(), 1..40)) {
        let mut account = Account::default();
        let (mut lines, mut paid) = (vec![], HashMap::new());
        for (number, step) in (1..).zip(&steps) {
            for event in account.decide(command(step, number)).unwrap_or_default() {
                if let V::PaymentRecorded { regie, number, date, .. } = &event {
                    paid.insert((regie.clone(), *number), *date);
                }
                lines.extend(statement_line(&event, &paid));
                account.evolve(&event);
            }
        }
        let ledger = account.ledger();
        for date in (0..=SPAN).map(day) {
            let standing = ledger.standing(date);
            let statement: Amount = lines.iter().filter(|(from, _)| *from <= date).map(|(_, owed)| *owed).sum();
            prop_assert_eq!(standing.balance, statement, "the statement on {}", date);
            prop_assert_eq!(standing.open() - standing.free, standing.balance, "the unpaid invoices on {}", date);
            prop_assert!(standing.due() <= standing.open());
            for open in &standing.invoices {
                prop_assert!(open.open.is_positive() && open.open <= open.invoice.total);
                prop_assert!(open.invoice.date <= date, "an invoice of a later day is not owed yet");
            }
            // A part of the régies adds up to the whole.
            let parts = [0, 1].map(|n| ledger.of(|r| *r == regie(n)).standing(date));
            prop_assert_eq!(parts[0].balance + parts[1].balance, standing.balance);
            prop_assert_eq!(parts[0].due() + parts[1].due(), standing.due());
        }
        // Once everything counts, it is what the account allows to be paid and to be paid back.
        let end = ledger.standing(NaiveDate::MAX);
        prop_assert_eq!(end.balance, account.balance());
        prop_assert_eq!(end.open(), account.invoices().iter().map(|i| i.open).sum());
        prop_assert_eq!(end.free, account.credits().iter().map(|c| c.free).sum());
    }
}

fn account(steps: &[Step]) -> Account {
    let mut account = Account::default();
    for (number, step) in (1..).zip(steps) {
        for event in account.decide(command(step, number)).unwrap() {
            account.evolve(&event);
        }
    }
    account
}

#[test]
fn given_a_direct_debit_of_a_later_day_then_the_invoice_is_open_until_then() {
    let invoice = Step::Invoice { regie: 0, date: 0, due: 29, cents: 10_520 };
    let account = account(&[invoice, Step::Pay { regie: 0, date: 20, cents: 10_520 }]);
    let before = account.ledger().standing(day(19));
    assert_eq!(
        (before.balance, before.open(), before.free),
        (Amount::cents(10_520), Amount::cents(10_520), Amount::ZERO)
    );
    assert_eq!(before.invoices[0].scheduled, Amount::cents(10_520), "it need not be paid a second time");
    let on_the_day = account.ledger().standing(day(20));
    assert_eq!((on_the_day.balance, on_the_day.open()), (Amount::ZERO, Amount::ZERO));
}

#[test]
fn given_a_log_whose_rejection_is_dated_before_its_payment_then_it_counts_from_the_payment() {
    let mut account = account(&[
        Step::Invoice { regie: 0, date: 0, due: 29, cents: 10_000 },
        Step::Pay { regie: 0, date: 20, cents: 10_000 },
    ]);
    let at = "2015-04-01T09:00:00Z".parse().unwrap();
    account.evolve(&V::PaymentRejected {
        regie: regie(0),
        payment: 2,
        number: 3,
        date: day(10),
        amount: Amount::cents(10_000),
        reason: RejectionReason::Other,
        reopened: vec![Allocation { invoice: 1, amount: Amount::cents(10_000) }],
        received: at,
    });
    for date in [5, 10, 15, 20, 25] {
        let standing = account.ledger().standing(day(date));
        assert_eq!(
            (standing.balance, standing.open()),
            (Amount::cents(10_000), Amount::cents(10_000)),
            "day {date}"
        );
    }
}

#[test]
fn given_an_invoice_of_a_later_day_that_was_paid_then_the_payment_is_free_until_then() {
    let account = account(&[
        Step::Invoice { regie: 0, date: 15, due: 29, cents: 5_000 },
        Step::Pay { regie: 0, date: 3, cents: 5_000 },
    ]);
    let early = account.ledger().standing(day(3));
    assert_eq!(
        (early.balance, early.open(), early.free),
        (Amount::cents(-5_000), Amount::ZERO, Amount::cents(5_000))
    );
    let then = account.ledger().standing(day(15));
    assert_eq!((then.balance, then.open(), then.free), (Amount::ZERO, Amount::ZERO, Amount::ZERO));
}
