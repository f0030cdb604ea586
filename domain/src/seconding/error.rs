//! Why nothing is seconded.

use crate::messages::Rule;

/// A rule of seconding that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecondingError {
    /// Whoever proposed it cannot second it.
    #[error("another person has to second it")]
    SamePerson,
    /// Nothing was proposed.
    #[error("nothing was proposed")]
    NothingProposed,
}

impl Rule for SecondingError {
    fn code(&self) -> &'static str {
        match self {
            Self::SamePerson => "SAME_PERSON",
            Self::NothingProposed => "NOT_FOUND",
        }
    }
}
