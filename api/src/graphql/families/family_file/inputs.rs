//! Requests to modify the family file, as parents and staff enter them.

use async_graphql::{ID, InputObject};
use uuid::Uuid;

use super::sections::{SectionChange, form};
use crate::graphql::attendance::sessions::RefusalCode as RefusalReason;

/// A modification a family asks for.
#[derive(Debug, Clone, InputObject)]
pub struct RequestModificationInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child whose file it is about; left out for the family's own.
    pub(super) child_id: Option<ID>,
    /// The revision of the section the form was filled from; 0 when it was empty.
    pub(super) seen_revision: u32,
    /// The section with the fields to change.
    pub(super) change: SectionChange,
    /// The proofs: uploads of this family, 5 at the most.
    #[graphql(default)]
    pub(super) attachment_ids: Vec<ID>,
    /// The family; for staff acting for one.
    pub(super) family_number: Option<String>,
}

/// A new child a family announces.
#[derive(Debug, Clone, InputObject)]
pub struct RequestNewChildInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// Who it is.
    pub(super) identity: form::ChildIdentity,
    /// The family; for staff acting for one.
    pub(super) family_number: Option<String>,
}

/// A request to take back.
#[derive(Debug, Clone, InputObject)]
pub struct WithdrawModificationInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The request.
    pub(super) request_id: ID,
    /// The family; for staff acting for one.
    pub(super) family_number: Option<String>,
}

/// A section staff record themselves.
#[derive(Debug, Clone, InputObject)]
pub struct RecordSectionInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The family.
    pub(super) family_number: String,
    /// The child whose file it is; left out for the family's own.
    pub(super) child_id: Option<ID>,
    /// The revision of the section the form was filled from; 0 when it was empty.
    pub(super) seen_revision: u32,
    /// The section with the fields to change.
    pub(super) change: SectionChange,
}

/// Requests to approve.
#[derive(Debug, Clone, InputObject)]
pub struct ApproveModificationsInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The requests, 100 at the most.
    pub(super) request_ids: Vec<ID>,
    /// Whether fields that changed meanwhile are overwritten.
    #[graphql(default)]
    pub(super) overwrite: bool,
}

/// Requests to refuse.
#[derive(Debug, Clone, InputObject)]
pub struct RefuseModificationsInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The requests, 100 at the most.
    pub(super) request_ids: Vec<ID>,
    /// The code of the refusal.
    pub(super) reason: RefusalReason,
    /// Why, in words; required for another reason. The family reads it.
    pub(super) note: Option<String>,
}
