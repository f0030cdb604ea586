//! A line of an invoice: the days one price was charged for, and how that price came about.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    money::tariff::{Charge, Step},
    shared::amount::Amount,
    shared::ids::{ActivityId, ChildId},
};

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// The child.
    pub child: ChildId,
    /// The activity.
    pub activity: ActivityId,
    /// What is charged.
    pub charge: Charge,
    /// The difference to what was invoiced before, when the days were.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub correction: bool,
    /// The version of the tariff.
    pub tariff: u32,
    /// What each day costs; negative when it gives back.
    pub unit: Amount,
    /// The days; of what was taken over from the software before, those that are known.
    pub dates: Vec<NaiveDate>,
    /// How many units a line that was taken over without its days bills.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quantity: Option<u32>,
    /// How the price of a day was computed.
    pub steps: Vec<Step>,
    /// How much of it is deductible child care, in percent.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub deductible: u8,
    /// The account of the books it is earned on.
    pub account: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

impl InvoiceLine {
    /// How many units it bills.
    pub fn count(&self) -> u32 {
        self.quantity.unwrap_or_else(|| u32::try_from(self.dates.len()).unwrap_or(u32::MAX))
    }

    /// What the line comes to.
    pub fn amount(&self) -> Amount {
        Amount::round(self.unit.decimal() * Decimal::from(self.count()))
    }
}
