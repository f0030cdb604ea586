//! Charges of one price are one line.

use std::collections::BTreeMap;

use super::BilledKey;
use crate::{
    money::account::InvoiceLine,
    money::tariff::{Charge, Quote, TariffSettings},
    shared::amount::Amount,
    shared::ids::{ActivityId, ChildId},
};

/// Child, activity, whether it corrects, what is charged, the tariff's version, the price of a day
/// and how it was computed.
type LineKey = (ChildId, ActivityId, bool, Charge, u32, Amount, String);

/// Groups charges of one price into lines.
#[derive(Default)]
pub(super) struct Lines(BTreeMap<LineKey, InvoiceLine>);

impl Lines {
    pub(super) fn add(
        &mut self,
        key: &BilledKey,
        charge: Charge,
        version: u32,
        tariff: &TariffSettings,
        quote: &Quote,
        before: Option<Amount>,
    ) {
        let unit = quote.amount - before.unwrap_or_default();
        if unit.is_zero() {
            return;
        }
        let correction = before.is_some();
        let how = quote.steps.iter().map(|s| format!("{:?}{:?}{}", s.rule, s.value, s.price)).collect();
        let place = (key.child, key.activity.clone(), correction, charge, version, unit, how);
        let line = self.0.entry(place).or_insert_with(|| InvoiceLine {
            child: key.child,
            activity: key.activity.clone(),
            charge,
            correction,
            tariff: version,
            unit,
            dates: vec![],
            quantity: None,
            steps: quote.steps.clone(),
            deductible: if matches!(charge, Charge::Absent(_)) { 0 } else { tariff.deductible_percent },
            account: tariff.product_account.clone(),
        });
        line.dates.push(key.date);
    }

    pub(super) fn sorted(self) -> Vec<InvoiceLine> {
        self.0.into_values().collect()
    }
}
