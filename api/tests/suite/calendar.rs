//! The guide's calendar of April 2015.

use serde_json::{Value, json};

use crate::server::{AUDITOR, Client, EMMA, LEO, PARENT, cell, demo, planning};

fn drawn(planning: &Value) -> String {
    let symbol = |cell: &Value| match cell["status"].as_str() {
        Some("RESERVED") => "✓",
        Some("PRESENT_AS_RESERVED") => "☺",
        Some("CLOSED") => "F",
        None => match cell["markerLetter"].as_str() {
            Some("P") => "P",
            _ => ".",
        },
        Some(_) => "?",
    };
    planning["planning"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let cells: String = row["cells"].as_array().unwrap().iter().map(symbol).collect();
            format!(
                "{} | {} | {cells}\n",
                row["activity"].as_str().unwrap(),
                row["responsible"].as_str().unwrap()
            )
        })
        .collect()
}

#[tokio::test]
async fn april_2015_is_as_the_guide_shows_it() {
    // An own reader: the auditor sees every family's planning, without actions. The days other
    // tests touch are in other months.
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    let april = planning(&auditor, LEO, "2015-04", &Value::Null).await;
    insta::assert_snapshot!(drawn(&april), @r"
    ALSH Mercredi après-midi | DUPONT JEAN | .....F.✓..PPPPPPPPPPPPPPPP....
    ALSH Mercredi journée | DUPONT JEAN | .....F....PPPPPPPPPPPPPPPP..✓.
    ALSH Vacances après-midi | DUPONT JEAN | .....F....PPPPPPPPPPPPPPPP....
    ALSH Vacances journée | DUPONT JEAN | .....F....PP✓✓✓✓✓PPPPPPPPP....
    ALSH Vacances matin | DUPONT JEAN | .....F....PPPPPPPPPPPPPPPP....
    Garderie périscolaire | DUPONT JEAN | .....F☺...PPPPPPPPPPPPPPPP....
    Garderie matin | DUPONT JEAN | .....F☺...PPPPPPPPPPPPPPPP....
    Garderie périscolaire | DUPONT JEAN | .....F☺...PPPPPPPPPPPPPPPP.✓.✓
    Restauration scolaire | DUPONT JEAN | .....F☺...PPPPPPPPPPPPPPPP.✓.✓
    ");
    assert_eq!(cell(&april, "garderie-matin", "2015-04-07")["attendance"]["present"], true);
    assert_eq!(cell(&april, "garderie-matin", "2015-04-07")["actions"], json!([]), "auditors do not act");
}

/// Those who ask at the same time are looked up together: who they are, and what they ask for.
#[tokio::test]
async fn everybody_who_asks_at_the_same_time_gets_their_own_answer() {
    const QUERY: &str = "query ($child: ID!, $month: Month!) { viewer { login } \
        planning(childId: $child, month: $month) { rows { activityId payer cells { date status actions { action until } } } } }";
    let address = demo().await;
    let mut stranger = Client::anonymous(address);
    stranger.token = Some("nobody was ever given this".into());
    let people = [Client::log_in(address, PARENT).await, Client::log_in(address, AUDITOR).await, stranger];
    let mut asked = vec![];
    for person in &people {
        for child in [LEO, EMMA, "5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2aff"] {
            for month in ["2014-11", "2015-02", "2015-04"] {
                let variables = json!({ "child": child, "month": month });
                let alone = person.send(QUERY, variables.clone()).await.unwrap();
                asked.push((person, variables, alone));
            }
        }
    }
    let signed_in = asked.iter().map(|(_, _, answer)| &answer["data"]["viewer"]["login"]);
    assert_eq!(signed_in.collect::<std::collections::HashSet<_>>().len(), 3, "a parent, an auditor, nobody");
    let cells =
        |answer: &Value| answer["data"]["planning"]["rows"][0]["cells"].as_array().map_or(0, Vec::len);
    assert!(asked.iter().any(|(_, _, answer)| cells(answer) == 30), "a month of thirty days");
    for _ in 0..4 {
        let all = asked.iter().map(|(person, variables, _)| person.send(QUERY, variables.clone()));
        let answers = futures::future::try_join_all(all).await.unwrap();
        for ((_, variables, alone), together) in asked.iter().zip(answers) {
            assert_eq!(together, *alone, "{variables}");
        }
    }
}

#[tokio::test]
async fn every_cell_says_what_may_be_done_until_when_and_why_not() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let april = planning(&parent, LEO, "2015-04", &Value::Null).await;
    let actions = |activity, date: &str| cell(&april, activity, date)["actions"].clone();
    let free = actions("garderie-matin", "2015-04-27");
    assert_eq!(free[0]["action"], "REQUEST_RESERVATION");
    assert_eq!((&free[0]["allowed"], &free[0]["until"]), (&json!(true), &json!("2015-04-24T08:00:00+00:00")));
    let past = actions("garderie-matin", "2015-04-02");
    assert_eq!((&past[0]["allowed"], &past[0]["reason"]["code"]), (&json!(false), &json!("DEADLINE_PASSED")));
    let holiday = actions("restauration-scolaire", "2015-04-06");
    assert_eq!(holiday[0]["reason"]["code"], "PUBLIC_HOLIDAY");
    let reserved = actions("restauration-scolaire", "2015-04-30");
    let names: Vec<&str> =
        reserved.as_array().unwrap().iter().map(|a| a["action"].as_str().unwrap()).collect();
    assert_eq!(names, ["CANCEL_RESERVATION", "DECLARE_ABSENCE"]);
    let overlapping = actions("alsh-mercredi-apres-midi", "2015-04-29");
    assert_eq!(overlapping[0]["allowed"], false);
    let called = actions("garderie-matin", "2015-04-07");
    assert_eq!(called, json!([]), "a cell with roll-call is closed to parents");
}

#[tokio::test]
async fn the_legend_is_the_guides_in_both_languages() {
    let mut parent = Client::log_in(demo().await, PARENT).await;
    let query = "{ legend { status marker label labelFr labelEn } }";
    let french = parent.ask(query, json!({})).await;
    let labels: Vec<&str> =
        french["legend"].as_array().unwrap().iter().map(|e| e["label"].as_str().unwrap()).collect();
    for label in [
        "Réservé",
        "Erreur",
        "Congé",
        "Heure hors contrat Régulier",
        "Fermeture",
        "Absent facturé",
        "Demande en attente",
        "Absent excusé",
        "Réservation en cours de traitement",
        "Réservation refusée",
        "Absence en cours de traitement",
        "Petites vacances",
        "Grandes vacances",
        "Jour férié",
    ] {
        assert!(labels.contains(&label), "{label}");
    }
    parent.language = "en";
    let english = parent.ask(query, json!({})).await;
    assert_eq!(english["legend"][0]["label"], "Reserved");
}
