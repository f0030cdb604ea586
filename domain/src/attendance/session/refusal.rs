//! A refusal: its code, the numbers it rests on, and its words.

use serde::{Deserialize, Serialize};

use crate::{
    i18n::{Language, text},
    shared::sealed::Sealed,
};

/// Why staff refuse, by a code; a free explanation is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// No place left; the capacity is recorded.
    Capacity,
    /// The family's file is incomplete.
    IncompleteFile,
    /// The conditions of access are not met.
    NotEligible,
    /// Asked too late, or an offer not accepted in time.
    Late,
    /// The waiting list closed before the place could be given.
    ListClosed,
    /// Another reason: the note says it.
    Other,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The code.
    pub code: RefusalCode,
    /// The explanation, sealed; required for [`RefusalCode::Other`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<Sealed>,
    /// The capacity at the moment of a refusal for capacity: a school-meal refusal is lawful only
    /// then (Conseil d'État, 22 March 2021).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capacity: Option<u32>,
    /// How many places were held at that moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held: Option<u32>,
}

impl Refusal {
    /// A refusal that its code explains.
    pub fn of(code: RefusalCode) -> Self {
        Self { code, note: None, capacity: None, held: None }
    }
}

impl Refusal {
    /// The reason as people read it: with the numbers of places where both are known. Refusals of logs from
    /// before they were kept have none, and neither has an activity without a limit.
    pub fn text(&self, language: Language) -> String {
        let key = match (self.code, self.held, self.capacity) {
            (RefusalCode::Capacity, Some(_), Some(_)) => "REFUSAL_CAPACITY_HELD",
            (RefusalCode::Capacity, None, Some(_)) => "REFUSAL_CAPACITY",
            (RefusalCode::Capacity, _, None) => "REFUSAL_CAPACITY_UNKNOWN",
            (RefusalCode::ListClosed, Some(_), Some(_)) => "REFUSAL_LIST_CLOSED",
            (RefusalCode::ListClosed, _, _) => "REFUSAL_LIST_CLOSED_UNKNOWN",
            (RefusalCode::IncompleteFile, _, _) => "REFUSAL_INCOMPLETE_FILE",
            (RefusalCode::NotEligible, _, _) => "REFUSAL_NOT_ELIGIBLE",
            (RefusalCode::Late, _, _) => "REFUSAL_LATE",
            (RefusalCode::Other, _, _) => "REFUSAL_OTHER",
        };
        let number = |name: &'static str, known: Option<u32>| known.map(|n| (name, n.to_string()));
        let known = [number("held", self.held), number("capacity", self.capacity)];
        text(key, language, &known.into_iter().flatten().collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_said_whole_whatever_is_known_of_the_places() {
        use RefusalCode as C;
        let codes = [C::Capacity, C::ListClosed, C::IncompleteFile, C::NotEligible, C::Late, C::Other];
        let numbers = [None, Some(0), Some(2)];
        for (code, held, capacity) in codes
            .iter()
            .flat_map(|code| numbers.map(|held| (*code, held)))
            .flat_map(|(code, held)| numbers.map(|capacity| (code, held, capacity)))
        {
            let refusal = Refusal { code, note: None, held, capacity };
            for language in [Language::Fr, Language::En] {
                // Debug builds stop in here where a placeholder stays empty.
                let text = refusal.text(language);
                assert!(!text.contains(['{', '}', '…']), "{refusal:?}: {text}");
            }
        }
    }
}
