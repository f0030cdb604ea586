//! What either side may ask of a conversation.

use chrono::{DateTime, Utc};

use super::Party;
use crate::{
    shared::attachment::Attachment,
    shared::ids::{FamilyNumber, MessageId, StructureId},
    shared::sealed::Sealed,
};

/// A command to a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationCommand {
    /// Who asks.
    pub by: Party,
    /// Their login.
    pub author: String,
    /// When it was received.
    pub at: DateTime<Utc>,
    /// What is asked.
    pub act: Act,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Begin it, with a first message.
    Open {
        /// The family.
        family: FamilyNumber,
        /// The structure.
        structure: StructureId,
        /// What it is about, sealed.
        subject: Sealed,
        /// The first message's id.
        message: MessageId,
        /// The first message, sealed.
        body: Sealed,
        /// The files sent with it.
        attachments: Vec<Attachment>,
    },
    /// Send a message.
    Send {
        /// Its id.
        message: MessageId,
        /// Its text, sealed.
        body: Sealed,
        /// The files sent with it.
        attachments: Vec<Attachment>,
    },
    /// Mark what the other side wrote as read.
    Read,
    /// Move it to the deleted folder of the side that asks.
    Delete,
    /// Bring it back.
    Restore,
    /// The structure's staff hand it to one of them, or to nobody.
    Assign {
        /// The login.
        to: Option<String>,
    },
}
