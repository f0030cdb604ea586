//! What happened in a conversation.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::{
    domain_event,
    shared::attachment::Attachment,
    shared::ids::{FamilyNumber, MessageId, StructureId},
    shared::sealed::Sealed,
};

/// A side of a conversation.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "lowercase")]
pub enum Party {
    /// The family.
    Family,
    /// The structure's staff.
    Structure,
}

impl Party {
    /// The other side.
    pub fn other(self) -> Self {
        match self {
            Self::Family => Self::Structure,
            Self::Structure => Self::Family,
        }
    }
}

/// An event of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum ConversationEvent {
    /// It was begun.
    ConversationOpened {
        family: FamilyNumber,
        structure: StructureId,
        subject: Sealed,
        received: DateTime<Utc>,
    },
    /// A message was sent.
    MessageSent {
        message: MessageId,
        from: Party,
        author: String,
        body: Sealed,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        attachments: Vec<Attachment>,
        received: DateTime<Utc>,
    },
    /// A side has read what the other wrote so far.
    ConversationRead { by: Party, received: DateTime<Utc> },
    /// A side moved it to its deleted folder.
    ConversationDeleted { by: Party, received: DateTime<Utc> },
    /// A side brought it back.
    ConversationRestored { by: Party, received: DateTime<Utc> },
    /// It was handed to one of the staff, or to nobody.
    ConversationAssigned {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to: Option<String>,
        received: DateTime<Utc>,
    },
}

domain_event!(ConversationEvent {
    ConversationOpened = "1.0",
    MessageSent = "1.0",
    ConversationRead = "1.0",
    ConversationDeleted = "1.0",
    ConversationRestored = "1.0",
    ConversationAssigned = "1.0",
});
