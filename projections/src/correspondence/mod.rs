//! What families and the town tell each other, and the files they send.

pub mod attachments;
pub mod inbox;
pub mod notices;
pub mod outbox;
