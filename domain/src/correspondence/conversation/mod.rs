//! A conversation between a family and a structure: its messages, read marks and folders.
//!
//! Stream `Conversation` / its id.
//!
//! ```text
//! opened -> messages from either side; each side reads, deletes (to its deleted folder), restores
//! ```
//!
//! A new message brings the conversation back to the inbox of a side that had deleted it: nobody
//! misses an answer. Subjects and bodies are sealed for the family.

mod command;
mod error;
mod event;
mod state;

pub use command::{Act, ConversationCommand};
pub use error::ConversationError;
pub use event::{ConversationEvent, Party};
pub use state::Conversation;
