//! How many items a field answers where its document does not say.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql::{
    Value,
    parser::{
        parse_schema,
        types::{FieldDefinition, TypeKind, TypeSystemDefinition},
    },
};

use crate::graphql;

/// What a page holds where the schema leaves it to the field.
const USUAL: u64 = 50;

/// The fields that answer page by page, and how much a page holds: the most of all fields of a name.
static PAGES: LazyLock<HashMap<String, u64>> = LazyLock::new(|| pages(&graphql::definition()));

/// What a page of a field holds unless its document says how much; none: it does not answer in pages.
pub(super) fn page_size(field: &str) -> Option<u64> {
    PAGES.get(field).copied()
}

fn pages(definition: &str) -> HashMap<String, u64> {
    let mut pages = HashMap::new();
    let Ok(document) = parse_schema(definition) else { return pages };
    for definition in document.definitions {
        let TypeSystemDefinition::Type(defined) = definition else { continue };
        let TypeKind::Object(object) = defined.node.kind else { continue };
        for field in object.fields {
            if let Some(size) = size_of(&field.node) {
                let known = pages.entry(field.node.name.node.to_string()).or_insert(size);
                *known = size.max(*known);
            }
        }
    }
    pages
}

fn size_of(field: &FieldDefinition) -> Option<u64> {
    let first = field.arguments.iter().find(|argument| argument.node.name.node == "first")?;
    let default = first.node.default_value.as_ref().map(|value| &value.node);
    Some(if let Some(Value::Number(number)) = default { number.as_u64().unwrap_or(USUAL) } else { USUAL })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_schema_are_known() {
        assert_eq!(page_size("logEvents"), Some(50));
        assert_eq!(page_size("viewer"), None);
    }
}
