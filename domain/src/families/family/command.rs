//! What parents and staff may ask of a family's file.

use chrono::{DateTime, Utc};

use crate::{
    attendance::session::Refusal,
    families::family_file::Section,
    shared::attachment::Attachment,
    shared::ids::{ChildId, RequestId},
    shared::sealed::Sealed,
};

/// A command to a family.
#[derive(Debug, Clone, PartialEq)]
pub enum FamilyCommand {
    /// Register it.
    Register {
        /// The responsible guardian: title, surname and first name, sealed.
        responsible: Sealed,
    },
    /// Staff record a section of the family's own file.
    RecordSection {
        /// The section of the file.
        section: Section,
        /// The revision the new value was made from.
        revision: u32,
        /// The whole section, sealed.
        value: Sealed,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// A parent asks for a modification; nothing in the file changes.
    RequestModification(ModificationRequest),
    /// A parent takes an undecided request back.
    Withdraw {
        /// The request for a modification.
        request: RequestId,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// Staff approve a request; the effect is recorded in the same append.
    Approve {
        /// The request for a modification.
        request: RequestId,
        /// The effect on the family's own file; none when a child's file changes.
        effect: Option<Sealed>,
        /// The child a request for a new child made.
        made_child: Option<ChildId>,
        /// Fields that changed since the parent wrote.
        conflicts: Vec<String>,
        /// Whether staff saw the conflicts and want the parent's values.
        overwrite: bool,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// Staff refuse a request.
    Refuse {
        /// The request for a modification.
        request: RequestId,
        /// The reason of the refusal: a code, and a note if one is needed.
        refusal: Refusal,
        /// When it was received.
        at: DateTime<Utc>,
    },
}

/// What a parent asks to change.
#[derive(Debug, Clone, PartialEq)]
pub struct ModificationRequest {
    /// The request.
    pub request: RequestId,
    /// Which section.
    pub section: Section,
    /// Of which child; none: of the family's own file, or, for a child's identity, a new child.
    pub child: Option<ChildId>,
    /// The revision of the section the form was filled from.
    pub seen_revision: u32,
    /// The revision the section has.
    pub current_revision: u32,
    /// The fields that would change.
    pub fields: Vec<String>,
    /// What was seen and what is proposed, sealed.
    pub proposal: Sealed,
    /// The proofs sent with it.
    pub attachments: Vec<Attachment>,
    /// When it was received.
    pub at: DateTime<Utc>,
}
