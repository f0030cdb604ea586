//! Answers that are written as JSON at once, instead of being built as values and written afterwards.
//!
//! The library knows answers as trees of values. A field that has written its own answer hands it
//! over in a value of bytes, which no field of ours answers otherwise, and the HTTP server puts it
//! into its place.

use async_graphql::{
    ContextBase, ContextSelectionSet, Response, ServerError, ServerResult, Value,
    parser::types::{Field, Selection, SelectionSet},
};
use serde::Serialize;

use crate::http::request_context::RequestContext;

/// The answer of a field that was written: as it is where the request's transport takes it, else as
/// the value it says.
///
/// # Errors
/// What was written is not JSON.
pub fn written(ctx: &ContextSelectionSet<'_>, field: &Field, text: Vec<u8>) -> ServerResult<Value> {
    let is_taken = ctx.data_opt::<RequestContext>().is_some_and(|request| request.takes_text);
    if is_taken && is_named_once(ctx, &field.name.node) {
        return Ok(Value::Binary(text.into()));
    }
    serde_json::from_slice(&text).map_err(|error| ServerError::new(error.to_string(), Some(ctx.item.pos)))
}

/// Whether a document names a field in one place only. The answers of a field that is named twice may
/// have to be merged, which takes values.
pub(super) fn is_named_once<T>(ctx: &ContextBase<'_, T>, name: &str) -> bool {
    let fragments = ctx.query_env.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let sets = fragments.chain([&ctx.query_env.operation.node.selection_set.node]);
    sets.map(|set| mentions(set, name)).sum::<usize>() == 1
}

fn mentions(set: &SelectionSet, name: &str) -> usize {
    let of = |selection: &Selection| match selection {
        Selection::Field(field) => {
            usize::from(field.node.name.node == name) + mentions(&field.node.selection_set.node, name)
        }
        Selection::InlineFragment(fragment) => mentions(&fragment.node.selection_set.node, name),
        Selection::FragmentSpread(_) => 0,
    };
    set.items.iter().map(|selection| of(&selection.node)).sum()
}

/// A response as JSON, with what its fields have written in its place.
pub fn response_text(response: &Response) -> Vec<u8> {
    let mut out = b"{\"data\":".to_vec();
    write_value(&response.data, &mut out);
    if !response.extensions.is_empty() {
        out.extend_from_slice(b",\"extensions\":");
        write_json(&response.extensions, &mut out);
    }
    if !response.errors.is_empty() {
        out.extend_from_slice(b",\"errors\":");
        write_json(&response.errors, &mut out);
    }
    out.push(b'}');
    out
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Binary(text) => out.extend_from_slice(text),
        Value::List(items) => write_list(items, out, write_value),
        Value::Object(fields) => {
            out.push(b'{');
            for (n, (key, value)) in fields.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_json(key.as_str(), out);
                out.push(b':');
                write_value(value, out);
            }
            out.push(b'}');
        }
        scalar => write_json(scalar, out),
    }
}

/// Writes a list, each item by a function.
pub fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// Writes what serialises: text, numbers, and maps with keys of text.
pub fn write_json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    // Only a key that is no text can fail, or a writer that can.
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}
