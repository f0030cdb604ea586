//! The commands about families, children and their file, as data.

use chrono::NaiveDate;
use portail_domain::{
    attendance::session::RefusalCode,
    families::child::Enrolment,
    families::family_file::{Document, Section},
    shared::attachment::Attachment,
    shared::ids::{ActivityId, ChildId, FamilyNumber, RequestId},
    shared::sealed::Place,
    shared::text::{Name, Note},
};
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use crate::caller::Role;

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    /// Surname.
    pub surname: Name,
    /// First name.
    pub first_name: Name,
}

/// Whose file: a family's own, or a child's as one of its families sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOwner {
    /// The family.
    pub family: FamilyNumber,
    /// The child.
    #[serde(default)]
    pub child: Option<ChildId>,
}

impl FileOwner {
    /// The id of the stream the file is kept in.
    pub fn id(&self) -> String {
        self.child.map_or_else(|| self.family.to_string(), |child| child.to_string())
    }

    /// Where the file's values are sealed.
    pub(crate) fn place(&self) -> Place {
        if self.child.is_some() { Place::Child } else { Place::Family }
    }
}

/// A request for a modification, as staff name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModificationTarget {
    /// The family that asked.
    pub family: FamilyNumber,
    /// The request.
    pub request: RequestId,
}

/// What staff decide about requests for modifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ModificationDecision {
    /// The file changes.
    Approve {
        /// Whether values that changed meanwhile are overwritten.
        overwrite: bool,
    },
    /// It does not.
    Refuse {
        /// Why, by a code.
        code: RefusalCode,
        /// Why, in words; required for another reason.
        note: Option<Note>,
    },
}

/// A command about families, children and their file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum FamiliesCommand {
    /// Register a family.
    RegisterFamily { number: FamilyNumber, title: Option<Name>, responsible: PersonName },
    /// Register a child in a family.
    RegisterChild { family: FamilyNumber, name: PersonName, birth_date: NaiveDate },
    /// A child belongs to a second family as well.
    LinkChild { child: ChildId, family: FamilyNumber },
    /// A child no longer belongs to a family.
    UnlinkChild { child: ChildId, family: FamilyNumber, last_day: NaiveDate },
    /// Enrol a child.
    EnrolChild { child: ChildId, enrolment: Enrolment },
    /// End an enrolment.
    EndEnrolment { child: ChildId, activity: ActivityId, payer: FamilyNumber, last_day: NaiveDate },
    /// Staff record a section of a file.
    RecordSection { owner: FileOwner, section: Section, seen_revision: u32, values: Document },
    /// A parent asks to modify a section; a child's identity without a child is a new child.
    RequestModification {
        owner: FileOwner,
        section: Section,
        seen_revision: u32,
        values: Document,
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// A parent takes a request for a modification back.
    WithdrawModification { family: FamilyNumber, request: RequestId },
    /// Staff decide requests for modifications.
    DecideModifications { targets: Vec<ModificationTarget>, decision: ModificationDecision },
}

impl FamiliesCommand {
    /// Whether a role may send it. Whose child and whose money it is, is checked where it is decided.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            Self::RequestModification { .. } | Self::WithdrawModification { .. } => {
                role == Role::Parent || role.is_staff()
            }
            Self::RegisterFamily { .. }
            | Self::RegisterChild { .. }
            | Self::LinkChild { .. }
            | Self::UnlinkChild { .. }
            | Self::EnrolChild { .. }
            | Self::EndEnrolment { .. }
            | Self::RecordSection { .. }
            | Self::DecideModifications { .. } => role.is_staff(),
        }
    }
}
