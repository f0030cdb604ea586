//! What ends releases what follows it: enrolments, memberships, activities and structures.

use portail_api::tools::demo;
use portail_application::{Application, CatalogueCommand, Command, FamiliesCommand, Role, clock::Clock};
use portail_domain::{
    attendance::session::{BookingStatus as S, ReleaseReason},
    shared::ids::{ActivityId, FamilyNumber},
};
use portail_testkit::is_embedded;
use sqlx::Row;

use crate::{
    application::{DUPONT, MARTIN, Town, ask, child, one_place, send, status},
    server::{EMMA, LEO},
};

const CANTEEN: &str = "restauration-scolaire";
const NOW: &str = "2015-04-10T08:00:00Z";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn end(who: &str, payer: &str, last_day: &str) -> FamiliesCommand {
    let (activity, payer) = (id::<ActivityId>(CANTEEN), id::<FamilyNumber>(payer));
    FamiliesCommand::EndEnrolment { child: child(who), activity, payer, last_day: id(last_day) }
}

fn enrol(who: &str, payer: &str, from: &str) -> FamiliesCommand {
    let enrolment = portail_domain::families::child::Enrolment {
        activity: id(CANTEEN),
        payer: id(payer),
        from: id(from),
        to: None,
        contract: [].into(),
        leave_days: 0,
    };
    FamiliesCommand::EnrolChild { child: child(who), enrolment }
}

async fn staff(application: &Application, command: impl Into<Command>) {
    let outcome = send(application, Role::Staff, "mairie", NOW, command).await;
    assert!(outcome.recorded, "{outcome:?}");
}

/// The last release of a child's session, if the log has one.
async fn released(application: &Application, date: &str) -> Vec<(String, String)> {
    let rows = sqlx::query(
        "SELECT payload::json->'BookingsReleased'->>'reason', command_id::text FROM events \
         WHERE event_type = 'BookingsReleased' AND aggregate_id = $1 ORDER BY position",
    )
    .bind(format!("{CANTEEN}:{date}"))
    .fetch_all(application.pool())
    .await
    .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_enrolment_releases_what_follows_and_a_new_one_brings_it_back() {
    let town = one_place().await;
    let application = &town.application;
    let more = ask(LEO, DUPONT, CANTEEN, &["2015-05-29", "2015-06-04", "2015-06-05"]);
    send(application, Role::Parent, DUPONT, NOW, more).await;
    staff(application, end(LEO, DUPONT, "2015-05-31")).await;
    assert_eq!(status(application, LEO, CANTEEN, "2015-05-29").await, S::Reserved, "before the last day");
    for date in ["2015-06-02", "2015-06-04", "2015-06-05"] {
        assert_eq!(status(application, LEO, CANTEEN, date).await, S::Released, "{date}");
    }
    assert_eq!(status(application, EMMA, CANTEEN, "2015-06-02").await, S::Offered, "the place is offered");
    let roll = portail_application::attendance::roll::roll(application, &id(CANTEEN), id("2015-06-02"))
        .await
        .unwrap()
        .unwrap();
    let children: Vec<String> = roll.children.iter().map(|line| line.child.to_string()).collect();
    assert_eq!((children, roll.held), (vec![EMMA.to_owned()], 1), "no longer on the roll");

    // One command, one append, one message.
    let appends: Vec<_> =
        [released(application, "2015-06-02").await, released(application, "2015-06-05").await].concat();
    assert!(appends.iter().all(|(reason, _)| reason == "ENROLMENT_ENDED"), "{appends:?}");
    assert_eq!(appends[0].1, appends[1].1);
    let told = "SELECT cardinality(dates) FROM rm_outbox.message WHERE template = 'BOOKINGS_RELEASED'";
    let told: Vec<i32> = sqlx::query_scalar(told).fetch_all(application.pool()).await.unwrap();
    assert_eq!(told, [3]);
    let listed = "SELECT date::text, status, detail FROM rm_requests.line WHERE child = $1::uuid \
        AND activity = $2 AND date >= '2015-05-29' ORDER BY date";
    let listed: Vec<(String, String, Option<String>)> =
        sqlx::query_as(listed).bind(LEO).bind(CANTEEN).fetch_all(application.pool()).await.unwrap();
    let details: Vec<Option<&str>> = listed.iter().map(|(_, _, detail)| detail.as_deref()).collect();
    let ended = Some("ENROLMENT_ENDED");
    assert_eq!(details, [None, ended, ended, ended], "{listed:?}");

    let refused = ask(LEO, DUPONT, CANTEEN, &["2015-06-09"]);
    let refused = send(application, Role::Parent, DUPONT, NOW, refused).await;
    assert_eq!(refused.days[0].error.as_ref().unwrap().code, "NOT_ENROLLED");

    staff(application, enrol(LEO, DUPONT, "2015-06-03")).await;
    assert_eq!(status(application, LEO, CANTEEN, "2015-06-02").await, S::Released, "not enrolled that day");
    assert_eq!(status(application, LEO, CANTEEN, "2015-06-04").await, S::Reserved);
    let due = application.run_due().await.unwrap();
    assert_eq!(due, 0, "nothing was left over");
}

/// A booking that the end did not see, because it was made at that very moment, is found by the
/// planning in the log's order and released by the clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_booking_made_while_the_enrolment_ends_does_not_stay() {
    if is_embedded() {
        return; // One connection: nobody can hold the planning back.
    }
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let mut behind = application.pool().begin().await.unwrap();
    sqlx::query("SELECT 1 FROM projection WHERE name = 'planning' FOR UPDATE")
        .execute(&mut *behind)
        .await
        .unwrap();
    let asked = ask(LEO, DUPONT, CANTEEN, &["2015-06-02"]);
    send(application, Role::Parent, DUPONT, NOW, asked).await;
    staff(application, end(LEO, DUPONT, "2015-05-31")).await;
    assert_eq!(released(application, "2015-06-02").await, [], "the planning had not seen it");
    behind.rollback().await.unwrap();
    let head = application.log().read_head().await.unwrap();
    assert!(application.wait_for(head).await);
    assert_eq!(application.run_due().await.unwrap(), 1);
    assert_eq!(status(application, LEO, CANTEEN, "2015-06-02").await, S::Released);
    assert_eq!(released(application, "2015-06-02").await[0].0, "ENROLMENT_ENDED");
    assert_eq!(application.run_due().await.unwrap(), 0, "once");
}

/// Whoever wins the race: no place is held by a child that is not enrolled.
#[tokio::test(flavor = "multi_thread")]
async fn bookings_that_race_with_the_end_do_not_outlive_it() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let days: Vec<String> =
        ["2015-05-18", "2015-05-19", "2015-05-21", "2015-05-22", "2015-05-26", "2015-05-28"]
            .iter()
            .chain(&["2015-06-01", "2015-06-02", "2015-06-04", "2015-06-05", "2015-06-08", "2015-06-09"])
            .map(|day| (*day).to_owned())
            .collect();
    let bookings = days.iter().map(|day| async move {
        let asked = ask(LEO, DUPONT, CANTEEN, &[day]);
        send(application, Role::Parent, DUPONT, NOW, asked).await;
    });
    let ended = async { staff(application, end(LEO, DUPONT, "2015-05-15")).await };
    tokio::join!(futures::future::join_all(bookings), ended);
    let head = application.log().read_head().await.unwrap();
    assert!(application.wait_for(head).await);
    while application.run_due().await.unwrap() > 0 {}
    let cells = portail_projections::attendance::planning::cells(
        application.pool(),
        child(LEO),
        id("2015-05-16"),
        id("2015-07-01"),
    );
    let cells = cells.await.unwrap();
    let standing: Vec<_> = cells.iter().filter(|c| c.booking.is_releasable()).map(|c| c.date).collect();
    assert_eq!(standing, [], "of {} bookings", cells.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_and_a_structure_that_end_release_everybody_and_reopen_them() {
    let town = one_place().await;
    let application = &town.application;
    let canteen: ActivityId = id(CANTEEN);
    let retire = CatalogueCommand::RetireActivity { id: canteen.clone(), from: id("2015-06-01") };
    staff(application, retire).await;
    for who in [LEO, EMMA] {
        assert_eq!(status(application, who, CANTEEN, "2015-06-02").await, S::Released);
    }
    assert_eq!(released(application, "2015-06-02").await[0].0, "ACTIVITY_ENDED");
    staff(application, CatalogueCommand::ReopenActivity { id: canteen.clone() }).await;
    assert_eq!(status(application, LEO, CANTEEN, "2015-06-02").await, S::Reserved, "asked first");
    assert_eq!(status(application, EMMA, CANTEEN, "2015-06-02").await, S::Waitlisted);

    let structure = id("restauration");
    staff(application, CatalogueCommand::RetireStructure { id: id("restauration"), from: id("2015-05-01") })
        .await;
    assert_eq!(status(application, LEO, CANTEEN, "2015-06-02").await, S::Released);
    let settings =
        application.catalogue().get().await.unwrap().activities[&canteen].latest().unwrap().clone();
    let define =
        CatalogueCommand::DefineActivity { id: id("repas-froid"), settings: Box::new(settings.clone()) };
    let refused = send(application, Role::Staff, "mairie", NOW, define).await;
    assert_eq!(refused.errors[0].code, "STRUCTURE_RETIRED");
    staff(application, CatalogueCommand::ReopenStructure { id: structure }).await;
    assert_eq!(status(application, LEO, CANTEEN, "2015-06-02").await, S::Reserved);

    // Not offered on Tuesdays any more, and again.
    let mut without = settings.clone();
    without.weekdays = [chrono::Weekday::Mon, chrono::Weekday::Thu].into();
    let change =
        |settings: portail_domain::catalogue::activity::ActivitySettings| CatalogueCommand::ChangeActivity {
            id: id(CANTEEN),
            changes: Box::new(settings.into()),
            from: id("2015-05-01"),
        };
    staff(application, change(without)).await;
    let cells = portail_projections::attendance::planning::cells(
        application.pool(),
        child(LEO),
        id("2015-06-02"),
        id("2015-06-02"),
    );
    let cells = cells.await.unwrap();
    let cell = cells.iter().find(|c| c.activity.as_str() == CANTEEN).unwrap();
    assert_eq!(cell.booking.release.unwrap().reason, ReleaseReason::NotOffered);
    staff(application, change(settings)).await;
    assert_eq!(status(application, LEO, CANTEEN, "2015-06-02").await, S::Reserved);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_the_calendar_closes_release_what_was_booked_and_bring_it_back() {
    use portail_domain::catalogue::calendar::{HolidayRegion, Holidays, Period, Zone};
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let asked = ask(LEO, DUPONT, CANTEEN, &["2016-02-08", "2016-03-25"]);
    send(application, Role::Parent, DUPONT, NOW, asked).await;
    // Zone B has its winter holidays a week before zone A.
    let adopt = |zone| CatalogueCommand::AdoptZone { zone, from: id("2015-09-01") };
    staff(application, adopt(Zone::B)).await;
    assert_eq!(status(application, LEO, CANTEEN, "2016-02-08").await, S::Released);
    assert_eq!(status(application, LEO, CANTEEN, "2016-03-25").await, S::Reserved);
    staff(application, adopt(Zone::A)).await;
    assert_eq!(status(application, LEO, CANTEEN, "2016-02-08").await, S::Reserved);
    let region = |region| CatalogueCommand::AdoptRegion { region, from: id("2015-09-01") };
    staff(application, region(HolidayRegion::AlsaceMoselle)).await;
    assert_eq!(status(application, LEO, CANTEEN, "2016-03-25").await, S::Released, "Good Friday");
    staff(application, region(HolidayRegion::Common)).await;
    assert_eq!(status(application, LEO, CANTEEN, "2016-03-25").await, S::Reserved);
    let summer = Holidays { period: Period::SummerHolidays, from: id("2016-02-01"), to: id("2016-08-31") };
    staff(application, CatalogueCommand::EnterSchoolYear { year: 2015, holidays: vec![summer] }).await;
    for date in ["2016-02-08", "2016-03-25"] {
        assert_eq!(status(application, LEO, CANTEEN, date).await, S::Released, "{date}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_leaves_a_family_leaves_its_bookings() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let (emma, martin) = (child(EMMA), id::<FamilyNumber>(MARTIN));
    let alone =
        FamiliesCommand::UnlinkChild { child: emma, family: martin.clone(), last_day: id("2015-04-10") };
    let refused = send(application, Role::Staff, "mairie", NOW, alone.clone()).await;
    assert_eq!(refused.errors[0].code, "LAST_FAMILY");
    staff(application, FamiliesCommand::LinkChild { child: emma, family: id(DUPONT) }).await;
    staff(application, enrol(EMMA, DUPONT, "2015-04-01")).await;
    for (payer, date) in [(MARTIN, "2015-06-01"), (DUPONT, "2015-06-02")] {
        let asked = ask(EMMA, payer, CANTEEN, &[date]);
        send(application, Role::Parent, payer, NOW, asked).await;
    }
    staff(application, alone).await;
    assert_eq!(status(application, EMMA, CANTEEN, "2015-06-01").await, S::Released);
    assert_eq!(released(application, "2015-06-01").await[0].0, "LEFT_FAMILY");
    assert_eq!(status(application, EMMA, CANTEEN, "2015-06-02").await, S::Reserved, "the other family's");
    let families =
        portail_projections::families::family::families_of(application.pool(), emma).await.unwrap();
    assert_eq!(families, [DUPONT]);
    let asked = ask(EMMA, MARTIN, CANTEEN, &["2015-06-04"]);
    let refused = send(application, Role::Parent, MARTIN, NOW, asked).await;
    assert_eq!(refused.errors[0].code, "NOT_FOUND", "a stranger by now");

    // The read models are what they would be built anew.
    let context = portail_projections::FoldContext {
        log: application.log().clone(),
        vault: application.vault().clone(),
    };
    for projection in portail_projections::all() {
        let rebuilt =
            portail_projections::engine::rebuild::rebuild(&*projection, &context, |_, _| ()).await.unwrap();
        assert_eq!(rebuilt.differences, Some(0), "{}", projection.name());
    }
}
