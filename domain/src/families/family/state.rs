//! The family's state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{FamilyCommand as C, FamilyError as E, FamilyEvent as V, ModificationRequest};
use crate::{
    aggregate,
    attendance::session::RefusalCode,
    families::family_file::{Owner, Section},
    shared::ids::{ChildId, RequestId},
    shared::sealed::Sealed,
};

/// The most undecided requests of one family.
const MOST_PENDING: usize = 100;

/// An undecided request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Which section.
    pub section: Section,
    /// Of which child.
    pub child: Option<ChildId>,
    /// What was seen and what is proposed, sealed.
    pub proposal: Sealed,
}

/// A family's file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Whether it exists.
    pub registered: bool,
    sections: BTreeMap<Section, (u32, Sealed)>,
    pending: BTreeMap<RequestId, Pending>,
    decided: BTreeSet<RequestId>,
}

impl Family {
    /// A section's revision and value; revision 0 when nothing was recorded yet.
    pub fn section(&self, section: Section) -> (u32, Option<&Sealed>) {
        self.sections.get(&section).map_or((0, None), |(revision, value)| (*revision, Some(value)))
    }

    /// An undecided request.
    ///
    /// # Errors
    /// There is none, or it was decided.
    pub fn pending(&self, request: RequestId) -> Result<&Pending, E> {
        let unknown = if self.decided.contains(&request) { E::AlreadyDecided } else { E::UnknownRequest };
        self.pending.get(&request).ok_or(unknown)
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: C) -> Result<Vec<V>, E> {
        match command {
            C::Register { .. } if self.registered => Err(E::AlreadyRegistered),
            C::Register { responsible } => Ok(vec![V::FamilyRegistered { responsible }]),
            _ if !self.registered => Err(E::Unknown),
            C::RecordSection { section, revision, value, at } => {
                if revision != self.section(section).0 {
                    return Err(E::StaleForm);
                }
                Ok(vec![self.recorded(section, value, None, at)])
            }
            C::RequestModification(request) => self.request(request),
            C::Withdraw { request, at } => {
                self.pending(request)?;
                Ok(vec![V::ModificationWithdrawn { request, received: at }])
            }
            C::Approve { request, effect, made_child, conflicts, overwrite, at } => {
                let section = self.pending(request)?.section;
                if !conflicts.is_empty() && !overwrite {
                    return Err(E::Conflicting(conflicts));
                }
                let approved =
                    V::ModificationApproved { request, made_child, overwrote: conflicts, received: at };
                let effect = effect.map(|value| self.recorded(section, value, Some(request), at));
                Ok([approved].into_iter().chain(effect).collect())
            }
            C::Refuse { request, refusal, at } => {
                self.pending(request)?;
                if refusal.code == RefusalCode::Other && refusal.note.is_none() {
                    return Err(E::ReasonRequired);
                }
                Ok(vec![V::ModificationRefused { request, refusal, received: at }])
            }
        }
    }

    fn request(&self, asked: ModificationRequest) -> Result<Vec<V>, E> {
        if asked.fields.is_empty() {
            return Err(E::NothingChanged);
        }
        if asked.seen_revision != asked.current_revision {
            return Err(E::StaleForm);
        }
        if self.pending.len() >= MOST_PENDING {
            return Err(E::TooManyPending(MOST_PENDING));
        }
        Ok(vec![V::ModificationRequested {
            request: asked.request,
            section: asked.section,
            child: asked.child,
            revision: asked.current_revision,
            fields: asked.fields,
            proposal: asked.proposal,
            attachments: asked.attachments,
            received: asked.at,
        }])
    }

    fn recorded(
        &self,
        section: Section,
        value: Sealed,
        request: Option<RequestId>,
        received: chrono::DateTime<chrono::Utc>,
    ) -> V {
        debug_assert_eq!(section.owner(), Owner::Family);
        let revision = self.section(section).0 + 1;
        V::FamilySectionRecorded { section, revision, value, request, received }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::FamilyRegistered { responsible } => {
                self.registered = true;
                self.sections.insert(Section::Responsible, (1, responsible.clone()));
            }
            V::FamilySectionRecorded { section, revision, value, .. } => {
                self.sections.insert(*section, (*revision, value.clone()));
            }
            V::ModificationRequested { request, section, child, proposal, .. } => {
                let pending = Pending { section: *section, child: *child, proposal: proposal.clone() };
                self.pending.insert(*request, pending);
            }
            V::ModificationWithdrawn { request, .. }
            | V::ModificationApproved { request, .. }
            | V::ModificationRefused { request, .. } => {
                self.pending.remove(request);
                self.decided.insert(*request);
            }
        }
    }
}

aggregate!(Family, "Family", C, V, E);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;
    use crate::{attendance::session::Refusal, shared::sealed::Purpose};

    fn sealed(ct: &str) -> Sealed {
        Sealed {
            alg: "XC20P".into(),
            subject: "1001001010331".into(),
            purpose: Purpose::Identity,
            nonce: String::new(),
            ct: ct.into(),
        }
    }

    fn at() -> chrono::DateTime<chrono::Utc> {
        "2015-04-08T09:00:00Z".parse().unwrap()
    }

    const REQUEST: RequestId = RequestId(Uuid::nil());

    fn registered() -> V {
        V::FamilyRegistered { responsible: sealed("name") }
    }

    fn requested() -> V {
        V::ModificationRequested {
            request: REQUEST,
            section: Section::Responsible,
            child: None,
            revision: 1,
            fields: vec!["town".into()],
            proposal: sealed("proposal"),
            attachments: vec![],
            received: at(),
        }
    }

    fn asked(seen_revision: u32, fields: &[&str]) -> C {
        C::RequestModification(ModificationRequest {
            request: REQUEST,
            section: Section::Responsible,
            child: None,
            seen_revision,
            current_revision: 1,
            fields: fields.iter().map(|f| (*f).to_owned()).collect(),
            proposal: sealed("proposal"),
            attachments: vec![],
            at: at(),
        })
    }

    fn approve(conflicts: &[&str], overwrite: bool) -> C {
        C::Approve {
            request: REQUEST,
            effect: Some(sealed("merged")),
            made_child: None,
            conflicts: conflicts.iter().map(|f| (*f).to_owned()).collect(),
            overwrite,
            at: at(),
        }
    }

    #[test]
    fn given_a_family_when_a_parent_asks_then_the_request_is_recorded_and_the_file_is_not_changed() {
        TestFramework::<Family>::with(())
            .given(vec![registered()])
            .when(asked(1, &["town"]))
            .then_expect_events(vec![requested()]);
    }

    #[test]
    fn given_a_newer_file_when_a_stale_form_is_sent_then_it_is_refused() {
        TestFramework::<Family>::with(())
            .given(vec![registered()])
            .when(asked(0, &["town"]))
            .then_expect_error(E::StaleForm);
    }

    #[test]
    fn given_a_form_that_changes_nothing_then_it_is_refused() {
        TestFramework::<Family>::with(())
            .given(vec![registered()])
            .when(asked(1, &[]))
            .then_expect_error(E::NothingChanged);
    }

    #[test]
    fn given_a_request_when_approved_then_decision_and_effect_are_together() {
        TestFramework::<Family>::with(())
            .given(vec![registered(), requested()])
            .when(approve(&[], false))
            .then_expect_events(vec![
                V::ModificationApproved {
                    request: REQUEST,
                    made_child: None,
                    overwrote: vec![],
                    received: at(),
                },
                V::FamilySectionRecorded {
                    section: Section::Responsible,
                    revision: 2,
                    value: sealed("merged"),
                    request: Some(REQUEST),
                    received: at(),
                },
            ]);
    }

    #[test]
    fn given_a_conflict_when_approved_without_saying_so_then_nothing_is_overwritten() {
        TestFramework::<Family>::with(())
            .given(vec![registered(), requested()])
            .when(approve(&["town"], false))
            .then_expect_error(E::Conflicting(vec!["town".into()]));
    }

    #[test]
    fn given_a_decided_request_when_decided_again_then_refused() {
        let refusal = Refusal::of(RefusalCode::IncompleteFile);
        TestFramework::<Family>::with(())
            .given(vec![
                registered(),
                requested(),
                V::ModificationWithdrawn { request: REQUEST, received: at() },
            ])
            .when(C::Refuse { request: REQUEST, refusal, at: at() })
            .then_expect_error(E::AlreadyDecided);
    }

    #[test]
    fn given_a_request_when_refused_for_another_reason_without_words_then_refused() {
        let refusal = Refusal::of(RefusalCode::Other);
        TestFramework::<Family>::with(())
            .given(vec![registered(), requested()])
            .when(C::Refuse { request: REQUEST, refusal, at: at() })
            .then_expect_error(E::ReasonRequired);
    }
}
