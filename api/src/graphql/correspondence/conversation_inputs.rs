//! Conversations, as families and staff write them.

use async_graphql::ID;
use portail_application::ConversationMark as DomainMark;

use crate::graphql::commands::input_objects;
use crate::graphql::mirrored_enum::mirrored_enum;

input_objects! {
    /// A new conversation with its first message.
    command OpenConversationInput {
        "The structure." structure_id: ID,
        "What it is about, 120 characters at the most." subject: String,
        "The first message, 5,000 characters at the most." body: String,
        #[graphql(default)]
        "The files sent with it: uploads of this family, 5 at the most." attachment_ids: Vec<ID>,
        "The family; for staff who write to one." family_number: Option<String>,
    }
}

mirrored_enum! {
    /// What a side does with a conversation.
    ConversationMark = DomainMark {
        Read: "It has read what the other side wrote.",
        Deleted: "It moves it to its deleted folder.",
        Restored: "It brings it back.",
    }
}

input_objects! {
    /// A message.
    command SendMessageInput {
        "The conversation." conversation_id: ID,
        "The message, 5,000 characters at the most." body: String,
        #[graphql(default)]
        "The files sent with it: uploads of the conversation's family, 5 at the most." attachment_ids: Vec<ID>,
    }

    /// What the own side does with a conversation.
    command MarkConversationInput {
        "The conversation." conversation_id: ID,
        "What it does." mark: ConversationMark,
    }

    /// Who of the staff takes a conversation.
    command AssignConversationInput {
        "The conversation." conversation_id: ID,
        "The login; nobody when left out." assignee: Option<String>,
    }
}
