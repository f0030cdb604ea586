//! Conversations, as families and staff write them.

use async_graphql::{ID, InputObject};
use portail_application::ConversationMark as DomainMark;
use uuid::Uuid;

use crate::graphql::mirrored_enum::mirrored_enum;

/// A new conversation with its first message.
#[derive(Debug, Clone, InputObject)]
pub struct OpenConversationInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The structure.
    pub(super) structure_id: ID,
    /// What it is about, 120 characters at the most.
    pub(super) subject: String,
    /// The first message, 5,000 characters at the most.
    pub(super) body: String,
    /// The files sent with it: uploads of this family, 5 at the most.
    #[graphql(default)]
    pub(super) attachment_ids: Vec<ID>,
    /// The family; for staff who write to one.
    pub(super) family_number: Option<String>,
}

mirrored_enum! {
    /// What a side does with a conversation.
    ConversationMark = DomainMark {
        Read: "It has read what the other side wrote.",
        Deleted: "It moves it to its deleted folder.",
        Restored: "It brings it back.",
    }
}

/// A message.
#[derive(Debug, Clone, InputObject)]
pub struct SendMessageInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The conversation.
    pub(super) conversation_id: ID,
    /// The message, 5,000 characters at the most.
    pub(super) body: String,
    /// The files sent with it: uploads of the conversation's family, 5 at the most.
    #[graphql(default)]
    pub(super) attachment_ids: Vec<ID>,
}

/// What the own side does with a conversation.
#[derive(Debug, Clone, InputObject)]
pub struct MarkConversationInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The conversation.
    pub(super) conversation_id: ID,
    /// What it does.
    pub(super) mark: ConversationMark,
}

/// Who of the staff takes a conversation.
#[derive(Debug, Clone, InputObject)]
pub struct AssignConversationInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The conversation.
    pub(super) conversation_id: ID,
    /// The login; nobody when left out.
    pub(super) assignee: Option<String>,
}
