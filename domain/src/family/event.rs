//! What happened to a family's file.

use serde::{Deserialize, Serialize};

use crate::{domain_event, sealed::Sealed};

/// An event of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FamilyEvent {
    /// It was registered.
    FamilyRegistered {
        /// The responsible guardian, sealed.
        responsible: Sealed,
    },
}

domain_event!(FamilyEvent { FamilyRegistered = "1.0" });
