//! The child's state.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ChildCommand, ChildError as E, ChildEvent as V, CostSharing, Enrolment, end_enrolments};
use crate::{
    aggregate,
    families::family_file::Section,
    shared::ids::{ActivityId, FamilyNumber},
    shared::sealed::Sealed,
    shared::time::{LAST_DAY, local_date, school_year},
};

/// A child's file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    families: BTreeSet<FamilyNumber>,
    enrolments: Vec<Enrolment>,
    leave: Vec<(ActivityId, FamilyNumber, NaiveDate)>,
    sections: BTreeMap<Section, (u32, Sealed)>,
    /// How its families bear its costs, each from a day on, by that day.
    #[serde(default)]
    sharing: Vec<(NaiveDate, CostSharing)>,
}

impl Child {
    /// A section's revision and value; revision 0 when nothing was recorded yet.
    pub fn section(&self, section: Section) -> (u32, Option<&Sealed>) {
        self.sections.get(&section).map_or((0, None), |(revision, value)| (*revision, Some(value)))
    }

    /// Whether it belongs to a family.
    pub fn belongs_to(&self, family: &FamilyNumber) -> bool {
        self.families.contains(family)
    }

    /// Its families.
    pub fn families(&self) -> impl Iterator<Item = &FamilyNumber> {
        self.families.iter()
    }

    /// Its enrolments, past ones included.
    pub fn enrolments(&self) -> &[Enrolment] {
        &self.enrolments
    }

    /// The enrolment of a payer in an activity on a day.
    pub fn enrolment(
        &self,
        activity: &ActivityId,
        payer: &FamilyNumber,
        date: NaiveDate,
    ) -> Option<&Enrolment> {
        self.enrolments.iter().find(|e| e.activity == *activity && e.payer == *payer && e.holds_on(date))
    }

    /// Any enrolment in an activity on a day, whoever pays.
    pub fn any_enrolment(&self, activity: &ActivityId, date: NaiveDate) -> Option<&Enrolment> {
        self.enrolments.iter().find(|e| e.activity == *activity && e.holds_on(date))
    }

    /// The yearly leave quota of an enrolment and what is left of it.
    pub fn leave_quota(&self, enrolment: &Enrolment, date: NaiveDate) -> (u16, u16) {
        let same = |l: &&(ActivityId, FamilyNumber, NaiveDate)| {
            l.0 == enrolment.activity && l.1 == enrolment.payer && school_year(l.2) == school_year(date)
        };
        let used = u16::try_from(self.leave.iter().filter(same).count()).unwrap_or(u16::MAX);
        (enrolment.leave_days, enrolment.leave_days.saturating_sub(used))
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: ChildCommand) -> Result<Vec<V>, E> {
        let registered = !self.families.is_empty();
        match command {
            ChildCommand::Register { .. } if registered => Err(E::AlreadyRegistered),
            ChildCommand::Register { family, identity } => Ok(vec![V::ChildRegistered { family, identity }]),
            _ if !registered => Err(E::Unknown),
            ChildCommand::LinkFamily { family } if self.belongs_to(&family) => Err(E::AlreadyLinked),
            ChildCommand::LinkFamily { family } => Ok(vec![V::ChildLinkedToFamily { family }]),
            ChildCommand::UnlinkFamily { family, last_day, at } => {
                if !self.belongs_to(&family) {
                    return Err(E::NotLinked);
                }
                if self.families.len() == 1 {
                    return Err(E::LastFamily);
                }
                if last_day > local_date(at) {
                    return Err(E::InTheFuture);
                }
                let next = last_day.succ_opt().unwrap_or(last_day);
                // From then on, nobody bears a part of what the others book.
                let agreed = self.sharing.iter().rev();
                let names = |s: &CostSharing| s.families().contains(&&family);
                let later = agreed.clone().any(|(from, s)| *from > last_day && names(s));
                let holds = agreed.clone().find(|(from, _)| *from <= last_day).is_some_and(|(_, s)| names(s));
                let mut events = vec![V::ChildUnlinkedFromFamily { family, last_day }];
                if later || holds {
                    let sharing = CostSharing::Booked;
                    events.push(V::CostSharingAgreed { sharing, from: next, received: at });
                }
                Ok(events)
            }
            ChildCommand::Enrol(enrolment) => {
                let length = enrolment.to.map_or(0, |to| (to - enrolment.from).num_days());
                if !(0..=3660).contains(&length) {
                    return Err(E::ImpossibleRange);
                }
                if !self.belongs_to(&enrolment.payer) {
                    return Err(E::NotLinked);
                }
                let same = |e: &&Enrolment| e.activity == enrolment.activity && e.payer == enrolment.payer;
                if self.enrolments.iter().filter(same).any(|e| e.shares_a_day_with(&enrolment)) {
                    return Err(E::AlreadyEnrolled);
                }
                Ok(vec![V::ChildEnrolled(enrolment)])
            }
            ChildCommand::EndEnrolment { activity, payer, last_day } => {
                self.enrolment(&activity, &payer, last_day).ok_or(E::NotEnrolled)?;
                let same = self.enrolments.iter().filter(|e| e.activity == activity && e.payer == payer);
                let next = same.map(|e| e.from).filter(|from| *from > last_day).min();
                let released_until = next.and_then(|from| from.pred_opt()).unwrap_or(LAST_DAY);
                Ok(vec![V::EnrolmentEnded { activity, payer, last_day, released_until }])
            }
            ChildCommand::ShareCosts { sharing, from, at } => {
                if !sharing.families().into_iter().all(|family| self.belongs_to(family)) {
                    return Err(E::NotLinked);
                }
                if let CostSharing::Shares(shares) = &sharing {
                    let sum: u32 = shares.iter().map(|(_, percent)| u32::from(*percent)).sum();
                    let families: BTreeSet<_> = shares.iter().map(|(family, _)| family).collect();
                    if sum != 100 || families.len() != shares.len() {
                        return Err(E::SharesNotWhole);
                    }
                }
                if let CostSharing::Custody { even, odd, first_half_in_even_years: first } = &sharing
                    && (even == odd || (first != even && first != odd))
                {
                    return Err(E::SharesNotWhole);
                }
                Ok(vec![V::CostSharingAgreed { sharing, from, received: at }])
            }
            ChildCommand::RecordSection { section, revision, value, request, at } => {
                if revision != self.section(section).0 {
                    return Err(E::StaleForm);
                }
                let revision = revision + 1;
                Ok(vec![V::ChildSectionRecorded { section, revision, value, request, received: at }])
            }
            ChildCommand::CountLeave { activity, payer, date } => {
                let enrolment = self.enrolment(&activity, &payer, date).ok_or(E::NotEnrolled)?;
                match self.leave_quota(enrolment, date) {
                    (quota, 0) => Err(E::LeaveQuotaUsed(quota)),
                    _ => Ok(vec![V::LeaveCounted { activity, payer, date }]),
                }
            }
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::ChildRegistered { family, identity } => {
                self.families.insert(family.clone());
                self.sections.insert(Section::ChildIdentity, (1, identity.clone()));
            }
            V::ChildLinkedToFamily { family } => {
                self.families.insert(family.clone());
            }
            V::ChildSectionRecorded { section, revision, value, .. } => {
                self.sections.insert(*section, (*revision, value.clone()));
            }
            V::ChildUnlinkedFromFamily { family, last_day } => {
                self.families.remove(family);
                end_enrolments(&mut self.enrolments, None, family, *last_day);
            }
            V::CostSharingAgreed { sharing, from, .. } => {
                self.sharing.retain(|(since, _)| since < from);
                self.sharing.push((*from, sharing.clone()));
            }
            V::ChildEnrolled(enrolment) => self.enrolments.push(enrolment.clone()),
            V::EnrolmentEnded { activity, payer, last_day, .. } => {
                end_enrolments(&mut self.enrolments, Some(activity), payer, *last_day);
            }
            V::LeaveCounted { activity, payer, date } => {
                self.leave.push((activity.clone(), payer.clone(), *date));
            }
        }
    }
}

aggregate!(Child, "Child", ChildCommand, V, E);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::shared::sealed::{Purpose, Sealed};

    fn family(n: u64) -> FamilyNumber {
        format!("{n:013}").parse().unwrap()
    }

    fn registered() -> V {
        V::ChildRegistered {
            family: family(1),
            identity: Sealed {
                alg: "XC20P".into(),
                subject: "s".into(),
                purpose: Purpose::Identity,
                nonce: String::new(),
                ct: String::new(),
            },
        }
    }

    fn enrolment(from: &str, to: Option<&str>) -> Enrolment {
        Enrolment {
            activity: "restauration-scolaire".parse().unwrap(),
            payer: family(1),
            from: from.parse().unwrap(),
            to: to.map(|d| d.parse().unwrap()),
            contract: [].into(),
            leave_days: 1,
        }
    }

    #[test]
    fn given_an_open_enrolment_when_enrolled_again_then_refused() {
        TestFramework::<Child>::with(())
            .given(vec![registered(), V::ChildEnrolled(enrolment("2014-09-01", None))])
            .when(ChildCommand::Enrol(enrolment("2015-09-01", None)))
            .then_expect_error(E::AlreadyEnrolled);
    }

    #[test]
    fn given_a_child_when_a_foreign_family_enrols_it_then_refused() {
        let mut foreign = enrolment("2014-09-01", None);
        foreign.payer = family(2);
        TestFramework::<Child>::with(())
            .given(vec![registered()])
            .when(ChildCommand::Enrol(foreign))
            .then_expect_error(E::NotLinked);
    }

    #[test]
    fn given_two_families_when_their_shares_are_not_the_whole_then_refused() {
        let share = |one, other| ChildCommand::ShareCosts {
            sharing: CostSharing::Shares(vec![(family(1), one), (family(2), other)]),
            from: "2015-04-01".parse().unwrap(),
            at: "2015-03-20T09:00:00Z".parse().unwrap(),
        };
        let mut child = Child::default();
        child.evolve(&registered());
        assert_eq!(child.decide(share(60, 40)), Err(E::NotLinked), "the other family is a stranger");
        child.evolve(&V::ChildLinkedToFamily { family: family(2) });
        assert_eq!(child.decide(share(60, 30)), Err(E::SharesNotWhole));
        assert!(child.decide(share(60, 40)).is_ok());
    }

    #[test]
    fn given_the_quota_used_this_school_year_when_leave_is_taken_then_refused_until_september() {
        let leave = |day: &str| ChildCommand::CountLeave {
            activity: "restauration-scolaire".parse().unwrap(),
            payer: family(1),
            date: day.parse().unwrap(),
        };
        let mut child = Child::default();
        for event in [registered(), V::ChildEnrolled(enrolment("2014-09-01", None))] {
            child.evolve(&event);
        }
        for event in child.decide(leave("2015-04-07")).unwrap() {
            child.evolve(&event);
        }
        assert_eq!(child.decide(leave("2015-05-07")), Err(E::LeaveQuotaUsed(1)));
        assert!(child.decide(leave("2015-09-07")).is_ok());
    }

    #[test]
    fn given_a_child_of_two_families_when_it_leaves_one_then_that_familys_enrolments_end() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let leave = |n, last: &str| ChildCommand::UnlinkFamily {
            family: family(n),
            last_day: day(last),
            at: "2015-04-20T09:00:00Z".parse().unwrap(),
        };
        let mut child = Child::default();
        child.evolve(&registered());
        assert_eq!(child.decide(leave(1, "2015-04-19")), Err(E::LastFamily));
        child.evolve(&V::ChildLinkedToFamily { family: family(2) });
        let mut later = enrolment("2015-09-01", None);
        later.payer = family(2);
        let mut other = later.clone();
        (other.from, other.to) = (day("2014-09-01"), Some(day("2015-08-31")));
        for enrolment in [enrolment("2014-09-01", None), other, later] {
            child.evolve(&V::ChildEnrolled(enrolment));
        }
        let sharing = CostSharing::Weeks { even: family(1), odd: family(2) };
        let received = "2015-01-01T09:00:00Z".parse().unwrap();
        child.evolve(&V::CostSharingAgreed { sharing, from: day("2015-01-01"), received });
        assert_eq!(child.decide(leave(3, "2015-04-19")), Err(E::NotLinked));
        assert_eq!(child.decide(leave(2, "2015-04-21")), Err(E::InTheFuture));
        let events = child.decide(leave(2, "2015-04-19")).unwrap();
        assert!(matches!(events[1], V::CostSharingAgreed { sharing: CostSharing::Booked, .. }), "{events:?}");
        events.iter().for_each(|event| child.evolve(event));
        assert!(!child.belongs_to(&family(2)));
        let canteen = "restauration-scolaire".parse().unwrap();
        assert!(child.enrolment(&canteen, &family(2), day("2015-04-19")).is_some());
        assert!(child.enrolment(&canteen, &family(2), day("2015-04-20")).is_none());
        assert!(
            child.enrolment(&canteen, &family(2), day("2015-10-20")).is_none(),
            "one to come never begins"
        );
        assert!(child.enrolment(&canteen, &family(1), day("2015-10-20")).is_some());
    }

    #[test]
    fn a_custody_calendar_splits_holidays_in_halves_that_change_with_the_year() {
        use crate::catalogue::calendar::{Holidays, Period};
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let custody =
            CostSharing::Custody { even: family(1), odd: family(2), first_half_in_even_years: family(2) };
        let bears = |date: &str, holidays| {
            let of = |n| custody.part(&family(n), &family(1), day(date), holidays).map(|_| n);
            [of(1), of(2)].into_iter().flatten().collect::<Vec<u64>>()
        };
        assert_eq!((bears("2015-04-07", None), bears("2015-04-28", None)), (vec![2], vec![1]), "by weeks");
        let spring =
            |from, to| Some(Holidays { period: Period::SmallHolidays, from: day(from), to: day(to) });
        let of_2015 = spring("2015-04-11", "2015-04-26");
        assert_eq!((bears("2015-04-18", of_2015), bears("2015-04-19", of_2015)), (vec![1], vec![2]));
        let of_2016 = spring("2016-04-09", "2016-04-24");
        assert_eq!((bears("2016-04-16", of_2016), bears("2016-04-17", of_2016)), (vec![2], vec![1]));
    }
}
