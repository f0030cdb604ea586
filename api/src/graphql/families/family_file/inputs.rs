//! Requests to modify the family file, as parents and staff enter them.

use async_graphql::ID;

use super::sections::{SectionChange, form};
use crate::graphql::attendance::sessions::RefusalCode as RefusalReason;
use crate::graphql::commands::input_objects;

input_objects! {
    /// A modification a family asks for.
    command RequestModificationInput {
        "The child whose file it is about; left out for the family's own." child_id: Option<ID>,
        "The revision of the section the form was filled from; 0 when it was empty." seen_revision: u32,
        "The section with the fields to change." change: SectionChange,
        #[graphql(default)]
        "The proofs: uploads of this family, 5 at the most." attachment_ids: Vec<ID>,
        "The family; for staff acting for one." family_number: Option<String>,
    }

    /// A new child a family announces.
    command RequestNewChildInput {
        "Who it is." identity: form::ChildIdentity,
        "The family; for staff acting for one." family_number: Option<String>,
    }

    /// A request to take back.
    command WithdrawModificationInput {
        "The request." request_id: ID,
        "The family; for staff acting for one." family_number: Option<String>,
    }

    /// A section staff record themselves.
    command RecordSectionInput {
        "The family." family_number: String,
        "The child whose file it is; left out for the family's own." child_id: Option<ID>,
        "The revision of the section the form was filled from; 0 when it was empty." seen_revision: u32,
        "The section with the fields to change." change: SectionChange,
    }

    /// Requests to approve.
    command ApproveModificationsInput {
        "The requests, 100 at the most." request_ids: Vec<ID>,
        #[graphql(default)]
        "Whether fields that changed meanwhile are overwritten." overwrite: bool,
    }

    /// Requests to refuse.
    command RefuseModificationsInput {
        "The requests, 100 at the most." request_ids: Vec<ID>,
        "The code of the refusal." reason: RefusalReason,
        "Why, in words; required for another reason. The family reads it." note: Option<String>,
    }
}
