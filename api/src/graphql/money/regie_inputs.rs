//! Régies, as staff enter them.

use async_graphql::{ID, InputObject, MaybeUndefined, Result};
use portail_application::Rejection;
use portail_domain::money::regie::{
    Creditor, QuotientCorrections as DomainCorrections, RegieChanges, RegieSettings,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::graphql::{
    entered::text as entered_text,
    money::{CollectionMode, QuotientCorrections, amount},
    scalars::Date,
};

/// The creditor of direct debits.
#[derive(Debug, Clone, InputObject)]
pub struct CreditorInput {
    /// Its name, as the bank knows it.
    pub(super) name: String,
    /// Its SEPA creditor identifier (ICS).
    pub(super) identifier: String,
    /// The IBAN that receives.
    pub(super) iban: String,
    /// Its BIC.
    pub(super) bic: Option<String>,
}

/// The settings of a régie.
#[derive(Debug, Clone, InputObject)]
pub struct RegieSettingsInput {
    /// Its name, e.g. "Régie garderie ALSH".
    pub(super) name: String,
    /// The prefix of its numbers: 1 to 6 capital letters, e.g. "AL".
    pub(super) prefix: String,
    /// Who collects.
    pub(super) collection_mode: CollectionMode,
    /// Whether families see its balance.
    #[graphql(default = true)]
    pub(super) show_balance: bool,
    /// Whether families see its unpaid invoices on their home page.
    #[graphql(default = true)]
    pub(super) show_unpaid: bool,
    /// Less than this is carried forward to the next run, in euros (15: CGCT, D. 1611-1).
    pub(super) minimum_invoice: Decimal,
    /// The creditor of direct debits; left out: no direct debit.
    pub(super) creditor: Option<CreditorInput>,
    /// The account of the books that holds what families owe, e.g. 411.
    pub(super) debtor_account: String,
    /// Lines its documents print below its name: address, opening hours, how to pay.
    #[graphql(default)]
    pub(super) contact: Vec<String>,
    /// What becomes of billed days whose income quotient is corrected; left out: they keep their price.
    pub(super) quotient_corrections: Option<QuotientCorrections>,
}

/// The settings of a régie to change: what is left out stays as it is.
#[derive(Debug, Clone, InputObject)]
pub struct RegieChangesInput {
    /// Its name.
    pub(super) name: Option<String>,
    /// The prefix of its numbers: 1 to 6 capital letters.
    pub(super) prefix: Option<String>,
    /// Who collects.
    pub(super) collection_mode: Option<CollectionMode>,
    /// Whether families see its balance.
    pub(super) show_balance: Option<bool>,
    /// Whether families see its unpaid invoices on their home page.
    pub(super) show_unpaid: Option<bool>,
    /// Less than this is carried forward to the next run, in euros.
    pub(super) minimum_invoice: Option<Decimal>,
    /// The creditor of direct debits; null: no direct debit any more.
    pub(super) creditor: MaybeUndefined<CreditorInput>,
    /// The account of the books that holds what families owe.
    pub(super) debtor_account: Option<String>,
    /// Lines its documents print below its name; an empty list: none.
    pub(super) contact: Option<Vec<String>>,
    /// What becomes of billed days whose income quotient is corrected.
    pub(super) quotient_corrections: Option<QuotientCorrections>,
}

/// A line in its canonical form. What has none stays as it is: the settings' own rules refuse it.
pub(super) fn canonical(text: &str) -> String {
    portail_domain::shared::text::line(text, 120).unwrap_or_else(|_| text.to_owned())
}

pub(super) fn settings_name(text: &str) -> Result<String, Rejection> {
    Ok(entered_text::<portail_domain::shared::text::Name>(text, "settings.name")?.into())
}

impl RegieChangesInput {
    pub(super) fn changes(self) -> Result<Box<RegieChanges>, Rejection> {
        let minimum = |value| amount(value, &["input", "settings", "minimumInvoice"]);
        Ok(Box::new(RegieChanges {
            name: self.name.map(|name| settings_name(&name)).transpose()?,
            prefix: self.prefix,
            collection: self.collection_mode.map(Into::into),
            show_balance: self.show_balance,
            show_unpaid: self.show_unpaid,
            minimum_invoice: self.minimum_invoice.map(minimum).transpose()?,
            creditor: match self.creditor {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(creditor) => Some(Some(creditor.creditor())),
            },
            debtor_account: self.debtor_account,
            contact: self.contact.map(|lines| lines.iter().map(|line| canonical(line)).collect()),
            quotient_corrections: self.quotient_corrections.map(Into::into),
        }))
    }
}

impl CreditorInput {
    pub(super) fn creditor(self) -> Creditor {
        let compact = |text: String| text.split_whitespace().collect::<String>().to_uppercase();
        Creditor {
            name: canonical(&self.name),
            identifier: compact(self.identifier),
            iban: compact(self.iban),
            bic: self.bic.map(compact).filter(|bic| !bic.is_empty()),
        }
    }
}

impl RegieSettingsInput {
    pub(super) fn settings(self) -> Result<Box<RegieSettings>, Rejection> {
        Ok(Box::new(RegieSettings {
            name: settings_name(&self.name)?,
            prefix: self.prefix,
            collection: self.collection_mode.into(),
            show_balance: self.show_balance,
            show_unpaid: self.show_unpaid,
            minimum_invoice: amount(self.minimum_invoice, &["input", "settings", "minimumInvoice"])?,
            creditor: self.creditor.map(CreditorInput::creditor),
            debtor_account: self.debtor_account,
            contact: self.contact.iter().map(|line| canonical(line)).collect(),
            quotient_corrections: self.quotient_corrections.map_or(DomainCorrections::Keep, Into::into),
        }))
    }
}

/// A régie to open.
#[derive(Debug, Clone, InputObject)]
pub struct DefineRegieInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// Its code: lower-case letters, digits and hyphens.
    pub(super) regie_id: ID,
    /// Its settings.
    pub(super) settings: RegieSettingsInput,
    /// Its first own invoice number: what comes after those of the software before.
    #[graphql(default = 1)]
    pub(super) first_invoice: u32,
    /// Its first own payment number.
    #[graphql(default = 1)]
    pub(super) first_payment: u32,
}

/// A change of a régie's settings.
#[derive(Debug, Clone, InputObject)]
pub struct ChangeRegieInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The régie.
    pub(super) regie_id: ID,
    /// The settings to change; what is left out stays.
    pub(super) settings: RegieChangesInput,
}

/// A cash desk to close.
#[derive(Debug, Clone, InputObject)]
pub struct CloseCashDayInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The régie.
    pub(super) regie_id: ID,
    /// The last day it closes; nothing may be dated up to it any more.
    pub(super) date: Date,
}
