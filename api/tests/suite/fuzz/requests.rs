//! A request for a field of the root, with every argument it has and much of what it answers.

use rand::Rng;
use serde_json::{Map, Value, json};

use super::{
    schema::{Field, Kind},
    values::Values,
};

/// How many fields of an answer are asked for, about.
const FIELDS: usize = 60;

/// How deep an answer is asked for.
const DEPTH: usize = 7;

/// A request, as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Asked {
    pub field: String,
    pub query: String,
    pub variables: Value,
}

#[derive(Default)]
struct Document {
    definitions: Vec<String>,
    variables: Map<String, Value>,
    fields: usize,
}

/// Asks for one field of a root.
pub fn ask(operation: &str, field: &Field, values: &mut Values<'_>) -> Asked {
    let mut document = Document::default();
    let selection = document.field(field, values, 0);
    let definitions = match document.definitions.as_slice() {
        [] => String::new(),
        all => format!("({})", all.join(", ")),
    };
    Asked {
        field: field.name.clone(),
        query: format!("{operation} {definitions} {{ {selection} }}"),
        variables: Value::Object(document.variables),
    }
}

impl Document {
    fn field(&mut self, field: &Field, values: &mut Values<'_>, depth: usize) -> String {
        self.fields += 1;
        let mut arguments = Vec::new();
        for argument in &field.arguments {
            if let Some(mut value) = values.of(argument, 0) {
                protect(&field.name, &mut value);
                let name = format!("v{}", self.definitions.len());
                self.definitions.push(format!("${name}: {}", argument.kind));
                arguments.push(format!("{}: ${name}", argument.name));
                self.variables.insert(name, value);
            }
        }
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        format!("{}{arguments}{}", field.name, self.selection(&field.kind, values, depth + 1))
    }

    /// The fields of an answer; every leaf, and as many objects as there is room for.
    fn selection(&mut self, kind: &Kind, values: &mut Values<'_>, depth: usize) -> String {
        let schema = values.schema;
        let fields = schema.fields(kind.name());
        if fields.is_empty() {
            return String::new();
        }
        let mut chosen = vec!["__typename".to_owned()];
        for field in fields {
            let is_leaf = schema.fields(field.kind.name()).is_empty();
            let room = self.fields < FIELDS && depth < DEPTH;
            if is_leaf && self.fields < 2 * FIELDS || room && values.random.random_bool(0.7) {
                chosen.push(self.field(field, values, depth));
            }
        }
        format!(" {{ {} }}", chosen.join(" "))
    }
}

/// The people who ask keep their accounts, and they and their children their data: without them nothing is reached any more.
fn protect(field: &str, input: &mut Value) {
    if !matches!(field, "setAccount" | "erasePersonalData") {
        return;
    }
    if let Value::Object(fields) = input {
        for value in fields.values_mut() {
            if value.as_str().is_some_and(|text| super::KEPT.iter().any(|kept| text.contains(kept))) {
                *value = json!("someone-else");
            }
        }
    }
}
