//! What was proposed and seconded.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    domain_event,
    money::account::PaymentMethod,
    shared::amount::Amount,
    shared::ids::{RegieId, RequestId},
    shared::sealed::Sealed,
};

/// Something that takes two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum Action {
    /// Approve the bank details a family asked for.
    ApproveBank { request: RequestId },
    /// Record bank details; whoever seconds it enters them again.
    RecordBank { values: Sealed },
    /// Pay money back.
    Refund { regie: RegieId, date: NaiveDate, method: PaymentMethod, amount: Amount },
}

impl Action {
    /// What can be proposed once at a time.
    pub fn slot(&self) -> String {
        match self {
            Self::ApproveBank { request } => format!("approve/{request}"),
            Self::RecordBank { .. } => "bank".to_owned(),
            Self::Refund { regie, date, method, amount } => {
                format!("refund/{regie}/{date}/{method:?}/{amount}")
            }
        }
    }
}

/// An event of dual control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum DualControlEvent {
    /// One of the staff proposed it; nothing is done yet.
    ActionProposed { action: Action, by: String, received: DateTime<Utc> },
    /// Another one seconded it; it is done in the same append.
    ActionSeconded { slot: String, by: String, received: DateTime<Utc> },
}

domain_event!(DualControlEvent { ActionProposed = "1.0", ActionSeconded = "1.0" });
