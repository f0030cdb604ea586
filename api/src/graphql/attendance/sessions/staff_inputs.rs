//! What staff decide about days, as they enter it.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject, Result};
use portail_application::{Rejection, Target};
use uuid::Uuid;

use crate::graphql::{
    attendance::sessions::{ClosureReason, CorrectedAttendance, RefusalCode, parse},
    scalars::{Date, Instant, Time},
};

/// One child's day in one activity.
#[derive(Debug, Clone, InputObject)]
pub struct TargetInput {
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The day.
    pub(super) date: Date,
}

pub(super) fn target(input: &TargetInput, field: &str) -> Result<Target, Rejection> {
    Ok(Target {
        child: parse(&input.child_id, &format!("{field}.childId"))?,
        activity: parse(&input.activity_id, &format!("{field}.activityId"))?,
        date: input.date.0,
    })
}

/// Requests to decide.
#[derive(Debug, Clone, InputObject)]
pub struct DecideInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The requests.
    pub(super) requests: Vec<TargetInput>,
}

/// Requests to refuse.
#[derive(Debug, Clone, InputObject)]
pub struct RefuseInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The requests.
    pub(super) requests: Vec<TargetInput>,
    /// The code of the refusal.
    pub(super) reason: RefusalCode,
    /// Why, in words; required for another reason.
    pub(super) note: Option<String>,
}

/// A certificate that arrived.
#[derive(Debug, Clone, InputObject)]
pub struct SettleCertificateInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The absent days it covers.
    pub(super) dates: Vec<Date>,
    /// When it arrived; now when left out.
    pub(super) received_at: Option<Instant>,
    /// Whether it is accepted.
    pub(super) accepted: bool,
}

/// Absences whose reason staff know of.
#[derive(Debug, Clone, InputObject)]
pub struct SettleExcusesInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The absences.
    pub(super) absences: Vec<TargetInput>,
    /// Whether it was so: the strike took place, the teacher was absent.
    pub(super) accepted: bool,
}

/// One line of a roll-call.
#[derive(Debug, Clone, InputObject)]
pub struct RollCallEntryInput {
    /// The child.
    pub(super) child_id: ID,
    /// Whether it is there.
    pub(super) present: bool,
    /// When it arrived.
    pub(super) arrived: Option<Time>,
    /// When it left.
    pub(super) left: Option<Time>,
}

/// A roll-call.
#[derive(Debug, Clone, InputObject)]
pub struct RecordRollCallInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The activity.
    pub(super) activity_id: ID,
    /// The day.
    pub(super) date: Date,
    /// One child, or the whole session.
    pub(super) entries: Vec<RollCallEntryInput>,
}

/// A correction.
#[derive(Debug, Clone, InputObject)]
pub struct CorrectAttendanceInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The cell.
    pub(super) target: TargetInput,
    /// What it is corrected to.
    pub(super) to: CorrectedAttendance,
    /// The reason, in words.
    pub(super) reason: String,
}

/// A session.
#[derive(Debug, Clone, InputObject)]
pub struct SessionInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The activity.
    pub(super) activity_id: ID,
    /// The day.
    pub(super) date: Date,
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
    pub(super) client_mutation_id: Uuid,
    /// Who is concerned; the whole town when left out.
    pub(super) scope: MaybeUndefined<ClosureScopeInput>,
    /// The first closed day.
    pub(super) from: Date,
    /// The last closed day.
    pub(super) to: Date,
    /// The reason of the closure.
    pub(super) reason: ClosureReason,
}

/// A closure to take back.
#[derive(Debug, Clone, InputObject)]
pub struct ReopenDaysInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// Which closure.
    pub(super) closure_id: ID,
}
