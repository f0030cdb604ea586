//! What differs between two answers to the same question.

use serde::Serialize;
use serde_json::{Map, Value};

/// A place where two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where: names of fields, and items of lists by what identifies them.
    pub path: String,
    /// What it was; null where it was not there.
    pub before: Value,
    /// What it is; null where it is not there any more.
    pub after: Value,
}

/// Fields that tell the items of a list apart, the first that an item has.
const IDENTITIES: [&str; 8] =
    ["id", "requestId", "date", "number", "activityId", "childId", "familyNumber", "position"];

/// Where two answers differ. Items of lists are compared by what identifies them, not by their place.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = vec![];
    compare(String::new(), before, after, &mut found);
    found
}

fn compare(path: String, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let place = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(place, field(old, name), field(new, name), found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let (old, new) = (labelled(old), labelled(new));
            let mut labels: Vec<&String> = old.iter().map(|(label, _)| label).collect();
            labels.extend(new.iter().map(|(label, _)| label).filter(|l| old.iter().all(|(o, _)| o != *l)));
            for label in labels {
                compare(format!("{path}[{label}]"), item(&old, label), item(&new, label), found);
            }
        }
        _ if before == after => {}
        _ => found.push(Difference { path, before: before.clone(), after: after.clone() }),
    }
}

/// A field of a document; null where there is none.
fn field<'v>(document: &'v Map<String, Value>, name: &str) -> &'v Value {
    document.get(name).unwrap_or(&Value::Null)
}

/// The item of a label; null where there is none.
fn item<'v>(items: &[(String, &'v Value)], label: &str) -> &'v Value {
    items.iter().find(|(l, _)| l == label).map_or(&Value::Null, |(_, value)| *value)
}

/// The items of a list by what identifies them, where all of them have it and it does; by their
/// place otherwise.
fn labelled(items: &[Value]) -> Vec<(String, &Value)> {
    let by = |name: &str| -> Option<Vec<String>> {
        let label = |item: &Value| match item.get("node").unwrap_or(item).get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let labels: Option<Vec<String>> = items.iter().map(label).collect();
        labels.filter(|labels| {
            let mut sorted = labels.clone();
            sorted.sort_unstable();
            sorted.dedup();
            sorted.len() == labels.len()
        })
    };
    let labels = IDENTITIES.iter().find_map(|name| by(name));
    let labels = labels.unwrap_or_else(|| (0..items.len()).map(|place| place.to_string()).collect());
    labels.into_iter().zip(items).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_are_compared_by_what_identifies_them() {
        let before = json!({ "rows": [{ "activityId": "a", "cells": [{ "date": "2015-04-09", "status": "RESERVED" }] },
            { "activityId": "b", "cells": [] }], "same": 1 });
        let after = json!({ "rows": [{ "activityId": "c", "cells": [] },
            { "activityId": "a", "cells": [{ "date": "2015-04-08" }, { "date": "2015-04-09", "status": "CANCELLED" }] }], "same": 1 });
        let found = differences(&before, &after);
        let paths: Vec<&str> = found.iter().map(|d| d.path.as_str()).collect();
        assert_eq!(
            paths,
            ["rows[a].cells[2015-04-09].status", "rows[a].cells[2015-04-08]", "rows[b]", "rows[c]"]
        );
        assert_eq!((&found[0].before, &found[0].after), (&json!("RESERVED"), &json!("CANCELLED")));
        assert_eq!(found[2].after, Value::Null);
        assert_eq!(differences(&before, &before), []);
    }
}
