//! The structure's state.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{StructureCommand, StructureError, StructureEvent};
use crate::aggregate;

/// A structure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// Its name; none before it is defined.
    pub name: Option<String>,
    /// The first day without it, once it is closed for good.
    #[serde(default)]
    pub retired_from: Option<NaiveDate>,
}

impl Structure {
    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: StructureCommand) -> Result<Vec<StructureEvent>, StructureError> {
        match (command, &self.name) {
            (StructureCommand::Define { .. }, Some(_)) => Err(StructureError::AlreadyDefined),
            (StructureCommand::Define { name }, None) => {
                Ok(vec![StructureEvent::StructureDefined { name: name.into() }])
            }
            (_, None) => Err(StructureError::Unknown),
            (StructureCommand::Retire { .. }, Some(_)) if self.retired_from.is_some() => {
                Err(StructureError::Retired)
            }
            (StructureCommand::Retire { from }, Some(_)) => {
                Ok(vec![StructureEvent::StructureRetired { from }])
            }
            (StructureCommand::Reopen, Some(_)) if self.retired_from.is_none() => {
                Err(StructureError::NotRetired)
            }
            (StructureCommand::Reopen, Some(_)) => Ok(vec![StructureEvent::StructureReopened {}]),
            (StructureCommand::Rename { name }, Some(_)) => {
                Ok(vec![StructureEvent::StructureRenamed { name: name.into() }])
            }
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &StructureEvent) {
        match event {
            StructureEvent::StructureDefined { name } | StructureEvent::StructureRenamed { name } => {
                self.name = Some(name.clone());
            }
            StructureEvent::StructureRetired { from } => self.retired_from = Some(*from),
            StructureEvent::StructureReopened {} => self.retired_from = None,
        }
    }
}

aggregate!(Structure, "Structure", StructureCommand, StructureEvent, StructureError);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;

    #[test]
    fn given_a_structure_when_defined_again_then_refused() {
        TestFramework::<Structure>::with(())
            .given(vec![StructureEvent::StructureDefined { name: "Restauration scolaire".into() }])
            .when(StructureCommand::Define { name: "Cantine".parse().unwrap() })
            .then_expect_error(StructureError::AlreadyDefined);
    }
}
