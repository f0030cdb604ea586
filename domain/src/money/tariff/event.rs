//! What happened to a tariff.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::TariffSettings;
use crate::domain_event;

/// An event of a tariff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TariffEvent {
    /// The activity costs this from a day on.
    TariffSet {
        /// What it costs.
        settings: Box<TariffSettings>,
        /// The first session day it holds for.
        from: NaiveDate,
    },
}

domain_event!(TariffEvent { TariffSet = "1.0" });
