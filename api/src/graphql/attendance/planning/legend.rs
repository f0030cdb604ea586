//! What the statuses and markers of the planning mean.

use async_graphql::SimpleObject;
use portail_domain::{
    attendance::cell::{CellStatus as DomainStatus, DayMarker as DomainMarker},
    i18n::{Language, text},
};

use super::cell::{CellStatus, DayMarker};

/// A line of the legend.
#[derive(Debug, Clone, SimpleObject)]
pub struct LegendEntry {
    /// The status it explains.
    status: Option<CellStatus>,
    /// Or the marker.
    marker: Option<DayMarker>,
    /// In the caller's language.
    label: String,
    /// In French, as the guide words it.
    label_fr: String,
    /// In English.
    label_en: String,
}

/// The whole legend.
pub(super) fn legend(language: Language) -> Vec<LegendEntry> {
    let entry = |status, marker, key| LegendEntry {
        status,
        marker,
        label: text(key, language, &[]),
        label_fr: text(key, Language::Fr, &[]),
        label_en: text(key, Language::En, &[]),
    };
    let statuses = DomainStatus::ALL.iter().map(|s| entry(Some((*s).into()), None, s.label_key()));
    let markers = DomainMarker::ALL.iter().map(|m| entry(None, Some((*m).into()), m.label_key()));
    statuses.chain(markers).collect()
}
