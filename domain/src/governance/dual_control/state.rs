//! What stands proposed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Action, DualControlCommand as C, DualControlError as E, DualControlEvent as V};
use crate::aggregate;

/// Something that was proposed and not seconded yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The act that takes two of the staff.
    pub action: Action,
    /// Who proposed it.
    pub by: String,
}

/// What stands proposed for a family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DualControl {
    proposed: BTreeMap<String, Proposal>,
}

impl DualControl {
    /// What stands in a slot.
    pub fn proposed(&self, slot: &str) -> Option<&Proposal> {
        self.proposed.get(slot)
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: C) -> Result<Vec<V>, E> {
        match command {
            C::Propose { action, by, at } => Ok(vec![V::ActionProposed { action, by, received: at }]),
            C::Second { action, by, at } => match self.proposed(&action.slot()) {
                None => Err(E::NothingProposed),
                Some(proposal) if proposal.by == by => Err(E::SamePerson),
                Some(_) => Ok(vec![V::ActionSeconded { slot: action.slot(), by, received: at }]),
            },
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::ActionProposed { action, by, .. } => {
                let proposal = Proposal { action: action.clone(), by: by.clone() };
                self.proposed.insert(action.slot(), proposal);
            }
            V::ActionSeconded { slot, .. } => {
                self.proposed.remove(slot);
            }
        }
    }
}

aggregate!(DualControl, "Seconding", C, V, E);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;
    use crate::shared::ids::RequestId;

    fn action() -> Action {
        Action::ApproveBank { request: RequestId(Uuid::nil()) }
    }

    fn at() -> chrono::DateTime<chrono::Utc> {
        "2015-04-08T09:00:00Z".parse().unwrap()
    }

    fn proposed(by: &str) -> V {
        V::ActionProposed { action: action(), by: by.into(), received: at() }
    }

    fn second(by: &str) -> C {
        C::Second { action: action(), by: by.into(), at: at() }
    }

    #[test]
    fn given_a_proposal_when_its_author_seconds_it_then_refused() {
        TestFramework::<DualControl>::with(())
            .given(vec![proposed("staff:a")])
            .when(second("staff:a"))
            .then_expect_error(E::SamePerson);
    }

    #[test]
    fn given_a_proposal_when_another_seconds_it_then_it_is_done_once() {
        let seconded = V::ActionSeconded { slot: action().slot(), by: "staff:b".into(), received: at() };
        TestFramework::<DualControl>::with(())
            .given(vec![proposed("staff:a")])
            .when(second("staff:b"))
            .then_expect_events(vec![seconded.clone()]);
        TestFramework::<DualControl>::with(())
            .given(vec![proposed("staff:a"), seconded])
            .when(second("staff:c"))
            .then_expect_error(E::NothingProposed);
    }
}
