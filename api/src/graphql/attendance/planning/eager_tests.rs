//! Eager lists answer what the library would, byte by byte.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Request, Response, Schema};
use portail_domain::{attendance::session::SessionError, i18n::Language};
use rust_decimal::Decimal;

use super::{
    PlanningRow,
    cell::{AllowedAction, Attendance, Cell, CellAction, CellStatus, DayMarker},
};
use crate::{
    graphql::{
        eager_list::{EagerList, response_json},
        errors::UserError,
        scalars::{Date, Position, Time},
    },
    http::request_context::RequestContext,
};

struct Root;

fn text_of(response: &Response) -> String {
    String::from_utf8(response_json(response)).unwrap()
}

fn cells() -> Vec<Cell> {
    let reason = UserError::of_session(SessionError::NotEnrolled, Language::Fr, |_| None);
    let action = |reason| AllowedAction {
        action: CellAction::CancelReservation,
        allowed: true,
        until: Some("2015-04-08T10:00:00Z".parse().unwrap()),
        reason,
        reason_required: true,
        price: Some(Decimal::new(400, 2)),
        change: Some(Decimal::new(-400, 2)),
    };
    let cell = Cell {
        date: Date("2015-04-08".parse().unwrap()),
        marker: Some(DayMarker::SmallHolidays),
        marker_letter: Some("P"),
        status: Some(CellStatus::Reserved),
        status_label: Some("Réservé".into()),
        enrolled: true,
        attendance: Some(Attendance { present: true, arrived: None, left: None }),
        waiting_rank: Some(3),
        offer_until: None,
        certificate_due: None,
        certificate_received: None,
        billed_percent: Some(50),
        reason: Some("Autre".into()),
        request_id: Some(ID("r".into())),
        price: Some(Decimal::new(1250, 2)),
        actions: vec![action(Some(reason)), action(None)],
        position: Some(Position(7)),
    };
    let empty = Cell { status: None, attendance: None, actions: vec![], ..cell.clone() };
    vec![cell, empty]
}

fn row() -> PlanningRow {
    PlanningRow {
        structure_id: ID("s".into()),
        structure: "École \"Pasteur\"".into(),
        activity_id: ID("a".into()),
        activity: "Garderie".into(),
        starts: Time("07:30:00".parse().unwrap()),
        ends: Time("08:20:00".parse().unwrap()),
        payer: "1001001010331".into(),
        responsible: None,
        cells: cells(),
    }
}

#[Object]
impl Root {
    async fn at_once(&self) -> EagerList<Cell> {
        EagerList(cells())
    }
    async fn one_by_one(&self) -> Vec<Cell> {
        cells()
    }
    async fn rows_at_once(&self) -> EagerList<PlanningRow> {
        EagerList(vec![row()])
    }
    async fn rows_one_by_one(&self) -> Vec<PlanningRow> {
        vec![row()]
    }
}

#[tokio::test]
async fn a_list_resolved_at_once_answers_what_the_library_would() {
    const ALL: &str = "{ __typename date marker markerLetter status label: statusLabel enrolled \
        attendance { present } ... on Cell { attendance { arrived left } waitingRank } \
        offerUntil certificateDue certificateReceived billedPercent reason requestId price position ...Actions skipped: date @skip(if: true) }";
    let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
    let fragment = "fragment Actions on Cell { actions { __typename action allowed until reason { code message path } reasonRequired price change } }";
    let ask = async |field: &str, takes_raw_json: bool| {
        let request = Request::new(format!("{{ answer: {field} {ALL} }} {fragment}"));
        let context = RequestContext { takes_raw_json, ..RequestContext::default() };
        schema.execute(request.data(context)).await
    };
    let expected = serde_json::to_string(&ask("oneByOne", true).await).unwrap();
    assert!(expected.contains("\"Réservé\""), "{expected}");
    assert_eq!(serde_json::to_string(&ask("atOnce", false).await).unwrap(), expected);
    assert_eq!(text_of(&ask("atOnce", true).await), expected);
    assert_eq!(text_of(&ask("oneByOne", true).await), expected);
    let fields = schema.execute("{ __type(name: \"Cell\") { fields { name } } }").await;
    let fields = serde_json::to_value(fields.data).unwrap();
    for field in fields["__type"]["fields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        assert!(ALL.contains(name) || fragment.contains(name), "{name} is not compared");
    }
}

#[tokio::test]
async fn a_row_answers_every_field_its_type_has() {
    let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
    let fields = schema.execute("{ __type(name: \"PlanningRow\") { fields { name } } }").await;
    let fields = serde_json::to_value(fields.data).unwrap();
    let names = fields["__type"]["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap());
    let all: Vec<&str> = names.map(|n| if n == "cells" { "cells { status date }" } else { n }).collect();
    let ask = async |field: &str| {
        let request = Request::new(format!("{{ answer: {field} {{ {} }} }}", all.join(" ")));
        let context = RequestContext { takes_raw_json: true, ..RequestContext::default() };
        text_of(&schema.execute(request.data(context)).await)
    };
    let expected = ask("rowsOneByOne").await;
    assert!(!expected.contains("errors") && expected.contains("Pasteur"), "{expected}");
    assert_eq!(ask("rowsAtOnce").await, expected);
}

#[tokio::test]
async fn what_is_asked_in_several_places_is_merged() {
    let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
    let both = async |document: &str| {
        let ask = async |field: &str| {
            let request = Request::new(document.replace("CELLS", field));
            let context = RequestContext { takes_raw_json: true, ..RequestContext::default() };
            let answer = schema.execute(request.data(context)).await;
            assert!(answer.errors.is_empty(), "{:?}", answer.errors);
            text_of(&answer)
        };
        let (at_once, one_by_one) = (ask("c: atOnce").await, ask("c: oneByOne").await);
        assert_eq!(at_once, one_by_one, "{document}");
        at_once
    };
    let merged = both("{ CELLS { date } CELLS { status } }").await;
    assert!(merged.contains("date") && merged.contains("status"), "{merged}");
    both("{ CELLS { date } ...F } fragment F on Root { CELLS { attendance { present } } }").await;
    both("{ ...F ...F } fragment F on Root { CELLS { date } }").await;
    both("{ CELLS { date } other: atOnce { date } }").await;
}
