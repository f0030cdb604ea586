//! Lists of plain values, resolved in one pass.
//!
//! A month of a planning is some three hundred cells of a dozen fields, all of them in memory. The
//! library resolves every field of every object as a future of its own; here the selection is read
//! once per list, and each item answers it directly. What is answered is the same to the byte (a
//! test compares both).

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
};

/// What is selected of an object: each answer's key, the field, and what is selected of it.
#[derive(Debug, Default)]
pub struct Plan {
    fields: Vec<(Name, Name, Plan)>,
}

impl Plan {
    /// The plan of selections on an object of one type. Skipped fields are gone by then.
    fn of(ctx: &ContextSelectionSet<'_>, sets: &[&SelectionSet], type_name: &str) -> Self {
        let mut merged: IndexMap<Name, (Name, Vec<&SelectionSet>)> = IndexMap::new();
        for set in sets {
            collect(ctx, set, type_name, &mut merged);
        }
        let fields = merged.into_iter();
        // Nested objects are told apart by their fields, which validation has checked: no fragment
        // of another type can stand there.
        Self { fields: fields.map(|(key, (field, sets))| (key, field, Self::of(ctx, &sets, ""))).collect() }
    }

    /// The answer of an object.
    pub fn object<T: Leaf>(&self, object: &T) -> Value {
        let answer = |(key, field, plan): &(Name, Name, Self)| {
            let value = match field.as_str() {
                "__typename" => Value::String(T::NAME.to_owned()),
                name => object.answer(name, plan),
            };
            (key.clone(), value)
        };
        Value::Object(self.fields.iter().map(answer).collect())
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

    /// The answer of a field; `plan` is what is selected of it, where it is an object.
    fn answer(&self, field: &str, plan: &Plan) -> Value;
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

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let plan = Plan::of(ctx, &[&ctx.item.node], T::NAME);
        Ok(Value::List(self.0.iter().map(|item| plan.object(item)).collect()))
    }
}

/// A value that can be answered without waiting.
pub trait Answer {
    /// The answer; `plan` is what is selected of it, where it is an object.
    fn answer(&self, plan: &Plan) -> Value;
}

impl<T: Answer> Answer for Option<T> {
    fn answer(&self, plan: &Plan) -> Value {
        self.as_ref().map_or(Value::Null, |value| value.answer(plan))
    }
}

impl<T: Answer> Answer for Vec<T> {
    fn answer(&self, plan: &Plan) -> Value {
        Value::List(self.iter().map(|item| item.answer(plan)).collect())
    }
}

impl Answer for bool {
    fn answer(&self, _plan: &Plan) -> Value {
        Value::Boolean(*self)
    }
}

impl Answer for &'static str {
    fn answer(&self, _plan: &Plan) -> Value {
        Value::String((*self).to_owned())
    }
}

macro_rules! scalars {
    ($($scalar:ty),+ $(,)?) => {
        $(impl Answer for $scalar {
            fn answer(&self, _plan: &Plan) -> Value {
                async_graphql::ScalarType::to_value(self)
            }
        })+
    };
}
scalars!(
    i32,
    i64,
    String,
    async_graphql::ID,
    chrono::DateTime<chrono::Utc>,
    rust_decimal::Decimal,
    super::scalars::Date,
    super::scalars::Position,
    super::scalars::Time,
);

/// Enums that are answered by their name.
macro_rules! answered_enums {
    ($($kind:ty),+ $(,)?) => {
        $(impl $crate::graphql::leaf::Answer for $kind {
            fn answer(&self, _plan: &$crate::graphql::leaf::Plan) -> async_graphql::Value {
                async_graphql::resolver_utils::enum_value(*self)
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
            fn answer(&self, field: &str, plan: &$crate::graphql::leaf::Plan) -> async_graphql::Value {
                let $self = self;
                match field {
                    $($field => $crate::graphql::leaf::Answer::answer(&$value, plan),)+
                    _ => async_graphql::Value::Null,
                }
            }
        }
        impl $crate::graphql::leaf::Answer for $object {
            fn answer(&self, plan: &$crate::graphql::leaf::Plan) -> async_graphql::Value {
                plan.object(self)
            }
        }
    };
}
pub(super) use leaf;
