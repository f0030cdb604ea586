//! The family's state.

use serde::{Deserialize, Serialize};

use super::{FamilyCommand, FamilyError, FamilyEvent};
use crate::aggregate;

/// A family's file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Whether it exists.
    pub registered: bool,
}

impl Family {
    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: FamilyCommand) -> Result<Vec<FamilyEvent>, FamilyError> {
        match command {
            FamilyCommand::Register { .. } if self.registered => Err(FamilyError::AlreadyRegistered),
            FamilyCommand::Register { responsible } => {
                Ok(vec![FamilyEvent::FamilyRegistered { responsible }])
            }
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &FamilyEvent) {
        match event {
            FamilyEvent::FamilyRegistered { .. } => self.registered = true,
        }
    }
}

aggregate!(Family, "Family", FamilyCommand, FamilyEvent, FamilyError);
