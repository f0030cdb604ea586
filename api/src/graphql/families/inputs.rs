//! Families, children and enrolments, as staff enter them.

use async_graphql::{ID, InputObject};
use uuid::Uuid;

use crate::graphql::{attendance::sessions::Weekday, scalars::Date};

/// A new family.
#[derive(Debug, Clone, InputObject)]
pub struct RegisterFamilyInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The family's number, 13 digits.
    pub(super) number: String,
    /// The title of the responsible guardian.
    pub(super) title: String,
    /// The surname of the responsible guardian.
    pub(super) surname: String,
    /// The first name of the responsible guardian.
    pub(super) first_name: String,
}

/// A new child.
#[derive(Debug, Clone, InputObject)]
pub struct RegisterChildInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The family it belongs to.
    pub(super) family_number: String,
    /// First name.
    pub(super) first_name: String,
    /// Surname.
    pub(super) surname: String,
    /// Birth date.
    pub(super) birth_date: Date,
}

/// A second family of a child.
#[derive(Debug, Clone, InputObject)]
pub struct LinkChildInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The family.
    pub(super) family_number: String,
}

/// The end of a child's membership of a family.
#[derive(Debug, Clone, InputObject)]
pub struct UnlinkChildInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The family it leaves.
    pub(super) family_number: String,
    /// The last day, today or earlier: what the family enrolled it in ends with it.
    pub(super) last_day: Date,
}

/// An enrolment.
#[derive(Debug, Clone, InputObject)]
pub struct EnrolChildInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The family that pays.
    pub(super) payer: String,
    /// First day.
    pub(super) from: Date,
    /// Last day; open-ended when left out.
    pub(super) to: Option<Date>,
    /// The weekdays of a regular contract; occasional when left out.
    pub(super) contract_weekdays: Option<Vec<Weekday>>,
    /// Days of leave per school year.
    pub(super) leave_days: Option<u16>,
}

/// The end of an enrolment.
#[derive(Debug, Clone, InputObject)]
pub struct EndEnrolmentInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The family that pays.
    pub(super) payer: String,
    /// The last enrolled day.
    pub(super) last_day: Date,
}
