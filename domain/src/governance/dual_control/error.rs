//! Why a proposal or its confirmation is refused.

use crate::i18n::Rule;

/// A rule of dual control that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DualControlError {
    /// Whoever proposed it cannot second it.
    #[error("another person has to second it")]
    SamePerson,
    /// Nothing was proposed.
    #[error("nothing was proposed")]
    NothingProposed,
}

impl Rule for DualControlError {
    fn code(&self) -> &'static str {
        match self {
            Self::SamePerson => "SAME_PERSON",
            Self::NothingProposed => "NOT_FOUND",
        }
    }
}
