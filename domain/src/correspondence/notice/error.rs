//! Why a notice refuses.

use crate::i18n::{Args, Rule};

/// A rule of a notice that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// It exists already.
    #[error("this notice exists already")]
    AlreadyPublished,
    /// It does not exist, or was withdrawn.
    #[error("no such notice")]
    Unknown,
    /// Shown to a day before its first.
    #[error("the last day comes before the first")]
    ImpossibleRange,
}

impl Rule for NoticeError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyPublished => "ALREADY_EXISTS",
            Self::Unknown => "NOT_FOUND",
            Self::ImpossibleRange => "IMPOSSIBLE_DATE_RANGE",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::ImpossibleRange => vec![("days", "3660".into())],
            Self::AlreadyPublished | Self::Unknown => vec![],
        }
    }
}
