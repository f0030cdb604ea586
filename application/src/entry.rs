//! The last door before a command is decided, whoever sends it: a person, an import, a command
//! line, a timer. No text that no text may be, and no day the portal does not know, gets past it.
//!
//! The doors before it say more: they know the field and its own limits. This one forgets none.

use portail_domain::{shared::text, shared::time::is_known};
use serde_json::Value;

use crate::outcome::Rejection;

/// What is wrong with a command, by its serialised form.
pub(crate) fn fault(command: &str) -> Result<Option<Rejection>, serde_json::Error> {
    if is_plain(command) {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(command)?;
    Ok(in_value(&value))
}

/// Whether a command needs no closer look: ASCII without escapes, short, and no year of more than
/// four digits or before or after the portal's. Most commands are: it is read once, not parsed.
fn is_plain(command: &str) -> bool {
    command.len() <= text::LONGEST
        && command.is_ascii()
        && !command.bytes().any(|b| b == b'\\' || b.is_ascii_control())
        && !has_foreign_year(command.as_bytes())
}

/// Whether something looks like a day outside of what the portal knows: `-MM-DD` after a year that
/// is not 1900 to 2199.
fn has_foreign_year(bytes: &[u8]) -> bool {
    let known = |year: &[u8]| matches!(year, [b'1', b'9', ..] | [b'2', b'0' | b'1', ..]);
    bytes.windows(11).any(|w| {
        let day = w[5] == b'-' && w[8] == b'-' && w[6..8].iter().chain(&w[9..11]).all(u8::is_ascii_digit);
        day && w[1..5].iter().all(u8::is_ascii_digit) && (w[0] != b'"' || !known(&w[1..5]))
    })
}

fn in_value(value: &Value) -> Option<Rejection> {
    let found = match value {
        Value::String(text) => in_text(text),
        Value::Array(items) => items.iter().find_map(in_value),
        Value::Object(fields) => {
            let names = fields.keys().find_map(|name| text::check(name).err().map(|e| Rejection::of(&e)));
            names.or_else(|| fields.values().find_map(in_value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    };
    found.map(|rejection| rejection.at(&["input"]))
}

fn in_text(text: &str) -> Option<Rejection> {
    if let Err(error) = text::check(text) {
        return Some(Rejection::of(&error));
    }
    // A day, or an instant that begins with one, as chrono writes them.
    let begins = text.split('T').next().unwrap_or_default();
    let day = begins.parse::<chrono::NaiveDate>();
    let foreign = day.is_ok_and(|day| day.to_string() == begins && !is_known(day));
    foreign.then(|| Rejection::of_code("INVALID_VALUE").with("expected", "EXPECTED_DAY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(json: &str) -> Option<String> {
        fault(json).unwrap().map(|rejection| rejection.code)
    }

    #[test]
    fn hostile_texts_and_days_are_refused_wherever_they_stand() {
        let refused = |text: &str| code(&serde_json::json!({ "a": [{ "b": text }] }).to_string());
        assert_eq!(refused("Dupont d'Été\n2015-04-08"), None);
        assert_eq!(refused("2015-04-08T09:00:00Z"), None);
        assert_eq!(refused("a\u{0}").as_deref(), Some("FORBIDDEN_CHARACTER"));
        assert_eq!(refused("a\u{202e}").as_deref(), Some("FORBIDDEN_CHARACTER"));
        assert_eq!(refused(&"x".repeat(30_000)).as_deref(), Some("FIELD_TOO_LONG"));
        for day in ["9999-12-31", "-262143-01-01", "+262142-12-31", "0001-01-01", "1899-12-31T00:00:00Z"] {
            assert_eq!(refused(day).as_deref(), Some("INVALID_VALUE"), "{day}");
        }
        assert_eq!(code(r#"{"a\u0000":1}"#).as_deref(), Some("FORBIDDEN_CHARACTER"));
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_never_passes_what_the_long_one_refuses(text in "[-+0-9T:Z]{0,14}|\\PC{0,20}") {
            let json = serde_json::json!({ "a": text }).to_string();
            let long = in_value(&serde_json::from_str(&json).unwrap());
            proptest::prop_assert_eq!(fault(&json).unwrap(), long);
        }
    }
}
