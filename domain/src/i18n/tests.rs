//! The catalogue as a whole.

use strum::VariantArray;

use super::{Language, entries, has, template, text, text_with};
use crate::{attendance::session::AbsenceReason, families::family_file::Section};

#[test]
fn keys_are_unique_and_both_languages_take_the_same_arguments() {
    let mut seen = std::collections::BTreeSet::new();
    for (key, fr, en) in entries() {
        assert!(seen.insert(key), "{key} twice");
        let arguments = |text: &'static str| {
            let of = |piece| match piece {
                template::Piece::Placeholder(p) => Some((p.name, p.is_key, p.noun.is_some())),
                template::Piece::Words(_) => None,
            };
            let mut names: Vec<_> = template::pieces(text).filter_map(of).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(arguments(fr), arguments(en), "{key}");
    }
}

#[test]
fn no_text_of_the_catalogue_leaves_with_a_brace() {
    for (key, ..) in entries() {
        for language in [Language::Fr, Language::En] {
            let text = text_with(key, language, |_| Some("VALUE_YES"));
            assert!(!text.contains(['{', '}', '#', '|']), "{key}: {text}");
        }
    }
}

#[test]
fn placeholders_are_values_keys_and_counted_nouns() {
    let said =
        |language, capacity: &str| text("SESSION_FULL", language, &[("capacity", capacity.to_owned())]);
    assert_eq!(said(Language::Fr, "1"), "Il n'y a plus de place ce jour-là (1 place).");
    assert_eq!(said(Language::En, "0"), "There is no place left on that day (0 places).");
    let fields = [("fields", "FIELD_TOWN,FIELD_EMAIL".to_owned())];
    assert!(
        text("CONFLICTING_FIELDS", Language::Fr, &fields).starts_with("Modifié entre-temps : Ville, Email.")
    );
    let hostile = [("activities", "{capacity}".to_owned())];
    assert!(
        text("OVERLAPPING_RESERVATION", Language::En, &hostile).contains("{capacity}"),
        "not filled again"
    );
}

#[test]
fn every_reason_of_an_absence_has_its_label() {
    for reason in AbsenceReason::VARIANTS {
        assert!(has(&format!("ABSENCE_{reason}")), "{reason}");
    }
}

#[test]
fn every_field_and_section_of_the_file_has_its_label() {
    for section in Section::VARIANTS {
        assert!(has(&format!("REQUEST_{section}")), "{section}");
        for field in section.fields() {
            assert!(has(&format!("FIELD_{}", field.name.to_uppercase())), "{}", field.name);
        }
    }
}
