//! Accounts and régies.

use cqrs_es::Aggregate;
use portail_domain::{
    money::account::{AccountEvent, Allocation, PaymentMethod, RejectionReason, Use},
    money::regie::{Regie, RegieEvent, RegieSettings},
    privacy::erasure::{Erasure, ErasureEvent, LegalBasis, Subject},
    shared::amount::Amount,
    shared::ids::{RegieId, RunId},
    shared::sealed::{Place, Purpose},
};
use portail_event_store::StreamId;
use portail_projections::{
    money::{
        accounts::{self, AccountsProjection},
        billing_drafts::{self, Draft},
        regies::{self, RegiesProjection},
    },
    privacy::erasures::ErasuresProjection,
};
use serde_json::json;
use uuid::Uuid;

use crate::{cast::*, read_models::ReadModels};

fn regie() -> RegieId {
    "al".parse().unwrap()
}

fn euros(text: &str) -> Amount {
    text.parse().unwrap()
}

fn run() -> RunId {
    RunId(Uuid::from_u128(9))
}

/// An invoice of April, due by the end of May.
fn invoiced(number: u32, total: &str, settled_by: Vec<Use>) -> AccountEvent {
    AccountEvent::InvoiceIssued {
        regie: regie(),
        number,
        run: run(),
        date: day("2015-05-04"),
        due: day("2015-05-31"),
        from: day("2015-04-01"),
        to: day("2015-04-30"),
        lines: vec![],
        total: euros(total),
        settled_by,
        seen: 1,
        received: received(),
    }
}

fn paid(number: u32, amount: &str, allocations: Vec<Allocation>) -> AccountEvent {
    AccountEvent::PaymentRecorded {
        regie: regie(),
        number,
        date: day("2015-05-10"),
        method: PaymentMethod::Cheque,
        amount: euros(amount),
        reference: None,
        allocations,
        debited: None,
        received: received(),
    }
}

fn on(invoice: u32, amount: &str) -> Vec<Allocation> {
    vec![Allocation { invoice, amount: euros(amount) }]
}

async fn accounts() -> ReadModels {
    ReadModels::of(vec![Box::new(AccountsProjection)]).await
}

async fn open(models: &ReadModels, invoice: i32) -> String {
    let invoice = accounts::invoice(models.pool(), "al", invoice).await.unwrap().unwrap();
    invoice.open.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_settles_an_invoice_and_what_is_over_is_free() {
    let models = accounts().await;
    models.given(of_account(), [invoiced(37, "40.00", vec![]), paid(229, "50.00", on(37, "40.00"))]).await;
    assert_eq!(open(&models, 37).await, "0.00");
    let payment = accounts::payment(models.pool(), "al", 229).await.unwrap().unwrap();
    assert_eq!((payment.free, payment.rejected), (euros("10.00"), None));
    // The next invoice takes it.
    let by = Use { credit_note: false, number: 229, amount: euros("10.00") };
    models.given(of_account(), [invoiced(38, "25.00", vec![by])]).await;
    assert_eq!(open(&models, 38).await, "15.00");
    let ledger = accounts::ledger(models.pool(), FAMILY).await.unwrap();
    assert_eq!(ledger.balance(day("2015-06-01")), euros("15.00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_payment_reopens_what_it_settled() {
    let models = accounts().await;
    let rejected = AccountEvent::PaymentRejected {
        regie: regie(),
        payment: 229,
        number: 230,
        date: day("2015-05-20"),
        amount: euros("40.00"),
        reason: RejectionReason::InsufficientFunds,
        reopened: on(37, "40.00"),
        received: received(),
    };
    models
        .given(of_account(), [invoiced(37, "40.00", vec![]), paid(229, "40.00", on(37, "40.00")), rejected])
        .await;
    assert_eq!(open(&models, 37).await, "40.00");
    let payment = accounts::payment(models.pool(), "al", 229).await.unwrap().unwrap();
    assert_eq!((payment.free, payment.rejected), (euros("0.00"), Some(day("2015-05-20"))));
    let kinds: Vec<String> = accounts::operations_of_year(models.pool(), FAMILY, 2014)
        .await
        .unwrap()
        .into_iter()
        .map(|operation| operation.kind.to_string())
        .collect();
    assert_eq!(kinds, ["REJECTION", "PAYMENT", "INVOICE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_uses_what_is_free() {
    let models = accounts().await;
    let refunded = AccountEvent::RefundRecorded {
        regie: regie(),
        number: 230,
        date: day("2015-05-20"),
        method: PaymentMethod::Transfer,
        amount: euros("12.00"),
        uses: vec![Use { credit_note: false, number: 229, amount: euros("12.00") }],
        received: received(),
    };
    models.given(of_account(), [paid(229, "12.00", vec![]), refunded]).await;
    let payment = accounts::payment(models.pool(), "al", 229).await.unwrap().unwrap();
    assert_eq!(payment.free, euros("0.00"));
    let (debits, credits, open) = accounts::totals(models.pool(), "al", day("2015-06-01")).await.unwrap();
    assert_eq!((debits, credits, open), (euros("12.00"), euros("12.00"), euros("0.00")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_note_says_why_and_settles_its_invoice() {
    let models = accounts().await;
    let note = models.seal(Place::Operation, FAMILY, Purpose::Note, "Erreur de pointage").await;
    let credited = AccountEvent::CreditNoteIssued {
        regie: regie(),
        number: 38,
        date: day("2015-05-12"),
        run: None,
        invoice: Some(37),
        lines: vec![],
        note: Some(note),
        total: euros("5.00"),
        allocations: on(37, "5.00"),
        seen: 0,
        received: received(),
    };
    models.given(of_account(), [invoiced(37, "40.00", vec![]), credited]).await;
    assert_eq!(open(&models, 37).await, "35.00");
    let operations = accounts::operations_of_year(models.pool(), FAMILY, 2014).await.unwrap();
    let credit_note = &operations[0];
    assert_eq!((credit_note.kind.into(), credit_note.detail.about), ("CREDIT_NOTE", Some(37)));
    assert_eq!(credit_note.detail.note.as_deref(), Some("Erreur de pointage"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_kept_by_its_hash() {
    let models = accounts().await;
    let archived = AccountEvent::DocumentArchived {
        document: "invoice/al/37".into(),
        attachment: Uuid::from_u128(5),
        sha256: "ab".repeat(32),
    };
    models.given(of_account(), [archived]).await;
    let kept = accounts::archived(models.pool(), FAMILY, "invoice/al/37").await.unwrap();
    assert_eq!(kept, Some((Uuid::from_u128(5), "ab".repeat(32))));
}

fn settings(name: &str) -> Box<RegieSettings> {
    Box::new(
        serde_json::from_value(json!({
            "name": name, "prefix": "AL", "show_balance": true, "show_unpaid": true,
            "minimum_invoice": "15.00", "debtor_account": "411",
        }))
        .unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_billing_run_counts_its_invoices_and_ends_once() {
    let models = ReadModels::of(vec![Box::new(RegiesProjection)]).await;
    let stream = StreamId::new(Regie::TYPE, "al");
    let (from, to) = (day("2015-04-01"), day("2015-04-30"));
    let (date, due) = (day("2015-05-04"), day("2015-05-31"));
    models
        .given(
            stream.clone(),
            [
                RegieEvent::RegieDefined {
                    settings: settings("Garderie"),
                    first_invoice: 37,
                    first_payment: 229,
                },
                RegieEvent::RegieChanged { settings: settings("Régie garderie ALSH") },
                RegieEvent::BillingRunPrepared { run: run(), from, to, date, due, received: received() },
                RegieEvent::BillingRunStarted { run: run(), received: received() },
                RegieEvent::InvoicesNumbered { run: run(), first: 37, count: 2, last: family() },
                RegieEvent::InvoicesNumbered { run: run(), first: 39, count: 1, last: other_family() },
            ],
        )
        .await;
    let [(id, known)] = &regies::regies(models.pool()).await.unwrap()[..] else { panic!("one régie") };
    assert_eq!((id.as_str(), known.settings.name.as_str()), ("al", "Régie garderie ALSH"));
    let open = regies::open_runs(models.pool()).await.unwrap();
    assert_eq!((open.len(), open[0].stage.into(), open[0].invoices), (1, "ISSUING", 3));
    assert_eq!(open[0].last_family.as_deref(), Some(OTHER_FAMILY));
    models.given(stream, [RegieEvent::BillingRunCompleted { run: run(), received: received() }]).await;
    assert!(regies::open_runs(models.pool()).await.unwrap().is_empty());
    let ended = regies::run(models.pool(), run().0).await.unwrap().unwrap();
    assert_eq!((ended.stage.into(), ended.ended), ("COMPLETED", Some(received())));
}

/// What a family of a draft is to pay, computed when the log ended at a position.
fn drafted(family: &str, seen: u64) -> Draft {
    Draft {
        family: family.to_owned(),
        total: euros("26.40"),
        previous: Amount::ZERO,
        lines: vec![],
        warnings: vec![],
        seen,
    }
}

async fn drafted_families(models: &ReadModels) -> Vec<String> {
    sqlx::query_scalar("SELECT family FROM billing_draft ORDER BY family")
        .fetch_all(models.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_goes_when_its_run_has_ended_and_no_earlier() {
    let models = ReadModels::of(vec![Box::new(RegiesProjection), Box::new(ErasuresProjection)]).await;
    let stream = StreamId::new(Regie::TYPE, "al");
    let (from, to) = (day("2015-04-01"), day("2015-04-30"));
    let (date, due) = (day("2015-05-04"), day("2015-05-31"));
    let (given_up, issued) = (RunId(Uuid::from_u128(8)), run());
    let prepared = |run| RegieEvent::BillingRunPrepared { run, from, to, date, due, received: received() };
    let settings = settings("Garderie");
    let defined = RegieEvent::RegieDefined { settings, first_invoice: 37, first_payment: 229 };
    models.given(stream.clone(), [defined, prepared(given_up), prepared(issued)]).await;
    let pool = models.pool();
    for run in [given_up, issued] {
        billing_drafts::begin(pool, run.0, 1).await.unwrap();
        let progress = billing_drafts::progress(pool, run.0).await.unwrap().unwrap();
        let draft = [drafted(FAMILY, 3)];
        billing_drafts::keep(pool, run.0, &progress, &draft, 1, None).await.unwrap();
    }
    assert_eq!(billing_drafts::discard_ended(pool).await.unwrap(), 0, "both are prepared");
    models
        .given(
            stream.clone(),
            [
                RegieEvent::BillingRunAbandoned { run: given_up, received: received() },
                RegieEvent::BillingRunStarted { run: issued, received: received() },
            ],
        )
        .await;
    assert_eq!(billing_drafts::discard_ended(pool).await.unwrap(), 1, "one is given up, one is issued");
    assert!(billing_drafts::progress(pool, given_up.0).await.unwrap().is_none());
    assert_eq!(drafted_families(&models).await, [FAMILY]);
    models.given(stream, [RegieEvent::BillingRunCompleted { run: issued, received: received() }]).await;
    assert_eq!(billing_drafts::discard_ended(pool).await.unwrap(), 1);
    assert!(drafted_families(&models).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_family_is_in_no_draft_and_comes_into_none_that_was_read_before() {
    let models = ReadModels::of(vec![Box::new(ErasuresProjection)]).await;
    let (pool, run) = (models.pool(), run().0);
    billing_drafts::begin(pool, run, 4).await.unwrap();
    let progress = billing_drafts::progress(pool, run).await.unwrap().unwrap();
    let both = [drafted(FAMILY, 0), drafted(OTHER_FAMILY, 0)];
    billing_drafts::keep(pool, run, &progress, &both, 2, Some(OTHER_FAMILY)).await.unwrap();
    let erased = |purpose| ErasureEvent::PersonalDataErased {
        subject: Subject::Family(family()),
        purposes: vec![purpose],
        basis: LegalBasis::Objection,
        files: vec![],
        received: received(),
    };
    let stream = StreamId::new(Erasure::TYPE, FAMILY);
    models.given(stream.clone(), [erased(Purpose::Message)]).await;
    assert_eq!(drafted_families(&models).await, [FAMILY, OTHER_FAMILY], "no draft says what it wrote");
    models.given(stream, [erased(Purpose::Caf)]).await;
    assert_eq!(drafted_families(&models).await, [OTHER_FAMILY]);

    // A worker that read the family before the erasure keeps it after.
    let progress = billing_drafts::progress(pool, run).await.unwrap().unwrap();
    let late = [drafted(FAMILY, 1)];
    billing_drafts::keep(pool, run, &progress, &late, 1, Some("1001001010355")).await.unwrap();
    assert_eq!(drafted_families(&models).await, [OTHER_FAMILY]);
    // One that read it afterwards found what is left of it.
    let progress = billing_drafts::progress(pool, run).await.unwrap().unwrap();
    let after = [drafted(FAMILY, 2)];
    billing_drafts::keep(pool, run, &progress, &after, 1, Some("1001001010362")).await.unwrap();
    assert_eq!(drafted_families(&models).await, [FAMILY, OTHER_FAMILY]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_cash_desk_keeps_its_totals() {
    let models = ReadModels::of(vec![Box::new(RegiesProjection)]).await;
    let totals = vec![portail_domain::money::regie::CashTotal {
        date: day("2015-05-04"),
        method: PaymentMethod::Cheque,
        count: 1,
        total: euros("12.00"),
    }];
    let closed =
        RegieEvent::CashDayClosed { date: day("2015-05-04"), totals: totals.clone(), received: received() };
    models.given(StreamId::new(Regie::TYPE, "al"), [closed]).await;
    let closings = regies::closings(models.pool(), "al", 10).await.unwrap();
    assert_eq!(closings, [(day("2015-05-04"), totals, received())]);
}
