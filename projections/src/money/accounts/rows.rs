//! What is kept of an operation besides its amount.

use serde::{Deserialize, Serialize};

/// What is known of an operation besides its amount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// The first billed day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<chrono::NaiveDate>,
    /// The last billed day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<chrono::NaiveDate>,
    /// How it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<portail_domain::money::account::PaymentMethod>,
    /// Why the bank rejected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection: Option<portail_domain::money::account::RejectionReason>,
    /// Whether it is of the software before this one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub taken_over: bool,
    /// The number of the operation it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<u32>,
    /// What staff wrote, or the payment's reference; none once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
