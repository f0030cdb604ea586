//! Input objects, each declared once: a mutation's command and the objects inside it.

use uuid::Uuid;

/// The input of a mutation that sends a command; made by [`input_objects!`].
pub trait CommandInput {
    /// The idempotency key: the same again gives the first outcome.
    fn client_mutation_id(&self) -> Uuid;
}

/// Declares input objects: `command Name { "Description." field: Type, ... }` has an idempotency key,
/// `object Name { ... }` has none. A text after the name of a command describes its key, where it is more than
/// that.
macro_rules! input_objects {
    ($($(#[$doc:meta])* $role:ident $name:ident $($key:literal)? {
        $($(#[$attribute:meta])* $text:literal $field:ident: $kind:ty),+ $(,)?
    })+) => {
        $($crate::graphql::commands::input_objects::input_objects! {
            @$role $(#[$doc])* $name $($key)? { $($(#[$attribute])* $text $field: $kind,)+ }
        })+
    };
    (@command $(#[$doc:meta])* $name:ident { $($fields:tt)+ }) => {
        $crate::graphql::commands::input_objects::input_objects! {
            @command $(#[$doc])* $name "The idempotency key: the same again gives the first outcome." { $($fields)+ }
        }
    };
    (@command $(#[$doc:meta])* $name:ident $key:literal { $($fields:tt)+ }) => {
        $crate::graphql::commands::input_objects::input_objects! {
            @object $(#[$doc])* $name { $key client_mutation_id: uuid::Uuid, $($fields)+ }
        }

        impl $crate::graphql::commands::CommandInput for $name {
            fn client_mutation_id(&self) -> uuid::Uuid {
                self.client_mutation_id
            }
        }
    };
    (@object $(#[$doc:meta])* $name:ident {
        $($(#[$attribute:meta])* $text:literal $field:ident: $kind:ty,)+
    }) => {
        #[derive(Debug, Clone, async_graphql::InputObject)]
        $(#[$doc])*
        pub struct $name {
            $(#[doc = $text] $(#[$attribute])* pub(in $crate::graphql) $field: $kind,)+
        }
    };
}
pub(in crate::graphql) use input_objects;
