//! Cases of real towns that once made a wrong bill: the situation, and the right sum.

use serde_json::{Value, json};

use crate::{
    money::{made, until},
    server::{Client, EMMA, Home, LEO, PARENT, STAFF},
};

const MARTIN: &str = "1001001010348";

async fn done(staff: &Client, mutation: &str, kind: &str, input: Value) -> Value {
    let answer = made(staff, mutation, kind, input).await;
    assert_eq!(answer["userErrors"], json!([]), "{mutation}: {answer}");
    answer
}

/// The draft of a run over some days, which is then given up.
async fn draft(staff: &Client, from: &str, to: &str) -> Value {
    let run = json!({ "regieId": "al", "from": from, "to": to, "date": to, "due": to });
    let run = done(staff, "prepareBillingRun", "PrepareBillingRunInput", run).await["id"].clone();
    let query = format!(
        "{{ billingRun(id: {run}) {{ draft {{ complete warnings }} families {{ familyNumber total \
         lines {{ activityId charge quantity unitPrice amount }} \
         warnings {{ kind label activityId date count invoice }} }} }} }}"
    );
    let drafted = until(staff, &query, |a| a["billingRun"]["draft"]["complete"] == true).await;
    done(staff, "abandonBillingRun", "BillingRunInput", json!({ "regieId": "al", "runId": run })).await;
    drafted["billingRun"]["families"].clone()
}

fn of<'a>(families: &'a Value, family: &str) -> Option<&'a Value> {
    families.as_array().unwrap().iter().find(|f| f["familyNumber"] == family)
}

async fn price(staff: &Client, family: &str, child: &str, date: &str) -> String {
    let query = "query ($child: ID!, $date: Date!, $family: String!) { price(childId: $child, \
        activityId: \"restauration-scolaire\", date: $date, familyNumber: $family) { amount } }";
    let answer = staff.ask(query, json!({ "child": child, "date": date, "family": family })).await;
    answer["price"]["amount"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn tariff(staff: &Client, activity: &str, settings: Value) {
    let mut settings = settings;
    (settings["regieId"], settings["productAccount"]) = (json!("al"), json!("7067"));
    let input = json!({ "activityId": activity, "settings": settings, "from": "2014-09-01" });
    done(staff, "setTariff", "SetTariffInput", input).await;
}

/// Meals of Champcevinel: 1.00, 3.30 from 623, 3.50 from 1501.
fn champcevinel() -> Value {
    json!({ "unit": "SESSION", "scale": { "bands": [{ "from": "0", "price": "1.00" }, { "from": "623", "price": "3.30" },
        { "from": "1501", "price": "3.50" }] } })
}

#[tokio::test]
async fn what_was_taken_over_is_not_billed_again_and_what_cannot_be_told_is_a_warning() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    for (from, to) in [("2015-05-01", "2015-05-31"), ("2015-04-01", "2015-04-30")] {
        let families = draft(&staff, from, to).await;
        assert_eq!(of(&families, PARENT.0), None, "AL-36 billed April: {families}");
    }
    // An invoice without its lines covers what it may.
    let invoice = json!({ "regieId": "al", "familyNumber": MARTIN, "number": 35, "date": "2015-04-08", "amount": "6.60",
        "from": "2015-04-01", "to": "2015-04-30", "due": "2015-04-30" });
    let wrong = |lines: Value| {
        let mut input = invoice.clone();
        input["lines"] = lines;
        input
    };
    let line =
        json!({ "childId": EMMA, "activityId": "restauration-scolaire", "quantity": 1, "unitPrice": "3.30" });
    let refused = made(&staff, "takeOverOperation", "TakeOverOperationInput", wrong(json!([line]))).await;
    assert_eq!(refused["userErrors"][0]["code"], "LINES_SUM", "{refused}");
    let foreign =
        json!({ "childId": LEO, "activityId": "restauration-scolaire", "quantity": 2, "unitPrice": "3.30" });
    let refused = made(&staff, "takeOverOperation", "TakeOverOperationInput", wrong(json!([foreign]))).await;
    assert_eq!(refused["userErrors"][0]["path"], json!(["input", "lines", "0", "childId"]), "{refused}");
    done(&staff, "takeOverOperation", "TakeOverOperationInput", invoice.clone()).await;
    let seen = json!({ "activityId": "restauration-scolaire", "date": "2015-04-07", "entries": [{ "childId": EMMA, "present": true }] });
    staff.act("recordRollCall", seen).await;
    let families = draft(&staff, "2015-04-01", "2015-04-30").await;
    let family = of(&families, MARTIN).unwrap_or_else(|| panic!("{families}"));
    assert_eq!(family["lines"], json!([]), "{family}");
    let warning = &family["warnings"][0];
    assert_eq!((&warning["kind"], &warning["invoice"]), (&json!("TAKEN_OVER"), &json!("AL-35")), "{family}");
}

/// What the file shows of the quotient, one change after the other, and the price of a meal then.
#[tokio::test]
async fn a_quotient_the_file_no_longer_shows_sets_no_price() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    tariff(&staff, "restauration-scolaire", champcevinel()).await;
    let caf = |value: Value, from: Value, to: Value| json!({ "caf": { "incomeQuotient": value, "quotientFrom": from, "quotientTo": to } });
    let (first, end) = (json!("2015-01-01"), json!("2015-12-31"));
    let null = Value::Null;
    let states = [
        (
            "as recorded",
            caf(json!("500.00"), first.clone(), json!("2017-12-31")),
            vec![("2016-01-04", "1.00"), ("2015-06-22", "1.00")],
        ),
        (
            "its end is corrected",
            caf(json!("500.00"), first.clone(), end.clone()),
            vec![("2016-01-04", "3.50"), ("2015-06-22", "1.00")],
        ),
        (
            "its start is corrected",
            caf(json!("500.00"), json!("2015-09-01"), end.clone()),
            vec![("2015-06-22", "3.50"), ("2015-09-03", "1.00")],
        ),
        ("its start is corrected back", caf(json!("500.00"), first, end), vec![("2015-06-22", "1.00")]),
        (
            "it is emptied",
            caf(null.clone(), null.clone(), null),
            vec![("2016-01-04", "3.50"), ("2015-06-22", "3.50")],
        ),
    ];
    for (revision, (name, change, prices)) in (1..).zip(states) {
        let input = json!({ "familyNumber": PARENT.0, "seenRevision": revision, "change": change });
        done(&staff, "recordSection", "RecordSectionInput", input).await;
        for (date, expected) in prices {
            assert_eq!(price(&staff, PARENT.0, LEO, date).await, expected, "{name}: {date}");
        }
    }
    let meals = json!({ "childId": LEO, "activityId": "restauration-scolaire", "dates": ["2015-06-22", "2015-06-23"] });
    parent.act("requestReservations", meals).await;
    let families = draft(&staff, "2015-06-01", "2015-06-30").await;
    let line = &of(&families, PARENT.0).unwrap()["lines"][0];
    assert_eq!(
        (&line["quantity"], &line["unitPrice"], &line["amount"]),
        (&json!(2), &json!("3.50"), &json!("7.00")),
        "{families}"
    );
}

#[tokio::test]
async fn days_released_by_an_ended_enrolment_are_not_billed() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    tariff(&staff, "restauration-scolaire", json!({ "unit": "SESSION", "scale": { "flat": "4.00" } })).await;
    let days = ["2015-06-04", "2015-06-15", "2015-06-16", "2015-06-18"];
    let meals = json!({ "childId": LEO, "activityId": "restauration-scolaire", "dates": days });
    parent.act("requestReservations", meals).await;
    let drafted =
        |families: &Value| of(families, PARENT.0).map(|f| (f["total"].clone(), f["warnings"].clone()));
    let families = draft(&staff, "2015-06-01", "2015-06-30").await;
    assert_eq!(drafted(&families), Some((json!("16.00"), json!([]))), "{families}");
    let end = json!({ "childId": LEO, "activityId": "restauration-scolaire", "payer": PARENT.0, "lastDay": "2015-06-14" });
    done(&staff, "endEnrolment", "EndEnrolmentInput", end).await;
    let families = draft(&staff, "2015-06-01", "2015-06-30").await;
    assert_eq!(drafted(&families), Some((json!("4.00"), json!([]))), "{families}");
}

#[tokio::test]
async fn a_day_of_a_contract_is_inside_it() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let month = json!({ "unit": "MONTH", "scale": { "flat": "59" }, "unbooked": { "amount": "7" } });
    tariff(&staff, "garderie-periscolaire", month).await;
    let enrolment = json!({ "childId": EMMA, "activityId": "garderie-periscolaire", "payer": MARTIN, "from": "2015-03-01",
        "contractWeekdays": ["MON", "TUE"] });
    done(&staff, "enrolChild", "EnrolChildInput", enrolment).await;
    // A Monday and a Thursday.
    for date in ["2015-03-30", "2015-03-26"] {
        let roll = json!({ "activityId": "garderie-periscolaire", "date": date, "entries": [{ "childId": EMMA, "present": true }] });
        let called = staff.act("recordRollCall", roll).await;
        assert_eq!(called["userErrors"], json!([]), "{called}");
    }
    let planning = "query ($child: ID!) { planning(childId: $child, month: \"2015-03\") { rows { activityId cells { date status price } } } }";
    let answer = staff.ask(planning, json!({ "child": EMMA })).await;
    let rows = answer["planning"]["rows"].as_array().unwrap();
    let row = rows.iter().find(|r| r["activityId"] == "garderie-periscolaire").unwrap();
    let status = |date: &str| {
        let cell = row["cells"].as_array().unwrap().iter().find(|c| c["date"] == date).unwrap();
        cell["status"].clone()
    };
    assert_eq!(
        [status("2015-03-30"), status("2015-03-26")],
        ["PRESENT_AS_RESERVED", "OUTSIDE_CONTRACT"].map(Value::from)
    );
    let families = draft(&staff, "2015-03-01", "2015-03-31").await;
    let family = of(&families, MARTIN).unwrap_or_else(|| panic!("{families}"));
    let lines: Vec<(&str, &str)> = family["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["charge"].as_str().unwrap(), l["amount"].as_str().unwrap()))
        .collect();
    assert_eq!(family["total"], "66.00", "{family}");
    assert!(lines.contains(&("MONTH", "59.00")) && lines.contains(&("OUTSIDE_CONTRACT", "7.00")), "{family}");
}

#[tokio::test]
async fn a_family_of_another_commune_of_the_postcode_is_from_elsewhere() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let settings = |field: &str, value: Value| {
        json!({ "regieId": "al", "unit": "SESSION", "scale": { "flat": "4.50" }, "outside": { "percent": 200 },
            "productAccount": "7067", field: value })
    };
    let by_postcode = json!({ "activityId": "restauration-scolaire", "from": "2014-09-01",
        "settings": settings("residentPostcodes", json!(["62138"])) });
    let refused = made(&staff, "setTariff", "SetTariffInput", by_postcode).await;
    assert_eq!(refused["userErrors"][0]["code"], "POSTCODE_IS_SHARED", "{refused}");
    let communes = staff.ask("{ communes(postcode: \"62138\") { code name } }", json!({})).await;
    assert!(
        communes["communes"].as_array().unwrap().contains(&json!({ "code": "62401", "name": "Haisnes" }))
    );
    tariff(&staff, "restauration-scolaire", settings("residentCommunes", json!(["62401"]))).await;
    // Its postcode and town as written, the commune chosen, and what a meal costs it.
    let addresses = [
        ("Douvrin", Value::Null, "9.00"),
        ("HAISNES", Value::Null, "4.50"),
        ("Douvrin", json!("62401"), "4.50"),
        ("?", Value::Null, "9.00"),
    ];
    for (revision, (town, commune, expected)) in (1..).zip(addresses) {
        let change = json!({ "responsible": { "postcode": "62138", "town": town, "commune": commune } });
        let input = json!({ "familyNumber": MARTIN, "seenRevision": revision, "change": change });
        done(&staff, "recordSection", "RecordSectionInput", input).await;
        assert_eq!(price(&staff, MARTIN, EMMA, "2015-06-22").await, expected, "{town} {commune}");
    }
    let seen = json!({ "activityId": "restauration-scolaire", "date": "2015-03-30", "entries": [{ "childId": EMMA, "present": true }] });
    staff.act("recordRollCall", seen).await;
    let families = draft(&staff, "2015-03-01", "2015-03-31").await;
    assert_eq!(of(&families, MARTIN).unwrap()["warnings"][0]["kind"], "RESIDENCE_UNKNOWN", "{families}");
}

#[tokio::test]
async fn sessions_no_run_reaches_and_an_expired_quotient_are_told() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    tariff(&staff, "restauration-scolaire", champcevinel()).await;
    let change = json!({ "caf": { "incomeQuotient": "500.00", "quotientFrom": "2014-01-01", "quotientTo": "2014-12-31" } });
    let input = json!({ "familyNumber": MARTIN, "seenRevision": 0, "change": change });
    done(&staff, "recordSection", "RecordSectionInput", input).await;
    for date in ["2014-11-04", "2014-11-06", "2015-03-30"] {
        let seen = json!({ "activityId": "restauration-scolaire", "date": date, "entries": [{ "childId": EMMA, "present": true }] });
        staff.act("recordRollCall", seen).await;
    }
    let families = draft(&staff, "2015-05-01", "2015-05-31").await;
    let warnings = of(&families, MARTIN).unwrap_or_else(|| panic!("{families}"))["warnings"].clone();
    let told: Vec<(Value, Value, Value)> = warnings
        .as_array()
        .unwrap()
        .iter()
        .map(|w| (w["kind"].clone(), w["date"].clone(), w["count"].clone()))
        .collect();
    let expected = [("NEVER_BILLED", "2014-11-04", 2), ("QUOTIENT_EXPIRED", "2015-03-30", 1)];
    assert_eq!(told, expected.map(|(kind, date, n)| (json!(kind), json!(date), json!(n))), "{warnings}");
    // A run of their period bills them.
    let families = draft(&staff, "2014-11-01", "2014-11-30").await;
    assert_eq!(of(&families, MARTIN).unwrap()["lines"][0]["quantity"], 2, "{families}");
}

#[tokio::test]
async fn a_change_of_a_regie_leaves_what_it_does_not_name() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let read =
        "{ regies { id prefix minimumInvoice contact debtorAccount quotientCorrections creditor { iban } } }";
    let mut before = staff.ask(read, json!({})).await["regies"][0].clone();
    assert_eq!(before["contact"][0], "Mairie de Haisnes");
    let change = json!({ "regieId": "al", "settings": { "minimumInvoice": "10.00" } });
    done(&staff, "changeRegie", "ChangeRegieInput", change).await;
    before["minimumInvoice"] = json!("10.00");
    assert_eq!(staff.ask(read, json!({})).await["regies"][0], before);
    let settings = json!({ "name": "Autre", "prefix": "AL", "collectionMode": "REGIE", "minimumInvoice": "15.00", "debtorAccount": "411" });
    let other = json!({ "regieId": "autre", "settings": settings });
    let refused = made(&staff, "defineRegie", "DefineRegieInput", other).await;
    assert_eq!(refused["userErrors"][0]["code"], "PREFIX_TAKEN", "{refused}");
}
