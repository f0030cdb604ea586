//! Why a conversation refuses.

use crate::i18n::Rule;

/// A rule of a conversation that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    /// It exists already.
    #[error("this conversation exists already")]
    AlreadyOpened,
    /// It does not exist.
    #[error("no such conversation")]
    Unknown,
    /// It is read, deleted, there or assigned like that already.
    #[error("nothing changes")]
    NothingChanged,
    /// Only staff assign.
    #[error("only staff assign conversations")]
    StaffOnly,
}

impl Rule for ConversationError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyOpened => "ALREADY_EXISTS",
            Self::Unknown => "NOT_FOUND",
            Self::NothingChanged => "NOTHING_CHANGED",
            Self::StaffOnly => "FORBIDDEN",
        }
    }
}
