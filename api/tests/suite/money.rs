//! Money, over the real server: the guide's statement, a billing run, payments, documents.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{AUDITOR, Client, Home, LEO, PARENT, STAFF, demo};

const STATEMENT: &str = "{ accountStatement { schoolYear previousBalance totalDebit totalCredit balance collectionMode \
    warning operations { number date description regie debit credit } } }";

#[tokio::test]
async fn the_guides_statement_is_right_to_the_cent() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let statement = parent.ask(STATEMENT, json!({})).await["accountStatement"].clone();
    let rows: Vec<Value> = statement["operations"].as_array().unwrap().clone();
    let regie = "Régie garderie ALSH";
    let row = |number: &str, description: &str, debit: Option<&str>, credit: Option<&str>| {
        json!({ "number": number, "date": "2015-04-08", "description": description, "regie": regie,
            "debit": debit, "credit": credit })
    };
    assert_eq!(
        rows,
        [
            row("AL-36", "Facture : 01/04/2015 - 30/04/2015", Some("120.60"), None),
            row("AL-228", "Règlement : Chèque", None, Some("243.20")),
            row("AL-12", "Facture : 01/02/2015 - 31/03/2015", Some("243.20"), None),
        ]
    );
    for (field, expected) in [
        ("schoolYear", "2014-2015"),
        ("previousBalance", "0.00"),
        ("totalDebit", "363.80"),
        ("totalCredit", "243.20"),
        ("balance", "120.60"),
        ("collectionMode", "TREASURY"),
    ] {
        assert_eq!(statement[field], expected, "{field}");
    }
    assert!(statement["warning"].as_str().unwrap().contains("trésorerie"));
}

#[tokio::test]
async fn the_home_page_shows_the_balance_and_the_unpaid_invoice() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let home = parent
        .ask(
            "{ home { balance { asOf amount } unpaidInvoices { total invoices { number date due amount } } } }",
            json!({}),
        )
        .await["home"]
        .clone();
    assert_eq!(home["balance"], json!({ "asOf": "2015-04-08", "amount": "120.60" }));
    let invoice = json!({ "number": "AL-36", "date": "2015-04-08", "due": "2015-04-30", "amount": "120.60" });
    assert_eq!(home["unpaidInvoices"], json!({ "total": "120.60", "invoices": [invoice] }));
}

#[tokio::test]
async fn a_price_explains_itself() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let answer = parent
        .ask(
            "query ($child: ID!) { price(childId: $child, activityId: \"restauration-scolaire\", date: \"2015-05-05\") \
             { amount explanation { rule label price } } }",
            json!({ "child": LEO }),
        )
        .await;
    let price = &answer["price"];
    assert!(price["amount"].as_str().is_some(), "{answer}");
    assert!(!price["explanation"].as_array().unwrap().is_empty(), "{answer}");
}

#[tokio::test]
async fn nobody_reads_another_familys_account_or_moves_money_without_the_right_to() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let foreign = "{ accountStatement(familyNumber: \"9999999999999\") { balance } }";
    assert_eq!(parent.error(foreign, json!({})).await, "NOT_FOUND");
    let pay = "mutation ($input: RecordPaymentInput!) { recordPayment(input: $input) { id } }";
    let input = json!({ "input": { "clientMutationId": Uuid::now_v7(), "regieId": "al", "familyNumber": PARENT.0,
        "date": "2015-04-08", "method": "CASH", "amount": "1.00" } });
    assert_eq!(parent.error(pay, input.clone()).await, "FORBIDDEN");
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    assert_eq!(auditor.error(pay, input).await, "FORBIDDEN");
}

pub async fn made(staff: &Client, mutation: &str, kind: &str, mut input: Value) -> Value {
    input["clientMutationId"] = json!(Uuid::now_v7());
    let query = format!(
        "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ id position userErrors {{ code path }} }} }}"
    );
    staff.ask(&query, json!({ "input": input })).await[mutation].clone()
}

/// Asks until an answer is as expected; the server works on a run by itself.
pub async fn until(staff: &Client, query: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let answer = staff.ask(query, json!({})).await;
        if is_there(&answer) {
            return answer;
        }
        assert!(std::time::Instant::now() < limit, "never: {answer}");
        tokio::task::yield_now().await;
    }
}

/// Eight meals of May, which no invoice covers yet: 26.40.
pub async fn book_meals_of_may(parent: &Client) {
    let dates = ["11", "12", "18", "19", "21", "22", "26", "28"].map(|d| format!("2015-05-{d}"));
    let meals = json!({ "childId": LEO, "activityId": "restauration-scolaire", "dates": dates });
    let asked = parent.act("requestReservations", meals).await;
    assert!(asked["days"].as_array().unwrap().iter().all(|d| d["error"].is_null()), "{asked}");
}

#[tokio::test]
async fn a_draft_that_nobody_starts_is_given_up_after_two_months() {
    let mut home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let run = json!({ "regieId": "al", "from": "2015-05-01", "to": "2015-05-31", "date": "2015-05-04", "due": "2015-05-31" });
    let run = made(&staff, "prepareBillingRun", "PrepareBillingRunInput", run.clone()).await["id"].clone();
    let query =
        format!("{{ billingRun(id: {run}) {{ stage draft {{ complete }} families {{ familyNumber }} }} }}");
    until(&staff, &query, |a| a["billingRun"]["draft"]["complete"] == true).await;
    server.kill();
    home.environment = vec![("PORTAIL_TODAY", "2015-06-06".into())];
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let waiting = staff.ask(&query, json!({})).await["billingRun"].clone();
    assert_eq!(
        (&waiting["stage"], &waiting["draft"]["complete"]),
        (&json!("PREPARED"), &json!(true)),
        "{waiting}"
    );
    server.kill();
    home.environment = vec![("PORTAIL_TODAY", "2015-06-09".into())];
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let given_up = |a: &Value| a["billingRun"]["stage"] == "ABANDONED" && a["billingRun"]["draft"].is_null();
    let given_up = until(&staff, &query, given_up).await;
    assert_eq!(given_up["billingRun"]["families"], json!([]), "{given_up}");
}

#[tokio::test]
async fn a_month_is_drafted_reviewed_issued_paid_and_corrected() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    book_meals_of_may(&parent).await;
    let prepared = made(
        &staff,
        "prepareBillingRun",
        "PrepareBillingRunInput",
        json!({ "regieId": "al",
        "from": "2015-05-01", "to": "2015-05-31", "date": "2015-05-04", "due": "2015-05-31" }),
    )
    .await;
    let run = prepared["id"].as_str().unwrap_or_else(|| panic!("{prepared}")).to_owned();

    let query = format!(
        "{{ billingRun(id: \"{run}\") {{ stage issued draft {{ complete invoices total warnings }} families {{ familyNumber \
         total previousTotal lines {{ child label quantity unitPrice amount explanation {{ label }} }} }} }} }}"
    );
    let drafted = until(&staff, &query, |a| a["billingRun"]["draft"]["complete"] == true).await;
    let draft = &drafted["billingRun"];
    assert_eq!(draft["draft"]["invoices"], 1, "{draft}");
    let total = draft["families"][0]["total"].as_str().unwrap().to_owned();
    assert_eq!(total, "26.40", "April is on AL-36, which was taken over: {draft}");
    let lines = draft["families"][0]["lines"].as_array().unwrap();
    assert!(lines.iter().all(|l| !l["explanation"].as_array().unwrap().is_empty()), "{draft}");

    let input = json!({ "regieId": "al", "runId": run });
    let started = made(&staff, "startBillingRun", "BillingRunInput", input.clone()).await;
    assert_eq!(started["userErrors"], json!([]), "{started}");
    // What was reviewed is on the invoices now, and its draft goes.
    let issued = |a: &Value| a["billingRun"]["stage"] == "COMPLETED" && a["billingRun"]["draft"].is_null();
    let issued = until(&staff, &query, issued).await;
    assert_eq!(issued["billingRun"]["families"], json!([]), "{issued}");
    let again = made(&staff, "startBillingRun", "BillingRunInput", input).await;
    assert_eq!(again["userErrors"][0]["code"], "NOT_FOUND", "a run is issued once");

    let invoices = "{ invoices(at: \"2015-05-12\") { number total open lines { amount } } }";
    let issued = parent.ask(invoices, json!({})).await["invoices"][0].clone();
    assert_eq!((&issued["number"], &issued["total"]), (&json!("AL-37"), &json!(total)), "the series goes on");

    // The oldest invoice is settled first, the rest goes to the new one.
    let paid = made(
        &staff,
        "recordPayment",
        "RecordPaymentInput",
        json!({ "regieId": "al", "familyNumber": PARENT.0,
        "date": "2015-05-10", "method": "CHEQUE", "amount": "130.60", "reference": "n° 1234567" }),
    )
    .await;
    assert_eq!(paid["id"], "AL-R229", "{paid}");
    let after = parent.ask(invoices, json!({})).await["invoices"].clone();
    let open = |index: usize| after[index]["open"].as_str().unwrap().parse::<f64>().unwrap();
    assert_eq!(after[1]["open"], "0.00");
    assert!((open(0) - (total.parse::<f64>().unwrap() - 10.0)).abs() < 0.001, "{after}");

    // The bank rejects it: everything is open again, and nothing was edited.
    let rejected = made(
        &staff,
        "rejectPayment",
        "RejectPaymentInput",
        json!({ "regieId": "al", "familyNumber": PARENT.0,
        "payment": 229, "date": "2015-05-12", "reason": "INSUFFICIENT_FUNDS" }),
    )
    .await;
    assert_eq!(rejected["id"], "AL-R230", "{rejected}");
    let after = parent.ask(invoices, json!({})).await["invoices"].clone();
    assert_eq!((&after[0]["open"], &after[1]["open"]), (&json!(total), &json!("120.60")));

    // Only what is over can be closed, and the closed desk takes nothing any more.
    let close = |date: &str| {
        made(&staff, "closeCashDay", "CloseCashDayInput", json!({ "regieId": "al", "date": date }))
    };
    for (date, code) in [("2015-04-09", "DATE_IN_THE_FUTURE"), ("2004-01-01", "DATE_TOO_EARLY")] {
        let refused = close(date).await;
        assert_eq!(refused["userErrors"][0]["code"], code, "{refused}");
        assert_eq!(refused["userErrors"][0]["path"], json!(["input", "date"]), "{refused}");
    }
    let closed = close("2015-04-08").await;
    assert_eq!(closed["userErrors"], json!([]), "{closed}");
    let late = made(
        &staff,
        "recordPayment",
        "RecordPaymentInput",
        json!({ "regieId": "al", "familyNumber": PARENT.0,
        "date": "2015-04-08", "method": "CASH", "amount": "1.00" }),
    )
    .await;
    assert_eq!(late["userErrors"][0]["code"], "CASH_DAY_CLOSED", "{late}");

    // A payment of a later day counts from then on, everywhere.
    let statement = parent
        .ask(
            "{ today: accountStatement { balance } then: accountStatement(at: \"2015-05-10\") { balance } \
             after: accountStatement(at: \"2015-05-12\") { balance } }",
            json!({}),
        )
        .await;
    let balances = ["today", "then", "after"].map(|day| statement[day]["balance"].as_str().unwrap());
    assert_eq!(balances, ["120.60", "16.40", "147.00"], "{statement}");

    // The statement and the régie agree.
    let statement = parent.ask("{ accountStatement { balance } }", json!({})).await;
    let regies = staff.ask("{ regies { totalDebit totalCredit open } }", json!({})).await;
    assert_eq!(statement["accountStatement"]["balance"], regies["regies"][0]["open"], "{regies}");
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_recorded_at_the_same_time_are_numbered_without_a_gap() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let pay = |_: i32| {
        let input = json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2015-05-10", "method": "CASH",
            "amount": "1.00" });
        let staff = staff.clone();
        tokio::spawn(
            async move { made(&staff, "recordPayment", "RecordPaymentInput", input).await["id"].clone() },
        )
    };
    let paying: Vec<_> = (0..24).map(pay).collect();
    let mut numbers = std::collections::BTreeSet::new();
    for paid in paying {
        numbers.insert(paid.await.unwrap().as_str().unwrap().to_owned());
    }
    let expected: std::collections::BTreeSet<String> = (229..253).map(|n| format!("AL-R{n}")).collect();
    assert_eq!(numbers, expected);
}
