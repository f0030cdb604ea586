//! Lists whose items are in memory, answered in one pass as JSON text; see `README.md` beside this file.

mod raw_json;
mod selection;
mod value;

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};

pub(super) use self::value::write_json;
use self::{raw_json::RawJson, value::write_list};
pub use self::{raw_json::response_json, selection::Selected, value::EagerValue};

/// An object whose fields are in memory; made by [`eager_object!`].
pub trait EagerObject: OutputType {
    /// Its GraphQL name.
    const NAME: &'static str;
    /// Its fields, as Rust names them.
    const FIELDS: &'static [&'static str];

    /// Writes the answer of the field at a place of [`Self::FIELDS`], null where there is none; `selected` is
    /// what is asked of it, where it is an object.
    fn write_field(&self, place: usize, selected: &Selected, out: &mut Vec<u8>);
}

/// A list of such objects.
#[derive(Debug, Clone)]
pub struct EagerList<T>(pub Vec<T>);

impl<T: EagerObject> OutputType for EagerList<T> {
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
        let selected = Selected::of(ctx, T::NAME);
        let mut text = Vec::new();
        write_list(&self.0, &mut text, |item, out| selected.write(item, out));
        RawJson::from_writer(text).into_value(ctx, &field.node)
    }
}

/// Declares an object of an eager list: its struct, its GraphQL type and what writes it.
///
/// The first form is a struct of plain fields. The second one computes its fields from what it holds, only
/// where they are asked for.
macro_rules! eager_object {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, async_graphql::SimpleObject)]
        pub struct $name { $($(#[$field_doc])* pub(crate) $field: $kind),+ }

        $crate::graphql::eager_list::eager_object!(@writer $name, |object| { $($field => object.$field),+ });
    };
    (
        $(#[$doc:meta])*
        $name:ident { $($held:ident: $held_kind:ty),+ $(,)? }
        answers |$self:ident| { $($(#[$field_doc:meta])* $field:ident: $kind:ty = $value:expr),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name { $($held: $held_kind),+ }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $name {
            $($(#[$field_doc])* async fn $field(&self) -> $kind { let $self = self; $value })+
        }

        $crate::graphql::eager_list::eager_object!(@writer $name, |$self| { $($field => $value),+ });
    };
    (@writer $name:ident, |$self:ident| { $($field:ident => $value:expr),+ }) => {
        impl $crate::graphql::eager_list::EagerObject for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];
            fn write_field(&self, place: usize, selected: &$crate::graphql::eager_list::Selected, out: &mut Vec<u8>) {
                let $self = self;
                let mut places = 0..;
                // Places are known when this is compiled: it becomes a jump.
                $(if places.next() == Some(place) {
                    return $crate::graphql::eager_list::EagerValue::write(&$value, selected, out);
                })+
                out.extend_from_slice(b"null");
            }
        }

        impl $crate::graphql::eager_list::EagerValue for $name {
            fn write(&self, selected: &$crate::graphql::eager_list::Selected, out: &mut Vec<u8>) {
                selected.write(self, out);
            }
        }
    };
}
pub(super) use eager_object;
