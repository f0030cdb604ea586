//! Why a family's file refuses.

use crate::messages::Rule;

/// A rule of a family's file that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FamilyError {
    /// Registered already.
    #[error("this family is registered already")]
    AlreadyRegistered,
}

impl Rule for FamilyError {
    fn code(&self) -> &'static str {
        "ALREADY_EXISTS"
    }
}
