//! What staff may do past deadlines, what a cell and each act in it cost, refusals for capacity, and
//! where the calendar ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    money::made,
    server::{AUDITOR, Client, EMMA, Home, LEO, PARENT, STAFF, cell},
};

const CANTEEN: &str = "restauration-scolaire";
const FULL_DAY: &str = "alsh-mercredi-journee";

const PRICED: &str = "query ($child: ID!, $month: Month!) { planning(childId: $child, month: $month) { \
    rows { activityId payer cells { date status reason markerLetter price \
    actions { action allowed reasonRequired price change reason { code } } } } } }";

async fn priced(client: &Client, child: &str, month: &str) -> Value {
    client.ask(PRICED, json!({ "child": child, "month": month })).await
}

/// An action of a cell: whether it is allowed, what it costs and what it changes.
fn action(cell: &Value, name: &str) -> (bool, String, String) {
    let found = cell["actions"].as_array().unwrap().iter().find(|a| a["action"] == name);
    let found = found.unwrap_or_else(|| panic!("{name} in {cell}"));
    let text = |field: &str| found[field].as_str().unwrap_or("-").to_owned();
    (found["allowed"] == true, text("price"), text("change"))
}

async fn tariff(staff: &Client, activity: &str, more: Value) {
    let mut settings =
        json!({ "regieId": "al", "unit": "SESSION", "scale": { "flat": "4.00" }, "productAccount": "7067" });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    let tariff = json!({ "activityId": activity, "settings": settings, "from": "2015-05-01" });
    let set = made(staff, "setTariff", "SetTariffInput", tariff).await;
    assert_eq!(set["userErrors"], json!([]), "{set}");
}

/// The canteen from 1 May on, changed.
fn canteen(change: Value) -> Value {
    let day_before = json!({ "daysBefore": { "days": 1, "at": "10:00:00", "skipWeekends": true } });
    let mut settings = json!({
        "structureId": "restauration", "name": "Restauration scolaire", "rank": 9,
        "starts": "12:00:00", "ends": "13:30:00", "weekdays": ["MON", "TUE", "THU", "FRI"], "periods": ["SCHOOL"],
        "capacity": 40, "approval": "STAFF", "bookingDeadline": day_before, "cancelDeadline": day_before,
    });
    for (name, value) in change.as_object().unwrap() {
        settings[name] = value.clone();
    }
    json!({ "id": CANTEEN, "settings": settings, "from": "2015-04-01" })
}

#[tokio::test]
async fn a_cell_says_what_it_will_cost_and_each_act_what_it_changes() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    tariff(&staff, FULL_DAY, json!({})).await;
    tariff(&staff, CANTEEN, json!({ "lateRequest": { "percent": 50 } })).await;

    let asked = json!({ "childId": LEO, "activityId": FULL_DAY, "dates": ["2015-06-24"] });
    assert_eq!(parent.act("requestReservations", asked).await["days"][0]["result"], "PENDING");
    let june = priced(&parent, LEO, "2015-06").await;
    let pending = cell(&june, FULL_DAY, "2015-06-24");
    assert_eq!((&pending["status"], &pending["price"]), (&json!("RESERVATION_PENDING"), &json!("4.00")));
    assert_eq!(action(pending, "WITHDRAW_RESERVATION"), (true, "0.00".into(), "-4.00".into()));
    let free = cell(&june, FULL_DAY, "2015-06-17");
    assert_eq!(free["price"], "4.00");
    assert_eq!(action(free, "REQUEST_RESERVATION"), (true, "4.00".into(), "4.00".into()));

    // Late requests are accepted, at half as much again; the demo's day is 8 April.
    let rush = json!({ "approval": "INSTANT", "lateRequests": "ACCEPT",
        "bookingDeadline": { "daysBefore": { "days": 90, "at": "10:00:00" } },
        "cancelDeadline": { "hoursBefore": 0 } });
    let changed = made(&staff, "changeActivity", "ChangeActivityInput", canteen(rush)).await;
    assert_eq!(changed["userErrors"], json!([]), "{changed}");
    let june = priced(&parent, LEO, "2015-06").await;
    let late = cell(&june, CANTEEN, "2015-06-16");
    assert_eq!(late["price"], "6.00", "the surcharge is part of the price: {late}");
    assert_eq!(action(late, "REQUEST_RESERVATION"), (true, "6.00".into(), "6.00".into()));
    let asked = json!({ "childId": LEO, "activityId": CANTEEN, "dates": ["2015-06-16"] });
    assert_eq!(parent.act("requestReservations", asked).await["days"][0]["result"], "RESERVED");
    let june = priced(&parent, LEO, "2015-06").await;
    let reserved = cell(&june, CANTEEN, "2015-06-16");
    assert_eq!(reserved["price"], "6.00", "as it was said");
    assert_eq!(action(reserved, "CANCEL_RESERVATION"), (true, "0.00".into(), "-6.00".into()));
    assert_eq!(action(reserved, "DECLARE_ABSENCE"), (true, "0.00".into(), "-6.00".into()));

    // After the cancel cut-off, an illness without a certificate yet.
    let short = json!({ "approval": "INSTANT", "bookingDeadline": { "hoursBefore": 0 },
        "cancelDeadline": { "daysBefore": { "days": 90, "at": "10:00:00" } } });
    made(&staff, "changeActivity", "ChangeActivityInput", canteen(short)).await;
    let asked = json!({ "childId": LEO, "activityId": CANTEEN, "dates": ["2015-06-18", "2015-06-19"] });
    parent.act("requestReservations", asked).await;
    let ill = json!({ "childId": LEO, "activityId": CANTEEN, "dates": ["2015-06-18"], "reason": "MEDICAL", "confirmed": true });
    assert_eq!(parent.act("declareAbsence", ill).await["days"][0]["result"], "ABSENCE_PENDING");
    let june = priced(&parent, LEO, "2015-06").await;
    let absent = cell(&june, CANTEEN, "2015-06-18");
    assert_eq!((&absent["status"], &absent["price"]), (&json!("ABSENCE_PENDING"), &json!("4.00")));
    assert_eq!(action(absent, "ATTACH_CERTIFICATE"), (true, "0.00".into(), "-4.00".into()));
    let kept = cell(&june, CANTEEN, "2015-06-19");
    assert_eq!(action(kept, "DECLARE_ABSENCE"), (true, "4.00".into(), "0.00".into()), "it would be billed");

    // Staff see the same and what takes a reason; auditors do not act.
    let seen = priced(&staff, LEO, "2015-06").await;
    let kept = cell(&seen, CANTEEN, "2015-06-19");
    let cancel =
        kept["actions"].as_array().unwrap().iter().find(|a| a["action"] == "CANCEL_RESERVATION").unwrap();
    assert_eq!((&cancel["allowed"], &cancel["reasonRequired"]), (&json!(true), &json!(true)), "{cancel}");
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    let seen = priced(&auditor, LEO, "2015-06").await;
    assert_eq!(cell(&seen, CANTEEN, "2015-06-19")["actions"], json!([]));
    assert_eq!(cell(&seen, CANTEEN, "2015-06-19")["price"], "4.00");
}

#[tokio::test]
async fn staff_book_cancel_and_correct_past_the_deadline_with_a_reason() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let of = |date: &str| json!({ "childId": LEO, "activityId": CANTEEN, "dates": [date] });
    let with = |mut input: Value, reason: Value| {
        input["onBehalfOf"] = json!(PARENT.0);
        input["reason"] = reason;
        input
    };
    let late = "2015-04-09"; // Tomorrow: the cut-off was this morning, or will be in minutes of the demo's day.
    let past = "2015-04-03";
    let refused = parent.act("requestReservations", of(past)).await;
    assert_eq!(refused["userErrors"][0]["code"], "DEADLINE_PASSED");
    assert_eq!(refused["userErrors"][0]["path"], json!(["input", "dates", "0"]), "a path into the input");
    let unsaid = staff.act("requestReservations", with(of(past), Value::Null)).await;
    assert_eq!(unsaid["userErrors"][0]["code"], "REASON_REQUIRED", "{unsaid}");
    let told = json!("Réservé par téléphone le 31 mars");
    let booked = staff.act("requestReservations", with(of(past), told.clone())).await;
    assert_eq!(booked["days"][0]["result"], "RESERVED", "{booked}");
    let unsaid = staff.act("cancelReservations", with(of(past), json!("  "))).await;
    assert_eq!(unsaid["userErrors"][0]["code"], "REASON_REQUIRED", "{unsaid}");
    let cancelled = staff.act("cancelReservations", with(of(past), told.clone())).await;
    assert_eq!(
        (&cancelled["days"][0]["result"], &cancelled["userErrors"]),
        (&json!("CANCELLED"), &json!([]))
    );
    let sneaky = parent.act("requestReservations", {
        let mut input = of(past);
        input["reason"] = told.clone();
        input
    });
    assert_eq!(sneaky.await["userErrors"][0]["code"], "DEADLINE_PASSED", "families have no exceptions");

    // A day refused among many stands beside the day, not as if nothing had been booked.
    let mut both = of(late);
    both["dates"] = json!([past, "2015-06-15"]);
    let some = parent.act("requestReservations", both).await;
    assert_eq!(some["userErrors"], json!([]), "{some}");
    let errors: Vec<&Value> = some["days"].as_array().unwrap().iter().map(|d| &d["error"]["code"]).collect();
    assert_eq!(errors, [&json!("DEADLINE_PASSED"), &Value::Null]);

    // A presence recorded by mistake leaves nothing behind.
    let roll = json!({ "activityId": CANTEEN, "date": "2015-04-07", "entries": [{ "childId": EMMA, "present": true }] });
    assert_eq!(staff.act("recordRollCall", roll).await["days"][0]["result"], "PRESENT");
    let target = json!({ "childId": EMMA, "activityId": CANTEEN, "date": "2015-04-07" });
    let mistake = json!({ "target": target, "to": "ABSENT_EXCUSED", "reason": "Erreur de ligne" });
    let corrected = staff.act("correctAttendance", mistake).await;
    assert_eq!(corrected["days"][0]["result"], "NOT_BOOKED", "{corrected}");
    let april = priced(&staff, EMMA, "2015-04").await;
    assert_eq!(cell(&april, CANTEEN, "2015-04-07")["status"], Value::Null, "an empty cell");
}

#[tokio::test]
async fn a_refusal_for_capacity_needs_a_full_session_and_says_both_numbers() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let one = json!({ "capacity": 1 });
    made(&staff, "changeActivity", "ChangeActivityInput", canteen(one)).await;
    let of = |child: &str| json!({ "childId": child, "activityId": CANTEEN, "dates": ["2015-06-12"] });
    assert_eq!(parent.act("requestReservations", of(LEO)).await["days"][0]["result"], "PENDING");
    let target = |child: &str| json!({ "childId": child, "activityId": CANTEEN, "date": "2015-06-12" });
    let refuse = json!({ "requests": [target(LEO)], "reason": "CAPACITY" });
    let refused = staff.act("refuseReservations", refuse.clone()).await;
    assert_eq!(refused["userErrors"][0]["code"], "SESSION_NOT_FULL", "{refused}");
    assert!(refused["userErrors"][0]["message"].as_str().unwrap().contains("0 occupées sur 1"), "{refused}");
    assert_eq!((&refused["position"], &refused["days"][0]["result"]), (&Value::Null, &json!("REJECTED")));

    let mut other = of(EMMA);
    other["onBehalfOf"] = json!("1001001010348");
    staff.act("requestReservations", other).await;
    staff.act("confirmReservations", json!({ "requests": [target(EMMA)] })).await;
    let refused = staff.act("refuseReservations", refuse).await;
    assert_eq!(
        (&refused["userErrors"], &refused["days"][0]["error"]),
        (&json!([]), &Value::Null),
        "{refused}"
    );
    let june = priced(&parent, LEO, "2015-06").await;
    let reason = "Capacité d'accueil atteinte (1 places occupées sur 1)";
    assert_eq!(cell(&june, CANTEEN, "2015-06-12")["reason"], reason);
}

#[tokio::test]
async fn the_calendar_has_local_holidays_an_end_and_years_of_the_towns_own() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let of = |date: &str| json!({ "childId": LEO, "activityId": CANTEEN, "dates": [date] });
    let refused = parent.act("requestReservations", of("2015-05-15")).await;
    assert_eq!(refused["userErrors"][0]["code"], "NOT_OFFERED", "classes vaquent: {refused}");
    let may = priced(&parent, LEO, "2015-05").await;
    assert_eq!(cell(&may, CANTEEN, "2015-05-15")["markerLetter"], "P");

    let region = json!({ "region": "ALSACE_MOSELLE", "from": "2015-04-09" });
    made(&staff, "adoptHolidayRegion", "AdoptHolidayRegionInput", region).await;
    let march = priced(&parent, LEO, "2016-03").await;
    let good_friday = cell(&march, CANTEEN, "2016-03-25");
    assert_eq!((&good_friday["markerLetter"], &good_friday["status"]), (&json!("F"), &json!("CLOSED")));
    assert_eq!(good_friday["actions"][0]["reason"]["code"], "PUBLIC_HOLIDAY");

    let calendar = "{ schoolCalendar { zone region coveredUntil warning entered { year } } }";
    let known = staff.ask(calendar, json!({})).await["schoolCalendar"].clone();
    assert_eq!((&known["coveredUntil"], &known["warning"]), (&json!("2028-08-31"), &Value::Null), "{known}");
    // A town with a calendar of its own begins with none.
    let own = json!({ "zone": "OWN", "from": "2015-09-01" });
    made(&staff, "adoptZone", "AdoptZoneInput", own).await;
    let known = staff.ask(calendar, json!({})).await["schoolCalendar"].clone();
    assert_eq!(known["coveredUntil"], "2015-08-31");
    assert!(known["warning"].as_str().unwrap().contains("31/08/2015"), "a year before: {known}");
    let beyond = parent.act("requestReservations", of("2015-09-07")).await;
    assert_eq!(beyond["userErrors"][0]["code"], "CALENDAR_ENDS", "{beyond}");
    let holidays = |period: &str, from: &str, to: &str| json!({ "period": period, "from": from, "to": to });
    let year = json!({ "year": 2015, "holidays": [
        holidays("SMALL_HOLIDAYS", "2015-10-17", "2015-11-01"),
        holidays("SUMMER_HOLIDAYS", "2016-07-06", "2016-08-31"),
    ] });
    let entered = made(&staff, "enterSchoolYear", "EnterSchoolYearInput", year).await;
    assert_eq!(entered["userErrors"], json!([]), "{entered}");
    assert_eq!(parent.act("requestReservations", of("2015-09-07")).await["days"][0]["result"], "RESERVED");
    let refused = parent.act("requestReservations", of("2015-10-19")).await;
    assert_eq!(refused["userErrors"][0]["code"], "NOT_OFFERED");

    let gap = json!({ "bookingDeadline": { "weeklyBatches": [{ "closesOn": "FRI", "at": "09:00:00", "covers": ["MON", "TUE"] }] } });
    let refused = made(&staff, "changeActivity", "ChangeActivityInput", canteen(gap)).await;
    assert_eq!(refused["userErrors"][0]["code"], "IMPOSSIBLE_SETTINGS", "{refused}");
}

#[tokio::test]
async fn the_log_tells_that_the_calendar_ends_within_a_year() {
    let mut home = Home::new().await;
    let said = home.folder.path().join("said");
    let mut says = async |today: &str| {
        home.environment = vec![("PORTAIL_TODAY", today.to_owned()), ("PORTAIL_LOG", "info".to_owned())];
        let server = home.serve_saying(&["--demo"], std::fs::File::create(&said).unwrap().into());
        // What is said of the day's retention comes before it.
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            let all = std::fs::read_to_string(&said).unwrap();
            let told = all.lines().any(|line| line.contains("the day was looked after"));
            if told {
                server.kill();
                return all
                    .lines()
                    .any(|line| line.contains("the school calendar ends") && line.contains("2028-08-31"));
            }
            assert!(Instant::now() < limit, "never: {all}");
            tokio::task::yield_now().await;
        }
    };
    assert!(!says("2027-08-31").await, "a year is left");
    assert!(says("2027-09-01").await);
}
