//! The schema as the running server publishes it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::server::Client;

const QUERY: &str = "{ __schema { types { name kind isOneOf \
    inputFields { name defaultValue type { ...T } } enumValues { name } \
    fields { name args { name defaultValue type { ...T } } type { ...T } } } } } \
    fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }";

/// A type as a field or an argument has it.
#[derive(Debug, Clone)]
pub enum Kind {
    Required(Box<Kind>),
    List(Box<Kind>),
    Named(String),
}

impl Kind {
    fn of(value: &Value) -> Self {
        let inner = || Box::new(Self::of(&value["ofType"]));
        match value["kind"].as_str().unwrap() {
            "NON_NULL" => Self::Required(inner()),
            "LIST" => Self::List(inner()),
            _ => Self::Named(value["name"].as_str().unwrap().to_owned()),
        }
    }

    /// The type without its lists and marks.
    pub fn name(&self) -> &str {
        match self {
            Self::Required(inner) | Self::List(inner) => inner.name(),
            Self::Named(name) => name,
        }
    }

    pub fn is_required(&self) -> bool {
        matches!(self, Self::Required(_))
    }
}

/// As a document writes it.
impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Required(inner) => write!(f, "{inner}!"),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// An argument, or a field of an input.
#[derive(Debug, Clone)]
pub struct Input {
    pub name: String,
    pub kind: Kind,
    pub has_default: bool,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    pub arguments: Vec<Input>,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub enum Type {
    Object(Vec<Field>),
    Input(Vec<Input>),
    /// Of whose fields exactly one is sent.
    OneOf(Vec<Input>),
    Enum(Vec<String>),
    Scalar,
}

pub struct Schema(BTreeMap<String, Type>);

impl Schema {
    pub async fn of(client: &Client) -> Self {
        let published = client.ask(QUERY, json!({})).await;
        let types = published["__schema"]["types"].as_array().unwrap();
        Self(types.iter().map(|t| (t["name"].as_str().unwrap().to_owned(), type_of(t))).collect())
    }

    pub fn named(&self, name: &str) -> &Type {
        &self.0[name]
    }

    /// The fields of an object; none of what has no fields.
    pub fn fields(&self, name: &str) -> &[Field] {
        match self.named(name) {
            Type::Object(fields) => fields,
            Type::Input(_) | Type::OneOf(_) | Type::Enum(_) | Type::Scalar => &[],
        }
    }
}

fn type_of(published: &Value) -> Type {
    let all = |what: &str| published[what].as_array().cloned().unwrap_or_default();
    match published["kind"].as_str().unwrap() {
        "INPUT_OBJECT" if published["isOneOf"] == true => {
            Type::OneOf(all("inputFields").iter().map(input_of).collect())
        }
        "INPUT_OBJECT" => Type::Input(all("inputFields").iter().map(input_of).collect()),
        "ENUM" => {
            Type::Enum(all("enumValues").iter().map(|v| v["name"].as_str().unwrap().to_owned()).collect())
        }
        "SCALAR" => Type::Scalar,
        _ => Type::Object(all("fields").iter().map(field_of).collect()),
    }
}

fn input_of(published: &Value) -> Input {
    Input {
        name: published["name"].as_str().unwrap().to_owned(),
        kind: Kind::of(&published["type"]),
        has_default: !published["defaultValue"].is_null(),
    }
}

fn field_of(published: &Value) -> Field {
    Field {
        name: published["name"].as_str().unwrap().to_owned(),
        arguments: published["args"].as_array().unwrap().iter().map(input_of).collect(),
        kind: Kind::of(&published["type"]),
    }
}
