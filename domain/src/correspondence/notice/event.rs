//! What happened to a notice.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    domain_event,
    shared::attachment::Attachment,
    shared::ids::{FamilyNumber, StructureId},
    shared::sealed::Sealed,
};

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Audience {
    /// Every family.
    Town,
    /// The families with a child enrolled in an activity of a structure.
    Structure(StructureId),
    /// One family.
    Family(FamilyNumber),
}

/// A text: sealed when it is for one family only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeText {
    /// For everybody to read.
    Plain(String),
    /// For one family.
    Sealed(Sealed),
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeContent {
    /// Its title and, below it, its text.
    pub text: NoticeText,
    /// A page to read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<String>,
    /// A form to download.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub form: Option<Attachment>,
}

/// An event of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum NoticeEvent {
    /// It was published.
    NoticePublished {
        audience: Audience,
        content: Box<NoticeContent>,
        from: NaiveDate,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to: Option<NaiveDate>,
        received: DateTime<Utc>,
    },
    /// It was taken back.
    NoticeWithdrawn { received: DateTime<Utc> },
}

domain_event!(NoticeEvent { NoticePublished = "1.0", NoticeWithdrawn = "1.0" });
