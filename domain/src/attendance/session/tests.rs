//! Given what happened in a session, when somebody acts, then this happens.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::i18n::Rule as _;
use crate::{
    attendance::terms::{
        Terms,
        tests::{settings, terms_on},
    },
    catalogue::activity::{ActivitySettings, ApprovalMode, LateRequests, LeavePolicy},
    catalogue::calendar::ClosureReason,
    families::child::ContractDay,
    shared::ids::{ChildId, FamilyNumber, RequestId},
    shared::sealed::{Purpose, Sealed},
};

const LEO: ChildId = ChildId(Uuid::from_u128(1));
const EMMA: ChildId = ChildId(Uuid::from_u128(2));
const ZOE: ChildId = ChildId(Uuid::from_u128(3));

/// Tuesday 7 April 2015: two places, book and cancel until Monday 6, 10:00.
const DAY: &str = "2015-04-07";
/// Before the cut-off.
const EARLY: &str = "2015-04-03T09:00:00Z";
/// The very cut-off: 10:00 in the town.
const CUTOFF: &str = "2015-04-06T08:00:00Z";
/// After the cut-off, before the session.
const LATE: &str = "2015-04-06T15:00:00Z";
/// During the session.
const DURING: &str = "2015-04-07T10:30:00Z";
/// Another day.
const OVER: &str = "2015-04-10T10:30:00Z";

fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap()
}

fn payer() -> FamilyNumber {
    "1001001010331".parse().unwrap()
}

fn request_of(child: ChildId) -> RequestId {
    RequestId(Uuid::from_u128(child.0.as_u128() + 100))
}

fn command_of(terms: Arc<Terms>, at: DateTime<Utc>, act: Act) -> SessionCommand {
    SessionCommand { terms, at, latitude: Latitude::Family, act }
}

fn command(settings: ActivitySettings, when: &str, act: Act) -> SessionCommand {
    command_of(Arc::new(terms_on(settings, DAY)), at(when), act)
}

fn ask(child: ChildId) -> Act {
    Act::Request { child, payer: payer(), request: request_of(child), enrolled: true, overlaps: vec![] }
}

fn absent(child: ChildId, reason: AbsenceReason) -> Act {
    Act::DeclareAbsence {
        child,
        payer: payer(),
        absence: RequestId(Uuid::from_u128(500)),
        reason,
        confirmed: true,
        day_index: 0,
        first_start: at("2015-04-07T10:00:00Z"),
    }
}

fn note() -> Sealed {
    Sealed {
        alg: "XC20P".into(),
        subject: "mairie".into(),
        purpose: Purpose::Note,
        nonce: String::new(),
        ct: String::new(),
    }
}

/// A session in which these acts have happened.
struct Story {
    session: Session,
    events: Vec<SessionEvent>,
    settings: ActivitySettings,
}

impl Story {
    fn new(settings: ActivitySettings) -> Self {
        Self { session: Session::default(), events: vec![], settings }
    }

    fn given(mut self, when: &str, act: Act) -> Self {
        self.act(when, act).unwrap();
        self
    }

    fn act(&mut self, when: &str, act: Act) -> Result<(), SessionError> {
        self.act_as(Latitude::Family, when, act)
    }

    fn act_as(&mut self, latitude: Latitude, when: &str, act: Act) -> Result<(), SessionError> {
        let command = SessionCommand { latitude, ..command(self.settings.clone(), when, act) };
        let events = self.session.decide(command)?;
        events.iter().for_each(|e| self.session.evolve(e));
        self.events.extend(events);
        Ok(())
    }

    fn status(&self, child: ChildId) -> BookingStatus {
        self.session.booking(child).unwrap().status
    }
}

fn refused(settings: ActivitySettings, given: Vec<(&str, Act)>, when: &str, act: Act, error: SessionError) {
    let story = given.into_iter().fold(Story::new(settings.clone()), |s, (w, a)| s.given(w, a));
    TestFramework::<Session>::with(())
        .given(story.events)
        .when(command(settings, when, act))
        .then_expect_error(error);
}

fn with(change: impl FnOnce(&mut ActivitySettings)) -> ActivitySettings {
    let mut changed = settings();
    change(&mut changed);
    changed
}

#[test]
fn given_a_free_place_when_a_parent_asks_in_time_then_it_is_confirmed() {
    let basis = Basis { policy: 1, calendar: 1, cutoff: Some(at(CUTOFF)), received: at(CUTOFF) };
    TestFramework::<Session>::with(())
        .given_no_previous_events()
        .when(command(settings(), CUTOFF, ask(LEO)))
        .then_expect_events(vec![
            SessionEvent::ReservationRequested {
                child: LEO,
                payer: payer(),
                request: request_of(LEO),
                late: false,
                exception: None,
                basis,
            },
            SessionEvent::ReservationConfirmed { child: LEO, request: request_of(LEO), basis },
        ]);
}

#[test]
fn given_the_deadline_has_passed_when_a_parent_asks_then_refused_with_the_deadline() {
    refused(settings(), vec![], "2015-04-06T08:00:01Z", ask(LEO), SessionError::DeadlinePassed(at(CUTOFF)));
}

#[test]
fn a_request_is_refused_when_not_enrolled_overlapping_repeated_or_closed() {
    let not_enrolled = Act::Request {
        child: LEO,
        payer: payer(),
        request: request_of(LEO),
        enrolled: false,
        overlaps: vec![],
    };
    refused(settings(), vec![], EARLY, not_enrolled, SessionError::NotEnrolled);
    let other = vec!["garderie".parse().unwrap()];
    let overlapping = Act::Request {
        child: LEO,
        payer: payer(),
        request: request_of(LEO),
        enrolled: true,
        overlaps: other.clone(),
    };
    refused(settings(), vec![], EARLY, overlapping, SessionError::OverlappingReservation(other));
    refused(settings(), vec![(EARLY, ask(LEO))], EARLY, ask(LEO), SessionError::AlreadyReserved);
    let staff = with(|s| s.approval = ApprovalMode::Staff);
    refused(staff, vec![(EARLY, ask(LEO))], EARLY, ask(LEO), SessionError::AlreadyRequested);
    let closed = (EARLY, Act::Close { reason: ClosureReason::Strike });
    refused(settings(), vec![closed], EARLY, ask(LEO), SessionError::DayClosed);
}

#[test]
fn a_full_session_keeps_its_waiting_list_in_order_and_a_newcomer_never_passes_it() {
    let mut story = Story::new(with(|s| s.capacity = Some(1))).given(EARLY, ask(LEO)).given(EARLY, ask(EMMA));
    assert_eq!((story.status(EMMA), story.session.rank(EMMA)), (BookingStatus::Waitlisted, Some(1)));
    story.act(EARLY, Act::Cancel { child: LEO, payer: payer() }).unwrap();
    assert_eq!(story.status(EMMA), BookingStatus::Offered, "the freed place is offered at once");
    story.act(EARLY, ask(ZOE)).unwrap();
    assert_eq!(story.status(ZOE), BookingStatus::Waitlisted, "the offered place is held");
    story.act(EARLY, Act::DeclineOffer { child: EMMA, payer: payer() }).unwrap();
    assert_eq!(story.status(ZOE), BookingStatus::Offered);
    story.act(EARLY, Act::AcceptOffer { child: ZOE, payer: payer(), overlaps: vec![] }).unwrap();
    assert_eq!((story.status(ZOE), story.session.held()), (BookingStatus::Reserved, 1));
}

#[test]
fn an_offer_that_runs_out_goes_to_the_next() {
    let mut story = Story::new(with(|s| s.capacity = Some(1)))
        .given(EARLY, ask(LEO))
        .given(EARLY, ask(EMMA))
        .given(EARLY, ask(ZOE))
        .given(EARLY, Act::Cancel { child: LEO, payer: payer() });
    let until = story.session.booking(EMMA).unwrap().offer_until.unwrap();
    assert_eq!(until, at("2015-04-03T21:00:00Z"), "twelve hours to accept");
    assert_eq!(
        story.act("2015-04-03T21:00:00Z", Act::ExpireOffer { child: EMMA }),
        Err(SessionError::NotDue)
    );
    story.act("2015-04-03T21:00:01Z", Act::ExpireOffer { child: EMMA }).unwrap();
    assert_eq!((story.status(EMMA), story.status(ZOE)), (BookingStatus::Refused, BookingStatus::Offered));
    let accept = Act::AcceptOffer { child: EMMA, payer: payer(), overlaps: vec![] };
    assert_eq!(story.act("2015-04-03T21:00:02Z", accept), Err(SessionError::NotOfferedAPlace));
}

#[test]
fn the_waiting_list_closes_at_the_later_cut_off_and_refuses_with_the_capacity() {
    let mut story = Story::new(with(|s| s.capacity = Some(1))).given(EARLY, ask(LEO)).given(EARLY, ask(EMMA));
    assert_eq!(story.act(CUTOFF, Act::CloseWaitingList), Err(SessionError::NotDue));
    story.act(LATE, Act::CloseWaitingList).unwrap();
    let refusal = story.session.booking(EMMA).unwrap().refusal.clone().unwrap();
    assert_eq!((refusal.code, refusal.capacity), (RefusalCode::Capacity, Some(1)));
}

#[test]
fn without_a_waiting_list_a_full_session_refuses_and_records_the_capacity() {
    let mut story = Story::new(with(|s| {
        s.capacity = Some(1);
        s.waiting_list = false;
    }))
    .given(EARLY, ask(LEO));
    story.act(EARLY, ask(EMMA)).unwrap();
    let booking = story.session.booking(EMMA).unwrap();
    assert_eq!(booking.status, BookingStatus::Refused);
    let refusal = booking.refusal.as_ref().unwrap();
    assert_eq!((refusal.code, refusal.held, refusal.capacity), (RefusalCode::Capacity, Some(1), Some(1)));
}

#[test]
fn a_refusal_for_capacity_needs_a_full_session_and_says_both_numbers() {
    let staff = |capacity| {
        with(|s| {
            s.approval = ApprovalMode::Staff;
            s.capacity = capacity;
        })
    };
    let refuse = || Act::Refuse { child: LEO, refusal: Refusal::of(RefusalCode::Capacity) };
    let none_held = SessionError::SessionNotFull { held: 0, capacity: 2 };
    assert_eq!(
        none_held.message(crate::i18n::Language::En),
        "Places are free (0 of 2 held): a refusal for capacity is not possible. Grant the request or give another reason."
    );
    refused(staff(Some(2)), vec![(EARLY, ask(LEO))], EARLY, refuse(), none_held);
    refused(staff(None), vec![(EARLY, ask(LEO))], EARLY, refuse(), SessionError::NoCapacityLimit);
    let mut story = Story::new(staff(Some(1)))
        .given(EARLY, ask(EMMA))
        .given(EARLY, Act::Confirm { child: EMMA, overlaps: vec![] })
        .given(EARLY, ask(LEO));
    story.act(EARLY, refuse()).unwrap();
    let refusal = story.session.booking(LEO).unwrap().refusal.clone().unwrap();
    assert_eq!((refusal.held, refusal.capacity), (Some(1), Some(1)));
}

#[test]
fn a_list_that_closes_while_a_place_is_free_does_not_say_the_session_was_full() {
    let close = "2015-04-06T08:00:01Z";
    let mut story = Story::new(with(|s| s.capacity = Some(1)))
        .given(EARLY, ask(LEO))
        .given(EARLY, ask(EMMA))
        .given(EARLY, ask(ZOE))
        .given(CUTOFF, Act::Cancel { child: LEO, payer: payer() })
        .given(close, Act::ExpireOffer { child: EMMA });
    story.act(close, Act::CloseWaitingList).unwrap();
    let refusal = story.session.booking(ZOE).unwrap().refusal.clone().unwrap();
    assert_eq!((refusal.code, refusal.held, refusal.capacity), (RefusalCode::ListClosed, Some(0), Some(1)));
}

#[test]
fn staff_act_past_the_deadline_with_a_reason_that_is_recorded() {
    let with_reason = || Latitude::Staff { reason: Some(note()) };
    let without = || Latitude::Staff { reason: None };
    let cancel = || Act::Cancel { child: LEO, payer: payer() };
    let mut story = Story::new(settings());
    assert_eq!(story.act(LATE, ask(LEO)), Err(SessionError::DeadlinePassed(at(CUTOFF))), "a family");
    assert_eq!(story.act_as(without(), LATE, ask(LEO)), Err(SessionError::ReasonRequired));
    story.act_as(with_reason(), LATE, ask(LEO)).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::Reserved);
    let recorded = |event: &SessionEvent| match event {
        SessionEvent::ReservationRequested { exception, .. }
        | SessionEvent::ReservationCancelled { exception, .. } => exception.is_some(),
        _ => false,
    };
    assert!(recorded(&story.events[0]));
    assert_eq!(story.act_as(without(), LATE, cancel()), Err(SessionError::ReasonRequired));
    story.act_as(with_reason(), LATE, cancel()).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::Cancelled);
    assert!(recorded(&story.events[2]));
    story.act_as(with_reason(), "2015-04-08T09:00:00Z", ask(LEO)).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::Reserved, "even for a day that is over");

    let mut early = Story::new(settings());
    early.act_as(with_reason(), EARLY, ask(LEO)).unwrap();
    assert!(!recorded(&early.events[0]), "no exception where none was needed");
    let one = Latitude::Staff { reason: Some(note()) };
    let mut full = Story::new(with(|s| s.capacity = Some(1))).given(EARLY, ask(EMMA));
    full.act_as(one, LATE, ask(LEO)).unwrap();
    assert_eq!(full.status(LEO), BookingStatus::Refused, "a reason is not a place");
}

#[test]
fn what_follows_an_enrolment_is_released_with_it_and_comes_back_with_it() {
    use BookingStatus as S;
    let of_child = |child| Whose::Child { child, payer: payer() };
    let release = |whose| Act::Release { whose, reason: ReleaseReason::EnrolmentEnded };
    let restore = |whose| Act::Restore {
        whose,
        reasons: &[ReleaseReason::EnrolmentEnded],
        reserved_elsewhere: [].into(),
    };
    let one_place = || with(|s| s.capacity = Some(1));
    let mut story = Story::new(one_place()).given(EARLY, ask(LEO)).given(EARLY, ask(EMMA));
    let stranger = Whose::Child { child: LEO, payer: "1001001010348".parse().unwrap() };
    story.act(EARLY, release(stranger)).unwrap();
    assert_eq!(story.status(LEO), S::Reserved, "another family's enrolment");
    story.act(EARLY, release(of_child(LEO))).unwrap();
    assert_eq!((story.status(LEO), story.status(EMMA)), (S::Released, S::Offered), "the place is offered");
    story.act(EARLY, restore(of_child(LEO))).unwrap();
    assert_eq!(story.status(LEO), S::Waitlisted, "the place is given away: at the tail of the list");
    story.act(EARLY, release(of_child(LEO))).unwrap();
    story.act(EARLY, Act::DeclineOffer { child: EMMA, payer: payer() }).unwrap();
    story.act(EARLY, restore(of_child(LEO))).unwrap();
    assert_eq!(story.status(LEO), S::Offered, "it waited, and the place is free");

    let mut free = Story::new(one_place()).given(EARLY, ask(LEO)).given(EARLY, release(of_child(LEO)));
    let other = Act::Restore {
        whose: of_child(LEO),
        reasons: &[ReleaseReason::ActivityEnded],
        reserved_elsewhere: [].into(),
    };
    free.act(EARLY, other).unwrap();
    assert_eq!(free.status(LEO), S::Released, "released for another reason");
    let elsewhere = Act::Restore {
        whose: of_child(LEO),
        reasons: &[ReleaseReason::EnrolmentEnded],
        reserved_elsewhere: [LEO].into(),
    };
    free.act(EARLY, elsewhere).unwrap();
    assert_eq!(free.status(LEO), S::Released, "reserved elsewhere by now");
    free.act(LATE, restore(of_child(LEO))).unwrap();
    assert_eq!(free.status(LEO), S::Reserved, "after the deadline, before the session");
    assert_eq!(free.session.booking(LEO).unwrap().release, None);

    // An end that is undone after the day: whoever held a place holds it again, nobody starts to wait.
    let mut undone = Story::new(one_place()).given(EARLY, ask(LEO)).given(EARLY, ask(EMMA));
    undone.act(OVER, release(of_child(LEO))).unwrap();
    undone.act(OVER, release(of_child(EMMA))).unwrap();
    undone.act(OVER, restore(of_child(LEO))).unwrap();
    undone.act(OVER, restore(of_child(EMMA))).unwrap();
    assert_eq!((undone.status(LEO), undone.status(EMMA)), (S::Reserved, S::Released));

    let mut attended =
        Story::new(settings()).given(EARLY, ask(LEO)).given(EARLY, ask(EMMA)).given(EARLY, ask(ZOE));
    let present = Act::RecordPresence {
        child: LEO,
        payer: payer(),
        enrolled: true,
        contract: ContractDay::Occasional,
        overlaps: vec![],
        arrived: None,
        left: None,
    };
    attended.act(DURING, present).unwrap();
    attended.act(DURING, Act::RecordNoShow { child: EMMA }).unwrap();
    let everybody = Act::Release { whose: Whose::Everybody, reason: ReleaseReason::ActivityEnded };
    attended.act(DURING, everybody).unwrap();
    let statuses = [LEO, EMMA, ZOE].map(|child| attended.status(child));
    assert_eq!(statuses, [S::PresentAsReserved, S::Released, S::Released], "who came, came");
}

#[test]
fn a_closed_session_lets_go_of_those_whose_enrolment_ends_meanwhile() {
    use BookingStatus as S;
    let mut story = Story::new(with(|s| s.capacity = Some(1)))
        .given(EARLY, ask(LEO))
        .given(EARLY, ask(EMMA))
        .given(EARLY, Act::Close { reason: ClosureReason::Strike });
    let whose = Whose::Child { child: LEO, payer: payer() };
    story.act(EARLY, Act::Release { whose, reason: ReleaseReason::EnrolmentEnded }).unwrap();
    assert_eq!(story.session.booking(LEO).unwrap().release.unwrap().before, S::Reserved);
    story.act(EARLY, Act::Reopen { reserved_elsewhere: [].into() }).unwrap();
    assert_eq!((story.status(LEO), story.status(EMMA)), (S::Released, S::Offered));
}

#[test]
fn a_presence_that_was_a_mistake_leaves_a_day_without_a_booking() {
    use BookingStatus as S;
    let correct = |to| Act::Correct { child: LEO, to, reason: note(), overlaps: vec![] };
    let seen = || Act::RecordPresence {
        child: LEO,
        payer: payer(),
        enrolled: true,
        contract: ContractDay::Occasional,
        overlaps: vec![],
        arrived: None,
        left: None,
    };
    for mistake in [Correction::AbsentExcused, Correction::Reserved] {
        let mut story = Story::new(settings()).given(DURING, seen());
        story.act(DURING, correct(mistake)).unwrap();
        assert_eq!(story.status(LEO), S::NotBooked, "{mistake:?}");
        assert_eq!(story.session.booking(LEO).unwrap().attendance, None);
        story.act(DURING, seen()).unwrap();
        assert_eq!(story.status(LEO), S::Present, "the roll can be called again");
    }
    let called = vec![(DURING, seen())];
    refused(settings(), called, DURING, correct(Correction::AbsentBilled), SessionError::NothingToCorrect);
    let mut freed = Story::new(settings())
        .given(EARLY, ask(LEO))
        .given(EARLY, absent(LEO, AbsenceReason::Personal))
        .given(DURING, seen());
    freed.act(DURING, correct(Correction::AbsentExcused)).unwrap();
    assert_eq!(freed.status(LEO), S::AbsentExcused, "an absence was declared");
}

#[test]
fn staff_decide_even_after_the_deadline_and_late_requests_follow_the_setting() {
    let staff = with(|s| s.approval = ApprovalMode::Staff);
    let mut story = Story::new(staff).given(EARLY, ask(LEO)).given(EARLY, ask(EMMA));
    assert_eq!(story.status(LEO), BookingStatus::Pending);
    story.act(LATE, Act::Confirm { child: LEO, overlaps: vec![] }).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::Reserved);
    let other = Refusal::of(RefusalCode::Other);
    let refuse = |refusal| Act::Refuse { child: EMMA, refusal };
    assert_eq!(story.act(LATE, refuse(other.clone())), Err(SessionError::ReasonRequired));
    story.act(LATE, refuse(Refusal { note: Some(note()), ..other })).unwrap();
    assert_eq!(story.status(EMMA), BookingStatus::Refused);
    assert_eq!(story.act(LATE, refuse(Refusal::of(RefusalCode::Late))), Err(SessionError::NotPending));

    let mut waiting = Story::new(with(|s| s.late_requests = LateRequests::WaitingList));
    waiting.act(LATE, ask(LEO)).unwrap();
    assert!(matches!(waiting.events[1], SessionEvent::ReservationWaitlisted { .. }));
    let mut accepting = Story::new(with(|s| s.late_requests = LateRequests::Accept));
    accepting.act(LATE, ask(LEO)).unwrap();
    assert!(matches!(accepting.events[0], SessionEvent::ReservationRequested { late: true, .. }));
    assert_eq!(accepting.status(LEO), BookingStatus::Reserved);
}

#[test]
fn withdrawing_and_cancelling_have_their_guards() {
    let staff = with(|s| s.approval = ApprovalMode::Staff);
    let withdraw = || Act::Withdraw { child: LEO, payer: payer() };
    let mut story = Story::new(staff.clone()).given(EARLY, ask(LEO));
    story.act(LATE, withdraw()).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::Withdrawn);
    refused(
        staff,
        vec![(EARLY, ask(LEO)), (EARLY, withdraw())],
        EARLY,
        withdraw(),
        SessionError::NothingToWithdraw,
    );
    let cancel = || Act::Cancel { child: LEO, payer: payer() };
    refused(settings(), vec![(EARLY, ask(LEO))], LATE, cancel(), SessionError::DeadlinePassed(at(CUTOFF)));
    let foreign = Act::Cancel { child: LEO, payer: "1001001010348".parse().unwrap() };
    refused(settings(), vec![(EARLY, ask(LEO))], EARLY, foreign, SessionError::OtherPayer);
    refused(settings(), vec![], EARLY, cancel(), SessionError::NotReserved);
}

/// The whole decision table: declared when, for which reason -> status at once.
#[test]
fn the_absence_decision_table() {
    use AbsenceReason as R;
    use BookingStatus as S;
    for (when, reason, expected) in [
        (CUTOFF, R::Personal, S::AbsentExcused),
        (CUTOFF, R::Medical, S::AbsentExcused),
        (LATE, R::Medical, S::AbsencePending),
        // Only the town knows of these: not on the family's word.
        (LATE, R::Strike, S::AbsencePending),
        (LATE, R::TeacherAbsent, S::AbsencePending),
        (LATE, R::SchoolTrip, S::AbsencePending),
        (LATE, R::SentHome, S::AbsencePending),
        (LATE, R::FamilyEvent, S::AbsentExcused),
        (LATE, R::Personal, S::AbsentBilled),
    ] {
        let mut story = Story::new(settings()).given(EARLY, ask(LEO));
        story.act(when, absent(LEO, reason)).unwrap();
        assert_eq!(story.status(LEO), expected, "{reason:?} at {when}");
        let freed = story.session.held() == 0;
        assert_eq!(freed, when == CUTOFF, "{reason:?} at {when}: only in time is the place freed");
    }
}

/// The case `absence-strike-on-word`: a strike declared after the cut-off.
#[test]
fn an_excuse_that_only_the_town_can_know_waits_for_staff_unless_the_town_takes_the_familys_word() {
    use BookingStatus as S;
    let strike = || absent(LEO, AbsenceReason::Strike);
    let settle = |accepted| Act::SettleExcuse { child: LEO, accepted };
    let mut story = Story::new(settings()).given(EARLY, ask(LEO));
    story.act(LATE, strike()).unwrap();
    assert_eq!(story.status(LEO), S::AbsencePending);
    story.act(LATE, settle(true)).unwrap();
    assert_eq!((story.status(LEO), story.session.held()), (S::AbsentExcused, 1));
    assert_eq!(story.act(LATE, settle(true)), Err(SessionError::NoExcuseExpected), "settled already");
    story.act(LATE, settle(false)).unwrap();
    assert_eq!(story.status(LEO), S::AbsentBilled, "there was no strike after all");

    let mut trusting = settings();
    trusting.absence.excused_on_word.insert(AbsenceReason::Strike);
    let mut story = Story::new(trusting).given(EARLY, ask(LEO));
    story.act(LATE, strike()).unwrap();
    assert_eq!(story.status(LEO), S::AbsentExcused);

    // A certificate is awaited, or nothing listed is claimed: no excuse to confirm.
    for reason in [AbsenceReason::Medical, AbsenceReason::Personal] {
        let mut story = Story::new(settings()).given(EARLY, ask(LEO));
        story.act(LATE, absent(LEO, reason)).unwrap();
        assert_eq!(story.act(LATE, settle(true)), Err(SessionError::NoExcuseExpected), "{reason:?}");
    }
}

#[test]
fn an_absence_must_be_confirmed_and_only_once() {
    let unconfirmed = Act::DeclareAbsence {
        child: LEO,
        payer: payer(),
        absence: request_of(ZOE),
        reason: AbsenceReason::Medical,
        confirmed: false,
        day_index: 0,
        first_start: at(DURING),
    };
    let reserved = || vec![(EARLY, ask(LEO))];
    refused(settings(), reserved(), LATE, unconfirmed, SessionError::ConfirmationRequired);
    let twice = [reserved(), vec![(LATE, absent(LEO, AbsenceReason::Medical))]].concat();
    refused(settings(), twice, LATE, absent(LEO, AbsenceReason::Medical), SessionError::NotReserved);
}

#[test]
fn the_certificate_rows_of_the_decision_table() {
    use BookingStatus as S;
    let policy = || with(|s| s.absence.waiting_days = 2);
    let due = at("2015-04-09T10:00:00Z");
    for (received, day_index, expected) in [
        ("2015-04-09T10:00:00Z", 0, Ok(S::AbsentExcused)),
        ("2015-04-09T10:00:01Z", 0, Ok(S::AbsentBilled)),
        ("2015-04-12T10:00:00Z", 1, Ok(S::AbsentBilled)),
        ("2015-04-12T10:00:00Z", 2, Ok(S::AbsentExcused)),
        ("2015-04-17T10:00:00Z", 2, Ok(S::AbsentExcused)),
        ("2015-04-17T10:00:01Z", 2, Err(SessionError::CertificateTooLate(at("2015-04-17T10:00:00Z")))),
    ] {
        let declared = match absent(LEO, AbsenceReason::Medical) {
            Act::DeclareAbsence { child, payer, absence, reason, confirmed, first_start, .. } => {
                Act::DeclareAbsence { child, payer, absence, reason, confirmed, day_index, first_start }
            }
            other => other,
        };
        let mut story = Story::new(policy()).given(EARLY, ask(LEO)).given(LATE, declared);
        assert_eq!(story.session.booking(LEO).unwrap().timer().map(|(_, at)| at), Some(due));
        let settle = Act::SettleCertificate { child: LEO, received: at(received), accepted: true };
        let outcome = story.act(received, settle).map(|()| story.status(LEO));
        assert_eq!(outcome, expected, "day {day_index}, received {received}");
    }
}

#[test]
fn a_certificate_that_does_not_come_bills_and_one_that_comes_late_still_excuses() {
    let mut story =
        Story::new(settings()).given(EARLY, ask(LEO)).given(LATE, absent(LEO, AbsenceReason::Medical));
    assert_eq!(
        story.act("2015-04-09T10:00:00Z", Act::ExpireCertificate { child: LEO }),
        Err(SessionError::NotDue)
    );
    story.act("2015-04-09T10:00:01Z", Act::ExpireCertificate { child: LEO }).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::AbsentBilled);
    let settle =
        |accepted| Act::SettleCertificate { child: LEO, received: at("2015-04-10T08:00:00Z"), accepted };
    story.act("2015-04-20T08:00:00Z", settle(true)).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::AbsentExcused, "received in time, processed late");
    story.act("2015-04-21T08:00:00Z", settle(false)).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::AbsentBilled, "found to be false");
}

#[test]
fn a_certificate_sent_in_waits_for_staff_and_counts_from_when_it_came() {
    let page = || crate::shared::attachment::Attachment {
        id: crate::shared::ids::AttachmentId(Uuid::from_u128(77)),
        media_type: crate::shared::attachment::MediaType::Pdf,
        size: 10,
        sha256: "00".into(),
    };
    let attach = || Act::AttachCertificate { child: LEO, payer: payer(), files: vec![page()] };
    let mut story =
        Story::new(settings()).given(EARLY, ask(LEO)).given(LATE, absent(LEO, AbsenceReason::Medical));
    assert!(story.session.booking(LEO).unwrap().timer().is_some());
    story.act("2015-04-09T08:00:00Z", attach()).unwrap();
    let booking = story.session.booking(LEO).unwrap();
    assert_eq!((booking.status, booking.timer()), (BookingStatus::AbsencePending, None));
    let expire = Act::ExpireCertificate { child: LEO };
    assert_eq!(story.act("2015-04-10T08:00:00Z", expire), Err(SessionError::NotDue), "it has come");
    story.act("2015-04-10T09:00:00Z", attach()).unwrap();
    let settle =
        |accepted| Act::SettleCertificate { child: LEO, received: at("2015-04-21T08:00:00Z"), accepted };
    story.act("2015-04-21T08:00:00Z", settle(true)).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::AbsentExcused, "in time when it came");
    let kept = story.session.booking(LEO).unwrap().absence.as_ref().unwrap().certificate.clone().unwrap();
    assert_eq!((kept.files.len(), kept.received), (2, at("2015-04-09T08:00:00Z")));

    refused(settings(), vec![(EARLY, ask(LEO))], LATE, attach(), SessionError::NoAbsence);
    let personal = vec![(EARLY, ask(LEO)), (LATE, absent(LEO, AbsenceReason::Personal))];
    refused(settings(), personal, LATE, attach(), SessionError::NoCertificateExpected);

    let mut missed =
        Story::new(settings()).given(EARLY, ask(LEO)).given(DURING, Act::RecordNoShow { child: LEO });
    missed.act(DURING, attach()).unwrap();
    missed.act(DURING, settle(false)).unwrap();
    assert_eq!(missed.status(LEO), BookingStatus::AbsentBilled, "not accepted: an answer all the same");
}

#[test]
fn a_withdrawn_absence_is_reserved_again_unless_the_place_is_gone() {
    let one_place = || with(|s| s.capacity = Some(1));
    let back = || Act::WithdrawAbsence { child: LEO, payer: payer(), overlaps: vec![] };
    let mut story =
        Story::new(one_place()).given(EARLY, ask(LEO)).given(EARLY, absent(LEO, AbsenceReason::Personal));
    story.act(EARLY, back()).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::Reserved);
    let taken = vec![(EARLY, ask(LEO)), (EARLY, absent(LEO, AbsenceReason::Personal)), (EARLY, ask(EMMA))];
    refused(one_place(), taken, EARLY, back(), SessionError::SessionFull(1));
    let pending = vec![(EARLY, ask(LEO)), (LATE, absent(LEO, AbsenceReason::Medical))];
    refused(settings(), pending, DURING, back(), SessionError::SessionStarted);
}

#[test]
fn roll_call_present_absent_unbooked_and_inconsistent() {
    use BookingStatus as S;
    let present = |child, enrolled, contract| Act::RecordPresence {
        child,
        payer: payer(),
        enrolled,
        contract,
        overlaps: vec![],
        arrived: None,
        left: None,
    };
    let mut story = Story::new(settings()).given(EARLY, ask(LEO)).given(EARLY, ask(EMMA));
    assert_eq!(
        story.act(LATE, present(LEO, true, ContractDay::Occasional)),
        Err(SessionError::DayNotReached)
    );
    story.act(DURING, present(LEO, true, ContractDay::Occasional)).unwrap();
    story.act(DURING, Act::RecordNoShow { child: EMMA }).unwrap();
    story.act(DURING, present(ZOE, true, ContractDay::Occasional)).unwrap();
    assert_eq!(
        [LEO, EMMA, ZOE].map(|c| story.status(c)),
        [S::PresentAsReserved, S::AbsentBilled, S::Present]
    );
    assert_eq!(story.act(DURING, present(LEO, true, ContractDay::Occasional)), Err(SessionError::RollCalled));
    assert_eq!(story.act(DURING, absent(LEO, AbsenceReason::Personal)), Err(SessionError::RollCalled));
    let settle = Act::SettleCertificate { child: EMMA, received: at(DURING), accepted: true };
    story.act(DURING, settle).unwrap();
    assert_eq!(story.status(EMMA), S::AbsentExcused, "the certificate window applies to a no-show");

    let stranger = ChildId(Uuid::from_u128(9));
    story.act(DURING, present(stranger, false, ContractDay::Occasional)).unwrap();
    assert_eq!(story.status(stranger), S::Error(CellError::NotEnrolled));
    let regular = ChildId(Uuid::from_u128(10));
    story.act(DURING, present(regular, true, ContractDay::Outside)).unwrap();
    assert_eq!(story.status(regular), S::OutsideContract);
    let on_its_day = ChildId(Uuid::from_u128(11));
    story.act(DURING, present(on_its_day, true, ContractDay::Inside)).unwrap();
    assert_eq!(story.status(on_its_day), S::PresentAsReserved, "a contract's own day needs no reservation");
}

#[test]
fn corrections_need_a_cell_and_leave_a_trace() {
    let correct = |to| Act::Correct { child: LEO, to, reason: note(), overlaps: vec![] };
    let mut story =
        Story::new(settings()).given(EARLY, ask(LEO)).given(DURING, Act::RecordNoShow { child: LEO });
    story.act(DURING, correct(Correction::Present)).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::PresentAsReserved);
    story.act(DURING, correct(Correction::Reserved)).unwrap();
    assert_eq!(story.status(LEO), BookingStatus::Reserved);
    assert!(story.session.booking(LEO).unwrap().attendance.is_none());
    refused(settings(), vec![], DURING, correct(Correction::Present), SessionError::NothingToCorrect);
}

#[test]
fn leave_takes_notice_and_quota() {
    let leave = with(|s| s.leave = Some(LeavePolicy { notice: s.cancel_deadline.clone() }));
    let take = |left| Act::TakeLeave { child: LEO, payer: payer(), quota: (5, left) };
    let reserved = || vec![(EARLY, ask(LEO))];
    let mut story = Story::new(leave.clone()).given(EARLY, ask(LEO));
    story.act(EARLY, take(5)).unwrap();
    assert_eq!((story.status(LEO), story.session.held()), (BookingStatus::Leave, 0));
    refused(leave.clone(), reserved(), EARLY, take(0), SessionError::LeaveQuotaUsed(5));
    refused(leave, reserved(), LATE, take(5), SessionError::DeadlinePassed(at(CUTOFF)));
    refused(settings(), reserved(), EARLY, take(5), SessionError::NoLeave);
}

#[test]
fn a_closure_excuses_everybody_and_reopening_brings_back_what_still_can_stand() {
    use BookingStatus as S;
    let mut story = Story::new(settings())
        .given(EARLY, ask(LEO))
        .given(EARLY, ask(EMMA))
        .given(EARLY, ask(ZOE))
        .given(LATE, absent(EMMA, AbsenceReason::Personal));
    story.act(LATE, Act::Close { reason: ClosureReason::Strike }).unwrap();
    assert_eq!([LEO, EMMA, ZOE].map(|c| story.status(c)), [S::Closed; 3]);
    assert_eq!(
        story.act(LATE, Act::Close { reason: ClosureReason::Strike }),
        Err(SessionError::AlreadyClosed)
    );
    story.act(LATE, Act::Reopen { reserved_elsewhere: [LEO].into() }).unwrap();
    assert_eq!(
        [LEO, EMMA, ZOE].map(|c| story.status(c)),
        [S::Cancelled, S::AbsentBilled, S::Waitlisted],
        "the list had closed: nothing is offered"
    );
}

#[test]
fn a_place_kept_over_a_closure_is_not_given_away_by_a_correction() {
    use BookingStatus as S;
    let correct = |child, to| Act::Correct { child, to, reason: note(), overlaps: vec![] };
    let seen = |child| Act::RecordPresence {
        child,
        payer: payer(),
        enrolled: true,
        contract: ContractDay::Occasional,
        overlaps: vec![],
        arrived: None,
        left: None,
    };
    let full = Refusal::of(RefusalCode::Capacity);
    let one_place = with(|s| {
        s.capacity = Some(1);
        s.waiting_list = true;
    });
    let mut story = Story::new(one_place)
        .given(EARLY, ask(LEO))
        .given(EARLY, ask(EMMA))
        .given(EARLY, Act::Refuse { child: EMMA, refusal: full })
        .given(LATE, Act::Close { reason: ClosureReason::Weather })
        .given(DURING, seen(EMMA));
    assert_eq!(story.status(EMMA), S::Error(CellError::ClosedDay));
    story.act(DURING, correct(EMMA, Correction::Present)).unwrap();
    assert_eq!(story.status(EMMA), S::Present, "the only place is kept for the first child");
    story.act(DURING, seen(LEO)).unwrap();
    story.act(DURING, Act::Reopen { reserved_elsewhere: [].into() }).unwrap();
    assert_eq!([LEO, EMMA].map(|c| story.status(c)), [S::PresentAsReserved, S::Present]);
    assert_eq!(story.session.held(), 1);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn child() -> impl Strategy<Value = ChildId> {
        (1u128..6).prop_map(|n| ChildId(Uuid::from_u128(n)))
    }

    fn reason() -> impl Strategy<Value = AbsenceReason> {
        prop_oneof![Just(AbsenceReason::Medical), Just(AbsenceReason::Personal), Just(AbsenceReason::Strike)]
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => child().prop_map(ask),
            2 => child().prop_map(|child| Act::Confirm { child, overlaps: vec![] }),
            1 => child().prop_map(|child| Act::PutOnWaitingList { child }),
            1 => child().prop_map(|child| Act::Refuse {
                child,
                refusal: Refusal::of(RefusalCode::Capacity),
            }),
            1 => child().prop_map(|child| Act::Withdraw { child, payer: payer() }),
            2 => child().prop_map(|child| Act::AcceptOffer { child, payer: payer(), overlaps: vec![] }),
            1 => child().prop_map(|child| Act::DeclineOffer { child, payer: payer() }),
            1 => child().prop_map(|child| Act::ExpireOffer { child }),
            2 => child().prop_map(|child| Act::Cancel { child, payer: payer() }),
            3 => (child(), reason()).prop_map(|(child, reason)| absent(child, reason)),
            1 => child().prop_map(|child| Act::WithdrawAbsence { child, payer: payer(), overlaps: vec![] }),
            1 => (child(), any::<bool>()).prop_map(|(child, accepted)| Act::SettleCertificate {
                child, received: at(DURING), accepted,
            }),
            1 => (child(), any::<bool>()).prop_map(|(child, accepted)| Act::SettleExcuse { child, accepted }),
            1 => child().prop_map(|child| Act::AttachCertificate { child, payer: payer(), files: vec![] }),
            1 => child().prop_map(|child| Act::ExpireCertificate { child }),
            1 => child().prop_map(|child| Act::RecordPresence {
                child, payer: payer(), enrolled: true, contract: ContractDay::Occasional, overlaps: vec![], arrived: None, left: None,
            }),
            1 => child().prop_map(|child| Act::RecordNoShow { child }),
            1 => (child(), prop_oneof![
                Just(Correction::Present), Just(Correction::AbsentBilled),
                Just(Correction::AbsentExcused), Just(Correction::Reserved),
            ]).prop_map(|(child, to)| Act::Correct { child, to, reason: note(), overlaps: vec![] }),
            1 => Just(Act::Close { reason: ClosureReason::Weather }),
            1 => Just(Act::Reopen { reserved_elsewhere: [].into() }),
            1 => child().prop_map(|child| Act::Release {
                whose: Whose::Child { child, payer: payer() },
                reason: ReleaseReason::EnrolmentEnded,
            }),
            1 => child().prop_map(|child| Act::Restore {
                whose: Whose::Child { child, payer: payer() },
                reasons: &[ReleaseReason::EnrolmentEnded],
                reserved_elsewhere: [].into(),
            }),
            1 => Just(Act::CloseWaitingList),
            1 => Just(Act::OfferPlaces),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// No sequence of commands oversells a session, loses a reservation, or lets a newcomer
        /// pass those who wait; and the read model's fold is the aggregate's.
        #[test]
        fn a_session_is_never_oversold(
            acts in proptest::collection::vec((0i64..120, act()), 1..60),
            capacity in 1u32..4,
            staff in any::<bool>(),
            late in prop_oneof![Just(LateRequests::Refuse), Just(LateRequests::WaitingList), Just(LateRequests::Accept)],
        ) {
            let mut terms: Terms = terms_on(with(|s| {
                s.capacity = Some(capacity);
                s.late_requests = late;
                s.leave = Some(LeavePolicy { notice: s.cancel_deadline.clone() });
            }), DAY);
            if staff {
                terms.approval = ApprovalMode::Staff;
            }
            let terms = Arc::new(terms);
            let mut session = Session::default();
            let mut folded: std::collections::BTreeMap<ChildId, Option<Booking>> = Default::default();
            let mut now = at(EARLY);
            for (hours, act) in acts {
                now += chrono::Duration::minutes(hours * 10);
                let waited = session.bookings().any(|(_, b)| b.status == BookingStatus::Waitlisted);
                let asked = matches!(act, Act::Request { .. });
                let before: Vec<(ChildId, BookingStatus)> =
                    session.bookings().map(|(c, b)| (c, b.status)).collect();
                let subject = act.child();
                let released = match &act {
                    Act::Release { whose: Whose::Child { child, .. }, .. } => Some(*child),
                    _ => None,
                };
                let everybody = act.child().is_none() && released.is_none();
                let Ok(events) = session.decide(command_of(terms.clone(), now, act)) else {
                    continue;
                };
                for event in &events {
                    session.evolve(event);
                    for child in event.children() {
                        Booking::evolve(folded.entry(child).or_default(), child, event);
                    }
                }
                prop_assert!(session.held() <= capacity, "{} of {capacity}", session.held());
                if asked && waited {
                    let got = session.booking(subject.unwrap()).unwrap().status;
                    prop_assert_ne!(got, BookingStatus::Reserved, "a newcomer passed the waiting list");
                }
                if !everybody {
                    for (child, status) in before {
                        if Some(child) != subject && Some(child) != released && status == BookingStatus::Reserved {
                            let kept = session.booking(child).map(|b| b.status);
                            prop_assert_eq!(kept, Some(BookingStatus::Reserved), "a reservation was lost");
                        }
                    }
                }
            }
            for (child, booking) in session.bookings() {
                prop_assert_eq!(folded.get(&child).and_then(Option::as_ref), Some(booking));
            }
        }

        /// Two overlapping activities are never both reserved for one child, whatever the order of
        /// commands: each decision is told what the other session holds.
        #[test]
        fn overlapping_activities_are_never_both_reserved(
            acts in proptest::collection::vec((any::<bool>(), act()), 1..60),
        ) {
            let names: [crate::shared::ids::ActivityId; 2] = ["journee".parse().unwrap(), "apres-midi".parse().unwrap()];
            let terms = Arc::new(terms_on(settings(), DAY));
            let mut sessions = [Session::default(), Session::default()];
            for (second, mut act) in acts {
                let (here, there) = (usize::from(second), usize::from(!second));
                let other = act.child().and_then(|c| sessions[there].booking(c)).map(|b| b.status);
                let in_the_way: Vec<_> =
                    other.filter(|s| s.blocks_hours()).map(|_| names[there].clone()).into_iter().collect();
                match &mut act {
                    Act::Request { overlaps, .. }
                    | Act::Confirm { overlaps, .. }
                    | Act::AcceptOffer { overlaps, .. }
                    | Act::WithdrawAbsence { overlaps, .. }
                    | Act::RecordPresence { overlaps, .. }
                    | Act::Correct { overlaps, .. } => *overlaps = in_the_way,
                    Act::Reopen { reserved_elsewhere } | Act::Restore { reserved_elsewhere, .. } => {
                        *reserved_elsewhere = sessions[there]
                            .bookings()
                            .filter(|(_, b)| b.status.blocks_hours())
                            .map(|(c, _)| c)
                            .collect();
                    }
                    _ => {}
                }
                let command = command_of(terms.clone(), at(EARLY), act);
                if let Ok(events) = sessions[here].decide(command) {
                    events.iter().for_each(|e| sessions[here].evolve(e));
                }
                for (child, booking) in sessions[0].bookings() {
                    let both = booking.status == BookingStatus::Reserved
                        && sessions[1].booking(child).is_some_and(|b| b.status == BookingStatus::Reserved);
                    prop_assert!(!both, "{child} is reserved twice at the same hours");
                }
            }
        }
    }
}
