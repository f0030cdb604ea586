//! What staff may ask of a family's file.

use crate::sealed::Sealed;

/// A command to a family.
#[derive(Debug, Clone, PartialEq)]
pub enum FamilyCommand {
    /// Register it.
    Register {
        /// The responsible guardian: title, surname and first name, sealed.
        responsible: Sealed,
    },
}
