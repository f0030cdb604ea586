//! What holds of any bytes, tried on generated ones. `fuzz/` tries the same guided by coverage.

mod input;
mod log;

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

/// JSON near to what is looked at: texts of every kind, numbers at their bounds, dates beyond them.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |n| serde_json::Number::from_f64(n).map(Value::from)),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "\u{0}",
            "-262143-01-01",
            "+262142-12-31",
            "0000-00-00",
            "9999-12-31T23:59:60Z",
            "1e28",
            "79228162514264337593543950335",
            "5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a01",
            "1001001010331",
            "Mon",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// The golden payloads, each with the number of its aggregate among all of them, as `log::events` counts.
fn golden() -> Vec<(u8, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/events");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let payloads = |(number, file): (usize, &std::path::PathBuf)| {
        let payloads: serde_json::Map<String, Value> =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        payloads
            .into_iter()
            .map(move |(_, payload)| (u8::try_from(number).unwrap(), payload))
            .collect::<Vec<_>>()
    };
    files.iter().enumerate().flat_map(payloads).collect()
}

/// Puts another value in the place of one of a payload's.
fn replace(payload: &mut Value, mut at: usize, with: &Value) -> usize {
    let parts: Vec<&mut Value> = match payload {
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => vec![],
    };
    if at == 0 {
        *payload = with.clone();
        return 0;
    }
    let mut counted = 1;
    for part in parts {
        let below = replace(part, at - 1, with);
        if below == 0 {
            return 0;
        }
        counted += below;
        at = at.saturating_sub(below);
        if at == 0 {
            break;
        }
    }
    counted
}

proptest! {
    #[test]
    fn canonical_json_of_any_value_is_its_own_canonical_form(value in json(), bytes in any::<Vec<u8>>()) {
        log::canonical(value.to_string().as_bytes());
        log::canonical(&bytes);
    }

    #[test]
    fn an_envelope_says_what_its_event_says(texts in prop::collection::vec(any::<String>(), 5), bytes in any::<Vec<u8>>()) {
        log::envelope(texts.join("\u{1f}").as_bytes());
        log::envelope(&bytes);
    }

    #[test]
    fn an_event_is_refused_or_read_and_written_alike(
        (aggregate, payload) in prop::sample::select(golden()), at in 1usize..20, with in json(),
    ) {
        let bytes = |payload: &Value| [&[aggregate], payload.to_string().as_bytes()].concat();
        log::events(&bytes(&payload));
        let mut changed = payload;
        replace(&mut changed, at, &with);
        log::events(&bytes(&changed));
    }

    #[test]
    fn any_file_is_refused_or_read_whole(
        rows in prop::collection::vec(prop::collection::vec("[^\u{0}]{0,8}|\"[^\"]*\"|[;,\t\"]{1,3}", 1..6), 0..6),
        separator in prop::sample::select(vec![";", ",", "\t"]),
        bytes in any::<Vec<u8>>(),
    ) {
        let lines: Vec<String> = rows.iter().map(|row| row.join(separator)).collect();
        input::import(format!("birth_date;tax.shares\n{}", lines.join("\n")).as_bytes());
        input::import(lines.join("\r\n").as_bytes());
        input::import(&bytes);
    }

    #[test]
    fn any_text_is_refused_or_let_in_as_a_document(
        words in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "(", ")", "...", "on", "a", "$b", ":", "!", "@c", "1", "-2.5e3", "\"x\"", "\"\"\"", "\"",
            "\\", "#", "\n", "query", "fragment", "A", "mutation", "&", "=", "null", "\u{feff}", "é",
        ]), 0..200),
        text in any::<String>(),
    ) {
        input::document(words.join(" ").as_bytes());
        input::document(words.concat().as_bytes());
        input::document(text.as_bytes());
    }
}

#[test]
fn a_replaced_value_is_where_it_was_asked_for() {
    let mut payload = serde_json::json!({ "a": [1, 2], "b": { "c": 3 } });
    replace(&mut payload, 3, &Value::Null);
    assert_eq!(payload, serde_json::json!({ "a": [1, null], "b": { "c": 3 } }));
}
