//! Reading what people entered: each fault is told at its place in the input.

use std::str::FromStr;

use async_graphql::{Context, Error, Json, Result as Answer};
use portail_application::Rejection;
use portail_domain::{
    i18n::Language,
    shared::ids::IdError,
    shared::text::{TextError, check_raw},
};
use serde_json::Value;

use crate::graphql::context::{Ask, refused};

/// The place of a field in a mutation's input, by its dotted name.
pub fn place(field: &str) -> Vec<&str> {
    std::iter::once("input").chain(field.split('.')).collect()
}

/// An id of the input, by the dotted name of its field.
///
/// # Errors
/// It is not written as one.
pub fn parse<T: FromStr<Err = IdError>>(text: &str, field: &str) -> Result<T, Rejection> {
    text.parse().map_err(|e: IdError| {
        Rejection::of_code("INVALID_VALUE").with("expected", e.expected()).at(&place(field))
    })
}

/// A free text of the input that may not be empty, by the dotted name of its field.
///
/// # Errors
/// The rule it breaks.
pub fn text<T: FromStr<Err = TextError>>(raw: &str, field: &str) -> Result<T, Rejection> {
    raw.parse().map_err(|e: TextError| Rejection::of(&e).at(&place(field)))
}

/// A free text of the input that may be left out or empty.
///
/// # Errors
/// The rule it breaks.
pub fn optional_text<T: FromStr<Err = TextError>>(
    raw: Option<&str>,
    field: &str,
) -> Result<Option<T>, Rejection> {
    match raw.map(str::trim).filter(|raw| !raw.is_empty()) {
        Some(raw) => text(raw, field).map(Some),
        None => Ok(None),
    }
}

/// The first text of a mutation's input that no text may be, at its place in the input. Every
/// command passes here, whatever its resolver makes of the input.
pub fn hostile_text(ctx: &Context<'_>) -> Option<Rejection> {
    let (_, Json(input)) = ctx.param_value::<Json<Value>>("input", None).ok()?;
    let mut path = vec!["input".to_owned()];
    let error = hostile(&input, &mut path)?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Some(Rejection::of(&error).at(&path))
}

/// The first text in a value that breaks the rule of every text; `path` then leads to it.
pub fn hostile(value: &Value, path: &mut Vec<String>) -> Option<TextError> {
    let mut inside = |step: String, value: &Value| {
        path.push(step);
        let found = hostile(value, path);
        if found.is_none() {
            path.pop();
        }
        found
    };
    match value {
        Value::String(text) => check_raw(text).err(),
        Value::Array(items) => items.iter().enumerate().find_map(|(i, item)| inside(i.to_string(), item)),
        Value::Object(fields) => fields.iter().find_map(|(name, field)| inside(name.clone(), field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// An argument of a query that is refused, as the top-level error of its field.
pub fn bad_argument(name: &str, expected: &'static str, language: Language) -> Error {
    let error = Rejection::of_code("BAD_INPUT").with("place", name).with("expected", expected);
    refused("BAD_INPUT", error.message(language))
}

/// How many items a page of a list is asked to hold.
///
/// # Errors
/// `BAD_INPUT`: less than one or more than `most`.
pub fn page(ctx: &Context<'_>, first: i32, most: u32) -> Answer<u32> {
    match u32::try_from(first) {
        Ok(first) if (1..=most).contains(&first) => Ok(first),
        _ => {
            let error = Rejection::of_code("PAGE_SIZE").with("most", most.to_string());
            Err(refused("BAD_INPUT", error.message(ctx.language())))
        }
    }
}

/// The cursor of a page before.
///
/// # Errors
/// `BAD_INPUT`: it is none of ours.
pub fn cursor<T: FromStr>(ctx: &Context<'_>, after: Option<&str>) -> Answer<Option<T>> {
    let read = after.map(|cursor| cursor.parse().map_err(|_| ctx.language())).transpose();
    read.map_err(|language| bad_argument("after", "EXPECTED_CURSOR", language))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hostile_text_is_found_where_it_stands() {
        let input = json!({ "a": 1, "change": { "bank": { "iban": "FR76" } }, "lines": ["x", "y\u{0}"] });
        let mut path = vec![];
        assert_eq!(hostile(&input, &mut path), Some(TextError::Character('\0')));
        assert_eq!(path, ["lines", "1"]);
        path.clear();
        assert_eq!(hostile(&json!({ "a": "é\n\u{9}b", "b": [null, true] }), &mut path), None);
        assert!(path.is_empty());
    }
}
