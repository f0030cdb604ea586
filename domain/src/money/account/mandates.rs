//! What an account's direct debits say of its mandates and of the accounts they took from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{DebitedAccount, RejectionReason};
use crate::shared::ids::RegieId;

/// How many collections are remembered: a bank returns one for want of a mandate within 13 months
/// (EPC016), and a family has one or two a month.
const KEPT: usize = 36;

/// One collection, and what the bank said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Collection {
    regie: RegieId,
    number: u32,
    debited: DebitedAccount,
    rejected: Option<RejectionReason>,
}

/// The mandates of a family's account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandates {
    used: BTreeSet<String>,
    revoked: BTreeSet<String>,
    collections: Vec<Collection>,
}

impl Mandates {
    /// Whether a direct debit was collected on a mandate before.
    pub fn has_collected(&self, mandate: &str) -> bool {
        self.used.contains(mandate)
    }

    /// Whether a bank rejected a debit for want of this mandate: it is not used again.
    pub fn is_revoked(&self, mandate: &str) -> bool {
        self.revoked.contains(mandate)
    }

    /// The account of a mandate's last collection that was not rejected: another one now is an
    /// amendment that the file must tell.
    pub fn last_debited(&self, mandate: &str) -> Option<&DebitedAccount> {
        let accepted = |c: &&Collection| c.rejected.is_none() && c.debited.mandate == mandate;
        self.collections.iter().rev().find(accepted).map(|c| &c.debited)
    }

    /// The accounts that a bank said do not exist or are closed, the last at the head.
    pub fn refused_accounts(&self) -> impl Iterator<Item = &DebitedAccount> {
        self.collections.iter().rev().filter(|c| c.rejected.is_some_and(refuses_account)).map(|c| &c.debited)
    }

    pub(super) fn collect(&mut self, regie: &RegieId, number: u32, debited: &DebitedAccount) {
        self.used.insert(debited.mandate.clone());
        if self.collections.len() == KEPT {
            self.collections.remove(0);
        }
        let (regie, debited) = (regie.clone(), debited.clone());
        self.collections.push(Collection { regie, number, debited, rejected: None });
    }

    pub(super) fn reject(&mut self, regie: &RegieId, number: u32, reason: RejectionReason) {
        let same = |c: &&mut Collection| c.regie == *regie && c.number == number;
        let Some(collection) = self.collections.iter_mut().find(same) else { return };
        collection.rejected = Some(reason);
        if reason == RejectionReason::NoMandate {
            self.revoked.insert(collection.debited.mandate.clone());
        }
    }
}

/// Whether a rejection says that the account itself cannot be debited, now or later.
fn refuses_account(reason: RejectionReason) -> bool {
    match reason {
        RejectionReason::AccountClosed | RejectionReason::WrongAccount => true,
        RejectionReason::InsufficientFunds
        | RejectionReason::NoMandate
        | RejectionReason::Objection
        | RejectionReason::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::sealed::{Purpose, Sealed};

    fn debited(mandate: &str, account: &str) -> DebitedAccount {
        let details = Sealed {
            alg: "XC20P".into(),
            subject: "1001001010331".into(),
            purpose: Purpose::Bank,
            nonce: "AAAA".into(),
            ct: account.into(),
        };
        DebitedAccount { details, mandate: mandate.into(), first: false, amended: false }
    }

    fn accounts<'a>(found: impl IntoIterator<Item = &'a DebitedAccount>) -> Vec<&'a str> {
        found.into_iter().map(|d| d.details.ct.as_str()).collect()
    }

    #[test]
    fn a_rejected_collection_changes_neither_the_mandates_account_nor_its_use() {
        let al: RegieId = "al".parse().unwrap();
        let mut mandates = Mandates::default();
        mandates.collect(&al, 1, &debited("RUM-1", "old"));
        mandates.collect(&al, 2, &debited("RUM-1", "new"));
        assert_eq!(accounts(mandates.last_debited("RUM-1")), ["new"]);
        mandates.reject(&al, 2, RejectionReason::AccountClosed);
        assert_eq!(accounts(mandates.last_debited("RUM-1")), ["old"], "the change is told again");
        assert_eq!(accounts(mandates.refused_accounts()), ["new"]);
        assert!(mandates.has_collected("RUM-1") && !mandates.is_revoked("RUM-1"));
        mandates.collect(&al, 3, &debited("RUM-1", "third"));
        mandates.reject(&al, 3, RejectionReason::NoMandate);
        assert!(mandates.is_revoked("RUM-1") && !mandates.is_revoked("RUM-2"));
        assert_eq!(accounts(mandates.last_debited("RUM-2")), [""; 0]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let al: RegieId = "al".parse().unwrap();
        let mut mandates = Mandates::default();
        for number in 0..100 {
            mandates.collect(&al, number, &debited("RUM-1", &number.to_string()));
        }
        assert_eq!(mandates.collections.len(), KEPT);
        assert_eq!(accounts(mandates.last_debited("RUM-1")), ["99"]);
    }
}
