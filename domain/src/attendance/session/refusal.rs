//! A refusal in words.

use super::{Refusal, RefusalCode};
use crate::i18n::{Language, text};

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
