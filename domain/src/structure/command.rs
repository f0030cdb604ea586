//! What staff may ask of a structure.

/// A command to a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StructureCommand {
    /// Define it.
    Define {
        /// Its name as families see it.
        name: String,
    },
    /// Give it another name.
    Rename {
        /// The new name.
        name: String,
    },
}
