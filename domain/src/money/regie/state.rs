//! The régie's state.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{CashTotal, Issuer, RegieCommand as C, RegieError as E, RegieEvent as V, RegieSettings, Series};
use crate::{
    aggregate,
    money::account::PaymentMethod,
    money::sepa,
    shared::amount::Amount,
    shared::ids::{FamilyNumber, RunId},
    shared::time::local_date,
};

/// How many days ahead a collection may be ordered: a quarter, well beyond any notice banks and
/// families are given.
const DAYS_AHEAD: u64 = 92;

/// Where a billing run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunStage {
    /// To be reviewed.
    Prepared,
    /// Being issued.
    Issuing,
}

/// The billing run that is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The first billed day.
    pub from: NaiveDate,
    /// The last billed day.
    pub to: NaiveDate,
    /// The date of its invoices.
    pub date: NaiveDate,
    /// Until when they are to be paid.
    pub due: NaiveDate,
    /// Where it stands.
    pub stage: RunStage,
    /// The last family invoiced.
    pub last: Option<FamilyNumber>,
}

/// A régie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regie {
    settings: Option<Box<RegieSettings>>,
    next_invoice: u32,
    next_payment: u32,
    first: (u32, u32),
    series: Series,
    taken: BTreeSet<(bool, u32)>,
    run: Option<Run>,
    closed_to: Option<NaiveDate>,
    desk: Vec<CashTotal>,
}

impl Regie {
    /// Its settings; none before it is defined.
    pub fn settings(&self) -> Option<&RegieSettings> {
        self.settings.as_deref()
    }

    /// The billing run that is not finished.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// The number the next invoice or credit note gets.
    pub fn next_invoice(&self) -> u32 {
        self.next_invoice
    }

    /// The number the next payment gets.
    pub fn next_payment(&self) -> u32 {
        self.next_payment
    }

    /// The texts of its numbers once the next is given out.
    pub fn series(&self) -> Series {
        let mut series = self.series.clone();
        if !series.is_apart() {
            series.evolve(&self.set_apart());
        }
        series
    }

    fn set_apart(&self) -> V {
        V::SeriesSetApart { invoice: self.next_invoice, payment: self.next_payment }
    }

    /// Gives numbers out; before the first of them, says that the series are written apart.
    fn numbered(&self, event: V) -> Vec<V> {
        if self.series.is_apart() { vec![event] } else { vec![self.set_apart(), event] }
    }

    fn run_at(&self, run: RunId, stage: RunStage) -> Result<&Run, E> {
        let open = self.run.as_ref().filter(|r| r.id == run).ok_or(E::Unknown)?;
        if open.stage == stage { Ok(open) } else { Err(E::RunStage) }
    }

    fn desk_open(&self, date: NaiveDate) -> Result<(), E> {
        match self.closed_to {
            Some(closed) if date <= closed => Err(E::CashDayClosed(closed)),
            _ => Ok(()),
        }
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: C) -> Result<Vec<V>, E> {
        let settings = match (&self.settings, &command) {
            (None, C::Define { settings, .. }) => return self.define(command.clone(), settings),
            (None, _) => return Err(E::Unknown),
            (Some(settings), _) => settings,
        };
        let event = match command {
            C::Define { .. } => return Err(E::AlreadyDefined),
            C::Change { changes } => {
                let changed = changes.applied_to(settings);
                let is_numbered =
                    !self.taken.is_empty() || (self.next_invoice, self.next_payment) != self.first;
                match changed.defect() {
                    Some(defect) => return Err(E::Settings(defect)),
                    // What was given out names its operation for ever.
                    None if is_numbered && changed.prefix != settings.prefix => return Err(E::PrefixInUse),
                    None if changed == **settings => return Ok(vec![]),
                    None => V::RegieChanged { settings: Box::new(changed) },
                }
            }
            C::PrepareRun { run, from, to, date, due, at } => {
                if self.run.is_some() {
                    return Err(E::RunOpen);
                }
                if !(0..=366).contains(&(to - from).num_days()) || due < date {
                    return Err(E::ImpossibleRange);
                }
                V::BillingRunPrepared { run, from, to, date, due, received: at }
            }
            C::StartIssuing { run, at } => {
                self.run_at(run, RunStage::Prepared)?;
                V::BillingRunStarted { run, received: at }
            }
            C::NumberInvoices { run, after, last, count, at } => {
                if self.run_at(run, RunStage::Issuing)?.last != after {
                    return Err(E::RunStage);
                }
                match last {
                    Some(last) => {
                        let first = self.next_invoice;
                        return Ok(self.numbered(V::InvoicesNumbered { run, first, count, last }));
                    }
                    None => V::BillingRunCompleted { run, received: at },
                }
            }
            C::AbandonRun { run, at } => {
                self.run_at(run, RunStage::Prepared)?;
                V::BillingRunAbandoned { run, received: at }
            }
            C::NumberCreditNote { at } => {
                let number = self.next_invoice;
                return Ok(self.numbered(V::CreditNoteNumbered { number, received: at }));
            }
            C::NumberPayment { date, method, amount, at } => {
                self.desk_open(date)?;
                let number = self.next_payment;
                return Ok(self.numbered(V::PaymentNumbered { number, date, method, amount, received: at }));
            }
            C::NumberDirectDebits { batch, date, count, total, left_out, at } => {
                self.desk_open(date)?;
                collection_day(date, local_date(at))?;
                let creditor = settings.creditor.clone().ok_or(E::NoCreditor)?;
                let (first, prefix) = (self.next_payment, settings.prefix.clone());
                let issuer = Some(Issuer { creditor, prefix });
                let numbered = V::DirectDebitsNumbered {
                    batch,
                    first,
                    count,
                    date,
                    total,
                    issuer,
                    left_out,
                    received: at,
                };
                return Ok(self.numbered(numbered));
            }
            C::TakeOver { invoice, number } => {
                let first = if invoice { self.first.0 } else { self.first.1 };
                if number == 0 || number >= first || self.taken.contains(&(invoice, number)) {
                    return Err(E::NumberTaken);
                }
                V::NumberTakenOver { invoice, number }
            }
            C::CloseCashDay { date, at } => {
                self.desk_open(date)?;
                let totals = self.desk.iter().filter(|t| t.date <= date).cloned().collect();
                V::CashDayClosed { date, totals, received: at }
            }
        };
        Ok(vec![event])
    }

    fn define(&self, command: C, settings: &RegieSettings) -> Result<Vec<V>, E> {
        if let Some(defect) = settings.defect() {
            return Err(E::Settings(defect));
        }
        match command {
            C::Define { settings, first_invoice, first_payment }
                if first_invoice > 0 && first_payment > 0 =>
            {
                Ok(vec![V::RegieDefined { settings, first_invoice, first_payment }])
            }
            C::Define { .. }
            | C::Change { .. }
            | C::PrepareRun { .. }
            | C::StartIssuing { .. }
            | C::NumberInvoices { .. }
            | C::AbandonRun { .. }
            | C::NumberCreditNote { .. }
            | C::NumberPayment { .. }
            | C::NumberDirectDebits { .. }
            | C::TakeOver { .. }
            | C::CloseCashDay { .. } => Err(E::Settings("SETTING_SERIES")),
        }
    }

    fn take(&mut self, date: NaiveDate, method: PaymentMethod, count: u32, amount: Amount) {
        match self.desk.iter_mut().find(|t| t.date == date && t.method == method) {
            Some(entry) => {
                entry.count += count;
                entry.total += amount;
            }
            None => self.desk.push(CashTotal { date, method, count, total: amount }),
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        self.series.evolve(event);
        match event {
            V::RegieDefined { settings, first_invoice, first_payment } => {
                self.settings = Some(settings.clone());
                self.first = (*first_invoice, *first_payment);
                self.next_invoice = *first_invoice;
                self.next_payment = *first_payment;
            }
            V::RegieChanged { settings } => self.settings = Some(settings.clone()),
            V::BillingRunPrepared { run, from, to, date, due, .. } => {
                self.run = Some(Run {
                    id: *run,
                    from: *from,
                    to: *to,
                    date: *date,
                    due: *due,
                    stage: RunStage::Prepared,
                    last: None,
                });
            }
            V::BillingRunStarted { .. } => {
                if let Some(run) = &mut self.run {
                    run.stage = RunStage::Issuing;
                }
            }
            V::InvoicesNumbered { count, last, .. } => {
                self.next_invoice += count;
                if let Some(run) = &mut self.run {
                    run.last = Some(last.clone());
                }
            }
            V::BillingRunCompleted { .. } | V::BillingRunAbandoned { .. } => self.run = None,
            V::CreditNoteNumbered { .. } => self.next_invoice += 1,
            V::SeriesSetApart { .. } => {}
            V::PaymentNumbered { date, method, amount, .. } => {
                self.next_payment += 1;
                self.take(*date, *method, 1, *amount);
            }
            V::DirectDebitsNumbered { count, date, total, .. } => {
                self.next_payment += count;
                self.take(*date, PaymentMethod::DirectDebit, *count, *total);
            }
            V::NumberTakenOver { invoice, number } => {
                self.taken.insert((*invoice, *number));
            }
            V::CashDayClosed { date, .. } => {
                self.closed_to = Some(*date);
                self.desk.retain(|t| t.date > *date);
            }
        }
    }
}

/// Whether banks can collect on a day: one they settle on, after today (the core scheme asks for the
/// file one bank day before, EPC016), and not too far ahead.
fn collection_day(date: NaiveDate, today: NaiveDate) -> Result<(), E> {
    let after = |day: NaiveDate, days| day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX);
    let first = sepa::next_bank_day(after(today, 1));
    let last = after(today, DAYS_AHEAD);
    if date < first {
        Err(E::CollectionTooSoon(first))
    } else if date > last {
        Err(E::CollectionTooLate(last))
    } else if sepa::is_bank_day(date) {
        Ok(())
    } else {
        Err(E::NotABankDay(sepa::next_bank_day(date)))
    }
}

aggregate!(Regie, "Regie", C, V, E);

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;
    use crate::money::regie::{CollectionMode, RegieChanges};

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
            quotient_corrections: crate::money::regie::QuotientCorrections::Keep,
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
        assert_eq!(
            numbered,
            [apart, V::InvoicesNumbered { run, first: 37, count: 200, last: family.clone() }]
        );
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
}
