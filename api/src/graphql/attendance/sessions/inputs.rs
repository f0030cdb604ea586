//! Days, as parents enter them.

use async_graphql::{ID, InputObject};
use uuid::Uuid;

use crate::graphql::{
    attendance::sessions::{AbsenceReason, Weekday},
    scalars::Date,
};

/// A weekly pattern over a range of days.
#[derive(Debug, Clone, InputObject)]
pub struct WeeklyPatternInput {
    /// Which weekdays.
    pub(super) weekdays: Vec<Weekday>,
    /// From which day.
    pub(super) from: Date,
    /// To which day, included.
    pub(super) to: Date,
}

/// A request for places.
#[derive(Debug, Clone, InputObject)]
pub struct RequestReservationsInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// These days.
    pub(super) dates: Option<Vec<Date>>,
    /// Or a weekly pattern; days without a session are left out.
    pub(super) pattern: Option<WeeklyPatternInput>,
    /// Staff only: why they ask after the deadline; required then, and recorded.
    pub(super) reason: Option<String>,
    /// Staff only: the family they act for.
    pub(super) on_behalf_of: Option<String>,
}

/// Days of a child in an activity.
#[derive(Debug, Clone, InputObject)]
pub struct ChildDaysInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The days.
    pub(super) dates: Vec<Date>,
    /// Staff only: why they cancel or take leave after the deadline; required then, and recorded.
    pub(super) reason: Option<String>,
    /// Staff only: the family they act for.
    pub(super) on_behalf_of: Option<String>,
}

/// An absence.
#[derive(Debug, Clone, InputObject)]
pub struct DeclareAbsenceInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The days.
    pub(super) dates: Vec<Date>,
    /// The reason of the absence.
    pub(super) reason: AbsenceReason,
    /// The absence must be confirmed.
    pub(super) confirmed: bool,
    /// Staff only: the family they act for.
    pub(super) on_behalf_of: Option<String>,
}

/// The answer to an offered place.
#[derive(Debug, Clone, InputObject)]
pub struct AnswerOfferInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The day.
    pub(super) date: Date,
    /// Staff only: the family they act for.
    pub(super) on_behalf_of: Option<String>,
}
