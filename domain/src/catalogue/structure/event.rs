//! What happened to a structure.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain_event;

/// An event of a structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StructureEvent {
    /// It was defined.
    StructureDefined {
        /// Its name.
        name: String,
    },
    /// It got another name.
    StructureRenamed {
        /// The new name.
        name: String,
    },
    /// It was closed for good.
    StructureRetired {
        /// The first day without it.
        from: NaiveDate,
    },
    /// It was opened again.
    StructureReopened {},
}

domain_event!(StructureEvent {
    StructureDefined = "1.0",
    StructureRenamed = "1.0",
    StructureRetired = "1.0",
    StructureReopened = "1.0",
});
