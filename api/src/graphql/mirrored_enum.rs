//! Enums of the domain as GraphQL shows them.

/// Declares an enum of the schema that mirrors one of the domain; a variant added to one and not to the other
/// does not compile.
///
/// `Shown = Domain { A: "...", B: "..." }`, with descriptions, goes both ways: it can be entered.
/// `Shown from Domain { A, B(_), C | D }` is only shown: what a variant holds is left out, and several variants
/// may be shown as one.
macro_rules! mirrored_enum {
    ($(#[$doc:meta])* $name:ident = $domain:ident { $($variant:ident: $text:literal),+ $(,)? }) => {
        $crate::graphql::mirrored_enum::mirrored_enum! {
            $(#[$doc])* $name from $domain { $($variant: $text),+ }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),+ }
            }
        }
    };
    (
        $(#[$doc:meta])*
        $name:ident from $domain:ident {
            $($variant:ident $(($held:tt))? $(| $other:ident)* $(: $text:literal)?),+ $(,)?
        }
    ) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
        $(#[$doc])*
        pub enum $name { $($(#[doc = $text])? $variant),+ }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value { $($domain::$variant $(($held))? $(| $domain::$other)* => Self::$variant),+ }
            }
        }

        $crate::graphql::mirrored_enum::written_by_name!($name);
    };
}

/// Lets an enum be a value of an eager list: it is written by its name.
macro_rules! written_by_name {
    ($name:ident) => {
        impl $crate::graphql::eager_list::EagerValue for $name {
            fn write(&self, _selected: &$crate::graphql::eager_list::Selected, out: &mut Vec<u8>) {
                let items = <Self as async_graphql::resolver_utils::EnumType>::items();
                let name = items.iter().find(|item| item.value == *self).map(|item| item.name);
                $crate::graphql::eager_list::write_json(&name, out);
            }
        }
    };
}

pub(super) use {mirrored_enum, written_by_name};
