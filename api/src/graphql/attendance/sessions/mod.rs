//! Mutations about days: what parents ask here, what staff decide in [`staff`]; the roll of a
//! session in [`roll`].

mod inputs;
mod outcome;
pub mod roll;
pub mod staff;
mod staff_inputs;

use async_graphql::{Context, ID, Object, Result};
use chrono::Weekday as ChronoWeekday;
pub use outcome::{DayResultCode, SessionPayload};
use portail_application::{AttendanceCommand, Corrected, Rejection, WeeklyPattern};
use portail_domain::{
    attendance::session::{AbsenceReason as DomainAbsenceReason, RefusalCode as DomainRefusalCode},
    catalogue::calendar::ClosureReason as DomainClosureReason,
    shared::ids::FamilyNumber,
};

use crate::graphql::{
    attendance::sessions::inputs::{
        AnswerOfferInput, ChildDaysInput, DeclareAbsenceInput, RequestReservationsInput,
    },
    commands::{CommandInput, input_objects, submit},
    context::{Ask, PARENTS},
    correspondence::attachments::uploaded,
    entered::{optional_text, place},
    mirrored_enum::mirrored_enum,
    scalars::Date,
};

mirrored_enum! {
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
}

mirrored_enum! {
    /// Why staff refuse a request.
    RefusalCode = DomainRefusalCode {
        Capacity: "No place left: needs a full session; the places held and the capacity are recorded.",
        IncompleteFile: "The family's file is incomplete.",
        NotEligible: "The conditions of access are not met.",
        Late: "Asked too late.",
        ListClosed: "The waiting list closed before a place could be given.",
        Other: "Another reason; a note is required.",
    }
}

mirrored_enum! {
    /// Why days are closed.
    ClosureReason = DomainClosureReason {
        Strike: "Strike.",
        SchoolTrip: "A school trip.",
        Weather: "Snow, flood, heat.",
        Works: "Works in the building.",
        TownHoliday: "A day the town gives.",
        Other: "Anything else.",
    }
}

mirrored_enum! {
    /// A weekday.
    Weekday = ChronoWeekday {
        Mon: "Monday.", Tue: "Tuesday.", Wed: "Wednesday.", Thu: "Thursday.",
        Fri: "Friday.", Sat: "Saturday.", Sun: "Sunday.",
    }
}

mirrored_enum! {
    /// What staff correct a cell to.
    CorrectedAttendance = Corrected {
        Present: "The child was there.",
        AbsentExcused: "Absent, excused.",
        AbsentBilled: "Absent, billed.",
        Reserved: "The roll-call was a mistake: back to the reservation.",
    }
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

/// An id of the input, by the dotted name of its field; one that cannot be answers like an unknown
/// one.
fn parse<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, Rejection> {
    text.parse().map_err(|_| Rejection::of_code("NOT_FOUND").at(&place(field)))
}

/// Sends the command that an input means, with the family that pays.
async fn submit_for<I: CommandInput>(
    ctx: &Context<'_>,
    on_behalf_of: Option<String>,
    input: I,
    command: impl FnOnce(I, FamilyNumber) -> Result<AttendanceCommand, Rejection>,
) -> Result<SessionPayload> {
    let payer = payer(ctx, on_behalf_of.as_ref())?;
    submit(ctx, input, |input| command(input, payer?)).await
}

fn dates(dates: Vec<Date>) -> Vec<chrono::NaiveDate> {
    dates.into_iter().map(|d| d.0).collect()
}

input_objects! {
    /// A medical certificate.
    command AttachCertificateInput {
        "The family, when staff send it in for one." on_behalf_of: Option<String>,
        "The child." child_id: ID,
        "The activity." activity_id: ID,
        "The absent days it covers." dates: Vec<Date>,
        "The uploaded files, at most 5." attachment_ids: Vec<ID>,
    }
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
        submit_for(ctx, input.on_behalf_of.clone(), input, |input, payer| {
            Ok(AttendanceCommand::RequestReservations {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates.unwrap_or_default()),
                pattern: input.pattern.map(|p| WeeklyPattern {
                    weekdays: p.weekdays.into_iter().map(ChronoWeekday::from).collect(),
                    from: p.from.0,
                    to: p.to.0,
                }),
                reason: optional_text(input.reason.as_deref(), "reason")?,
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
        submit_for(ctx, input.on_behalf_of.clone(), input, |input, payer| {
            Ok(AttendanceCommand::WithdrawReservations {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
            })
        })
        .await
    }

    /// Cancels reservations before the cancel cut-off; staff also after it, with a reason.
    #[graphql(guard = "PARENTS")]
    async fn cancel_reservations(&self, ctx: &Context<'_>, input: ChildDaysInput) -> Result<SessionPayload> {
        submit_for(ctx, input.on_behalf_of.clone(), input, |input, payer| {
            Ok(AttendanceCommand::CancelReservations {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
                reason: optional_text(input.reason.as_deref(), "reason")?,
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
        submit_for(ctx, input.on_behalf_of.clone(), input, |input, payer| {
            Ok(AttendanceCommand::DeclareAbsence {
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
        submit_for(ctx, input.on_behalf_of.clone(), input, |input, payer| {
            Ok(AttendanceCommand::WithdrawAbsence {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
            })
        })
        .await
    }

    /// Sends a medical certificate in, for the absent days it covers: uploaded files of the family.
    /// Staff settle it; it counts from when it came in.
    #[graphql(guard = "PARENTS")]
    async fn attach_certificate(
        &self,
        ctx: &Context<'_>,
        input: AttachCertificateInput,
    ) -> Result<SessionPayload> {
        let owner = match payer(ctx, input.on_behalf_of.as_ref())? {
            Ok(payer) => payer.to_string(),
            Err(_) => String::new(),
        };
        let files = uploaded(ctx, &input.attachment_ids, &owner, "attachmentIds").await?;
        submit_for(ctx, input.on_behalf_of.clone(), input, |input, payer| {
            let files = files?;
            if files.is_empty() {
                return Err(Rejection::of_code("FIELD_REQUIRED").at(&["input", "attachmentIds"]));
            }
            Ok(AttendanceCommand::AttachCertificate {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
                files,
            })
        })
        .await
    }

    /// Takes contract leave from the enrolment's yearly quota.
    #[graphql(guard = "PARENTS")]
    async fn take_leave(&self, ctx: &Context<'_>, input: ChildDaysInput) -> Result<SessionPayload> {
        submit_for(ctx, input.on_behalf_of.clone(), input, |input, payer| {
            Ok(AttendanceCommand::TakeLeave {
                child: parse(&input.child_id, "childId")?,
                payer,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
                reason: optional_text(input.reason.as_deref(), "reason")?,
            })
        })
        .await
    }
}

async fn answer_offer(ctx: &Context<'_>, input: AnswerOfferInput, accept: bool) -> Result<SessionPayload> {
    submit_for(ctx, input.on_behalf_of.clone(), input, |input, payer| {
        Ok(AttendanceCommand::AnswerOffer {
            child: parse(&input.child_id, "childId")?,
            payer,
            activity: parse(&input.activity_id, "activityId")?,
            date: input.date.0,
            accept,
        })
    })
    .await
}
