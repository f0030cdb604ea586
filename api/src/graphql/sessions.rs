//! Mutations about days: what parents ask, what staff decide; and the roll of a session.

use std::collections::HashMap;

use async_graphql::{
    Context, Enum, ID, InputObject, MaybeUndefined, Object, OneofObject, Result, SimpleObject,
};
use chrono::{DateTime, Utc, Weekday as ChronoWeekday};
use portail_domain::{
    calendar::{ClosureReason as DomainClosureReason, ClosureScope},
    ids::FamilyNumber,
    messages::Language,
    session::{AbsenceReason as DomainAbsenceReason, BookingStatus, RefusalCode as DomainRefusalCode},
};
use portail_projections::{family, planning};
use uuid::Uuid;

use super::{
    context::{Ask, OFFICERS, PARENTS, STAFF, be_fresh, coded, send, unavailable},
    errors::UserError,
    planning::mirrored_enum,
    scalars::{Date, Position, Time},
};
use crate::application::{
    Command, CommandOutcome, DayOutcome, DayResult, Decision, Rejection, RollCallEntry, Target, WeeklyPattern,
};

mirrored_enum!(
    /// Why a child is absent. A medical reason always needs a certificate.
    AbsenceReason = DomainAbsenceReason {
        Medical: "Illness; a certificate is due.",
        Strike: "Strike.",
        TeacherAbsent: "The teacher is absent and not replaced.",
        SchoolTrip: "A school trip.",
        SentHome: "The school sent the child home.",
        FamilyEvent: "Bereavement or another serious event in the family.",
        Personal: "Anything else.",
    }
);

mirrored_enum!(
    /// Why staff refuse a request.
    RefusalCode = DomainRefusalCode {
        Capacity: "No place left; the capacity is recorded.",
        IncompleteFile: "The family's file is incomplete.",
        NotEligible: "The conditions of access are not met.",
        Late: "Asked too late.",
        Other: "Another reason; a note is required.",
    }
);

mirrored_enum!(
    /// Why days are closed.
    ClosureReason = DomainClosureReason {
        Strike: "Strike.",
        SchoolTrip: "A school trip.",
        Weather: "Snow, flood, heat.",
        Works: "Works in the building.",
        TownHoliday: "A day the town gives.",
        Other: "Anything else.",
    }
);

mirrored_enum!(
    /// A weekday.
    Weekday = ChronoWeekday {
        Mon: "Monday.", Tue: "Tuesday.", Wed: "Wednesday.", Thu: "Thursday.",
        Fri: "Friday.", Sat: "Saturday.", Sun: "Sunday.",
    }
);

mirrored_enum!(
    /// What staff correct a cell to.
    CorrectedAttendance = crate::application::Corrected {
        Present: "The child was there.",
        AbsentExcused: "Absent, excused.",
        AbsentBilled: "Absent, billed.",
        Reserved: "The roll-call was a mistake: back to the reservation.",
    }
);

/// What became of one asked day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[allow(missing_docs, reason = "the booking's own states, and that nothing changed")]
pub enum DayResultCode {
    Rejected,
    Pending,
    Waitlisted,
    Offered,
    Reserved,
    Refused,
    Withdrawn,
    Cancelled,
    AbsencePending,
    AbsentExcused,
    AbsentBilled,
    Leave,
    PresentAsReserved,
    Present,
    OutsideContract,
    Closed,
    Error,
}

impl From<DayResult> for DayResultCode {
    fn from(result: DayResult) -> Self {
        use BookingStatus as S;
        match result {
            DayResult::Rejected => Self::Rejected,
            DayResult::Done(status) => match status {
                S::Pending => Self::Pending,
                S::Waitlisted => Self::Waitlisted,
                S::Offered => Self::Offered,
                S::Reserved => Self::Reserved,
                S::Refused => Self::Refused,
                S::Withdrawn => Self::Withdrawn,
                S::Cancelled => Self::Cancelled,
                S::AbsencePending => Self::AbsencePending,
                S::AbsentExcused => Self::AbsentExcused,
                S::AbsentBilled => Self::AbsentBilled,
                S::Leave => Self::Leave,
                S::PresentAsReserved => Self::PresentAsReserved,
                S::Present => Self::Present,
                S::OutsideContract => Self::OutsideContract,
                S::Closed => Self::Closed,
                S::Error(_) => Self::Error,
            },
        }
    }
}

/// The outcome of one asked day.
#[derive(Debug, Clone, SimpleObject)]
pub struct DayOutcomePayload {
    /// The child.
    child_id: ID,
    /// The activity.
    activity_id: ID,
    /// The day.
    date: Date,
    /// What became of it.
    result: DayResultCode,
    /// The rank on the waiting list.
    waiting_rank: Option<u32>,
    /// What is in the way.
    error: Option<UserError>,
}

/// The outcome of a command about days.
#[derive(Debug, Clone, SimpleObject)]
pub struct SessionPayload {
    /// The idempotency key.
    client_mutation_id: Uuid,
    /// The request the recorded days share: what the list of requests calls it.
    request_id: Option<ID>,
    /// What became of each asked day.
    days: Vec<DayOutcomePayload>,
    /// What was not done, and why; days name themselves in the path.
    user_errors: Vec<UserError>,
    /// The position of the log that shows the effect; null when nothing was recorded.
    position: Option<Position>,
}

impl SessionPayload {
    fn of(id: Uuid, (outcome, position): (CommandOutcome, u64), language: Language) -> Self {
        let mut user_errors: Vec<UserError> =
            outcome.errors.iter().map(|e| UserError::of(e, language)).collect();
        user_errors.extend(outcome.days.iter().filter_map(|day| {
            let date = day.date.to_string();
            let error = day.error.clone()?.at(&["input", "dates", &date]);
            Some(UserError::of(&error, language))
        }));
        let day = |day: DayOutcome| DayOutcomePayload {
            child_id: ID(day.child.to_string()),
            activity_id: ID(day.activity.to_string()),
            date: Date(day.date),
            result: day.result.into(),
            waiting_rank: day.rank,
            error: day.error.map(|e| UserError::of(&e, language)),
        };
        Self {
            client_mutation_id: id,
            request_id: outcome.recorded.then(|| ID(id.to_string())),
            user_errors,
            position: outcome.recorded.then_some(Position(position)),
            days: outcome.days.into_iter().map(day).collect(),
        }
    }

    /// Nothing was sent: the input itself is wrong.
    fn wrong(id: Uuid, error: Rejection, language: Language) -> Self {
        Self::of(id, (CommandOutcome::rejected(error), 0), language)
    }
}

/// A weekly pattern over a range of days.
#[derive(Debug, Clone, InputObject)]
pub struct WeeklyPatternInput {
    /// Which weekdays.
    weekdays: Vec<Weekday>,
    /// From which day.
    from: Date,
    /// To which day, included.
    to: Date,
}

/// A request for places.
#[derive(Debug, Clone, InputObject)]
pub struct RequestReservationsInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The child.
    child_id: ID,
    /// The activity.
    activity_id: ID,
    /// These days.
    dates: Option<Vec<Date>>,
    /// Or a weekly pattern; days without a session are left out.
    pattern: Option<WeeklyPatternInput>,
    /// Staff only: the family they act for.
    on_behalf_of: Option<String>,
}

/// Days of a child in an activity.
#[derive(Debug, Clone, InputObject)]
pub struct ChildDaysInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The child.
    child_id: ID,
    /// The activity.
    activity_id: ID,
    /// The days.
    dates: Vec<Date>,
    /// Staff only: the family they act for.
    on_behalf_of: Option<String>,
}

/// An absence.
#[derive(Debug, Clone, InputObject)]
pub struct DeclareAbsenceInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The child.
    child_id: ID,
    /// The activity.
    activity_id: ID,
    /// The days.
    dates: Vec<Date>,
    /// Why.
    reason: AbsenceReason,
    /// The absence must be confirmed.
    confirmed: bool,
    /// Staff only: the family they act for.
    on_behalf_of: Option<String>,
}

/// The answer to an offered place.
#[derive(Debug, Clone, InputObject)]
pub struct AnswerOfferInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The child.
    child_id: ID,
    /// The activity.
    activity_id: ID,
    /// The day.
    date: Date,
    /// Staff only: the family they act for.
    on_behalf_of: Option<String>,
}

/// Whose money it is: the parent's own family from the session, or the one staff act for.
fn payer(ctx: &Context<'_>, on_behalf_of: Option<&String>) -> Result<Result<FamilyNumber, Rejection>> {
    let caller = ctx.caller()?;
    let missing = || Rejection::of_code("NOT_FOUND").at(&["input", "onBehalfOf"]);
    Ok(match (caller.family(), on_behalf_of) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(named)) if own.as_str() == named => Ok(own),
        (None, Some(named)) => named.parse().map_err(|_| missing()),
        _ => Err(missing()),
    })
}

fn parse<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, Rejection> {
    text.parse().map_err(|_| Rejection::of_code("NOT_FOUND").at(&["input", field]))
}

/// Sends a command built from input that may be wrong.
async fn send_days(
    ctx: &Context<'_>,
    id: Uuid,
    on_behalf_of: Option<&String>,
    build: impl FnOnce(FamilyNumber) -> Result<Command, Rejection>,
) -> Result<SessionPayload> {
    let language = ctx.language();
    match payer(ctx, on_behalf_of)?.and_then(build) {
        Ok(command) => Ok(SessionPayload::of(id, send(ctx, id, command).await?, language)),
        Err(error) => Ok(SessionPayload::wrong(id, error, language)),
    }
}

async fn send_staff(
    ctx: &Context<'_>,
    id: Uuid,
    command: Result<Command, Rejection>,
) -> Result<SessionPayload> {
    let language = ctx.language();
    match command {
        Ok(command) => Ok(SessionPayload::of(id, send(ctx, id, command).await?, language)),
        Err(error) => Ok(SessionPayload::wrong(id, error, language)),
    }
}

fn dates(dates: Vec<Date>) -> Vec<chrono::NaiveDate> {
    dates.into_iter().map(|d| d.0).collect()
}

/// What parents ask; staff may ask it on behalf of a family.
#[derive(Debug, Default)]
pub struct ParentMutation;

#[Object]
impl ParentMutation {
    /// Asks for places on one or many days, or by a weekly pattern: one outcome per day.
    #[graphql(guard = "PARENTS")]
    async fn request_reservations(
        &self,
        ctx: &Context<'_>,
        input: RequestReservationsInput,
    ) -> Result<SessionPayload> {
        send_days(ctx, input.client_mutation_id, input.on_behalf_of.as_ref(), |payer| {
            Ok(Command::RequestReservations {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates.unwrap_or_default()),
                pattern: input.pattern.map(|p| WeeklyPattern {
                    weekdays: p.weekdays.into_iter().map(ChronoWeekday::from).collect(),
                    from: p.from.0,
                    to: p.to.0,
                }),
            })
        })
        .await
    }

    /// Takes undecided requests back.
    #[graphql(guard = "PARENTS")]
    async fn withdraw_reservations(
        &self,
        ctx: &Context<'_>,
        input: ChildDaysInput,
    ) -> Result<SessionPayload> {
        send_days(ctx, input.client_mutation_id, input.on_behalf_of.as_ref(), |payer| {
            Ok(Command::WithdrawReservations {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
            })
        })
        .await
    }

    /// Cancels reservations before the cancel cut-off.
    #[graphql(guard = "PARENTS")]
    async fn cancel_reservations(&self, ctx: &Context<'_>, input: ChildDaysInput) -> Result<SessionPayload> {
        send_days(ctx, input.client_mutation_id, input.on_behalf_of.as_ref(), |payer| {
            Ok(Command::CancelReservations {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
            })
        })
        .await
    }

    /// Accepts the place offered from the waiting list.
    #[graphql(guard = "PARENTS")]
    async fn accept_offer(&self, ctx: &Context<'_>, input: AnswerOfferInput) -> Result<SessionPayload> {
        answer_offer(ctx, input, true).await
    }

    /// Declines the place offered from the waiting list.
    #[graphql(guard = "PARENTS")]
    async fn decline_offer(&self, ctx: &Context<'_>, input: AnswerOfferInput) -> Result<SessionPayload> {
        answer_offer(ctx, input, false).await
    }

    /// Declares an absence: a reason and a confirmation are required; a medical reason always
    /// needs a certificate.
    #[graphql(guard = "PARENTS")]
    async fn declare_absence(&self, ctx: &Context<'_>, input: DeclareAbsenceInput) -> Result<SessionPayload> {
        send_days(ctx, input.client_mutation_id, input.on_behalf_of.as_ref(), |payer| {
            Ok(Command::DeclareAbsence {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
                reason: input.reason.into(),
                confirmed: input.confirmed,
            })
        })
        .await
    }

    /// Takes a declared absence back.
    #[graphql(guard = "PARENTS")]
    async fn withdraw_absence(&self, ctx: &Context<'_>, input: ChildDaysInput) -> Result<SessionPayload> {
        send_days(ctx, input.client_mutation_id, input.on_behalf_of.as_ref(), |payer| {
            Ok(Command::WithdrawAbsence {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
            })
        })
        .await
    }

    /// Takes contract leave from the enrolment's yearly quota.
    #[graphql(guard = "PARENTS")]
    async fn take_leave(&self, ctx: &Context<'_>, input: ChildDaysInput) -> Result<SessionPayload> {
        send_days(ctx, input.client_mutation_id, input.on_behalf_of.as_ref(), |payer| {
            Ok(Command::TakeLeave {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
            })
        })
        .await
    }
}

async fn answer_offer(ctx: &Context<'_>, input: AnswerOfferInput, accept: bool) -> Result<SessionPayload> {
    send_days(ctx, input.client_mutation_id, input.on_behalf_of.as_ref(), |payer| {
        Ok(Command::AnswerOffer {
            child: parse(&input.child_id, "childId")?,
            payer,
            activity: parse(&input.activity_id, "activityId")?,
            date: input.date.0,
            accept,
        })
    })
    .await
}

/// One child's day in one activity.
#[derive(Debug, Clone, InputObject)]
pub struct TargetInput {
    /// The child.
    child_id: ID,
    /// The activity.
    activity_id: ID,
    /// The day.
    date: Date,
}

fn target(input: &TargetInput) -> Result<Target, Rejection> {
    Ok(Target {
        child: parse(&input.child_id, "childId")?,
        activity: parse(&input.activity_id, "activityId")?,
        date: input.date.0,
    })
}

/// Requests to decide.
#[derive(Debug, Clone, InputObject)]
pub struct DecideInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The requests.
    requests: Vec<TargetInput>,
}

/// Requests to refuse.
#[derive(Debug, Clone, InputObject)]
pub struct RefuseInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The requests.
    requests: Vec<TargetInput>,
    /// Why.
    reason: RefusalCode,
    /// Why, in words; required for another reason.
    note: Option<String>,
}

/// A certificate that arrived.
#[derive(Debug, Clone, InputObject)]
pub struct SettleCertificateInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The child.
    child_id: ID,
    /// The activity.
    activity_id: ID,
    /// The absent days it covers.
    dates: Vec<Date>,
    /// When it arrived; now when left out.
    received_at: Option<DateTime<Utc>>,
    /// Whether it is accepted.
    accepted: bool,
}

/// One line of a roll-call.
#[derive(Debug, Clone, InputObject)]
pub struct RollCallEntryInput {
    /// The child.
    child_id: ID,
    /// Whether it is there.
    present: bool,
    /// When it arrived.
    arrived: Option<Time>,
    /// When it left.
    left: Option<Time>,
}

/// A roll-call.
#[derive(Debug, Clone, InputObject)]
pub struct RecordRollCallInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The activity.
    activity_id: ID,
    /// The day.
    date: Date,
    /// One child, or the whole session.
    entries: Vec<RollCallEntryInput>,
}

/// A correction.
#[derive(Debug, Clone, InputObject)]
pub struct CorrectAttendanceInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The cell.
    target: TargetInput,
    /// What it is corrected to.
    to: CorrectedAttendance,
    /// Why.
    reason: String,
}

/// A session.
#[derive(Debug, Clone, InputObject)]
pub struct SessionInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The activity.
    activity_id: ID,
    /// The day.
    date: Date,
}

/// Who is concerned by a closure.
#[derive(Debug, Clone, OneofObject)]
pub enum ClosureScopeInput {
    /// The activities of a structure.
    StructureId(ID),
    /// One activity.
    ActivityId(ID),
}

/// Days to close.
#[derive(Debug, Clone, InputObject)]
pub struct CloseDaysInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Who is concerned; the whole town when left out.
    scope: MaybeUndefined<ClosureScopeInput>,
    /// The first closed day.
    from: Date,
    /// The last closed day.
    to: Date,
    /// Why.
    reason: ClosureReason,
}

/// A closure to take back.
#[derive(Debug, Clone, InputObject)]
pub struct ReopenDaysInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// Which closure.
    closure_id: ID,
}

/// What staff decide.
#[derive(Debug, Default)]
pub struct StaffMutation;

#[Object]
impl StaffMutation {
    /// Grants requests; where the session is full, they join its waiting list.
    #[graphql(guard = "STAFF")]
    async fn confirm_reservations(&self, ctx: &Context<'_>, input: DecideInput) -> Result<SessionPayload> {
        decide(ctx, input.client_mutation_id, &input.requests, Decision::Confirm).await
    }

    /// Puts pending requests on the waiting list.
    #[graphql(guard = "STAFF")]
    async fn put_on_waiting_list(&self, ctx: &Context<'_>, input: DecideInput) -> Result<SessionPayload> {
        decide(ctx, input.client_mutation_id, &input.requests, Decision::PutOnWaitingList).await
    }

    /// Refuses requests, with a reason.
    #[graphql(guard = "STAFF")]
    async fn refuse_reservations(&self, ctx: &Context<'_>, input: RefuseInput) -> Result<SessionPayload> {
        let decision = Decision::Refuse { code: input.reason.into(), note: input.note };
        decide(ctx, input.client_mutation_id, &input.requests, decision).await
    }

    /// Accepts or rejects a medical certificate.
    #[graphql(guard = "STAFF")]
    async fn settle_certificate(
        &self,
        ctx: &Context<'_>,
        input: SettleCertificateInput,
    ) -> Result<SessionPayload> {
        let now = ctx.caller()?.at;
        let build = || {
            Ok(Command::SettleCertificate {
                child: parse(&input.child_id, "childId")?,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
                received_at: input.received_at.unwrap_or(now),
                accepted: input.accepted,
            })
        };
        send_staff(ctx, input.client_mutation_id, build()).await
    }

    /// Calls the roll: one child, or the whole session at once.
    #[graphql(guard = "STAFF")]
    async fn record_roll_call(
        &self,
        ctx: &Context<'_>,
        input: RecordRollCallInput,
    ) -> Result<SessionPayload> {
        let entry = |e: &RollCallEntryInput| {
            Ok(RollCallEntry {
                child: parse(&e.child_id, "entries")?,
                present: e.present,
                arrived: e.arrived.map(|t| t.0),
                left: e.left.map(|t| t.0),
            })
        };
        let build = || {
            Ok(Command::RecordRollCall {
                activity: parse(&input.activity_id, "activityId")?,
                date: input.date.0,
                entries: input.entries.iter().map(entry).collect::<Result<_, _>>()?,
            })
        };
        send_staff(ctx, input.client_mutation_id, build()).await
    }

    /// Corrects a cell, with a reason; the correction leaves its trace.
    #[graphql(guard = "STAFF")]
    async fn correct_attendance(
        &self,
        ctx: &Context<'_>,
        input: CorrectAttendanceInput,
    ) -> Result<SessionPayload> {
        let build = || {
            let target = target(&input.target)?;
            Ok(Command::CorrectAttendance { target, to: input.to.into(), reason: input.reason })
        };
        send_staff(ctx, input.client_mutation_id, build()).await
    }

    /// Offers free places to those who wait, after a larger capacity.
    #[graphql(guard = "STAFF")]
    async fn offer_places(&self, ctx: &Context<'_>, input: SessionInput) -> Result<SessionPayload> {
        let build = || {
            Ok(Command::OfferPlaces {
                activity: parse(&input.activity_id, "activityId")?,
                date: input.date.0,
            })
        };
        send_staff(ctx, input.client_mutation_id, build()).await
    }

    /// Closes days for everybody in a scope: bookings are excused at no cost.
    #[graphql(guard = "STAFF")]
    async fn close_days(&self, ctx: &Context<'_>, input: CloseDaysInput) -> Result<SessionPayload> {
        let build = || {
            let scope = match input.scope {
                MaybeUndefined::Value(ClosureScopeInput::StructureId(id)) => {
                    ClosureScope::Structure(parse(&id, "scope")?)
                }
                MaybeUndefined::Value(ClosureScopeInput::ActivityId(id)) => {
                    ClosureScope::Activity(parse(&id, "scope")?)
                }
                _ => ClosureScope::Town,
            };
            Ok(Command::CloseDays { scope, from: input.from.0, to: input.to.0, reason: input.reason.into() })
        };
        send_staff(ctx, input.client_mutation_id, build()).await
    }

    /// Takes a closure back: what was booked stands again where it still can.
    #[graphql(guard = "STAFF")]
    async fn reopen_days(&self, ctx: &Context<'_>, input: ReopenDaysInput) -> Result<SessionPayload> {
        let build = || Ok(Command::ReopenDays { closure: parse(&input.closure_id, "closureId")? });
        send_staff(ctx, input.client_mutation_id, build()).await
    }
}

async fn decide(
    ctx: &Context<'_>,
    id: Uuid,
    requests: &[TargetInput],
    decision: Decision,
) -> Result<SessionPayload> {
    let targets: Result<Vec<Target>, Rejection> = requests.iter().map(target).collect();
    send_staff(ctx, id, targets.map(|targets| Command::DecideReservations { targets, decision })).await
}

/// One child of a session.
#[derive(Debug, Clone, SimpleObject)]
pub struct SessionChild {
    /// The child.
    child_id: ID,
    /// First name and surname; null once erased.
    name: Option<String>,
    /// Who pays.
    payer: String,
    /// Where the booking stands; null for an enrolled child without one.
    status: Option<DayResultCode>,
    /// The rank on the waiting list.
    waiting_rank: Option<i64>,
}

/// A session as its staff see it.
#[derive(Debug, Clone, SimpleObject)]
pub struct SessionRoll {
    /// The activity.
    activity_id: ID,
    /// The day.
    date: Date,
    /// How many children it holds.
    capacity: Option<u32>,
    /// How many places are held.
    held: i32,
    /// How many children wait.
    waiting: i32,
    /// The children booked or enrolled.
    children: Vec<SessionChild>,
}

/// Queries of sessions.
#[derive(Debug, Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// Who is expected, who waits and who came, in one session.
    #[graphql(guard = "OFFICERS")]
    async fn session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity.")] activity_id: ID,
        #[graphql(desc = "The day.")] date: Date,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<SessionRoll> {
        be_fresh(ctx, &[planning::NAME, family::NAME], min_position.map(|p| p.0)).await?;
        let application = ctx.application()?;
        let pool = application.pool();
        let not_found = || coded("NOT_FOUND", ctx.language());
        let activity: portail_domain::ids::ActivityId = activity_id.parse().map_err(|_| not_found())?;
        let catalogue = application.catalogue().get().await.map_err(unavailable)?;
        let terms = catalogue.terms(&activity, date.0).ok_or_else(not_found)?;
        let cells = planning::session_cells(pool, &activity, date.0).await.map_err(unavailable)?;
        let enrolled = family::enrolled(pool, &activity, date.0).await.map_err(unavailable)?;
        let occupancy = planning::occupancy(pool, &[activity.to_string()], date.0, date.0).await;
        let (held, waiting) =
            occupancy.map_err(unavailable)?.remove(&(activity.to_string(), date.0)).unwrap_or_default();
        let booked: HashMap<Uuid, _> = cells.iter().map(|c| (c.child.0, c)).collect();
        let ids: Vec<Uuid> = booked.keys().copied().chain(enrolled.iter().map(|(c, _)| c.0)).collect();
        let children = family::children_by_id(pool, &ids).await.map_err(unavailable)?;
        let payers: HashMap<Uuid, &String> = enrolled.iter().map(|(c, payer)| (c.0, payer)).collect();
        let mut children: Vec<SessionChild> = children
            .into_iter()
            .map(|child| {
                let cell = booked.get(&child.id.0);
                SessionChild {
                    child_id: ID(child.id.to_string()),
                    name: child.identity.map(|i| format!("{} {}", i.first_name, i.surname)),
                    payer: cell
                        .map(|c| c.booking.payer.to_string())
                        .or_else(|| payers.get(&child.id.0).map(|p| (*p).clone()))
                        .unwrap_or_default(),
                    status: cell.map(|c| DayResult::Done(c.booking.status).into()),
                    waiting_rank: cell.and_then(|c| c.rank),
                }
            })
            .collect();
        children.sort_by(|a, b| (&a.name, &a.child_id.0).cmp(&(&b.name, &b.child_id.0)));
        Ok(SessionRoll { activity_id, date, capacity: terms.capacity, held, waiting, children })
    }
}
