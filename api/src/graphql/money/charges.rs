//! What an invoice charges for, and how each price came about.

use async_graphql::SimpleObject;
use portail_documents::statement_labels::step_label;
use portail_domain::{
    i18n::Language,
    money::tariff::{Charge as DomainCharge, Step},
};
use rust_decimal::Decimal;

use crate::graphql::mirrored_enum::mirrored_enum;

mirrored_enum! {
    /// What is charged.
    ChargeKind from DomainCharge {
        Reserved: "A session reserved.",
        Unbooked: "A session come to without a reservation.",
        OutsideContract: "A session come to outside the contract.",
        Absent(_): "A session missed without an excuse.",
        Month: "A month of an enrolment.",
    }
}

/// One step of the computation of a price.
#[derive(Debug, Clone, SimpleObject)]
pub struct PriceStep {
    /// The rule's stable code.
    pub(super) rule: String,
    /// What it says, in the caller's language.
    pub(super) label: String,
    /// The price after the step, in euros, not yet rounded.
    pub(super) price: Decimal,
}

pub(crate) fn steps(steps: &[Step], language: Language) -> Vec<PriceStep> {
    let step = |step: &Step| PriceStep {
        rule: step.rule.label_key().to_owned(),
        label: step_label(step, language),
        price: step.price,
    };
    steps.iter().map(step).collect()
}
