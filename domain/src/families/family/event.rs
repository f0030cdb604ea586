//! What happened to a family's file.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    attendance::session::Refusal,
    domain_event,
    families::family_file::Section,
    shared::attachment::Attachment,
    shared::ids::{ChildId, RequestId},
    shared::sealed::Sealed,
};

/// An event of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum FamilyEvent {
    /// It was registered, with its responsible guardian's name.
    FamilyRegistered { responsible: Sealed },
    /// A section of the family's own file has a new value; `request` is what it came from.
    FamilySectionRecorded {
        section: Section,
        revision: u32,
        value: Sealed,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        request: Option<RequestId>,
        received: DateTime<Utc>,
    },
    /// A parent asked for a modification. Without a child, a child's identity is a new child.
    ModificationRequested {
        request: RequestId,
        section: Section,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        child: Option<ChildId>,
        revision: u32,
        fields: Vec<String>,
        proposal: Sealed,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        attachments: Vec<Attachment>,
        received: DateTime<Utc>,
    },
    /// The parent took the request back.
    ModificationWithdrawn { request: RequestId, received: DateTime<Utc> },
    /// Staff approved it; `overwrote` names fields that had changed meanwhile.
    ModificationApproved {
        request: RequestId,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        made_child: Option<ChildId>,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        overwrote: Vec<String>,
        received: DateTime<Utc>,
    },
    /// Staff refused it.
    ModificationRefused { request: RequestId, refusal: Refusal, received: DateTime<Utc> },
}

domain_event!(FamilyEvent {
    FamilyRegistered = "1.0",
    FamilySectionRecorded = "1.0",
    ModificationRequested = "1.0",
    ModificationWithdrawn = "1.0",
    ModificationApproved = "1.0",
    ModificationRefused = "1.0",
});
