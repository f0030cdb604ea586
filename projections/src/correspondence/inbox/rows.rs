//! Rows of the inbox, and what is asked for.

use chrono::{DateTime, Utc};
use portail_domain::{correspondence::conversation::Party, shared::attachment::Attachment};
use sqlx::FromRow;
use uuid::Uuid;

/// The folders of an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// The other side wrote something.
    Received,
    /// The own side wrote something.
    Sent,
    /// The own side deleted it.
    Deleted,
}

/// Which conversations.
#[derive(Debug, Clone)]
pub struct Filter {
    /// From whose side.
    pub side: Party,
    /// Only this family's.
    pub family: Option<String>,
    /// Only this structure's.
    pub structure: Option<String>,
    /// Only this folder; none: all that is not deleted.
    pub folder: Option<Folder>,
    /// Only those handed to this login.
    pub assigned: Option<String>,
    /// Only those with something unread.
    pub unread: bool,
    /// Only those whose subject or messages hold these words.
    pub words: Option<String>,
}

/// A conversation from one side.
#[derive(Debug, Clone, FromRow)]
pub struct ConversationRow {
    /// Its id.
    pub id: Uuid,
    /// The family.
    pub family: String,
    /// The structure.
    pub structure: String,
    /// What it is about; none once erased.
    pub subject: Option<String>,
    /// Which of the staff it was handed to.
    pub assigned: Option<String>,
    /// Its place: the position of its last message.
    pub last: i64,
    /// When its last message was sent.
    pub last_at: DateTime<Utc>,
    /// How many messages of the other side are unread.
    pub unread: i32,
    /// Whether this side deleted it.
    pub deleted: bool,
}

/// A message.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// Its id.
    pub id: Uuid,
    /// Its conversation.
    pub conversation: Uuid,
    /// Which side wrote it.
    pub from: Party,
    /// Its author's login.
    pub author: String,
    /// Its text; none once erased.
    pub body: Option<String>,
    /// The files sent with it.
    pub attachments: Vec<Attachment>,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// When the other side read it.
    pub read: Option<DateTime<Utc>>,
}
