//! What staff may ask of a tariff.

use chrono::NaiveDate;

use super::TariffSettings;

/// A command to a tariff.
#[derive(Debug, Clone, PartialEq)]
pub enum TariffCommand {
    /// The activity costs this from a day on.
    Set {
        /// What it costs.
        settings: Box<TariffSettings>,
        /// The first session day it holds for.
        from: NaiveDate,
    },
}
