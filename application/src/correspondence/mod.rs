//! Conversations, notices, and telling families what happened.

pub mod conversations;
pub mod notices;
pub mod notifications;
