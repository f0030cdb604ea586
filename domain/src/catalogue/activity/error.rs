//! Why an activity refuses.

use crate::i18n::{Args, Rule};

/// A rule of activities that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActivityError {
    /// Defined already.
    #[error("this activity exists already")]
    AlreadyDefined,
    /// Not defined.
    #[error("no such activity")]
    Unknown,
    /// Retired.
    #[error("this activity is no longer offered")]
    Retired,
    /// Not retired.
    #[error("this activity is still offered")]
    NotRetired,
    /// A setting that cannot be.
    #[error("impossible setting, expected {0}")]
    Settings(&'static str),
}

impl Rule for ActivityError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyDefined => "ALREADY_EXISTS",
            Self::Unknown => "NOT_FOUND",
            Self::Retired => "ACTIVITY_RETIRED",
            Self::NotRetired => "NOT_RETIRED",
            Self::Settings(_) => "IMPOSSIBLE_SETTINGS",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::Settings(expected) => vec![("expected", (*expected).into())],
            Self::AlreadyDefined | Self::Unknown | Self::Retired | Self::NotRetired => vec![],
        }
    }
}
