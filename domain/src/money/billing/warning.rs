//! What a bill cannot settle by itself: staff read it in the draft.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::shared::ids::{ActivityId, ChildId};

/// What a bill cannot settle by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", prefix = "WARNING_")]
pub enum WarningKind {
    /// A session is in error: it is not billed.
    Error,
    /// An absence is undecided: it is not billed yet.
    Undecided,
    /// The roll was not called: it is billed as reserved.
    NotPointed,
    /// The activity has no tariff on the day: it is not billed.
    NoTariff,
    /// An invoice of the software before may cover it, or it changed since that invoice: it is not
    /// billed.
    TakenOver,
    /// It is on an invoice that was credited by hand, and was cancelled or costs less since: it is not
    /// credited again.
    Credited,
    /// No run has billed it, and it lies further back than runs look: it is not billed.
    NeverBilled,
    /// The income quotient on file has expired: it is billed without one.
    QuotientExpired,
    /// It is billed already, and its income quotient has been corrected since: it keeps its price.
    QuotientCorrected,
    /// The family's commune is not known for sure: it is billed as the tariff's postcodes say.
    ResidenceUnknown,
}

impl WarningKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Error,
        Self::Undecided,
        Self::NotPointed,
        Self::NoTariff,
        Self::TakenOver,
        Self::Credited,
        Self::NeverBilled,
        Self::QuotientExpired,
        Self::QuotientCorrected,
        Self::ResidenceUnknown,
    ];

    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        self.into()
    }

    /// Whether each day is told by itself; else the first, and how many they are.
    fn is_of_a_day(self) -> bool {
        match self {
            Self::Error | Self::Undecided | Self::NotPointed | Self::NoTariff => true,
            Self::TakenOver
            | Self::Credited
            | Self::NeverBilled
            | Self::QuotientExpired
            | Self::QuotientCorrected
            | Self::ResidenceUnknown => false,
        }
    }
}

fn one() -> u32 {
    1
}

/// A warning about sessions of a child.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// What about.
    pub kind: WarningKind,
    /// The child.
    pub child: ChildId,
    /// The activity.
    pub activity: ActivityId,
    /// The day, the first of several.
    pub date: NaiveDate,
    /// How many days.
    #[serde(default = "one")]
    pub count: u32,
    /// The number of the invoice of the software before that is in question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<u32>,
}

/// What is told in one warning: of a kind, for a child's activity; a day or an invoice where each is told by
/// itself.
type Told = (WarningKind, ChildId, ActivityId, Option<NaiveDate>, Option<u32>);

/// Gathers warnings.
#[derive(Default)]
pub(super) struct Warnings {
    kept: BTreeMap<Told, Warning>,
}

impl Warnings {
    pub(super) fn add(
        &mut self,
        kind: WarningKind,
        (child, activity, date): (ChildId, &ActivityId, NaiveDate),
        invoice: Option<u32>,
    ) {
        let key = (kind, child, activity.clone(), kind.is_of_a_day().then_some(date), invoice);
        self.kept
            .entry(key)
            .and_modify(|warning| {
                warning.count += 1;
                warning.date = warning.date.min(date);
            })
            .or_insert_with(|| Warning { kind, child, activity: activity.clone(), date, count: 1, invoice });
    }

    pub(super) fn sorted(self) -> Vec<Warning> {
        let mut warnings: Vec<Warning> = self.kept.into_values().collect();
        warnings.sort();
        warnings
    }
}
