//! The application on a real database: timers, rebuilds, races.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use portail_api::tools::demo;
use portail_application::{
    Application, AttendanceCommand, Caller, CatalogueCommand, Command, CommandOutcome, DayResult, Decision,
    FamiliesCommand, Keys, Role, Target, clock::Clock,
};
use portail_domain::{
    attendance::session::{AbsenceReason, BookingStatus},
    shared::ids::ChildId,
};
use portail_event_store::{CheckpointSigner, MasterKey, VerifiedLog, verify};
use portail_projections::{FoldContext, engine::rebuild};
use portail_testkit::TestDatabase;
use sqlx::Executor;
use uuid::Uuid;

use crate::server::{EMMA, LEO};

pub fn keys() -> Keys {
    with_master(MasterKey::from_hex(&"5a".repeat(32)).unwrap())
}

pub fn with_master(master: MasterKey) -> Keys {
    let signing = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    Keys { master, signer: CheckpointSigner::new(signing).unwrap() }
}

fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap()
}

pub struct Town {
    pub application: Arc<Application>,
    test: TestDatabase,
}

impl Town {
    /// The guide's town, its projections running.
    pub async fn new(clock: Clock) -> Self {
        let test = TestDatabase::new().await.unwrap();
        let application = Application::open(&test.database, keys(), clock).await.unwrap();
        application.engine().start();
        demo::prepare(&application).await.unwrap();
        Self { application, test }
    }

    /// The same town, as a process that starts later sees it.
    async fn later(&self, clock: Clock) -> Arc<Application> {
        let application = Application::open(&self.test.database, keys(), clock).await.unwrap();
        application.engine().start();
        application
    }
}

pub async fn send(
    application: &Application,
    role: Role,
    login: &str,
    when: &str,
    command: impl Into<Command>,
) -> CommandOutcome {
    let caller = Caller { role, login: login.into(), at: at(when) };
    application.execute(&caller, Uuid::new_v4(), command).await.unwrap().outcome
}

pub fn child(id: &str) -> ChildId {
    id.parse().unwrap()
}

pub fn ask(who: &str, payer: &str, activity: &str, dates: &[&str]) -> AttendanceCommand {
    AttendanceCommand::RequestReservations {
        child: child(who),
        payer: payer.parse().unwrap(),
        activity: activity.parse().unwrap(),
        dates: dates.iter().map(|d| d.parse().unwrap()).collect(),
        pattern: None,
        reason: None,
    }
}

pub const DUPONT: &str = "1001001010331";
pub const MARTIN: &str = "1001001010348";

pub async fn status(application: &Application, who: &str, activity: &str, date: &str) -> BookingStatus {
    let date = date.parse().unwrap();
    let cells = portail_projections::attendance::planning::cells(application.pool(), child(who), date, date)
        .await
        .unwrap();
    cells.into_iter().find(|c| c.activity.as_str() == activity).unwrap().booking.status
}

/// The canteen with one place from June on, and both children asking for 2 June.
pub async fn one_place() -> Town {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let catalogue = application.catalogue().get().await.unwrap();
    let id = "restauration-scolaire".parse().unwrap();
    let mut settings = catalogue.activities[&id].latest().unwrap().clone();
    settings.capacity = Some(1);
    let change = CatalogueCommand::ChangeActivity {
        id,
        changes: Box::new(settings.into()),
        from: "2015-06-01".parse().unwrap(),
    };
    assert!(send(application, Role::Staff, "mairie", "2015-04-08T08:00:00Z", change).await.recorded);
    for (who, payer) in [(LEO, DUPONT), (EMMA, MARTIN)] {
        let asked = ask(who, payer, "restauration-scolaire", &["2015-06-02"]);
        send(application, Role::Parent, payer, "2015-04-08T08:10:00Z", asked).await;
    }
    town
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freed_place_is_offered_and_time_passes_it_on() {
    let town = one_place().await;
    let application = &town.application;
    let canteen = "restauration-scolaire";
    assert_eq!(status(application, EMMA, canteen, "2015-06-02").await, BookingStatus::Waitlisted);
    let cancel = AttendanceCommand::CancelReservations {
        reason: None,
        child: child(LEO),
        payer: DUPONT.parse().unwrap(),
        activity: canteen.parse().unwrap(),
        dates: vec!["2015-06-02".parse().unwrap()],
    };
    send(application, Role::Parent, DUPONT, "2015-04-09T08:00:00Z", cancel).await;
    assert_eq!(status(application, EMMA, canteen, "2015-06-02").await, BookingStatus::Offered);
    let head = application.log().read_head().await.unwrap();
    assert_eq!(application.run_due().await.unwrap(), 0, "a day to accept");
    assert_eq!(application.log().read_head().await.unwrap(), head);

    let later = town.later(Clock::starting_at(at("2015-04-10T08:00:01Z"))).await;
    assert_eq!(later.run_due().await.unwrap(), 1);
    assert_eq!(status(&later, EMMA, canteen, "2015-06-02").await, BookingStatus::Refused);
    assert_eq!(later.run_due().await.unwrap(), 0, "done once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_list_closes_and_an_awaited_certificate_runs_out_by_the_clock() {
    let town = one_place().await;
    let canteen = "restauration-scolaire";
    let late = "2015-06-01T12:00:00Z";
    let absence = AttendanceCommand::DeclareAbsence {
        child: child(LEO),
        payer: DUPONT.parse().unwrap(),
        activity: canteen.parse().unwrap(),
        dates: vec!["2015-06-02".parse().unwrap()],
        reason: AbsenceReason::Medical,
        confirmed: true,
    };
    send(&town.application, Role::Parent, DUPONT, late, absence).await;
    let later = town.later(Clock::starting_at(at("2015-06-05T08:00:00Z"))).await;
    // The cut-off of Tuesday 2 June was Monday at ten; the certificate was due on Thursday.
    assert_eq!(later.run_due().await.unwrap(), 2);
    assert_eq!(status(&later, EMMA, canteen, "2015-06-02").await, BookingStatus::Refused);
    assert_eq!(status(&later, LEO, canteen, "2015-06-02").await, BookingStatus::AbsentBilled);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_families_never_oversell_a_session() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let catalogue = application.catalogue().get().await.unwrap();
    let id: portail_domain::shared::ids::ActivityId = "garderie-matin".parse().unwrap();
    let mut settings = catalogue.activities[&id].latest().unwrap().clone();
    settings.capacity = Some(3);
    settings.waiting_list = false;
    let change = CatalogueCommand::ChangeActivity {
        id: id.clone(),
        changes: Box::new(settings.into()),
        from: "2015-06-01".parse().unwrap(),
    };
    send(application, Role::Staff, "mairie", "2015-04-08T08:00:00Z", change).await;
    let mut children = Vec::new();
    for n in 0..12 {
        let register = FamiliesCommand::RegisterChild {
            family: DUPONT.parse().unwrap(),
            name: portail_application::PersonName {
                surname: "DUPONT".parse().unwrap(),
                first_name: format!("Enfant {n}").parse().unwrap(),
            },
            birth_date: "2009-01-01".parse().unwrap(),
        };
        let made = send(application, Role::Staff, "mairie", "2015-04-08T08:01:00Z", register).await;
        let child: ChildId = made.id.unwrap().parse().unwrap();
        let enrolment = portail_domain::families::child::Enrolment {
            activity: id.clone(),
            payer: DUPONT.parse().unwrap(),
            from: "2015-01-01".parse().unwrap(),
            to: None,
            contract: [].into(),
            leave_days: 0,
        };
        assert!(
            send(
                application,
                Role::Staff,
                "mairie",
                "2015-04-08T08:02:00Z",
                FamiliesCommand::EnrolChild { child, enrolment }
            )
            .await
            .recorded
        );
        children.push(child);
    }
    let tasks: Vec<_> = children
        .into_iter()
        .map(|child| {
            let application = application.clone();
            tokio::spawn(async move {
                let asked = ask(&child.to_string(), DUPONT, "garderie-matin", &["2015-06-02"]);
                send(&application, Role::Parent, DUPONT, "2015-04-08T09:00:00Z", asked).await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap().days[0].result);
    }
    let count = |status| results.iter().filter(|r| **r == DayResult::Done(status)).count();
    assert_eq!((count(BookingStatus::Reserved), count(BookingStatus::Refused)), (3, 9), "{results:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_requests_sent_at_once_are_never_both_granted() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let day = "2015-06-03";
    for activity in ["alsh-mercredi-journee", "alsh-mercredi-apres-midi"] {
        send(application, Role::Parent, DUPONT, "2015-04-08T08:00:00Z", ask(LEO, DUPONT, activity, &[day]))
            .await;
    }
    let confirm = |activity: &str| {
        let target =
            Target { child: child(LEO), activity: activity.parse().unwrap(), date: day.parse().unwrap() };
        AttendanceCommand::DecideReservations { targets: vec![target], decision: Decision::Confirm }
    };
    let (first, second) = tokio::join!(
        send(application, Role::Staff, "mairie", "2015-04-09T08:00:00Z", confirm("alsh-mercredi-journee")),
        send(application, Role::Staff, "mairie", "2015-04-09T08:00:00Z", confirm("alsh-mercredi-apres-midi")),
    );
    let granted = [&first, &second]
        .iter()
        .filter(|o| o.days[0].result == DayResult::Done(BookingStatus::Reserved))
        .count();
    assert_eq!(granted, 1, "{first:?} {second:?}");
    let refused = [&first, &second].into_iter().find_map(|o| o.days[0].error.clone()).unwrap();
    assert_eq!(refused.code, "OVERLAPPING_RESERVATION");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_model_rebuilt_from_the_log_has_the_rows_of_the_live_one() {
    let town = one_place().await;
    let application = &town.application;
    for (scope, reason) in [("closed", portail_domain::catalogue::calendar::ClosureReason::Weather)] {
        let close = CatalogueCommand::CloseDays {
            scope: portail_domain::catalogue::calendar::ClosureScope::Town,
            from: "2015-06-01".parse().unwrap(),
            to: "2015-06-05".parse().unwrap(),
            reason,
        };
        let closed = send(application, Role::Staff, "mairie", "2015-04-10T08:00:00Z", close).await;
        assert!(closed.recorded, "{scope}");
        let reopen = CatalogueCommand::ReopenDays { closure: closed.id.unwrap().parse().unwrap() };
        assert!(send(application, Role::Staff, "mairie", "2015-04-10T09:00:00Z", reopen).await.recorded);
    }
    let context = FoldContext { log: application.log().clone(), vault: application.vault().clone() };
    let head = application.log().read_head().await.unwrap();
    for projection in portail_projections::all() {
        let mut reached = 0;
        let rebuilt = rebuild::rebuild(&*projection, &context, |at, _| reached = at).await.unwrap();
        assert_eq!((rebuilt.position, rebuilt.differences), (head, Some(0)), "{}", projection.name());
        assert_eq!(reached, head);
    }
    assert_eq!(
        status(application, EMMA, "restauration-scolaire", "2015-06-02").await,
        BookingStatus::Waitlisted
    );

    // A read model that was tampered with is found out, and replaced.
    application
        .pool()
        .execute("UPDATE rm_planning.cell SET status = 'RESERVED' WHERE status = 'WAITLISTED'")
        .await
        .unwrap();
    let planning = portail_projections::attendance::planning::PlanningProjection;
    let rebuilt = rebuild::rebuild(&planning, &context, |_, _| ()).await.unwrap();
    assert_eq!(rebuilt.differences, Some(2), "one row that was, one that should be");
    assert_eq!(
        status(application, EMMA, "restauration-scolaire", "2015-06-02").await,
        BookingStatus::Waitlisted
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_sealed_in_the_log_and_open_in_the_read_models() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let found: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events WHERE payload::text LIKE '%DUPONT%' OR payload::text LIKE '%Léo%'",
    )
    .fetch_one(town.application.pool())
    .await
    .unwrap();
    assert_eq!(found, 0);
    let outcomes: i64 =
        sqlx::query_scalar("SELECT count(*) FROM command_log WHERE outcome::text LIKE '%DUPONT%'")
            .fetch_one(town.application.pool())
            .await
            .unwrap();
    assert_eq!(outcomes, 0);
    let family = portail_projections::families::family::family(town.application.pool(), DUPONT)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!((family.surname.as_str(), family.first_name.as_str()), ("DUPONT", "JEAN"));
    verify(town.application.pool(), VerifiedLog::default(), &[], |_, _| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_is_counted_against_the_quota_in_the_same_append() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let application = &town.application;
    let catalogue = application.catalogue().get().await.unwrap();
    let id: portail_domain::shared::ids::ActivityId = "garderie-matin".parse().unwrap();
    let mut settings = catalogue.activities[&id].latest().unwrap().clone();
    settings.leave =
        Some(portail_domain::catalogue::activity::LeavePolicy { notice: settings.cancel_deadline.clone() });
    let change = CatalogueCommand::ChangeActivity {
        id: id.clone(),
        changes: Box::new(settings.into()),
        from: "2015-05-01".parse().unwrap(),
    };
    send(application, Role::Staff, "mairie", "2015-04-08T08:00:00Z", change).await;
    let end = FamiliesCommand::EndEnrolment {
        child: child(LEO),
        activity: id.clone(),
        payer: DUPONT.parse().unwrap(),
        last_day: "2015-04-30".parse().unwrap(),
    };
    assert!(send(application, Role::Staff, "mairie", "2015-04-08T08:01:00Z", end).await.recorded);
    let enrolment = portail_domain::families::child::Enrolment {
        activity: id.clone(),
        payer: DUPONT.parse().unwrap(),
        from: "2015-05-01".parse().unwrap(),
        to: None,
        contract: [chrono::Weekday::Mon, chrono::Weekday::Tue].into(),
        leave_days: 2,
    };
    assert!(
        send(
            application,
            Role::Staff,
            "mairie",
            "2015-04-08T08:02:00Z",
            FamiliesCommand::EnrolChild { child: child(LEO), enrolment }
        )
        .await
        .recorded
    );
    let dates = ["2015-06-01", "2015-06-02", "2015-06-08"];
    send(
        application,
        Role::Parent,
        DUPONT,
        "2015-04-08T09:00:00Z",
        ask(LEO, DUPONT, "garderie-matin", &dates),
    )
    .await;
    let leave = AttendanceCommand::TakeLeave {
        reason: None,
        child: child(LEO),
        payer: DUPONT.parse().unwrap(),
        activity: id,
        dates: dates.iter().map(|d| d.parse().unwrap()).collect(),
    };
    let taken = send(application, Role::Parent, DUPONT, "2015-04-08T10:00:00Z", leave).await;
    let results: Vec<DayResult> = taken.days.iter().map(|d| d.result).collect();
    assert_eq!(
        results,
        [DayResult::Done(BookingStatus::Leave), DayResult::Done(BookingStatus::Leave), DayResult::Rejected]
    );
    assert_eq!(taken.days[2].error.as_ref().unwrap().code, "LEAVE_QUOTA_USED");
}
