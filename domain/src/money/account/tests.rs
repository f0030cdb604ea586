//! Given what an account holds, when staff act, then this happens.

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    money::account::{InvoiceLine, PaymentMethod, RejectionReason},
    money::tariff::Charge,
    shared::ids::{ChildId, RunId},
    shared::sealed::{Purpose, Sealed},
};

fn at() -> DateTime<Utc> {
    "2015-04-08T09:00:00Z".parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn regie() -> RegieId {
    "al".parse().unwrap()
}

fn line(cents: i64, days: usize) -> InvoiceLine {
    InvoiceLine {
        child: ChildId(Uuid::from_u128(1)),
        activity: "garderie".parse().unwrap(),
        charge: Charge::Reserved,
        correction: cents < 0,
        tariff: 1,
        unit: Amount::cents(cents),
        dates: day("2015-04-01").iter_days().take(days).collect(),
        quantity: None,
        steps: vec![],
        deductible: 0,
        account: "7067".into(),
    }
}

fn invoice(number: u32, cents: i64, due: &str) -> C {
    C::Invoice {
        regie: regie(),
        number,
        run: RunId(Uuid::from_u128(9)),
        date: day("2015-04-08"),
        due: day(due),
        from: day("2015-04-01"),
        to: day("2015-04-30"),
        lines: vec![line(cents, 1)],
        seen: 1,
        at: at(),
    }
}

fn pay(number: u32, cents: i64, allocations: Vec<Allocation>) -> C {
    C::Pay {
        regie: regie(),
        number,
        date: day("2015-04-08"),
        method: PaymentMethod::Cheque,
        amount: Amount::cents(cents),
        reference: None,
        allocations,
        debited: None,
        at: at(),
    }
}

fn reject(payment: u32, number: u32) -> C {
    let reason = RejectionReason::InsufficientFunds;
    C::Reject { regie: regie(), payment, number, date: day("2015-04-20"), reason, at: at() }
}

fn refund(number: u32, cents: i64) -> C {
    let (method, amount) = (PaymentMethod::Transfer, Amount::cents(cents));
    C::Refund { regie: regie(), number, date: day("2015-05-01"), method, amount, at: at() }
}

fn credit(number: u32, invoice: u32, cents: i64) -> C {
    let note = Sealed {
        alg: "XC20P".into(),
        subject: "s".into(),
        purpose: Purpose::Note,
        nonce: String::new(),
        ct: String::new(),
    };
    C::Credit {
        regie: regie(),
        number,
        date: day("2015-05-02"),
        invoice,
        amount: Amount::cents(cents),
        note,
        at: at(),
    }
}

fn take_over(number: u32, cents: i64, operation: TakenOver) -> C {
    C::TakeOver {
        regie: regie(),
        number,
        date: day("2015-04-08"),
        amount: Amount::cents(cents),
        operation,
        at: at(),
    }
}

/// The account after commands that are all accepted.
fn after(commands: Vec<C>) -> Account {
    let mut account = Account::default();
    for command in commands {
        for event in account.decide(command).unwrap() {
            account.evolve(&event);
        }
    }
    account
}

fn open(account: &Account) -> Vec<(u32, String)> {
    account.invoices().iter().map(|i| (i.number, i.open.to_string())).collect()
}

#[test]
fn given_the_guides_operations_then_the_balance_is_what_april_costs() {
    let period = |from: &str, to: &str, due: &str| TakenOver::Invoice {
        from: day(from),
        to: day(to),
        due: day(due),
        lines: vec![],
    };
    let account = after(vec![
        take_over(12, 24320, period("2015-02-01", "2015-03-31", "2015-04-15")),
        take_over(228, 24320, TakenOver::Payment { method: PaymentMethod::Cheque }),
        take_over(36, 12060, period("2015-04-01", "2015-04-30", "2015-04-30")),
    ]);
    assert_eq!(account.balance().to_string(), "120.60");
    assert_eq!(open(&account), [(12, "0.00".to_owned()), (36, "120.60".to_owned())]);
}

#[test]
fn given_two_invoices_when_paid_without_saying_which_then_the_one_due_first_is_settled() {
    let account =
        after(vec![invoice(1, 5000, "2015-06-30"), invoice(2, 3000, "2015-05-31"), pay(1, 4000, vec![])]);
    assert_eq!(open(&account), [(1, "40.00".to_owned()), (2, "0.00".to_owned())]);
}

#[test]
fn given_an_overpayment_then_the_next_invoice_takes_what_is_free() {
    let account =
        after(vec![invoice(1, 5000, "2015-05-31"), pay(1, 6000, vec![]), invoice(2, 3000, "2015-06-30")]);
    assert_eq!(account.balance().to_string(), "20.00");
    assert_eq!(open(&account), [(1, "0.00".to_owned()), (2, "20.00".to_owned())]);
}

#[test]
fn given_a_payment_when_the_bank_rejects_it_then_its_invoices_are_open_again() {
    let account = after(vec![invoice(1, 5000, "2015-05-31"), pay(1, 5000, vec![]), reject(1, 2)]);
    assert_eq!(open(&account), [(1, "50.00".to_owned())]);
    assert_eq!(account.balance().to_string(), "50.00");
    assert_eq!(account.decide(reject(1, 3)), Err(E::AlreadyRejected));
}

#[test]
fn given_a_payment_when_its_rejection_is_dated_before_it_then_refused() {
    let account = after(vec![invoice(1, 5000, "2015-05-31"), pay(1, 5000, vec![])]);
    let early = C::Reject {
        regie: regie(),
        payment: 1,
        number: 2,
        date: day("2015-04-07"),
        reason: RejectionReason::Other,
        at: at(),
    };
    assert_eq!(account.decide(early), Err(E::RejectedBeforePaid(day("2015-04-08"))));
}

#[test]
fn given_an_invoice_that_is_taken_over_then_its_lines_are_of_its_period_and_come_to_it() {
    let with = |lines| TakenOver::Invoice {
        from: day("2015-04-01"),
        to: day("2015-04-30"),
        due: day("2015-04-30"),
        lines,
    };
    let account = Account::default();
    let of = |lines| account.decide(take_over(36, 1000, with(lines)));
    assert!(of(vec![]).is_ok(), "an invoice whose lines nobody has");
    assert!(of(vec![line(200, 5)]).is_ok());
    assert_eq!(of(vec![line(200, 4)]), Err(E::LinesSum(Amount::cents(800))));
    let counted = InvoiceLine { quantity: Some(5), ..line(200, 0) };
    assert!(of(vec![counted]).is_ok(), "lines without days say how many");
    let may = InvoiceLine { dates: vec![day("2015-05-01")], ..line(1000, 0) };
    assert_eq!(of(vec![may]), Err(E::LineOutsidePeriod(day("2015-05-01"))));
}

#[test]
fn given_a_payment_of_a_later_day_then_it_cannot_be_paid_back_before() {
    let later = C::Pay {
        regie: regie(),
        number: 1,
        date: day("2015-05-02"),
        method: PaymentMethod::Cheque,
        amount: Amount::cents(500),
        reference: None,
        allocations: vec![],
        debited: None,
        at: at(),
    };
    let account = after(vec![later]);
    assert_eq!(account.decide(refund(2, 500)), Err(E::MoreThanFree(Amount::ZERO)), "the refund is of 1 May");
}

#[test]
fn given_a_bill_of_less_than_nothing_then_it_is_a_credit_note_and_can_be_paid_back() {
    let account = after(vec![invoice(1, -700, "2015-05-31")]);
    assert_eq!(account.balance().to_string(), "-7.00");
    assert_eq!(account.decide(refund(1, 800)), Err(E::MoreThanFree(Amount::cents(700))));
    assert_eq!(account.decide(refund(1, 0)), Err(E::NotPositive));
}

#[test]
fn given_an_invoice_when_more_than_it_is_put_on_it_then_refused() {
    let part = |cents| vec![Allocation { invoice: 1, amount: Amount::cents(cents) }];
    let framework = || {
        let mut account = Account::default();
        let events = account.decide(invoice(1, 5000, "2015-05-31")).unwrap();
        events.iter().for_each(|e| account.evolve(e));
        TestFramework::<Account>::with(()).given(events)
    };
    framework().when(pay(1, 9000, part(5100))).then_expect_error(E::MoreThanInvoice(Amount::cents(5000)));
    framework().when(pay(1, 4000, part(4500))).then_expect_error(E::MoreThanPaid(Amount::cents(4000)));
    framework()
        .when(pay(1, 4000, vec![Allocation { invoice: 7, amount: Amount::cents(1) }]))
        .then_expect_error(E::Unknown);
    framework().when(credit(2, 1, 5001)).then_expect_error(E::MoreThanInvoice(Amount::cents(5000)));
}

#[test]
fn given_credit_notes_then_an_invoice_is_credited_for_what_it_comes_to_at_most() {
    let account = after(vec![invoice(1, 5000, "2015-05-31"), pay(1, 5000, vec![]), credit(2, 1, 3000)]);
    assert_eq!(account.decide(credit(3, 1, 2001)), Err(E::MoreThanInvoice(Amount::cents(2000))));
    assert!(account.decide(credit(3, 1, 2000)).is_ok());
    let mut early = credit(3, 1, 100);
    if let C::Credit { date, .. } = &mut early {
        *date = day("2015-04-07");
    }
    assert_eq!(account.decide(early), Err(E::CreditedBeforeInvoiced(day("2015-04-08"))));
}

/// What an event adds to the debit side of the statement, and to the credit side.
fn sides(event: &V) -> (Amount, Amount) {
    let nothing = Amount::default();
    match event {
        V::OperationTakenOver { amount, operation: TakenOver::Invoice { .. }, .. } => (*amount, nothing),
        V::OperationTakenOver { amount, .. } | V::PaymentRecorded { amount, .. } => (nothing, *amount),
        V::InvoiceIssued { total, .. } => (*total, nothing),
        V::CreditNoteIssued { total, .. } => (nothing, *total),
        V::PaymentRejected { amount, .. } | V::RefundRecorded { amount, .. } => (*amount, nothing),
        V::DocumentArchived { .. } => (nothing, nothing),
    }
}

fn any_command() -> impl Strategy<Value = C> {
    let cents = 1_i64..20_000;
    prop_oneof![
        (1_u32..9, -5_000_i64..20_000).prop_map(|(n, c)| invoice(n, c, "2015-05-31")),
        (1_u32..99, cents.clone()).prop_map(|(n, c)| pay(n, c, vec![])),
        (1_u32..99, cents.clone(), 1_u32..9, cents.clone()).prop_map(|(n, c, i, a)| {
            pay(n, c, vec![Allocation { invoice: i, amount: Amount::cents(a) }])
        }),
        (1_u32..99, 100_u32..199).prop_map(|(p, n)| reject(p, n)),
        (200_u32..299, cents.clone()).prop_map(|(n, c)| refund(n, c)),
        (1_u32..9, 10_u32..19, cents).prop_map(|(i, n, c)| credit(n, i, c)),
    ]
}

proptest! {
    /// Whatever staff do: debits minus credits are the balance, which is what is open minus what
    /// is free; no invoice is ever paid more than it is.
    #[test]
    fn the_statement_always_equals_the_balance(commands in prop::collection::vec(any_command(), 1..60)) {
        let mut account = Account::default();
        let (mut debits, mut credits) = (Amount::default(), Amount::default());
        let (mut invoices, mut numbers) = (0, 0);
        for command in commands {
            // Numbers come from the régie: none twice.
            let command = match command {
                C::Invoice { regie, run, date, due, from, to, lines, seen, at, .. } => {
                    invoices += 1;
                    C::Invoice { regie, number: invoices, run, date, due, from, to, lines, seen, at }
                }
                C::Credit { regie, date, invoice, amount, note, at, .. } => {
                    invoices += 1;
                    C::Credit { regie, number: invoices, date, invoice, amount, note, at }
                }
                C::Pay { regie, date, method, amount, reference, allocations, debited, at, .. } => {
                    numbers += 1;
                    C::Pay { regie, number: numbers, date, method, amount, reference, allocations, debited, at }
                }
                other => other,
            };
            for event in account.decide(command).unwrap_or_default() {
                let (debit, credit) = sides(&event);
                debits += debit;
                credits += credit;
                account.evolve(&event);
            }
            let open: Amount = account.invoices().iter().map(|i| i.open).sum();
            let free: Amount = account.credits().iter().map(|c| c.free).sum();
            prop_assert_eq!(debits - credits, account.balance());
            prop_assert_eq!(open - free, account.balance());
            for invoice in account.invoices() {
                prop_assert!(invoice.open >= Amount::default() && invoice.open <= invoice.total);
            }
            for credit in account.credits() {
                prop_assert!(credit.free >= Amount::default() && credit.free <= credit.total);
            }
        }
    }
}
