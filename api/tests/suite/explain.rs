//! From a value to its events, and from an event to its values.

use serde_json::{Value, json};

use crate::{
    money::made,
    server::{AUDITOR, Client, Home, LEO, PARENT, STAFF, demo},
};

fn types(events: &Value) -> Vec<(String, String)> {
    let of = |e: &Value| {
        (e["part"].as_str().unwrap().to_owned(), e["event"]["eventType"].as_str().unwrap().to_owned())
    };
    events.as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn a_cell_is_explained_and_each_event_tells_what_it_changed() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    let asked = json!({ "childId": LEO, "activityId": "garderie-matin", "dates": ["2015-06-26"] });
    parent.act("requestReservations", asked).await;
    let query = "query ($c: ID!) { explainCell(childId: $c, activityId: \"garderie-matin\", date: \"2015-06-26\") { \
        part event { eventType position actor recordedAt commandId } } }";
    let explained = auditor.ask(query, json!({ "c": LEO })).await["explainCell"].clone();
    let types = types(&explained);
    let value: Vec<&str> = types.iter().filter(|(p, _)| p == "VALUE").map(|(_, t)| t.as_str()).collect();
    assert_eq!(value, ["ReservationRequested", "ReservationConfirmed"], "{explained}");
    for rests_on in
        [("ENROLMENT", "ChildEnrolled"), ("ACTIVITY", "ActivityDefined"), ("CALENDAR", "ZoneAdopted")]
    {
        assert!(types.iter().any(|(p, t)| (p.as_str(), t.as_str()) == rests_on), "{rests_on:?}: {types:?}");
    }
    assert_eq!(explained[0]["event"]["actor"], format!("parent:{}", PARENT.0));
    let foreign = json!({ "c": "5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a99" });
    assert_eq!(auditor.error(query, foreign).await, "NOT_FOUND");

    // Forwards: one command, both events; the confirmation changed the planning and the list.
    let position = &explained[1]["event"]["position"];
    let context = "query ($p: Position!) { logEvent(position: $p) { event { eventType } ofCommand { eventType } \
        correlated { eventType } caused { eventType } } }";
    let shown = auditor.ask(context, json!({ "p": position })).await["logEvent"].clone();
    assert_eq!(shown["event"]["eventType"], "ReservationConfirmed");
    assert_eq!(shown["ofCommand"], json!([{ "eventType": "ReservationRequested" }]));
    let effects = "query ($p: Position!) { eventEffects(position: $p) { readModel table before after } }";
    let effects_of = async |position: &serde_json::Value| loop {
        let answer = auditor.send(effects, json!({ "p": position })).await.unwrap();
        if answer["errors"][0]["extensions"]["code"] != "REPLAY_UNFINISHED" {
            break answer["data"]["eventEffects"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        }
    };
    let changed = effects_of(position).await;
    let of =
        |name: &str| changed.iter().find(|c| c["readModel"] == name).unwrap_or_else(|| panic!("{changed:?}"));
    assert_eq!(
        (&of("requests")["before"]["status"], &of("requests")["after"]["status"]),
        (&json!("PENDING"), &json!("ACCEPTED"))
    );
    assert_eq!(of("planning")["after"]["date"], "2015-06-26");
    assert!(changed.iter().all(|c| c["readModel"] != "accounts"), "and nothing else: {changed:?}");
    assert!(!effects_of(&json!("1")).await.is_empty(), "the first event, on an empty town");
    for position in ["0", "999999999"] {
        assert_eq!(auditor.error(effects, json!({ "p": position })).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_line_of_a_statement_is_explained_down_to_the_billed_days() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let statement = "{ accountStatement { operations { position number kind } } }";
    let operations = parent.ask(statement, json!({})).await["accountStatement"]["operations"].clone();
    let line = operations.as_array().unwrap().iter().find(|o| o["kind"] == "INVOICE").unwrap();
    let query = "query ($p: Position!, $f: String) { explainOperation(position: $p, familyNumber: $f) { part event { eventType streamId } } }";
    let own = parent.ask(query, json!({ "p": line["position"] })).await["explainOperation"].clone();
    assert_eq!(own[0]["part"], "VALUE");
    assert_eq!(own[0]["event"]["streamId"], PARENT.0);
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    let named = json!({ "p": line["position"], "f": PARENT.0 });
    let all = auditor.ask(query, named).await["explainOperation"].clone();
    assert!(all.as_array().unwrap().len() >= own.as_array().unwrap().len());
    let wrong = json!({ "p": line["position"], "f": "4000000000009" });
    assert_eq!(auditor.error(query, wrong).await, "NOT_FOUND");
}

#[tokio::test]
async fn an_invoice_of_a_run_names_its_days_and_its_price_list() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    crate::money::book_meals_of_may(&Client::log_in(&server.address, PARENT).await).await;
    let run = json!({ "regieId": "al", "from": "2015-05-01", "to": "2015-05-31", "date": "2015-05-04", "due": "2015-05-31" });
    let run = made(&staff, "prepareBillingRun", "PrepareBillingRunInput", run).await["id"].clone();
    let query = format!("{{ billingRun(id: {run}) {{ draft {{ complete }} }} }}");
    crate::money::until(&staff, &query, |a| a["billingRun"]["draft"]["complete"] == true).await;
    let started =
        made(&staff, "startBillingRun", "BillingRunInput", json!({ "regieId": "al", "runId": run })).await;
    assert_eq!(started["userErrors"], json!([]), "{started}");
    let statement = format!(
        "{{ accountStatement(familyNumber: \"{}\") {{ operations {{ position date }} }} }}",
        PARENT.0
    );
    let of_run = |answer: &Value| {
        let operations = answer["accountStatement"]["operations"].as_array().unwrap();
        operations.iter().find(|o| o["date"] == "2015-05-04").cloned()
    };
    let billed = crate::money::until(&staff, &statement, |answer| of_run(answer).is_some()).await;
    let line = of_run(&billed).unwrap();
    let query = "query ($p: Position!, $f: String) { explainOperation(position: $p, familyNumber: $f) { part event { eventType } } }";
    let named = json!({ "p": line["position"], "f": PARENT.0 });
    let explained = types(&staff.ask(query, named).await["explainOperation"]);
    assert_eq!(explained[0], ("VALUE".into(), "InvoiceIssued".into()));
    assert!(explained.iter().any(|(part, _)| part == "BILLED_DAY"), "{explained:?}");
    assert!(explained.contains(&("TARIFF".into(), "TariffSet".into())), "{explained:?}");
}

#[tokio::test]
async fn a_field_of_the_file_is_explained_by_every_value_it_had() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    for (seen, iban) in [(1, "FR1420041010050500013M02606"), (2, "FR7630006000011234567890189")] {
        let change =
            json!({ "bank": { "accountHolder": "DUPONT JEAN", "iban": iban, "bic": "PSSTFRPPMAR" } });
        let section = json!({ "familyNumber": PARENT.0, "seenRevision": seen, "change": change });
        let made = made(&staff, "recordSection", "RecordSectionInput", section).await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
    }
    let query = "query ($f: String!, $field: String!) { explainField(familyNumber: $f, section: BANK, fieldName: $field) { \
        part value event { eventType actor } } }";
    let asked = |field: &str| json!({ "f": PARENT.0, "field": field });
    let seen = staff.ask(query, asked("iban")).await["explainField"].clone();
    let values: Vec<&str> = seen.as_array().unwrap().iter().filter_map(|e| e["value"].as_str()).collect();
    assert!(values.ends_with(&["FR1420041010050500013M02606", "FR7630006000011234567890189"]), "{seen}");
    assert_eq!(seen.as_array().unwrap().last().unwrap()["event"]["actor"], "staff:mairie");
    let masked = auditor.ask(query, asked("iban")).await["explainField"].clone();
    let masked: Vec<&str> = masked.as_array().unwrap().iter().filter_map(|e| e["value"].as_str()).collect();
    assert!(masked.len() >= 2 && masked.iter().all(|value| value.contains('•')), "{masked:?}");
    // Recorded twice, but only once with another value.
    let holder = staff.ask(query, asked("account_holder")).await["explainField"].clone();
    let named = holder.as_array().unwrap().iter().filter(|e| e["value"] == "DUPONT JEAN").count();
    assert_eq!(named, 1, "{holder}");
    assert_eq!(staff.error(query, asked("password")).await, "NOT_FOUND");
}
