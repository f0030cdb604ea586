//! The policy as it stands.

use serde::{Deserialize, Serialize};

use super::{FourEyes, PolicyCommand as C, PolicyError as E, PolicyEvent as V};
use crate::{aggregate, privacy::erasure::RetentionRules};

/// The town's policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    retention: RetentionRules,
    four_eyes: FourEyes,
}

impl Policy {
    /// How long data are kept.
    pub fn retention(&self) -> &RetentionRules {
        &self.retention
    }

    /// What takes two of the staff.
    pub fn four_eyes(&self) -> FourEyes {
        self.four_eyes
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: C) -> Result<Vec<V>, E> {
        match command {
            C::AdoptRetention { rules, at } => match rules.too_short() {
                Some(purpose) => Err(E::TooShort { purpose, least: RetentionRules::least(purpose) }),
                None => Ok(vec![V::RetentionAdopted { rules, received: at }]),
            },
            C::AdoptFourEyes { what, at } => Ok(vec![V::FourEyesAdopted { what, received: at }]),
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::RetentionAdopted { rules, .. } => self.retention = rules.clone(),
            V::FourEyesAdopted { what, .. } => self.four_eyes = *what,
        }
    }
}

aggregate!(Policy, "Policy", C, V, E);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::shared::sealed::Purpose;

    #[test]
    fn given_less_than_the_law_keeps_then_refused() {
        let mut rules = RetentionRules::default();
        rules.months.insert(Purpose::Document, 119);
        let at = "2015-04-08T09:00:00Z".parse().unwrap();
        TestFramework::<Policy>::with(())
            .given_no_previous_events()
            .when(C::AdoptRetention { rules: rules.clone(), at })
            .then_expect_error(E::TooShort { purpose: Purpose::Document, least: 120 });
        rules.months.insert(Purpose::Document, 132);
        TestFramework::<Policy>::with(())
            .given_no_previous_events()
            .when(C::AdoptRetention { rules: rules.clone(), at })
            .then_expect_events(vec![V::RetentionAdopted { rules, received: at }]);
    }
}
