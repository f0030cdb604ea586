//! Who a direct debit is collected from, as the banks read it, or why it cannot be.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Mandates;
use crate::{
    families::family_file::{Document, holder_for_banks},
    i18n::Rule,
    money::sepa,
};

/// Who a direct debit is collected from: bank details that every bank takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debtor {
    /// The account holder in the banks' characters, 70 at most.
    pub holder: String,
    /// The account, in the SEPA area.
    pub iban: String,
    /// Its bank, where the family gave it.
    pub bic: Option<String>,
    /// The mandate's reference, as signed.
    pub mandate: String,
    /// The day it was signed.
    pub signed: NaiveDate,
}

/// Why an invoice is left out of a batch of direct debits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Obstacle {
    /// No account, or not an IBAN.
    #[error("no account")]
    NoAccount,
    /// An account SEPA does not reach.
    #[error("an account outside the SEPA area")]
    OutsideSepa,
    /// No mandate reference, or no day it was signed.
    #[error("no signed mandate")]
    NoMandate,
    /// A mandate reference that banks do not take as it is.
    #[error("a mandate reference that banks do not take")]
    MandateReference,
    /// No account holder, or one whose name banks cannot read.
    #[error("an account holder that banks cannot read")]
    Holder,
    /// A bank rejected a debit for want of this mandate.
    #[error("a mandate that a bank rejected")]
    MandateRevoked,
    /// A bank rejected a debit because this account is closed or wrong.
    #[error("an account that a bank rejected")]
    AccountRefused,
}

impl Rule for Obstacle {
    fn code(&self) -> &'static str {
        match self {
            Self::NoAccount => "DEBIT_NO_ACCOUNT",
            Self::OutsideSepa => "DEBIT_OUTSIDE_SEPA",
            Self::NoMandate => "DEBIT_NO_MANDATE",
            Self::MandateReference => "DEBIT_MANDATE_REFERENCE",
            Self::Holder => "DEBIT_HOLDER",
            Self::MandateRevoked => "DEBIT_MANDATE_REVOKED",
            Self::AccountRefused => "DEBIT_ACCOUNT_REFUSED",
        }
    }
}

impl Debtor {
    /// The debtor of a family's bank details.
    ///
    /// # Errors
    /// What keeps them from a file for the bank.
    pub fn of(bank: &Document) -> Result<Self, Obstacle> {
        let text =
            |field: &str| bank.get(field).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
        let compact = |value: &str| value.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let iban = text("iban").map(compact).ok_or(Obstacle::NoAccount)?;
        if iban.parse::<iban::Iban>().is_err() {
            return Err(Obstacle::NoAccount);
        }
        if !sepa::is_in_area(&iban) {
            return Err(Obstacle::OutsideSepa);
        }
        let mandate = text("mandate_reference").ok_or(Obstacle::NoMandate)?.to_owned();
        if !sepa::is_identifier(&mandate) {
            return Err(Obstacle::MandateReference);
        }
        let signed = text("mandate_signed_on").and_then(|day| day.parse().ok()).ok_or(Obstacle::NoMandate)?;
        let holder = holder_for_banks(bank).ok_or(Obstacle::Holder)?;
        // A BIC that does not fit, from before it was checked, is left out: it is not needed.
        let bic = text("bic").map(compact).filter(|bic| sepa::bic_fits_iban(bic, &iban));
        Ok(Self { holder, iban, bic, mandate, signed })
    }

    /// Whether the banks' answers allow to collect again; the IBANs of the accounts that a bank
    /// refused come opened.
    ///
    /// # Errors
    /// The mandate, or the account, that a bank rejected.
    pub fn may_be_debited(&self, mandates: &Mandates, refused: &[String]) -> Result<(), Obstacle> {
        if mandates.is_revoked(&self.mandate) {
            Err(Obstacle::MandateRevoked)
        } else if refused.contains(&self.iban) {
            Err(Obstacle::AccountRefused)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn debtor(change: Value) -> Result<Debtor, Obstacle> {
        let mut bank = json!({ "account_holder": "Mme Éloïse D’Œuvre & fils", "iban": "FR1420041010050500013M02606",
            "mandate_reference": "RUM-1", "mandate_signed_on": "2015-01-05" });
        bank.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Debtor::of(bank.as_object().unwrap())
    }

    #[test]
    fn bank_details_become_what_every_bank_takes() {
        let right = debtor(json!({})).unwrap();
        assert_eq!((right.holder.as_str(), right.bic), ("Mme Eloise D'OEuvre + fils", None));
        assert_eq!(debtor(json!({ "bic": "BNPAZZPP" })).unwrap().bic, None, "not of the IBAN's country");
        let spelled = json!({ "account_holder": "李小龙", "account_holder_latin": "Li Xiaolong" });
        assert_eq!(debtor(spelled).unwrap().holder, "Li Xiaolong");
    }

    #[test]
    fn what_keeps_a_family_from_the_file_has_a_name() {
        for (change, obstacle) in [
            (json!({ "iban": null }), Obstacle::NoAccount),
            (json!({ "iban": "FR1420041010050500013M02607" }), Obstacle::NoAccount),
            (json!({ "iban": "TN5910006035183598478831" }), Obstacle::OutsideSepa),
            (json!({ "mandate_reference": null }), Obstacle::NoMandate),
            (json!({ "mandate_signed_on": null }), Obstacle::NoMandate),
            (json!({ "mandate_reference": "/RUM1/" }), Obstacle::MandateReference),
            (json!({ "account_holder": "عبد الله" }), Obstacle::Holder),
            (json!({ "account_holder": "🙂" }), Obstacle::Holder),
            (json!({ "account_holder": " " }), Obstacle::Holder),
        ] {
            assert_eq!(debtor(change.clone()), Err(obstacle), "{change}");
        }
    }
}
