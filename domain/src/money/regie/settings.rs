//! What a town decides about a régie.

use serde::{Deserialize, Serialize};

use crate::{
    families::family_file::{bic, iban},
    money::sepa,
    shared::amount::Amount,
};

/// Who collects what a régie invoices. Source: the guide ("la mairie ne gère pas directement les
/// encaissements").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CollectionMode {
    /// The régie itself: the balance is authoritative.
    #[default]
    Regie,
    /// The treasury: the town does not see every payment, the balance is not authoritative.
    Treasury,
}

/// What becomes of days that are billed already when an income quotient they were priced by is
/// corrected, ended or deleted. Source: most towns' rules exclude any counting back (Cœur de Garonne,
/// Le Palabre).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QuotientCorrections {
    /// They keep their price; the next draft says which days and what the difference would be.
    #[default]
    Keep,
    /// The difference is a line of the next invoice.
    Adjust,
}

/// The creditor of direct debits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creditor {
    /// Its name, as the bank knows it.
    pub name: String,
    /// Its SEPA creditor identifier (ICS).
    pub identifier: String,
    /// The IBAN that receives.
    pub iban: String,
    /// Its BIC; none: the file leaves it to the bank, which the IBAN names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bic: Option<String>,
}

/// The settings of a régie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegieSettings {
    /// Its name, e.g. "Régie garderie ALSH".
    pub name: String,
    /// The prefix of its numbers, e.g. "AL".
    pub prefix: String,
    /// Who collects.
    #[serde(default)]
    pub collection: CollectionMode,
    /// Whether families see its balance.
    pub show_balance: bool,
    /// Whether families see its unpaid invoices on their home page.
    pub show_unpaid: bool,
    /// Less than this is not invoiced but carried forward to the next run: the treasury does not
    /// collect debts under 15 euros (CGCT, L. 1611-5 and D. 1611-1).
    pub minimum_invoice: Amount,
    /// The creditor of direct debits; none: no direct debit.
    #[serde(default)]
    pub creditor: Option<Creditor>,
    /// The account of the books that holds what families owe, e.g. 411.
    pub debtor_account: String,
    /// Lines its documents print below its name: address, opening hours, how to pay.
    #[serde(default)]
    pub contact: Vec<String>,
    /// What becomes of billed days whose income quotient is corrected.
    #[serde(default, skip_serializing_if = "QuotientCorrections::is_default")]
    pub quotient_corrections: QuotientCorrections,
}

impl QuotientCorrections {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl RegieSettings {
    /// The first thing wrong with the settings: the catalogue's key of what is expected.
    pub fn defect(&self) -> Option<&'static str> {
        let account = &self.debtor_account;
        let prefix = &self.prefix;
        if !(1..=80).contains(&self.name.trim().chars().count()) {
            Some("SETTING_NAME_80")
        } else if !(1..=6).contains(&prefix.len()) || !prefix.bytes().all(|b| b.is_ascii_uppercase()) {
            Some("SETTING_PREFIX")
        } else if self.minimum_invoice < Amount::ZERO {
            Some("SETTING_MINIMUM")
        } else if !(1..=12).contains(&account.len()) || !account.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Some("SETTING_DEBTOR_ACCOUNT")
        } else if self.contact.len() > 8 || self.contact.iter().any(|l| l.chars().count() > 120) {
            Some("SETTING_CONTACT")
        } else {
            self.creditor.as_ref().and_then(Creditor::defect)
        }
    }
}

impl Creditor {
    fn is_bic(&self, text: &str) -> bool {
        iban(&self.iban).ok().zip(bic(text).ok()).is_some_and(|(iban, bic)| sepa::bic_fits_iban(&bic, &iban))
    }

    fn defect(&self) -> Option<&'static str> {
        let in_area = iban(&self.iban).is_ok_and(|iban| sepa::is_in_area(&iban));
        if !(1..=sepa::NAME).contains(&self.name.trim().chars().count())
            || sepa::spelled(&self.name, sepa::NAME).is_err()
        {
            Some("SETTING_CREDITOR_NAME")
        } else if !is_creditor_identifier(&self.identifier) {
            Some("SETTING_CREDITOR_IDENTIFIER")
        } else if !in_area {
            Some("SETTING_IBAN")
        } else if self.bic.as_ref().is_some_and(|bic| !self.is_bic(bic)) {
            Some("SETTING_BIC")
        } else {
            None
        }
    }
}

/// Whether a SEPA creditor identifier is well-formed: country, check digits over country and
/// national part (ISO 7064 MOD 97-10, the business code left out; EPC262-08).
fn is_creditor_identifier(text: &str) -> bool {
    if !(8..=35).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let (country, check, national) = (&text[..2], &text[2..4], &text[7..]);
    if !country.bytes().all(|b| b.is_ascii_uppercase()) || !check.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let digits = national.chars().chain(country.chars()).chain(check.chars());
    let remainder = digits.fold(0_u32, |rest, c| match c.to_digit(36) {
        Some(value) if value < 10 => (rest * 10 + value) % 97,
        Some(value) => (rest * 100 + value) % 97,
        None => rest,
    });
    remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creditor_identifier_has_check_digits() {
        // The example of the European Payments Council's guidance: DE98ZZZ09999999999.
        assert!(is_creditor_identifier("DE98ZZZ09999999999"));
        assert!(!is_creditor_identifier("DE99ZZZ09999999999"));
        assert!(!is_creditor_identifier("98ZZZ"));
    }
}
