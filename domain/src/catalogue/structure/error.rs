//! Why a structure refuses.

use crate::i18n::Rule;

/// A rule of structures that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// Defined already.
    #[error("this structure exists already")]
    AlreadyDefined,
    /// Not defined.
    #[error("no such structure")]
    Unknown,
    /// Closed for good.
    #[error("this structure is closed for good")]
    Retired,
    /// Not closed.
    #[error("this structure is still open")]
    NotRetired,
}

impl Rule for StructureError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyDefined => "ALREADY_EXISTS",
            Self::Unknown => "NOT_FOUND",
            Self::Retired => "STRUCTURE_RETIRED",
            Self::NotRetired => "NOT_RETIRED",
        }
    }
}
