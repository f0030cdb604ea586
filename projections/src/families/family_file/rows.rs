//! Rows of the family file.

use chrono::{DateTime, Utc};
use portail_domain::{
    families::family_file::{Document, Section},
    shared::attachment::Attachment,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a proposal holds once opened.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proposal {
    /// What the parent saw of the proposed fields.
    pub base: Document,
    /// What the parent wants.
    pub proposed: Document,
}

/// A section as it is now.
#[derive(Debug, Clone)]
pub struct SectionRow {
    /// Whose: a family's number or a child's id.
    pub owner: String,
    /// The section of the file.
    pub section: Section,
    /// How many values it has had.
    pub revision: u32,
    /// Its fields; none once erased.
    pub value: Option<Document>,
    /// When it last changed.
    pub changed: DateTime<Utc>,
}

pub(super) fn decoding(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// What a request for a modification asks, with what the file holds now.
#[derive(Debug, Clone)]
pub struct ModificationRow {
    /// The request.
    pub request: Uuid,
    /// The family that asked.
    pub family: String,
    /// Which section.
    pub section: Section,
    /// What was seen and what is proposed; none once erased.
    pub proposal: Option<Proposal>,
    /// What the section holds now.
    pub current: Document,
    /// The words of a refusal.
    pub note: Option<String>,
    /// The proofs sent with it.
    pub attachments: Vec<Attachment>,
}
