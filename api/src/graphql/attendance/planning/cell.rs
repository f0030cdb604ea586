//! One cell of the planning.

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use portail_domain::{
    attendance::cell::{self, Action, CellStatus as DomainStatus, DayMarker as DomainMarker},
    attendance::session::{BookingStatus, CellError},
    attendance::terms::Terms,
    i18n::{Language, text},
    money::billing::CellPrices,
    shared::ids::ActivityId,
};
use portail_projections::attendance::planning::CellRow;
use rust_decimal::Decimal;

use crate::graphql::{
    attendance::planning::mirrored_enum,
    errors::UserError,
    leaf::{answered_enums, leaf},
    scalars::{Date, Position, Time},
};

mirrored_enum!(
    /// The status of a cell, as the legend names it.
    CellStatus = DomainStatus {
        ReservationPending: "Asked, undecided.",
        Waitlisted: "The session is full: on the list, with a rank; or a place is offered.",
        Reserved: "Confirmed.",
        ReservationRefused: "Refused, with a reason.",
        AbsencePending: "Declared, undecided, or a certificate is awaited.",
        AbsentExcused: "Absent at no cost.",
        AbsentBilled: "Absent and billed.",
        Leave: "Contract leave, taken from the quota.",
        OutsideContract: "Attended outside the contract.",
        Present: "Came without a reservation.",
        PresentAsReserved: "Came as reserved.",
        Closed: "Closed, or a public holiday.",
        Error: "Staff must settle it.",
    }
);

mirrored_enum!(
    /// The marker of a day.
    DayMarker = DomainMarker {
        SmallHolidays: "Small holidays (P).",
        SummerHolidays: "Summer holidays (P).",
        PublicHoliday: "Public holiday (F).",
        Closure: "Closed by the town (F).",
    }
);

mirrored_enum!(
    /// What a parent may do in a cell.
    CellAction = Action {
        RequestReservation: "Ask for a place.",
        WithdrawReservation: "Take an undecided request back.",
        CancelReservation: "Cancel at no cost.",
        AcceptOffer: "Accept the offered place.",
        DeclineOffer: "Decline the offered place.",
        DeclareAbsence: "Declare an absence.",
        WithdrawAbsence: "Take an absence back.",
        AttachCertificate: "Send a medical certificate in.",
        TakeLeave: "Take contract leave.",
    }
);

/// Whether an action is possible now, until when, and if not, why.
#[derive(Debug, Clone, SimpleObject)]
pub struct AllowedAction {
    /// Which action.
    action: CellAction,
    /// Whether it is possible now.
    allowed: bool,
    /// The last instant it is possible, or was; null: no limit applies.
    until: Option<DateTime<Utc>>,
    /// Why it is not possible.
    reason: Option<UserError>,
    /// Whether it takes a reason: staff act for the family past a deadline.
    reason_required: bool,
    /// What the cell costs the payer once it is done, in euros: an absence after the deadline as if
    /// nothing excused it, a certificate as if it were accepted. Null where the cell's price is.
    price: Option<Decimal>,
    /// How much more that is than if nothing is done; negative: what it gives back.
    change: Option<Decimal>,
}

/// The roll-call of a child.
#[derive(Debug, Clone, SimpleObject)]
pub struct Attendance {
    /// Whether the child was there.
    present: bool,
    /// When it arrived.
    arrived: Option<Time>,
    /// When it left.
    left: Option<Time>,
}

impl From<portail_domain::attendance::session::Attendance> for Attendance {
    fn from(seen: portail_domain::attendance::session::Attendance) -> Self {
        Self { present: seen.present, arrived: seen.arrived.map(Time), left: seen.left.map(Time) }
    }
}

/// A cell: one child, one activity, one payer, one day.
#[derive(Debug, Clone, SimpleObject)]
pub struct Cell {
    /// The day.
    date: Date,
    /// The day's marker.
    marker: Option<DayMarker>,
    /// The letter the planning prints for the marker: P or F.
    marker_letter: Option<&'static str>,
    /// The status; null when the cell is empty.
    status: Option<CellStatus>,
    /// The status in the caller's language.
    status_label: Option<String>,
    /// Whether the child is enrolled by this payer on that day.
    enrolled: bool,
    /// The roll-call.
    attendance: Option<Attendance>,
    /// The rank on the waiting list.
    waiting_rank: Option<i64>,
    /// Until when the offered place can be accepted.
    offer_until: Option<DateTime<Utc>>,
    /// Until when the medical certificate is awaited.
    certificate_due: Option<DateTime<Utc>>,
    /// When a medical certificate came in.
    certificate_received: Option<DateTime<Utc>>,
    /// The percentage of the price a billed absence costs.
    billed_percent: Option<i32>,
    /// Why the reservation was refused, or what staff must settle.
    reason: Option<String>,
    /// The request it came from.
    request_id: Option<ID>,
    /// What it costs the payer, in euros: as it is booked; undecided, as it will cost if it is granted
    /// or no certificate comes; free, as it would cost if it were asked for now, surcharges
    /// included. Null where nothing can be booked, no tariff holds, another family bears the day,
    /// or the caller is another family.
    price: Option<Decimal>,
    /// What the family may do here now, or staff who act for it. Empty for auditors, and where
    /// another family booked.
    actions: Vec<AllowedAction>,
    /// The last event that made the cell.
    position: Option<Position>,
}

answered_enums!(CellStatus, DayMarker, CellAction);

leaf!(Attendance = "Attendance", |a| {
    "present" => a.present,
    "arrived" => a.arrived,
    "left" => a.left,
});

leaf!(AllowedAction = "AllowedAction", |a| {
    "action" => a.action,
    "allowed" => a.allowed,
    "until" => a.until,
    "reason" => a.reason,
    "reasonRequired" => a.reason_required,
    "price" => a.price,
    "change" => a.change,
});

leaf!(Cell = "Cell", |c| {
    "date" => c.date,
    "marker" => c.marker,
    "markerLetter" => c.marker_letter,
    "status" => c.status,
    "statusLabel" => c.status_label,
    "enrolled" => c.enrolled,
    "attendance" => c.attendance,
    "waitingRank" => c.waiting_rank,
    "offerUntil" => c.offer_until,
    "certificateDue" => c.certificate_due,
    "certificateReceived" => c.certificate_received,
    "billedPercent" => c.billed_percent,
    "reason" => c.reason,
    "requestId" => c.request_id,
    "price" => c.price,
    "actions" => c.actions,
    "position" => c.position,
});

impl Cell {
    /// The last event that made it.
    pub(crate) fn made_at(&self) -> Option<Position> {
        self.position
    }
}

/// One cell, from its four layers.
pub(crate) struct CellView<'a> {
    pub(crate) terms: &'a Terms,
    pub(crate) row: Option<&'a CellRow>,
    pub(crate) enrolled: bool,
    pub(crate) overlaps: Vec<ActivityId>,
    /// Who acts in this cell, if the caller does.
    pub(crate) acts: Option<Acting>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) language: Language,
    pub(crate) prices: Option<CellPrices<'a>>,
    /// The names of activities, as families know them on the day.
    pub(crate) names: &'a dyn Fn(&ActivityId) -> Option<String>,
}

/// Who acts in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acting {
    /// The family itself.
    Family,
    /// Staff for the family: past deadlines with a reason.
    Staff,
}

impl CellView<'_> {
    pub(crate) fn cell(&self) -> Cell {
        let booking = self.row.map(|r| &r.booking);
        let (marker, status) = (cell::marker(self.terms), cell::status(self.terms, booking));
        let absence = booking.and_then(|b| b.absence.as_ref());
        let actions = self.acts.map_or_else(Vec::new, |acting| {
            let staff = acting == Acting::Staff;
            cell::possibilities(self.terms, booking, self.enrolled, &self.overlaps, self.now, staff)
        });
        // Where nothing is booked and nothing can be, nothing has a price.
        let priced = booking.is_some() || (self.enrolled && self.terms.require_open().is_ok());
        let prices = self.prices.filter(|_| priced);
        Cell {
            date: Date(self.terms.date),
            marker: marker.map(Into::into),
            marker_letter: marker.map(DomainMarker::letter),
            status: status.map(Into::into),
            status_label: status.map(|s| text(s.label_key(), self.language, &[])),
            enrolled: self.enrolled,
            attendance: booking.and_then(|b| b.attendance).map(Into::into),
            waiting_rank: self.row.and_then(|r| r.rank),
            offer_until: booking.filter(|b| b.status == BookingStatus::Offered).and_then(|b| b.offer_until),
            certificate_due: absence.and_then(|a| a.certificate_due),
            certificate_received: absence.and_then(|a| a.certificate.as_ref()).map(|c| c.received),
            billed_percent: absence.and_then(|a| a.billed_percent).map(i32::from),
            reason: booking.and_then(|b| reason(b, self.language)),
            request_id: booking.and_then(|b| b.request).map(|r| ID(r.to_string())),
            price: prices.and_then(|prices| prices.cell()).map(|quote| quote.amount.decimal()),
            actions: actions
                .into_iter()
                .map(|p| {
                    let price = prices.and_then(|prices| prices.action(p.action, self.now));
                    AllowedAction {
                        action: p.action.into(),
                        allowed: p.refusal.is_none(),
                        until: p.until,
                        reason: p.refusal.map(|rule| UserError::of_session(rule, self.language, self.names)),
                        reason_required: p.takes_reason,
                        price: price.map(|p| p.price.decimal()),
                        change: price.map(|p| p.change.decimal()),
                    }
                })
                .collect(),
            position: self.row.map(|r| Position(r.position)),
        }
    }
}

fn reason(booking: &portail_domain::attendance::session::Booking, language: Language) -> Option<String> {
    match booking.status {
        BookingStatus::Error(error) => {
            let key = match error {
                CellError::ClosedDay => "ERROR_CLOSED_DAY",
                CellError::NotEnrolled => "ERROR_NOT_ENROLLED",
                CellError::Overlap => "ERROR_OVERLAP",
            };
            Some(text(key, language, &[]))
        }
        BookingStatus::Released => {
            booking.release.map(|release| text(release.reason.label_key(), language, &[]))
        }
        BookingStatus::Refused => booking.refusal.as_ref().map(|r| r.text(language)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Response, Schema};
    use portail_domain::attendance::session::SessionError;

    use super::*;
    use crate::{
        graphql::{attendance::planning::PlanningRow, leaf::Leaves, written::response_text},
        http::request_context::RequestContext,
    };

    struct Root;

    fn text_of(response: &Response) -> String {
        String::from_utf8(response_text(response)).unwrap()
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
        async fn at_once(&self) -> Leaves<Cell> {
            Leaves(cells())
        }
        async fn one_by_one(&self) -> Vec<Cell> {
            cells()
        }
        async fn rows_at_once(&self) -> Leaves<PlanningRow> {
            Leaves(vec![row()])
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
        let ask = async |field: &str, takes_text: bool| {
            let request = Request::new(format!("{{ answer: {field} {ALL} }} {fragment}"));
            let context = RequestContext { takes_text, ..RequestContext::default() };
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
        let names =
            fields["__type"]["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap());
        let all: Vec<&str> = names.map(|n| if n == "cells" { "cells { status date }" } else { n }).collect();
        let ask = async |field: &str| {
            let request = Request::new(format!("{{ answer: {field} {{ {} }} }}", all.join(" ")));
            let context = RequestContext { takes_text: true, ..RequestContext::default() };
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
                let context = RequestContext { takes_text: true, ..RequestContext::default() };
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
}
