//! What a request for a modification asks, field by field, beside what the file holds.

use async_graphql::SimpleObject;
use portail_application::families::family_file::camel_case;
use portail_domain::{
    families::family_file,
    i18n::{Language, text},
};
use portail_projections::families::family_file::ModificationRow;
use serde_json::Value;

/// One field of a request for a modification.
#[derive(Debug, Clone, SimpleObject)]
pub struct FieldChange {
    /// The field, as the inputs name it.
    field: String,
    /// Its label in the caller's language.
    label: String,
    /// What the family saw when it asked; null: empty.
    before: Option<String>,
    /// What the file holds now; null: empty.
    current: Option<String>,
    /// What is asked; null: to empty it.
    proposed: Option<String>,
    /// Whether the file has changed since, to something else: approving would overwrite that.
    conflict: bool,
}

/// The fields of a request; bank details are masked for those who need not know them.
pub fn changes(row: &ModificationRow, masked: bool, language: Language) -> Vec<FieldChange> {
    let Some(proposal) = &row.proposal else { return vec![] };
    let conflicts = family_file::conflicts(&proposal.base, &proposal.proposed, &row.current);
    let change = |(name, proposed): (&String, &Value)| {
        let shown = |value: Option<&Value>| {
            let text = value.and_then(|v| words(v, language))?;
            Some(if masked && name == "iban" { mask(&text) } else { text })
        };
        FieldChange {
            field: camel_case(name),
            label: text(&format!("FIELD_{}", name.to_uppercase()), language, &[]),
            before: shown(proposal.base.get(name)),
            current: shown(row.current.get(name)),
            proposed: shown(Some(proposed)),
            conflict: conflicts.contains(name),
        }
    };
    proposal.proposed.iter().map(change).collect()
}

/// An IBAN with its country and its last four characters.
pub fn mask(iban: &str) -> String {
    let length = iban.chars().count();
    let shown = |(index, c): (usize, char)| if index < 4 || index + 4 >= length { c } else { '•' };
    iban.chars().enumerate().map(shown).collect()
}

/// A value in words; none when it is empty.
fn words(value: &Value, language: Language) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(text(if *yes { "VALUE_YES" } else { "VALUE_NO" }, language, &[])),
        Value::String(words) => Some(match words.parse::<chrono::NaiveDate>() {
            Ok(day) if language == Language::Fr => day.format("%d/%m/%Y").to_string(),
            _ => words.clone(),
        }),
        Value::Array(entries) => {
            let all: Vec<String> = entries.iter().filter_map(|entry| words(entry, language)).collect();
            (!all.is_empty()).then(|| all.join(" ; "))
        }
        Value::Object(parts) => {
            let barred = parts.get("barred") == Some(&Value::Bool(true));
            let barred = barred.then(|| text("VALUE_BARRED", language, &[]));
            let order = ["surname", "first_name", "relation", "phone", "vaccine", "date"];
            let known = order.iter().filter_map(|name| words(parts.get(*name)?, language));
            let all: Vec<String> = known.chain(barred).collect();
            Some(all.join(", "))
        }
        Value::Number(number) => Some(number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_people_read_them() {
        let person = json!([{ "surname": "DUPONT", "first_name": "Paul", "phone": null, "barred": true }]);
        assert_eq!(words(&person, Language::Fr).unwrap(), "DUPONT, Paul, interdit");
        assert_eq!(words(&json!("2015-04-08"), Language::Fr).unwrap(), "08/04/2015");
        assert_eq!(words(&json!(false), Language::En).unwrap(), "No");
        assert_eq!(words(&Value::Null, Language::En), None);
    }

    #[test]
    fn a_masked_iban_keeps_its_ends_only() {
        assert_eq!(mask("FR1420041010050500013M02606"), "FR14•••••••••••••••••••2606");
    }
}
