//! The commands about messages and notices, as data.

use chrono::NaiveDate;
use portail_domain::{
    correspondence::notice::Audience,
    shared::attachment::Attachment,
    shared::ids::{ConversationId, FamilyNumber, NoticeId, StructureId},
    shared::text::{Body, Heading, Link, Login},
};
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use crate::caller::Role;

/// What a side does with a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConversationMark {
    /// It has read it.
    Read,
    /// It moves it to its deleted folder.
    Deleted,
    /// It brings it back.
    Restored,
}

/// A command about messages and notices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum CorrespondenceCommand {
    /// Either side begins a conversation with a first message.
    OpenConversation {
        family: FamilyNumber,
        structure: StructureId,
        subject: Heading,
        body: Body,
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// Either side sends a message.
    SendMessage {
        conversation: ConversationId,
        body: Body,
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// Either side reads, deletes or restores a conversation.
    MarkConversation { conversation: ConversationId, mark: ConversationMark },
    /// Staff hand a conversation to one of them, or to nobody.
    AssignConversation { conversation: ConversationId, to: Option<Login> },
    /// Staff publish a notice.
    PublishNotice {
        audience: Audience,
        title: Heading,
        text: Option<Body>,
        link: Option<Link>,
        form: Option<Attachment>,
        from: NaiveDate,
        to: Option<NaiveDate>,
    },
    /// Staff withdraw a notice.
    WithdrawNotice { notice: NoticeId },
}

impl CorrespondenceCommand {
    /// Whether a role may send it. Whose child and whose money it is, is checked where it is decided.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            Self::OpenConversation { .. } | Self::SendMessage { .. } | Self::MarkConversation { .. } => {
                role == Role::Parent || role.is_staff()
            }
            Self::AssignConversation { .. } | Self::PublishNotice { .. } | Self::WithdrawNotice { .. } => {
                role.is_staff()
            }
        }
    }
}
