//! A billing run whose server is killed again and again: no family is left out or billed twice, no
//! number is lost, and every amount can be computed again from the log.

use std::collections::{BTreeSet, HashSet};

use futures::{StreamExt, stream};
use portail_domain::{money::account::AccountEvent, shared::amount::Amount};
use portail_event_store::{Database, MasterKey};
use serde_json::{Value, json};

use crate::{
    faults::all_is_well,
    money::{made, until},
    printed::exported,
    server::{Client, Home, STAFF},
};

/// More than two chunks of a run.
const FAMILIES: u32 = 520;

/// A family with a child whose mornings are paid by the month.
async fn settle(staff: &Client, n: u32) {
    let number = format!("{:013}", 3_000_000_000_000_u64 + u64::from(n));
    let family = json!({ "number": number, "title": "Madame", "surname": format!("Martin {n}"), "firstName": "Louise" });
    made(staff, "registerFamily", "RegisterFamilyInput", family).await;
    let child =
        json!({ "familyNumber": number, "surname": "Martin", "firstName": "Ada", "birthDate": "2010-02-01" });
    let child = made(staff, "registerChild", "RegisterChildInput", child).await;
    let enrolment = json!({ "childId": child["id"], "activityId": "garderie-matin", "payer": number,
        "from": "2014-09-01" });
    let enrolled = made(staff, "enrolChild", "EnrolChildInput", enrolment).await;
    assert_eq!(enrolled["userErrors"], json!([]), "{enrolled}");
}

/// What the books say families owe is what their statements say, all added up.
async fn the_ledger_is_the_sum_of_the_families(staff: &Client) {
    let range = "?from=2014-09-01&to=2015-08-31";
    let operations = exported(staff, &format!("/exports/regies/al/operations{range}")).await;
    let families: BTreeSet<String> =
        operations.into_iter().map(|mut o| o.remove("famille").unwrap()).collect();
    assert!(families.len() > usize::try_from(FAMILIES).unwrap());
    let balance = |family: String| async move {
        let query = "query ($f: String!) { accountBalance(familyNumber: $f, at: \"2015-06-30\") { amount } }";
        let answer = staff.ask(query, json!({ "f": family })).await;
        answer["accountBalance"]["amount"].as_str().unwrap().parse::<Amount>().unwrap()
    };
    let balances: Vec<Amount> = stream::iter(families).map(balance).buffer_unordered(8).collect().await;
    let books = exported(staff, &format!("/exports/regies/al/books{range}")).await;
    let amount = |text: &String| text.replace(',', ".").parse::<Amount>().unwrap();
    let owed = books.iter().filter(|row| row["CompteNum"] == "411");
    let ledger: Amount = owed.map(|row| amount(&row["Debit"]) - amount(&row["Credit"])).sum();
    assert!(ledger.is_positive());
    assert_eq!(ledger, balances.into_iter().sum());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_at_every_stage_bills_each_family_once_and_leaves_no_gap() {
    let home = Home::new().await;
    let mut server = home.serve(&["--demo"]);
    let mut staff = Client::log_in(&server.address, STAFF).await;
    let settings = json!({ "regieId": "al", "unit": "MONTH", "scale": { "flat": "23.40" }, "deductiblePercent": 100,
        "productAccount": "7067" });
    let tariff = json!({ "activityId": "garderie-matin", "settings": settings, "from": "2015-05-01" });
    let set = made(&staff, "setTariff", "SetTariffInput", tariff).await;
    assert_eq!(set["userErrors"], json!([]), "{set}");
    stream::iter(0..FAMILIES).map(|n| settle(&staff, n)).buffer_unordered(8).collect::<Vec<()>>().await;

    let run = json!({ "regieId": "al", "from": "2015-05-01", "to": "2015-05-31", "date": "2015-06-01", "due": "2015-06-30" });
    let run = made(&staff, "prepareBillingRun", "PrepareBillingRunInput", run).await["id"].clone();
    let query = format!("{{ billingRun(id: {run}) {{ stage issued draft {{ complete invoices }} }} }}");
    // Once while the draft is computed, once when it is ready, and at each chunk of the invoices.
    let again = async |server: crate::server::Server| {
        server.kill();
        let server = home.serve(&["--demo"]);
        let staff = Client::log_in(&server.address, STAFF).await;
        (server, staff)
    };
    (server, staff) = again(server).await;
    let drafted = until(&staff, &query, |a| a["billingRun"]["draft"]["complete"] == true).await;
    assert!(drafted["billingRun"]["draft"]["invoices"].as_u64().unwrap() >= u64::from(FAMILIES), "{drafted}");
    (server, staff) = again(server).await;
    let started =
        made(&staff, "startBillingRun", "BillingRunInput", json!({ "regieId": "al", "runId": run })).await;
    assert_eq!(started["userErrors"], json!([]), "{started}");
    let mut issued = 0;
    loop {
        (server, staff) = again(server).await;
        let moved = |a: &Value| {
            a["billingRun"]["stage"] == "COMPLETED" || a["billingRun"]["issued"].as_u64() > Some(issued)
        };
        let now = until(&staff, &query, moved).await["billingRun"].clone();
        issued = now["issued"].as_u64().unwrap();
        if now["stage"] == "COMPLETED" {
            break;
        }
    }
    the_ledger_is_the_sum_of_the_families(&staff).await;
    server.kill();

    let database = match &home.url {
        Some(url) => Database::connect(url, 4).await.unwrap(),
        None => Database::embedded(home.folder.path()).await.unwrap(),
    };
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT aggregate_id, payload::text FROM events WHERE event_type = 'InvoiceIssued' ORDER BY position",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    assert_eq!(u64::try_from(rows.len()).unwrap(), issued);
    let (mut families, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for (family, payload) in rows {
        assert!(families.insert(family.clone()), "{family} was billed twice");
        let AccountEvent::InvoiceIssued { number, lines, total, .. } =
            serde_json::from_str(&payload).unwrap()
        else {
            panic!("{payload}");
        };
        numbers.insert(number);
        // What the log keeps is enough to compute the invoice again to the cent.
        for line in &lines {
            assert_eq!(line.unit, Amount::round(line.steps.last().unwrap().price), "{family}: {line:?}");
        }
        let sum: Amount = lines.iter().map(|l| l.amount()).sum();
        assert_eq!(sum, total, "{family}");
    }
    let last = 36 + u32::try_from(issued).unwrap();
    assert_eq!(numbers, (37..=last).collect(), "the series has no gap and no number twice");
    let key = MasterKey::from_file(&home.folder.path().join("master.key")).unwrap();
    all_is_well(&database, key, &HashSet::new()).await;
}
