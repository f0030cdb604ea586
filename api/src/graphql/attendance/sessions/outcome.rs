//! What a command about days answers: what became of each asked day.

use async_graphql::{Enum, ID, SimpleObject};
use portail_application::{CommandOutcome, DayOutcome, DayResult};
use portail_domain::{attendance::session::BookingStatus, i18n::Language};
use uuid::Uuid;

use crate::graphql::{
    commands::Payload,
    errors::UserError,
    scalars::{Date, Position},
};

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
    Released,
    NotBooked,
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
                S::Released => Self::Released,
                S::NotBooked => Self::NotBooked,
                S::Error(_) => Self::Error,
            },
        }
    }
}

/// The outcome of one asked day.
#[derive(Debug, Clone, SimpleObject)]
pub struct DayOutcomePayload {
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The day.
    pub(super) date: Date,
    /// What became of it.
    pub(super) result: DayResultCode,
    /// The rank on the waiting list.
    pub(super) waiting_rank: Option<u32>,
    /// What is in the way.
    pub(super) error: Option<UserError>,
}

/// The outcome of a command about days.
#[derive(Debug, Clone, SimpleObject)]
pub struct SessionPayload {
    /// The idempotency key.
    pub(super) client_mutation_id: Uuid,
    /// The request the recorded days share: what the list of requests calls it.
    pub(super) request_id: Option<ID>,
    /// What became of each asked day.
    pub(super) days: Vec<DayOutcomePayload>,
    /// What went wrong as a whole. A day refused among others has its error in `days`; when nothing
    /// was recorded, the errors of all days stand here, each at its place in the input.
    pub(super) user_errors: Vec<UserError>,
    /// The position of the log that shows the effect; null when nothing was recorded.
    pub(super) position: Option<Position>,
}

impl Payload for SessionPayload {
    fn of(id: Uuid, outcome: CommandOutcome, position: u64, language: Language) -> Self {
        let mut user_errors: Vec<UserError> =
            outcome.errors.iter().map(|e| UserError::of(e, language)).collect();
        if !outcome.recorded {
            let errors = outcome.days.iter().filter_map(|day| day.error.as_ref());
            user_errors.extend(errors.map(|error| UserError::of(error, language)));
        }
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
}
