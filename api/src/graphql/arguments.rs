//! The door of queries and subscriptions: no text of a document or of its variables that no text
//! may be reaches a resolver. What a mutation takes is told by its own errors, at its place in the
//! input (see [`entered`](super::entered)).

use std::sync::Arc;

use async_graphql::{
    ErrorExtensionValues, ServerError, ServerResult, Value, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery},
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
};
use portail_application::Rejection;
use portail_domain::{i18n::Language, shared::text::check_raw};

use crate::http::request_context::RequestContext;

/// Refuses hostile texts in the arguments of queries.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckArguments;

impl ExtensionFactory for CheckArguments {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for CheckArguments {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        if document.operations.iter().any(|(_, o)| o.node.ty == OperationType::Mutation) {
            return Ok(document);
        }
        let wrong = variables
            .iter()
            .find_map(|(name, value)| hostile(value).map(|error| (format!("${name}"), error)))
            .or_else(|| may_hold_hostile(query).then(|| literals(&document)).flatten());
        match wrong {
            None => Ok(document),
            Some((place, expected)) => {
                let language = ctx.data_opt::<RequestContext>().map_or(Language::Fr, |r| r.language);
                Err(refusal(&place, expected, language))
            }
        }
    }
}

fn refusal(place: &str, expected: &'static str, language: Language) -> ServerError {
    let rejection = Rejection::of_code("BAD_INPUT").with("place", place).with("expected", expected);
    let mut error = ServerError::new(rejection.message(language), None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", "BAD_INPUT");
    error.extensions = Some(extensions);
    error
}

/// The catalogue's key of what is expected instead of a text that no text may be.
fn wrong(text: &str) -> Option<&'static str> {
    check_raw(text).err().map(|_| "EXPECTED_TEXT")
}

fn hostile(value: &Value) -> Option<&'static str> {
    match value {
        Value::String(text) => wrong(text),
        Value::List(items) => items.iter().find_map(hostile),
        Value::Object(fields) => fields.values().find_map(hostile),
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => None,
    }
}

/// Whether a document's own texts need to be read: only an escape or a character beyond ASCII can
/// make one hostile.
fn may_hold_hostile(query: &str) -> bool {
    query.len() > portail_domain::shared::text::LONGEST
        || query.bytes().any(|b| b == b'\\' || !b.is_ascii() || b == 0x7f)
}

/// The first argument of a document with a hostile text of its own.
fn literals(document: &ExecutableDocument) -> Option<(String, &'static str)> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let defaults = document.operations.iter().flat_map(|(_, o)| &o.node.variable_definitions).find_map(|v| {
        let default = v.node.default_value.as_ref()?;
        Some((format!("${}", v.node.name.node), hostile(&default.node)?))
    });
    defaults.or_else(|| operations.chain(fragments).find_map(in_set))
}

fn in_set(set: &SelectionSet) -> Option<(String, &'static str)> {
    set.items.iter().find_map(|selection| {
        let (inner, arguments) = match &selection.node {
            Selection::Field(field) => {
                (Some(&field.node.selection_set.node), field.node.arguments.as_slice())
            }
            Selection::InlineFragment(fragment) => (Some(&fragment.node.selection_set.node), &[][..]),
            Selection::FragmentSpread(_) => (None, &[][..]),
        };
        let own = arguments.iter().find_map(|(name, value)| {
            // Variables have been looked at by themselves.
            let written = value.node.clone().into_const_with(|_| Ok::<_, ()>(Value::Null)).ok()?;
            hostile(&written).map(|expected| (name.node.to_string(), expected))
        });
        own.or_else(|| inner.and_then(in_set))
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptySubscription, Object, Request, Schema, Variables};

    use super::*;

    struct Root;

    #[Object]
    impl Root {
        async fn said(&self, text: String) -> String {
            text
        }
    }

    #[tokio::test]
    async fn a_hostile_text_of_a_query_never_reaches_a_resolver() {
        let schema = Schema::build(Root, Root, EmptySubscription).extension(CheckArguments).finish();
        let ask = |query: &str, text: &str| {
            let variables = Variables::from_json(serde_json::json!({ "text": text }));
            schema.execute(Request::new(query).variables(variables))
        };
        let by_variable = "query ($text: String!) { said(text: $text) }";
        for text in ["a\u{0}b", "\u{202e}abc", "\u{e000}", &"x".repeat(100_000)] {
            let answer = ask(by_variable, text).await;
            let code = answer.errors[0].extensions.as_ref().and_then(|e| e.get("code")).cloned();
            assert_eq!(code, Some(Value::from("BAD_INPUT")), "{answer:?}");
            let written = serde_json::to_string(text).unwrap();
            let in_fragment = format!("query {{ ...f }} fragment f on Root {{ said(text: {written}) }}");
            for document in [format!("{{ said(text: {written}) }}"), in_fragment] {
                let answer = ask(&document, "").await;
                let code = answer.errors[0].extensions.as_ref().and_then(|e| e.get("code")).cloned();
                assert_eq!(code, Some(Value::from("BAD_INPUT")), "{answer:?}");
            }
        }
        for fine in ["é 👩‍👧", "a\nb\tc", ""] {
            assert!(ask(by_variable, fine).await.is_ok(), "{fine:?}");
        }
    }
}
