//! What staff may ask of a structure.

use chrono::NaiveDate;

use crate::shared::text::Heading;

/// A command to a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StructureCommand {
    /// Define it.
    Define {
        /// Its name as families see it.
        name: Heading,
    },
    /// Give it another name.
    Rename {
        /// The new name.
        name: Heading,
    },
    /// Close it for good; its activities end with it.
    Retire {
        /// The first day without it.
        from: NaiveDate,
    },
    /// Open it again.
    Reopen,
}
