//! A change of some settings of a régie. What is not named stays as it is: nobody has to send back
//! what they have not read.

use serde::{Deserialize, Serialize};

use super::{CollectionMode, Creditor, QuotientCorrections, RegieSettings};
use crate::shared::amount::Amount;

/// The settings to change; none: it stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegieChanges {
    /// Its name.
    pub name: Option<String>,
    /// The prefix of its numbers.
    pub prefix: Option<String>,
    /// Who collects.
    pub collection: Option<CollectionMode>,
    /// Whether families see its balance.
    pub show_balance: Option<bool>,
    /// Whether families see its unpaid invoices.
    pub show_unpaid: Option<bool>,
    /// Less than this is carried forward.
    pub minimum_invoice: Option<Amount>,
    /// The creditor of direct debits; `Some(None)`: no direct debit any more.
    #[serde(with = "crate::shared::given", skip_serializing_if = "Option::is_none")]
    pub creditor: Option<Option<Creditor>>,
    /// The account of the books that holds what families owe.
    pub debtor_account: Option<String>,
    /// The lines its documents print below its name.
    pub contact: Option<Vec<String>>,
    /// What becomes of billed days whose income quotient is corrected.
    pub quotient_corrections: Option<QuotientCorrections>,
}

impl RegieChanges {
    /// The settings after the change.
    pub fn applied_to(self, settings: &RegieSettings) -> RegieSettings {
        RegieSettings {
            name: self.name.unwrap_or_else(|| settings.name.clone()),
            prefix: self.prefix.unwrap_or_else(|| settings.prefix.clone()),
            collection: self.collection.unwrap_or(settings.collection),
            show_balance: self.show_balance.unwrap_or(settings.show_balance),
            show_unpaid: self.show_unpaid.unwrap_or(settings.show_unpaid),
            minimum_invoice: self.minimum_invoice.unwrap_or(settings.minimum_invoice),
            creditor: self.creditor.unwrap_or_else(|| settings.creditor.clone()),
            debtor_account: self.debtor_account.unwrap_or_else(|| settings.debtor_account.clone()),
            contact: self.contact.unwrap_or_else(|| settings.contact.clone()),
            quotient_corrections: self.quotient_corrections.unwrap_or(settings.quotient_corrections),
        }
    }
}
