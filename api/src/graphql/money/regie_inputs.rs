//! Régies, as staff enter them.

use async_graphql::{ID, MaybeUndefined, Result};
use portail_application::Rejection;
use portail_domain::money::regie::{
    Creditor, QuotientCorrections as DomainCorrections, RegieChanges, RegieSettings,
};
use rust_decimal::Decimal;

use crate::graphql::{
    commands::input_objects,
    entered::text as entered_text,
    money::{CollectionMode, QuotientCorrections, amount},
    scalars::Date,
};

input_objects! {
    /// The creditor of direct debits.
    object CreditorInput {
        "Its name, as the bank knows it." name: String,
        "Its SEPA creditor identifier (ICS)." identifier: String,
        "The IBAN that receives." iban: String,
        "Its BIC." bic: Option<String>,
    }

    /// The settings of a régie.
    object RegieSettingsInput {
        "Its name, e.g. \"Régie garderie ALSH\"." name: String,
        "The prefix of its numbers: 1 to 6 capital letters, e.g. \"AL\"." prefix: String,
        "Who collects." collection_mode: CollectionMode,
        #[graphql(default = true)]
        "Whether families see its balance." show_balance: bool,
        #[graphql(default = true)]
        "Whether families see its unpaid invoices on their home page." show_unpaid: bool,
        "Less than this is carried forward to the next run, in euros (15: CGCT, D. 1611-1)." minimum_invoice: Decimal,
        "The creditor of direct debits; left out: no direct debit." creditor: Option<CreditorInput>,
        "The account of the books that holds what families owe, e.g. 411." debtor_account: String,
        #[graphql(default)]
        "Lines its documents print below its name: address, opening hours, how to pay." contact: Vec<String>,
        "What becomes of billed days whose income quotient is corrected; left out: they keep their price."
        quotient_corrections: Option<QuotientCorrections>,
    }

    /// The settings of a régie to change: what is left out stays as it is.
    object RegieChangesInput {
        "Its name." name: Option<String>,
        "The prefix of its numbers: 1 to 6 capital letters." prefix: Option<String>,
        "Who collects." collection_mode: Option<CollectionMode>,
        "Whether families see its balance." show_balance: Option<bool>,
        "Whether families see its unpaid invoices on their home page." show_unpaid: Option<bool>,
        "Less than this is carried forward to the next run, in euros." minimum_invoice: Option<Decimal>,
        "The creditor of direct debits; null: no direct debit any more." creditor: MaybeUndefined<CreditorInput>,
        "The account of the books that holds what families owe." debtor_account: Option<String>,
        "Lines its documents print below its name; an empty list: none." contact: Option<Vec<String>>,
        "What becomes of billed days whose income quotient is corrected."
        quotient_corrections: Option<QuotientCorrections>,
    }
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

input_objects! {
    /// A régie to open.
    command DefineRegieInput {
        "Its code: lower-case letters, digits and hyphens." regie_id: ID,
        "Its settings." settings: RegieSettingsInput,
        #[graphql(default = 1)]
        "Its first own invoice number: what comes after those of the software before." first_invoice: u32,
        #[graphql(default = 1)]
        "Its first own payment number." first_payment: u32,
    }

    /// A change of a régie's settings.
    command ChangeRegieInput {
        "The régie." regie_id: ID,
        "The settings to change; what is left out stays." settings: RegieChangesInput,
    }

    /// A cash desk to close.
    command CloseCashDayInput {
        "The régie." regie_id: ID,
        "The last day it closes; nothing may be dated up to it any more." date: Date,
    }
}
