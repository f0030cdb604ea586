//! What of a subject is erased.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    ErasureCommand as C, ErasureError as E, ErasureEvent as V, Kept, LegalBasis, Obligations, RetentionRules,
    Subject,
};
use crate::{aggregate, shared::sealed::Purpose};

/// The erasure of a subject's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    erased: BTreeSet<Purpose>,
}

impl Erasure {
    /// Whether data of a purpose are erased.
    pub fn is_erased(&self, purpose: Purpose) -> bool {
        self.erased.contains(&purpose)
    }

    /// What of a subject is left and kept, and why.
    pub fn kept(
        &self,
        subject: &Subject,
        ties: &Obligations,
        rules: &RetentionRules,
        basis: LegalBasis,
    ) -> Vec<Kept> {
        let left = subject.purposes().filter(|purpose| !self.is_erased(*purpose));
        left.filter_map(|purpose| rules.keeps(purpose, ties, basis == LegalBasis::RetentionEnded)).collect()
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: C) -> Result<Vec<V>, E> {
        let C::Erase { subject, purposes: asked, basis, ties, rules, health_files, at } = command;
        if !asked.iter().all(|purpose| subject.has(*purpose)) {
            return Err(E::NotOfSubject);
        }
        let kept = self.kept(&subject, &ties, &rules, basis);
        if let Some(kept) = kept.iter().find(|kept| asked.contains(&kept.purpose)) {
            return Err(E::StillNeeded(*kept));
        }
        let chosen = |purpose: &Purpose| {
            (asked.is_empty() || asked.contains(purpose))
                && !self.is_erased(*purpose)
                && kept.iter().all(|kept| kept.purpose != *purpose)
        };
        let purposes: Vec<Purpose> = subject.purposes().filter(chosen).collect();
        if purposes.is_empty() {
            return Err(kept.first().map_or(E::AlreadyErased, |kept| E::StillNeeded(*kept)));
        }
        let files = if purposes.contains(&Purpose::Health) { health_files } else { vec![] };
        Ok(vec![V::PersonalDataErased { subject, purposes, basis, files, received: at }])
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        let V::PersonalDataErased { purposes, .. } = event;
        self.erased.extend(purposes);
    }
}

aggregate!(Erasure, "Erasure", C, V, E);

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::privacy::erasure::KeptReason;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn ties() -> Obligations {
        Obligations { today: day("2015-04-08"), ..Obligations::default() }
    }

    fn family() -> Subject {
        Subject::Family("1001001010331".parse().unwrap())
    }

    fn child() -> Subject {
        Subject::Child("5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a01".parse().unwrap())
    }

    fn erase(subject: Subject, purposes: &[Purpose], basis: LegalBasis, ties: Obligations) -> C {
        let at = "2015-04-08T09:00:00Z".parse().unwrap();
        let (purposes, rules) = (purposes.iter().copied().collect(), RetentionRules::default());
        C::Erase { subject, purposes, basis, ties, rules, health_files: vec![], at }
    }

    fn erased(subject: Subject, purposes: &[Purpose], basis: LegalBasis) -> V {
        let received = "2015-04-08T09:00:00Z".parse().unwrap();
        V::PersonalDataErased { subject, purposes: purposes.to_vec(), basis, files: vec![], received }
    }

    #[test]
    fn given_an_enrolled_child_when_health_is_erased_then_it_is_still_needed() {
        let ties = Obligations { enrolled_until: Some(day("2015-07-03")), ..ties() };
        let kept =
            Kept { purpose: Purpose::Health, reason: KeptReason::Enrolled, until: Some(day("2015-07-03")) };
        TestFramework::<Erasure>::with(())
            .given_no_previous_events()
            .when(erase(child(), &[Purpose::Health], LegalBasis::Objection, ties))
            .then_expect_error(E::StillNeeded(kept));
    }

    #[test]
    fn given_a_settled_account_when_everything_is_erased_then_accounting_evidence_stays_ten_years() {
        let ties = Obligations { last_operation: Some(day("2015-03-01")), ..ties() };
        let gone =
            [Purpose::Tax, Purpose::Caf, Purpose::Bank, Purpose::Message, Purpose::Note, Purpose::Attachment];
        TestFramework::<Erasure>::with(())
            .given_no_previous_events()
            .when(erase(family(), &[], LegalBasis::ConsentWithdrawn, ties.clone()))
            .then_expect_events(vec![erased(family(), &gone, LegalBasis::ConsentWithdrawn)]);
        let before = erased(family(), &gone, LegalBasis::ConsentWithdrawn);
        let kept = |until| Kept { purpose: Purpose::Identity, reason: KeptReason::Accounting, until };
        TestFramework::<Erasure>::with(())
            .given(vec![before.clone()])
            .when(erase(family(), &[], LegalBasis::ConsentWithdrawn, ties.clone()))
            .then_expect_error(E::StillNeeded(kept(Some(day("2025-03-01")))));
        let later = Obligations { today: day("2025-03-02"), ..ties };
        TestFramework::<Erasure>::with(())
            .given(vec![before])
            .when(erase(family(), &[], LegalBasis::RetentionEnded, later))
            .then_expect_events(vec![erased(
                family(),
                &[Purpose::Identity, Purpose::Document],
                LegalBasis::RetentionEnded,
            )]);
    }

    #[test]
    fn the_towns_own_time_counts_for_the_town_and_not_for_the_person() {
        let left = Obligations { enrolled_until: Some(day("2015-03-20")), ..ties() };
        let kept =
            Kept { purpose: Purpose::Health, reason: KeptReason::Retention, until: Some(day("2015-04-20")) };
        TestFramework::<Erasure>::with(())
            .given_no_previous_events()
            .when(erase(child(), &[Purpose::Health], LegalBasis::RetentionEnded, left.clone()))
            .then_expect_error(E::StillNeeded(kept));
        TestFramework::<Erasure>::with(())
            .given_no_previous_events()
            .when(erase(child(), &[Purpose::Health], LegalBasis::Objection, left))
            .then_expect_events(vec![erased(child(), &[Purpose::Health], LegalBasis::Objection)]);
    }

    #[test]
    fn what_is_owed_and_what_can_be_disputed_stays() {
        let owed =
            Obligations { balance: "12.00".parse().unwrap(), last_debit: Some(day("2015-01-05")), ..ties() };
        let reasons: Vec<_> = Erasure::default()
            .kept(&family(), &owed, &RetentionRules::default(), LegalBasis::Objection)
            .into_iter()
            .map(|kept| (kept.purpose, kept.reason, kept.until))
            .collect();
        assert_eq!(
            reasons,
            [
                (Purpose::Identity, KeptReason::OpenBalance, None),
                (Purpose::Bank, KeptReason::DirectDebit, Some(day("2016-02-05"))),
                (Purpose::Document, KeptReason::OpenBalance, None),
            ]
        );
        let wrong = erase(family(), &[Purpose::Health], LegalBasis::Objection, ties());
        assert_eq!(Erasure::default().decide(wrong), Err(E::NotOfSubject));
    }
}
