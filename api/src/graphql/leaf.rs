//! Lists of plain values, resolved in one pass.
//!
//! A month of a planning is some three hundred cells of a dozen fields, all of them in memory. The
//! library resolves every field of every object as a future of its own; here the selection is read
//! once per list, and each item writes its answer as text. What is answered is the same to the byte
//! (a test compares both).

use std::{borrow::Cow, cell::OnceCell, io::Write};

use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
};
use chrono::{DateTime, Utc};

use crate::graphql::{
    digits,
    written::{write_json, write_list, written},
};

/// What is selected of an object.
#[derive(Debug, Default)]
pub struct Plan {
    fields: Vec<Selected>,
}

#[derive(Debug)]
struct Selected {
    /// The answer's key as it is written: quoted, with its colon.
    key: String,
    field: Name,
    /// Where the object has the field, known once the first object is written.
    place: OnceCell<usize>,
    /// What is selected of it.
    plan: Plan,
}

impl Plan {
    /// The plan of selections on an object of one type. Skipped fields are gone by then.
    fn of(ctx: &ContextSelectionSet<'_>, sets: &[&SelectionSet], type_name: &str) -> Self {
        let mut merged: IndexMap<Name, (Name, Vec<&SelectionSet>)> = IndexMap::new();
        for set in sets {
            collect(ctx, set, type_name, &mut merged);
        }
        let selected = |(key, (field, sets)): (Name, (Name, Vec<&SelectionSet>))| Selected {
            key: format!("\"{key}\":"),
            field,
            place: OnceCell::new(),
            // Nested objects are told apart by their fields, which validation has checked: no
            // fragment of another type can stand there.
            plan: Self::of(ctx, &sets, ""),
        };
        Self { fields: merged.into_iter().map(selected).collect() }
    }

    /// Writes the answer of an object.
    pub fn write<T: Leaf>(&self, object: &T, out: &mut Vec<u8>) {
        out.push(b'{');
        for (n, Selected { key, field, place, plan }) in self.fields.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key.as_bytes());
            let find = || T::FIELDS.iter().position(|name| *name == field.as_str()).unwrap_or(usize::MAX);
            match *place.get_or_init(find) {
                usize::MAX if field.as_str() == "__typename" => write_json(T::NAME, out),
                place => object.write(place, plan, out),
            }
        }
        out.push(b'}');
    }
}

fn collect<'a>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    type_name: &str,
    merged: &mut IndexMap<Name, (Name, Vec<&'a SelectionSet>)>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let Field { name, selection_set, .. } = &field.node;
                let key = field.node.response_key().node.clone();
                merged.entry(key).or_insert_with(|| (name.node.clone(), vec![])).1.push(&selection_set.node);
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref().map(|c| c.node.on.node.as_str());
                if on.is_none_or(|on| type_name.is_empty() || on == type_name) {
                    collect(ctx, &fragment.node.selection_set.node, type_name, merged);
                }
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = ctx.query_env.fragments.get(&spread.node.fragment_name.node) {
                    collect(ctx, &fragment.node.selection_set.node, type_name, merged);
                }
            }
        }
    }
}

/// An object whose fields are values in memory.
pub trait Leaf: OutputType {
    /// Its GraphQL name.
    const NAME: &'static str;
    /// Its fields.
    const FIELDS: &'static [&'static str];

    /// Writes the answer of the field at a place of [`Self::FIELDS`], null where there is none; `plan` is
    /// what is selected of it, where it is an object.
    fn write(&self, place: usize, plan: &Plan, out: &mut Vec<u8>);
}

/// A list of such objects.
#[derive(Debug, Clone)]
pub struct Leaves<T>(pub Vec<T>);

impl<T: Leaf> OutputType for Leaves<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<T> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let plan = Plan::of(ctx, &[&ctx.item.node], T::NAME);
        let mut text = Vec::new();
        write_list(&self.0, &mut text, |item, out| plan.write(item, out));
        written(ctx, &field.node, text)
    }
}

/// A value that can be answered without waiting.
pub trait Answer {
    /// Writes the answer; `plan` is what is selected of it, where it is an object.
    fn write(&self, plan: &Plan, out: &mut Vec<u8>);
}

impl<T: Answer> Answer for Option<T> {
    fn write(&self, plan: &Plan, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(plan, out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl<T: Answer> Answer for Vec<T> {
    fn write(&self, plan: &Plan, out: &mut Vec<u8>) {
        write_list(self, out, |item, out| item.write(plan, out));
    }
}

/// Values that are written as they serialise.
macro_rules! plain {
    ($($plain:ty),+ $(,)?) => {
        $(impl Answer for $plain {
            fn write(&self, _plan: &Plan, out: &mut Vec<u8>) {
                write_json(self, out);
            }
        })+
    };
}
plain!(bool, i32, i64, &'static str, String);

/// Scalars that are written as text without anything to escape.
macro_rules! displayed {
    ($($scalar:ty),+ $(,)?) => {
        $(impl Answer for $scalar {
            fn write(&self, _plan: &Plan, out: &mut Vec<u8>) {
                // Memory takes all.
                let _ = write!(out, "\"{}\"", self.0);
            }
        })+
    };
}
displayed!(super::scalars::Position, super::scalars::Time);

impl Answer for super::scalars::Date {
    fn write(&self, _plan: &Plan, out: &mut Vec<u8>) {
        out.push(b'"');
        digits::date(self.0, out);
        out.push(b'"');
    }
}

impl Answer for DateTime<Utc> {
    fn write(&self, _plan: &Plan, out: &mut Vec<u8>) {
        out.push(b'"');
        digits::instant(*self, out);
        out.push(b'"');
    }
}

/// Scalars that are written as the library answers them.
macro_rules! scalars {
    ($($scalar:ty),+ $(,)?) => {
        $(impl Answer for $scalar {
            fn write(&self, _plan: &Plan, out: &mut Vec<u8>) {
                write_json(&async_graphql::ScalarType::to_value(self), out);
            }
        })+
    };
}
scalars!(async_graphql::ID, rust_decimal::Decimal);

/// Enums that are answered by their name.
macro_rules! answered_enums {
    ($($kind:ty),+ $(,)?) => {
        $(impl $crate::graphql::leaf::Answer for $kind {
            fn write(&self, _plan: &$crate::graphql::leaf::Plan, out: &mut Vec<u8>) {
                let items = <Self as async_graphql::resolver_utils::EnumType>::items();
                let name = items.iter().find(|item| item.value == *self).map(|item| item.name);
                $crate::graphql::written::write_json(&name, out);
            }
        })+
    };
}
pub(super) use answered_enums;

/// Objects whose fields are in memory, with what each field answers.
macro_rules! leaf {
    ($object:ty = $name:literal, |$self:ident| { $($field:literal => $value:expr),+ $(,)? }) => {
        impl $crate::graphql::leaf::Leaf for $object {
            const NAME: &'static str = $name;
            const FIELDS: &'static [&'static str] = &[$($field),+];
            fn write(&self, place: usize, plan: &$crate::graphql::leaf::Plan, out: &mut Vec<u8>) {
                let $self = self;
                let mut places = 0..;
                // Places are known when this is compiled: it becomes a jump.
                $(if places.next() == Some(place) {
                    return $crate::graphql::leaf::Answer::write(&$value, plan, out);
                })+
                out.extend_from_slice(b"null");
            }
        }
        impl $crate::graphql::leaf::Answer for $object {
            fn write(&self, plan: &$crate::graphql::leaf::Plan, out: &mut Vec<u8>) {
                plan.write(self, out);
            }
        }
    };
}
pub(super) use leaf;
