//! Conversations, notices, files sent with them, and what was sent to families.

pub mod attachments;
mod conversation_inputs;
pub mod conversations;
pub mod deliveries;
pub mod notices;
