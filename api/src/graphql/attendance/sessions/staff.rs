//! What staff decide about days.

use async_graphql::{Context, MaybeUndefined, Object, Result};
use portail_application::{AttendanceCommand, CatalogueCommand, Decision, Rejection, RollCallEntry};
use portail_domain::catalogue::calendar::ClosureScope;

use crate::graphql::{
    attendance::sessions::{
        SessionPayload, dates, parse,
        staff_inputs::{
            CloseDaysInput, ClosureScopeInput, CorrectAttendanceInput, DecideInput, RecordRollCallInput,
            RefuseInput, ReopenDaysInput, RollCallEntryInput, SessionInput, SettleCertificateInput,
            SettleExcusesInput, TargetInput, target,
        },
    },
    commands::submit,
    context::{Ask, STAFF},
    entered::{optional_text, text},
};

/// What staff decide.
#[derive(Debug, Default)]
pub struct StaffMutation;

#[Object]
impl StaffMutation {
    /// Grants requests; where the session is full, they join its waiting list.
    #[graphql(guard = "STAFF")]
    async fn confirm_reservations(&self, ctx: &Context<'_>, input: DecideInput) -> Result<SessionPayload> {
        submit(ctx, input, |input| decide(&input.requests, Decision::Confirm)).await
    }

    /// Puts pending requests on the waiting list.
    #[graphql(guard = "STAFF")]
    async fn put_on_waiting_list(&self, ctx: &Context<'_>, input: DecideInput) -> Result<SessionPayload> {
        submit(ctx, input, |input| decide(&input.requests, Decision::PutOnWaitingList)).await
    }

    /// Refuses requests, with a reason.
    #[graphql(guard = "STAFF")]
    async fn refuse_reservations(&self, ctx: &Context<'_>, input: RefuseInput) -> Result<SessionPayload> {
        submit(ctx, input, |input| {
            let note = optional_text(input.note.as_deref(), "note")?;
            decide(&input.requests, Decision::Refuse { code: input.reason.into(), note })
        })
        .await
    }

    /// Accepts or rejects a medical certificate.
    #[graphql(guard = "STAFF")]
    async fn settle_certificate(
        &self,
        ctx: &Context<'_>,
        input: SettleCertificateInput,
    ) -> Result<SessionPayload> {
        let now = ctx.caller()?.at;
        submit(ctx, input, |input| {
            Ok(AttendanceCommand::SettleCertificate {
                child: parse(&input.child_id, "childId")?,
                activity: parse(&input.activity_id, "activityId")?,
                dates: dates(input.dates),
                received_at: input.received_at.map_or(now, |at| at.0),
                accepted: input.accepted,
            })
        })
        .await
    }

    /// Confirms the reasons of absences that only the town can know of, or says that it was not so.
    #[graphql(guard = "STAFF")]
    async fn settle_excuses(&self, ctx: &Context<'_>, input: SettleExcusesInput) -> Result<SessionPayload> {
        submit(ctx, input, |input| {
            let read = |(i, absence): (usize, &TargetInput)| target(absence, &format!("absences.{i}"));
            let targets = input.absences.iter().enumerate().map(read).collect::<Result<_, _>>()?;
            Ok(AttendanceCommand::SettleExcuses { targets, accepted: input.accepted })
        })
        .await
    }

    /// Calls the roll: one child, or the whole session at once.
    #[graphql(guard = "STAFF")]
    async fn record_roll_call(
        &self,
        ctx: &Context<'_>,
        input: RecordRollCallInput,
    ) -> Result<SessionPayload> {
        let entry = |(i, e): (usize, &RollCallEntryInput)| {
            Ok(RollCallEntry {
                child: parse(&e.child_id, &format!("entries.{i}.childId"))?,
                present: e.present,
                arrived: e.arrived.map(|t| t.0),
                left: e.left.map(|t| t.0),
            })
        };
        submit(ctx, input, |input| {
            Ok(AttendanceCommand::RecordRollCall {
                activity: parse(&input.activity_id, "activityId")?,
                date: input.date.0,
                entries: input.entries.iter().enumerate().map(entry).collect::<Result<_, _>>()?,
            })
        })
        .await
    }

    /// Corrects a cell, with a reason; the correction leaves its trace.
    #[graphql(guard = "STAFF")]
    async fn correct_attendance(
        &self,
        ctx: &Context<'_>,
        input: CorrectAttendanceInput,
    ) -> Result<SessionPayload> {
        submit(ctx, input, |input| {
            let target = target(&input.target, "target")?;
            let reason = text(&input.reason, "reason")?;
            Ok(AttendanceCommand::CorrectAttendance { target, to: input.to.into(), reason })
        })
        .await
    }

    /// Offers free places to those who wait, after a larger capacity.
    #[graphql(guard = "STAFF")]
    async fn offer_places(&self, ctx: &Context<'_>, input: SessionInput) -> Result<SessionPayload> {
        submit(ctx, input, |input| {
            Ok(AttendanceCommand::OfferPlaces {
                activity: parse(&input.activity_id, "activityId")?,
                date: input.date.0,
            })
        })
        .await
    }

    /// Closes days for everybody in a scope: bookings are excused at no cost.
    #[graphql(guard = "STAFF")]
    async fn close_days(&self, ctx: &Context<'_>, input: CloseDaysInput) -> Result<SessionPayload> {
        submit(ctx, input, |input| {
            let scope = match input.scope {
                MaybeUndefined::Value(ClosureScopeInput::StructureId(id)) => {
                    ClosureScope::Structure(parse(&id, "scope.structureId")?)
                }
                MaybeUndefined::Value(ClosureScopeInput::ActivityId(id)) => {
                    ClosureScope::Activity(parse(&id, "scope.activityId")?)
                }
                MaybeUndefined::Undefined | MaybeUndefined::Null => ClosureScope::Town,
            };
            Ok(CatalogueCommand::CloseDays {
                scope,
                from: input.from.0,
                to: input.to.0,
                reason: input.reason.into(),
            })
        })
        .await
    }

    /// Takes a closure back: what was booked stands again where it still can.
    #[graphql(guard = "STAFF")]
    async fn reopen_days(&self, ctx: &Context<'_>, input: ReopenDaysInput) -> Result<SessionPayload> {
        submit(ctx, input, |input| {
            Ok(CatalogueCommand::ReopenDays { closure: parse(&input.closure_id, "closureId")? })
        })
        .await
    }
}

fn decide(requests: &[TargetInput], decision: Decision) -> Result<AttendanceCommand, Rejection> {
    let read = |(i, input): (usize, &TargetInput)| target(input, &format!("requests.{i}"));
    let targets = requests.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok(AttendanceCommand::DecideReservations { targets, decision })
}
