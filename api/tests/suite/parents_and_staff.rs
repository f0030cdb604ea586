//! A parent asks, staff decide, the planning and the list of requests show it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Client, LEO, PARENT, STAFF, cell, demo, planning};

const REQUESTS: &str = "query ($filter: RequestFilter, $first: Int, $after: String) { requests(filter: $filter, first: $first, after: $after) { \
    totalCount pageInfo { hasNextPage endCursor } edges { node { type status statusLabel detail activityId date reason refusalReason decidedAt submittedAt } } } }";

fn input(activity: &str, dates: &[&str]) -> Value {
    json!({ "childId": LEO, "activityId": activity, "dates": dates })
}

fn result(payload: &Value, index: usize) -> &str {
    payload["days"][index]["result"].as_str().unwrap()
}

fn targets(activity: &str, dates: &[&str]) -> Value {
    json!({ "requests": dates.iter().map(|d| json!({ "childId": LEO, "activityId": activity, "date": d })).collect::<Vec<_>>() })
}

#[tokio::test]
async fn a_request_is_decided_by_staff_and_shown_with_dates_and_reasons() {
    let (parent, staff) =
        (Client::log_in(demo().await, PARENT).await, Client::log_in(demo().await, STAFF).await);
    let activity = "alsh-mercredi-apres-midi";
    let asked =
        parent.act("requestReservations", input(activity, &["2015-06-03", "2015-06-10", "2015-06-17"])).await;
    assert_eq!([0, 1, 2].map(|i| result(&asked, i)), ["PENDING"; 3]);
    let june = planning(&parent, LEO, "2015-06", &asked["position"]).await;
    assert_eq!(cell(&june, activity, "2015-06-03")["statusLabel"], "Réservation en cours de traitement");

    staff.act("confirmReservations", targets(activity, &["2015-06-03"])).await;
    let mut refusal = targets(activity, &["2015-06-10"]);
    refusal["reason"] = json!("INCOMPLETE_FILE");
    let refused = staff.act("refuseReservations", refusal).await;
    let withdrawn = parent.act("withdrawReservations", input(activity, &["2015-06-17"])).await;
    assert_eq!(result(&withdrawn, 0), "WITHDRAWN");

    let june = planning(&parent, LEO, "2015-06", &withdrawn["position"]).await;
    assert_eq!(cell(&june, activity, "2015-06-03")["status"], "RESERVED");
    assert_eq!(cell(&june, activity, "2015-06-10")["status"], "RESERVATION_REFUSED");
    assert_eq!(cell(&june, activity, "2015-06-10")["reason"], "Dossier incomplet");
    assert_eq!(cell(&june, activity, "2015-06-17")["status"], Value::Null);
    assert!(refused["userErrors"].as_array().unwrap().is_empty());

    let filter = json!({ "filter": { "requestId": asked["requestId"] }, "first": 2 });
    let page = parent.ask(REQUESTS, filter).await["requests"].clone();
    assert_eq!((page["totalCount"].clone(), page["edges"].as_array().unwrap().len()), (json!(3), 2));
    let rest =
        json!({ "filter": { "requestId": asked["requestId"] }, "after": page["pageInfo"]["endCursor"] });
    let rest = parent.ask(REQUESTS, rest).await["requests"].clone();
    let lines: Vec<&Value> = page["edges"]
        .as_array()
        .unwrap()
        .iter()
        .chain(rest["edges"].as_array().unwrap())
        .map(|e| &e["node"])
        .collect();
    let of = |date: &str| *lines.iter().find(|l| l["date"] == date).unwrap();
    assert_eq!(of("2015-06-03")["status"], "ACCEPTED");
    assert!(of("2015-06-03")["decidedAt"].is_string());
    assert_eq!(
        (of("2015-06-10")["status"].as_str(), of("2015-06-10")["refusalReason"].as_str()),
        (Some("REFUSED"), Some("Dossier incomplet"))
    );
    assert_eq!(of("2015-06-17")["status"], "WITHDRAWN");
}

#[tokio::test]
async fn the_list_shows_the_last_month_by_default_and_filters_by_type() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let old = json!({ "filter": { "since": "2015-04-05T00:00:00Z", "types": ["ABSENCE"], "statuses": ["REFUSED"] } });
    let none = parent.ask(REQUESTS, old).await;
    assert_eq!(none["requests"]["totalCount"], 0);
    let recent = parent.ask(REQUESTS, json!({ "filter": { "types": ["RESERVATION"] }, "first": 100 })).await;
    for edge in recent["requests"]["edges"].as_array().unwrap() {
        assert!(
            edge["node"]["submittedAt"].as_str().unwrap() > "2015-03-08",
            "within a month of 8 April 2015"
        );
    }
}

#[tokio::test]
async fn a_weekly_pattern_has_an_outcome_per_day_and_leaves_out_days_without_a_session() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let pattern = json!({ "childId": LEO, "activityId": "garderie-matin",
        "pattern": { "weekdays": ["MON", "THU"], "from": "2015-05-11", "to": "2015-05-25" } });
    let asked = parent.act("requestReservations", pattern).await;
    let days: Vec<(&str, &str)> = asked["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["date"].as_str().unwrap(), d["result"].as_str().unwrap()))
        .collect();
    // The 14th is Ascension Day, the 25th Whit Monday.
    assert_eq!(days, [("2015-05-11", "RESERVED"), ("2015-05-18", "RESERVED"), ("2015-05-21", "RESERVED")]);
}

#[tokio::test]
async fn an_absence_goes_through_its_states() {
    let (parent, staff) =
        (Client::log_in(demo().await, PARENT).await, Client::log_in(demo().await, STAFF).await);
    let activity = "restauration-scolaire";
    parent.act("requestReservations", input(activity, &["2015-06-02", "2015-06-04"])).await;
    let mut absence = input(activity, &["2015-06-02"]);
    absence["reason"] = json!("PERSONAL");
    absence["confirmed"] = json!(false);
    let unconfirmed = parent.act("declareAbsence", absence.clone()).await;
    assert_eq!(unconfirmed["userErrors"][0]["code"], "CONFIRMATION_REQUIRED");
    absence["confirmed"] = json!(true);
    let declared = parent.act("declareAbsence", absence).await;
    assert_eq!(result(&declared, 0), "ABSENT_EXCUSED", "before the cut-off");
    let back = parent.act("withdrawAbsence", input(activity, &["2015-06-02"])).await;
    assert_eq!(result(&back, 0), "RESERVED");
    let early = json!({ "activityId": activity, "date": "2015-06-02", "entries": [{ "childId": LEO, "present": true }] });
    let roll = staff.act("recordRollCall", early).await;
    assert_eq!(roll["userErrors"][0]["code"], "DAY_NOT_REACHED");
    let cancelled = parent.act("cancelReservations", input(activity, &["2015-06-04"])).await;
    assert_eq!(result(&cancelled, 0), "CANCELLED");
    let list = parent.ask(REQUESTS, json!({ "filter": { "requestId": declared["requestId"] } })).await;
    let line = &list["requests"]["edges"][0]["node"];
    assert_eq!(
        (line["type"].as_str(), line["status"].as_str(), line["reason"].as_str()),
        (Some("ABSENCE"), Some("WITHDRAWN"), Some("Raison personnelle"))
    );
}

#[tokio::test]
async fn closing_days_excuses_everybody_and_reopening_brings_them_back() {
    let (parent, staff) =
        (Client::log_in(demo().await, PARENT).await, Client::log_in(demo().await, STAFF).await);
    let activity = "garderie-periscolaire-soir";
    parent.act("requestReservations", input(activity, &["2015-09-03", "2015-09-04"])).await;
    let close = json!({ "scope": { "structureId": "garderie" }, "from": "2015-09-03", "to": "2015-09-04", "reason": "STRIKE" });
    let closed = staff.act("closeDays", close).await;
    let september = planning(&parent, LEO, "2015-09", &closed["position"]).await;
    assert_eq!(cell(&september, activity, "2015-09-03")["status"], "CLOSED");
    assert_eq!(cell(&september, activity, "2015-09-03")["markerLetter"], "F");
    let late = parent.act("requestReservations", input("garderie-matin", &["2015-09-03"])).await;
    assert_eq!(late["userErrors"][0]["code"], "DAY_CLOSED");
    let closure: Value = json!({ "closureId": closed["requestId"] });
    let reopened = staff.act("reopenDays", closure).await;
    let september = planning(&parent, LEO, "2015-09", &reopened["position"]).await;
    assert_eq!(cell(&september, activity, "2015-09-04")["status"], "RESERVED");
}

#[tokio::test]
async fn the_same_command_id_twice_at_once_has_one_effect_and_one_outcome() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let mut same = input("garderie-matin", &["2015-06-08"]);
    same["clientMutationId"] = json!(Uuid::new_v4());
    let (first, second) = tokio::join!(
        parent.act("requestReservations", same.clone()),
        parent.act("requestReservations", same.clone())
    );
    assert_eq!(first, second);
    assert_eq!(result(&first, 0), "RESERVED");
    same["dates"] = json!(["2015-06-09"]);
    let other = parent.act("requestReservations", same).await;
    assert_eq!(other["userErrors"][0]["code"], "COMMAND_REUSED");
}

#[tokio::test]
async fn an_answer_says_how_fresh_it_is() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let asked = parent.act("requestReservations", input("garderie-matin", &["2015-06-15"])).await;
    let query = "query ($child: ID!, $min: Position) { planning(childId: $child, month: \"2015-06\", minPosition: $min) { position } }";
    let answer = parent.send(query, json!({ "child": LEO, "min": asked["position"] })).await.unwrap();
    let consistency = &answer["extensions"]["consistency"];
    assert_eq!(consistency["required"], asked["position"]);
    let number = |v: &Value| v.as_str().unwrap().parse::<u64>().unwrap();
    assert!(number(&consistency["actual"]) >= number(&asked["position"]));
}

#[tokio::test]
async fn staff_act_for_a_family_as_themselves_and_see_the_session() {
    let staff = Client::log_in(demo().await, STAFF).await;
    let mut asked = input("restauration-scolaire", &["2015-06-16"]);
    let missing = staff.act("requestReservations", asked.clone()).await;
    assert_eq!(missing["userErrors"][0]["path"], json!(["input", "onBehalfOf"]));
    asked["onBehalfOf"] = json!(PARENT.0);
    let asked = staff.act("requestReservations", asked).await;
    assert_eq!(result(&asked, 0), "RESERVED");
    let query = "query ($min: Position) { session(activityId: \"restauration-scolaire\", date: \"2015-06-16\", minPosition: $min) { capacity held waiting children { name status payer } } }";
    let session = staff.ask(query, json!({ "min": asked["position"] })).await["session"].clone();
    assert_eq!((&session["capacity"], &session["held"]), (&json!(120), &json!(1)));
    let names: Vec<&Value> = session["children"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(names, ["Léo DUPONT", "Emma MARTIN"], "by surname; enrolled children are listed too");
}
