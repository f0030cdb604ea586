//! Two families of one child, each billed for its own part.

use serde_json::{Value, json};

use crate::{
    money::{made, until},
    server::{Client, Home, LEO, PARENT, STAFF},
};

const OTHER: &str = "4000000000001";

async fn billed(staff: &Client, from: &str, to: &str) -> Value {
    let run = json!({ "regieId": "al", "from": from, "to": to, "date": to, "due": to });
    let run = made(staff, "prepareBillingRun", "PrepareBillingRunInput", run).await["id"].clone();
    let query = format!(
        "{{ billingRun(id: {run}) {{ draft {{ complete }} families {{ familyNumber lines {{ activityId childId charge amount }} }} }} }}"
    );
    let drafted = until(staff, &query, |a| a["billingRun"]["draft"]["complete"] == true).await;
    made(staff, "abandonBillingRun", "BillingRunInput", json!({ "regieId": "al", "runId": run })).await;
    drafted["billingRun"]["families"].clone()
}

/// What a family is to pay for a month of mornings, in cents.
fn mornings(families: &Value, family: &str) -> i64 {
    let of = families.as_array().unwrap().iter().filter(|f| f["familyNumber"] == family);
    let lines = of.flat_map(|f| f["lines"].as_array().unwrap());
    let mornings = lines.filter(|l| l["activityId"] == "garderie-matin" && l["charge"] == "MONTH");
    mornings.map(|l| l["amount"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap()).sum()
}

#[tokio::test]
async fn separated_parents_are_billed_by_share_or_by_who_books() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let settings =
        json!({ "regieId": "al", "unit": "MONTH", "scale": { "flat": "23.41" }, "productAccount": "7067" });
    let tariff = json!({ "activityId": "garderie-matin", "settings": settings, "from": "2015-05-01" });
    made(&staff, "setTariff", "SetTariffInput", tariff).await;
    let other = json!({ "number": OTHER, "title": "Madame", "surname": "LEGRAND", "firstName": "Anne" });
    made(&staff, "registerFamily", "RegisterFamilyInput", other).await;
    made(&staff, "linkChild", "LinkChildInput", json!({ "childId": LEO, "familyNumber": OTHER })).await;

    let alone = billed(&staff, "2015-05-01", "2015-05-31").await;
    assert_eq!((mornings(&alone, PARENT.0), mornings(&alone, OTHER)), (2_341, 0), "{alone}");

    let share =
        |shares: Value| json!({ "childId": LEO, "from": "2015-06-01", "sharing": { "shares": shares } });
    let short =
        share(json!([{ "familyNumber": PARENT.0, "percent": 35 }, { "familyNumber": OTHER, "percent": 60 }]));
    let refused = made(&staff, "shareChildCosts", "ShareChildCostsInput", short).await;
    assert_eq!(refused["userErrors"][0]["code"], "SHARES_NOT_WHOLE", "{refused}");
    let whole =
        share(json!([{ "familyNumber": PARENT.0, "percent": 35 }, { "familyNumber": OTHER, "percent": 65 }]));
    let agreed = made(&staff, "shareChildCosts", "ShareChildCostsInput", whole).await;
    assert_eq!(agreed["userErrors"], json!([]), "{agreed}");
    let before = billed(&staff, "2015-05-01", "2015-05-31").await;
    assert_eq!(mornings(&before, OTHER), 0, "an agreement does not count back");
    let shared = billed(&staff, "2015-06-01", "2015-06-30").await;
    let parts = (mornings(&shared, PARENT.0), mornings(&shared, OTHER));
    assert_eq!(parts, (819, 1_522), "35 % and 65 %, to the cent: {shared}");
}

#[tokio::test]
async fn the_days_payer_sees_the_cell_and_its_price_in_their_own_row() {
    const PLANNING: &str = "query ($child: ID!, $month: Month!) { planning(childId: $child, month: $month) { \
        rows { activityId payer cells { date status price actions { action } } } } }";
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let other = json!({ "number": OTHER, "title": "Madame", "surname": "LEGRAND", "firstName": "Anne" });
    made(&staff, "registerFamily", "RegisterFamilyInput", other).await;
    made(&staff, "linkChild", "LinkChildInput", json!({ "childId": LEO, "familyNumber": OTHER })).await;

    // Weeks 23 and 24 of 2015; the spring holidays from 11 to 26 April in halves, of an odd year.
    let custody = json!({ "childId": LEO, "from": "2015-04-10", "sharing": { "custody": {
        "even": OTHER, "odd": PARENT.0, "firstHalfInEvenYears": PARENT.0 } } });
    let agreed = made(&staff, "shareChildCosts", "ShareChildCostsInput", custody).await;
    assert_eq!(agreed["userErrors"], json!([]), "{agreed}");
    let asked = json!({ "childId": LEO, "activityId": "restauration-scolaire", "dates": ["2015-06-02", "2015-06-09"] });
    parent.act("requestReservations", asked).await;
    let shown = |planning: &Value, activity: &str, payer: &str, date: &str| {
        let rows = planning["planning"]["rows"].as_array().unwrap();
        let row = rows.iter().find(|r| r["activityId"] == activity && r["payer"] == payer)?;
        row["cells"].as_array().unwrap().iter().find(|c| c["date"] == date).cloned()
    };
    let june = staff.ask(PLANNING, json!({ "child": LEO, "month": "2015-06" })).await;
    let canteen = |payer: &str, date: &str| shown(&june, "restauration-scolaire", payer, date).unwrap();
    let (week_23, week_24) = ("2015-06-02", "2015-06-09");
    assert_eq!(
        (&canteen(PARENT.0, week_23)["status"], &canteen(PARENT.0, week_23)["price"]),
        (&json!("RESERVED"), &json!("3.30"))
    );
    assert_eq!(canteen(OTHER, week_23)["status"], Value::Null, "not their week");
    let borne = canteen(OTHER, week_24);
    assert_eq!(
        (&borne["status"], &borne["price"]),
        (&json!("RESERVED"), &json!("3.40")),
        "their own quotient: {borne}"
    );
    assert_eq!(borne["actions"], json!([]), "who booked it acts on it");
    assert_eq!(canteen(PARENT.0, week_24)["price"], Value::Null, "the other family bears it");
    let april = staff.ask(PLANNING, json!({ "child": LEO, "month": "2015-04" })).await;
    let holidays = |payer: &str, date: &str| {
        shown(&april, "alsh-vacances-journee", payer, date).map_or(Value::Null, |cell| cell["price"].clone())
    };
    assert_eq!(
        (holidays(OTHER, "2015-04-13"), holidays(PARENT.0, "2015-04-13")),
        (json!("12.00"), Value::Null),
        "the first half is theirs"
    );
    let mine = priced_own(&parent, PLANNING).await;
    assert_eq!(
        shown(&mine, "restauration-scolaire", OTHER, week_24).unwrap()["price"],
        Value::Null,
        "another family's money"
    );
}

async fn priced_own(parent: &Client, query: &str) -> Value {
    parent.ask(query, json!({ "child": LEO, "month": "2015-06" })).await
}
