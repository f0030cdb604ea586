//! The family portal's domain: aggregates, commands, events, value types and rules.
//!
//! Pure by construction: no I/O, no clock, no randomness. What a decision needs from outside
//! (the time of receipt, the town's settings, what else a child has booked) comes in with the
//! command, so every rule can be tested alone and every decision can be replayed.
//!
//! One folder per area, the same areas as in the crates above; in it one folder per aggregate, with
//! the same file names in each: `command`, `event`, `state`, `error`. What every area uses is in [`shared`].
#![cfg_attr(test, allow(clippy::wildcard_enum_match_arm, reason = "a test names what it is about"))]
pub mod attendance;
pub mod catalogue;
pub mod correspondence;
pub mod families;
pub mod governance;
pub mod i18n;
pub mod money;
pub mod privacy;
pub mod shared;
pub mod upcasters;

/// Implements the `cqrs-es` `Aggregate` for a type with `decide` (pure) and `evolve` (total).
///
/// `handle` authorises and decides, `apply` folds; the framework's test helper and its stock
/// repositories work on every aggregate of this crate because of it.
macro_rules! aggregate {
    ($state:ty, $type:literal, $command:ty, $event:ty, $error:ty) => {
        impl cqrs_es::Aggregate for $state {
            const TYPE: &'static str = $type;
            type Command = $command;
            type Event = $event;
            type Error = $error;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                _services: &Self::Services,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in self.decide(command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                self.evolve(&event);
            }
        }
    };
}
pub(crate) use aggregate;

/// Implements `cqrs-es` `DomainEvent` from a list of variants, and lists their names.
///
/// The event type is the variant's name, the version is the one the payload is written in.
macro_rules! domain_event {
    ($event:ident { $($variant:ident = $version:literal),+ $(,)? }) => {
        impl $event {
            /// Every event type of this aggregate, with the version written today.
            pub const TYPES: &'static [(&'static str, &'static str)] =
                &[$((stringify!($variant), $version)),+];

            /// The event's type and the payload version written today.
            pub fn kind(&self) -> (&'static str, &'static str) {
                match self { $(Self::$variant { .. } => (stringify!($variant), $version)),+ }
            }
        }
        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String { self.kind().0.to_owned() }
            fn event_version(&self) -> String { self.kind().1.to_owned() }
        }
    };
}
pub(crate) use domain_event;
