//! Why a structure refuses.

use crate::messages::{Args, Rule};

/// A rule of structures that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// Defined already.
    #[error("this structure exists already")]
    AlreadyDefined,
    /// Not defined.
    #[error("no such structure")]
    Unknown,
    /// A name is 1 to 120 characters.
    #[error("a name is 1 to 120 characters")]
    Name,
}

impl Rule for StructureError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyDefined => "ALREADY_EXISTS",
            Self::Unknown => "NOT_FOUND",
            Self::Name => "INVALID_VALUE",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::Name => vec![("expected", "1-120".into())],
            _ => vec![],
        }
    }
}
