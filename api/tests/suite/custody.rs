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
