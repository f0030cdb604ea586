//! The planning, the requests and the month's planning of children.

use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::{BookingStatus, Expires, ReleaseReason, SessionEvent},
    catalogue::activity::{Activity, ActivityEvent},
    families::child::ChildEvent,
    shared::sealed::{Place, Purpose},
};
use portail_event_store::StreamId;
use portail_projections::{
    Projection,
    attendance::{
        month_planning::Plannings,
        planning::{self, Due, PlanningProjection},
        request_list::{self, Filter, Order, RequestLine},
        requests::RequestsProjection,
    },
    families::{family::FamilyProjection, family_file::FamilyFileProjection},
};

use crate::{cast::*, read_models::ReadModels};

const JUNE: &str = "2015-06-01";

async fn planning() -> ReadModels {
    ReadModels::of(vec![Box::new(PlanningProjection)]).await
}

async fn statuses(
    models: &ReadModels,
) -> Vec<(portail_domain::shared::ids::ChildId, BookingStatus, Option<i64>)> {
    let cells = planning::session_cells(models.pool(), &canteen(), day(JUNE)).await.unwrap();
    cells.into_iter().map(|cell| (cell.child, cell.booking.status, cell.rank)).collect()
}

async fn occupancy(models: &ReadModels) -> (i32, i32) {
    let of_june = planning::occupancy(models.pool(), &[canteen().to_string()], day(JUNE), day(JUNE)).await;
    of_june.unwrap()[&(canteen().to_string(), day(JUNE))]
}

async fn due(models: &ReadModels, now: &str) -> Vec<Due> {
    planning::due(models.pool(), at(now), 10).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_reservation_holds_a_place_until_it_is_cancelled() {
    let models = planning().await;
    models.given(of_session(day(JUNE)), [requested(lucie(), 1), confirmed(lucie(), 1)]).await;
    assert_eq!(statuses(&models).await, [(lucie(), BookingStatus::Reserved, None)]);
    assert_eq!(occupancy(&models).await, (1, 0));
    let cancelled = SessionEvent::ReservationCancelled {
        child: lucie(),
        request: request(1),
        exception: None,
        basis: basis(),
    };
    models.given(of_session(day(JUNE)), [cancelled]).await;
    assert_eq!(statuses(&models).await, [(lucie(), BookingStatus::Cancelled, None)]);
    assert_eq!(occupancy(&models).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_are_ranked_in_the_order_they_came_and_move_up() {
    let models = planning().await;
    let wait =
        [requested(emma(), 1), waitlisted(emma(), 1, 1), requested(lucie(), 2), waitlisted(lucie(), 2, 2)];
    models.given(of_session(day(JUNE)), wait).await;
    assert_eq!(
        statuses(&models).await,
        [(lucie(), BookingStatus::Waitlisted, Some(2)), (emma(), BookingStatus::Waitlisted, Some(1))]
    );
    assert_eq!(occupancy(&models).await, (0, 2));
    let withdrawn = SessionEvent::ReservationWithdrawn { child: emma(), request: request(1), basis: basis() };
    models.given(of_session(day(JUNE)), [withdrawn]).await;
    assert_eq!(statuses(&models).await[0], (lucie(), BookingStatus::Waitlisted, Some(1)));
    assert_eq!(occupancy(&models).await, (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_and_an_awaited_certificate_are_due_when_their_time_is_over() {
    let models = planning().await;
    let offered = SessionEvent::PlaceOffered {
        child: lucie(),
        request: request(1),
        until: at("2015-05-02T09:00:00Z"),
        basis: basis(),
    };
    models.given(of_session(day(JUNE)), [requested(lucie(), 1), waitlisted(lucie(), 1, 1), offered]).await;
    models.given(of_session(day(JUNE)), [requested(emma(), 2), confirmed(emma(), 2), ill(emma(), 3)]).await;
    assert_eq!(due(&models, "2015-05-02T09:00:00Z").await, [], "not at that instant yet");
    let found = due(&models, "2015-06-30T00:00:00Z").await;
    let of = |child, expires, instant| Due::Booking {
        child,
        activity: canteen(),
        date: day(JUNE),
        expires,
        at: at(instant),
    };
    assert_eq!(
        found,
        [
            of(lucie(), Expires::Offer, "2015-05-02T09:00:00Z"),
            of(emma(), Expires::Certificate, "2015-06-03T10:00:00Z"),
        ]
    );
    // What came in waits for staff, not for the clock.
    let received = SessionEvent::CertificateReceived {
        child: emma(),
        absence: request(3),
        files: vec![certificate()],
        basis: basis(),
    };
    models.given(of_session(day(JUNE)), [received]).await;
    assert_eq!(due(&models, "2015-06-30T00:00:00Z").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_list_is_due_when_it_closes_while_somebody_waits() {
    let models = planning().await;
    models.given(of_session(day(JUNE)), [requested(lucie(), 1), waitlisted(lucie(), 1, 1)]).await;
    let closing = Due::WaitingList { activity: canteen(), date: day(JUNE), at: at("2015-06-01T08:00:00Z") };
    assert_eq!(due(&models, "2015-06-02T00:00:00Z").await, [closing]);
    let refused = serde_json::json!([{ "child": lucie(), "request": request(1) }]);
    let closed = SessionEvent::WaitingListClosed {
        refused: serde_json::from_value(refused).unwrap(),
        capacity: Some(1),
        held: Some(1),
        basis: basis(),
    };
    models.given(of_session(day(JUNE)), [closed]).await;
    assert_eq!(due(&models, "2015-06-02T00:00:00Z").await, []);
    assert_eq!(statuses(&models).await, [(lucie(), BookingStatus::Refused, None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_outlives_its_enrolment_or_activity_is_named_until_it_is_released() {
    let models = planning().await;
    models.given(of_session(day(JUNE)), [requested(lucie(), 1), confirmed(lucie(), 1)]).await;
    let ended = ChildEvent::EnrolmentEnded {
        activity: canteen(),
        payer: family(),
        last_day: day("2015-05-31"),
        released_until: day("2015-07-03"),
    };
    models.given(of_child(lucie()), [ended]).await;
    assert!(
        matches!(&due(&models, "2015-04-03T09:00:00Z").await[..], [Due::Leftover { child, .. }] if *child == lucie())
    );
    let released = SessionEvent::BookingsReleased {
        reason: ReleaseReason::EnrolmentEnded,
        children: vec![lucie()],
        basis: basis(),
    };
    models.given(of_session(day(JUNE)), [released]).await;
    assert_eq!(due(&models, "2015-04-03T09:00:00Z").await, []);
    // An activity ends for all its children, and takes the mark back when it is offered again.
    models.given(of_session(day(JUNE)), [requested(emma(), 2), confirmed(emma(), 2)]).await;
    let activity = StreamId::new(Activity::TYPE, canteen().to_string());
    let retired = ActivityEvent::ActivityRetired { from: day(JUNE), releases: true };
    models.given(activity.clone(), [retired]).await;
    assert_eq!(due(&models, "2015-04-03T09:00:00Z").await.len(), 1);
    models.given(activity, [ActivityEvent::ActivityReopened {}]).await;
    assert_eq!(due(&models, "2015-04-03T09:00:00Z").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_events_makes_the_cells_that_one_by_one_they_make() {
    let models = planning().await;
    let wait = [requested(lucie(), 1), waitlisted(lucie(), 1, 1), requested(emma(), 2), confirmed(emma(), 2)];
    for event in wait.clone() {
        models.given(of_session(day(JUNE)), [event]).await;
    }
    models.given(of_session(day("2015-06-02")), wait).await;
    let rows: Vec<(String, Option<bool>)> =
        sqlx::query_as("SELECT status, queued IS NOT NULL FROM rm_planning.cell ORDER BY date, child")
            .fetch_all(models.pool())
            .await
            .unwrap();
    assert_eq!(rows[..2], rows[2..]);
    assert_eq!(occupancy(&models).await, (1, 1));
}

async fn requests() -> ReadModels {
    let both: Vec<Box<dyn Projection>> = vec![Box::new(RequestsProjection), Box::new(FamilyFileProjection)];
    ReadModels::of(both).await
}

async fn listed(models: &ReadModels) -> Vec<RequestLine> {
    request_list::list(models.pool(), &Filter::default(), Order::OldestFirst, None, 10).await.unwrap()
}

fn standing(line: &RequestLine) -> (&'static str, &'static str, Option<&'static str>) {
    (line.kind.into(), line.status.into(), line.detail.map(Into::into))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_pending_until_it_is_granted_and_keeps_its_line_when_cancelled() {
    let models = requests().await;
    models.given(of_session(day(JUNE)), [requested(lucie(), 1)]).await;
    assert_eq!(standing(&listed(&models).await[0]), ("RESERVATION", "PENDING", None));
    models.given(of_session(day(JUNE)), [confirmed(lucie(), 1)]).await;
    let cancelled = SessionEvent::ReservationCancelled {
        child: lucie(),
        request: request(1),
        exception: None,
        basis: basis(),
    };
    models.given(of_session(day(JUNE)), [cancelled]).await;
    let lines = listed(&models).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(standing(&lines[0]), ("RESERVATION", "ACCEPTED", Some("CANCELLED")));
    assert_eq!((lines[0].payer.as_deref(), lines[0].decided), (Some(FAMILY), Some(received())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_waits_for_its_certificate_and_is_refused_without_it() {
    let models = requests().await;
    let june = of_session(day(JUNE));
    models.given(june.clone(), [requested(lucie(), 1), confirmed(lucie(), 1), ill(lucie(), 2)]).await;
    let absence = &listed(&models).await[1];
    assert_eq!(standing(absence), ("ABSENCE", "PENDING", None));
    assert_eq!(absence.certificate_due, Some(at("2015-06-03T10:00:00Z")));
    assert_eq!(absence.payer.as_deref(), Some(FAMILY), "the reservation's");
    let billed =
        SessionEvent::AbsenceBilled { child: lucie(), absence: request(2), percent: 100, basis: basis() };
    models.given(june.clone(), [billed.clone()]).await;
    assert_eq!(standing(&listed(&models).await[1]), ("ABSENCE", "REFUSED", Some("CERTIFICATE_MISSING")));
    let came = SessionEvent::CertificateReceived {
        child: lucie(),
        absence: request(2),
        files: vec![certificate()],
        basis: basis(),
    };
    models.given(june.clone(), [came]).await;
    let absence = &listed(&models).await[1];
    assert_eq!(standing(absence), ("ABSENCE", "PENDING", Some("CERTIFICATE_RECEIVED")));
    assert_eq!(absence.files.len(), 1);
    models.given(june, [billed]).await;
    assert_eq!(standing(&listed(&models).await[1]), ("ABSENCE", "REFUSED", Some("CERTIFICATE_REFUSED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_says_why_and_stands_as_before_when_it_is_restored() {
    let models = requests().await;
    let june = of_session(day(JUNE));
    models.given(june.clone(), [requested(lucie(), 1), confirmed(lucie(), 1)]).await;
    models.given(june.clone(), [requested(emma(), 2), waitlisted(emma(), 2, 1)]).await;
    let released = SessionEvent::BookingsReleased {
        reason: ReleaseReason::ActivityEnded,
        children: vec![lucie(), emma()],
        basis: basis(),
    };
    models.given(june.clone(), [released]).await;
    let lines = listed(&models).await;
    assert_eq!(standing(&lines[0]), ("RESERVATION", "ACCEPTED", Some("ACTIVITY_ENDED")));
    assert_eq!(standing(&lines[1]), ("RESERVATION", "REFUSED", Some("ACTIVITY_ENDED")));
    let restored = [(lucie(), BookingStatus::Reserved), (emma(), BookingStatus::Waitlisted)];
    let restored =
        restored.map(|(child, to)| portail_domain::attendance::session::Restored { child, to }).to_vec();
    models.given(june, [SessionEvent::BookingsRestored { restored, basis: basis() }]).await;
    let lines = listed(&models).await;
    assert_eq!(standing(&lines[0]), ("RESERVATION", "ACCEPTED", None));
    assert_eq!(standing(&lines[1]), ("RESERVATION", "PENDING", Some("WAITLISTED")));
    let pending = request_list::pending_counts(models.pool()).await.unwrap();
    assert_eq!((pending.len(), pending[0].count), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_months_planning_holds_the_families_enrolments_and_cells_of_a_child() {
    let models = ReadModels::of(vec![Box::new(PlanningProjection), Box::new(FamilyProjection)]).await;
    let secret = r#"{"surname":"Martin","first_name":"Lucie","birth_date":"2008-05-14"}"#;
    let identity = models.seal(Place::Child, &lucie().to_string(), Purpose::Identity, secret).await;
    let registered = ChildEvent::ChildRegistered { family: family(), identity };
    models.given(of_child(lucie()), [registered, ChildEvent::ChildEnrolled(enrolment())]).await;
    models.given(of_session(day(JUNE)), [requested(lucie(), 1), confirmed(lucie(), 1)]).await;
    models.given(of_session(day("2015-07-01")), [requested(lucie(), 2)]).await;
    let plannings = Plannings::start(models.database());
    let june = plannings.of_child(lucie(), day(JUNE), day("2015-06-30")).await.unwrap();
    assert_eq!(june.families, [FAMILY]);
    assert_eq!(june.enrolments, [enrolment()]);
    assert_eq!(june.cells.len(), 1, "July is another month");
    let nobody = plannings.of_child(emma(), day(JUNE), day("2015-06-30")).await.unwrap();
    assert!(nobody.families.is_empty() && nobody.cells.is_empty());
}
