//! Why data are not erased.

use super::Kept;
use crate::i18n::{Args, Rule};

/// A rule of an erasure that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErasureError {
    /// Something asked for is still needed.
    #[error("still needed: {0:?}")]
    StillNeeded(Kept),
    /// Nothing is left to erase.
    #[error("erased already")]
    AlreadyErased,
    /// The subject has no such data.
    #[error("the subject has no data for this purpose")]
    NotOfSubject,
}

impl Rule for ErasureError {
    fn code(&self) -> &'static str {
        match self {
            Self::StillNeeded(kept) => kept.reason.key(),
            Self::AlreadyErased => "ALREADY_ERASED",
            Self::NotOfSubject => "NOT_OF_SUBJECT",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::StillNeeded(kept) => kept.args(),
            Self::AlreadyErased | Self::NotOfSubject => vec![],
        }
    }
}
