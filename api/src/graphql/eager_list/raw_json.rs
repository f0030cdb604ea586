//! JSON text on its way through the GraphQL library, which knows answers as trees of values.

use async_graphql::{ContextSelectionSet, Response, ServerError, ServerResult, Value, parser::types::Field};

use super::value::{write_json, write_list};
use crate::{graphql::named_once::is_named_once, http::request_context::RequestContext};

/// The answer of a field as JSON text.
///
/// The library's values have no such kind, so it travels as their kind of bytes. That is told only to this
/// file: no type of the schema answers bytes, and [`response_json`] puts the text into its place.
#[derive(Debug)]
pub(super) struct RawJson(Vec<u8>);

impl RawJson {
    /// The text of a list that wrote itself.
    pub(super) fn from_writer(text: Vec<u8>) -> Self {
        Self(text)
    }

    /// The value that carries it; the value it says, where the request's transport takes values only, or
    /// the library may have to merge the field's answers.
    ///
    /// # Errors
    /// The text is not JSON.
    pub(super) fn into_value(self, ctx: &ContextSelectionSet<'_>, field: &Field) -> ServerResult<Value> {
        let is_taken = ctx.data_opt::<RequestContext>().is_some_and(|request| request.takes_raw_json);
        if is_taken && is_named_once(ctx, &field.name.node) {
            return Ok(Value::Binary(self.0.into()));
        }
        serde_json::from_slice(&self.0)
            .map_err(|error| ServerError::new(error.to_string(), Some(ctx.item.pos)))
    }

    /// The text that a value carries, if it does.
    fn carried_by(value: &Value) -> Option<&[u8]> {
        if let Value::Binary(text) = value { Some(text) } else { None }
    }
}

/// A response as JSON, with what its fields have written in its place.
pub fn response_json(response: &Response) -> Vec<u8> {
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
        Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_) => match RawJson::carried_by(value) {
            Some(text) => out.extend_from_slice(text),
            None => write_json(value, out),
        },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_type_of_the_schema_answers_bytes() {
        let schema = crate::graphql::definition();
        for kind in ["scalar Binary", "scalar Upload"] {
            assert!(!schema.contains(kind), "{kind}");
        }
    }
}
