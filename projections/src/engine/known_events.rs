//! Which events this program knows. One it does not know was written by a newer one, which may fold it.

use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::{Session, SessionEvent},
    catalogue::activity::{Activity, ActivityEvent},
    catalogue::calendar::{CalendarEvent, TownCalendar},
    catalogue::structure::{Structure, StructureEvent},
    correspondence::conversation::{Conversation, ConversationEvent},
    correspondence::notice::{Notice, NoticeEvent},
    families::child::{Child, ChildEvent},
    families::family::{Family, FamilyEvent},
    governance::dual_control::{DualControl, DualControlEvent},
    governance::policy::{Policy, PolicyEvent},
    money::account::{Account, AccountEvent},
    money::regie::{Regie, RegieEvent},
    money::tariff::{Tariff, TariffEvent},
    privacy::erasure::{Erasure, ErasureEvent},
};
use portail_event_store::RecordedEvent;

/// The event types of an aggregate type, each with the version written today.
fn types_of(kind: &str) -> &'static [(&'static str, &'static str)] {
    match kind {
        Account::TYPE => AccountEvent::TYPES,
        Activity::TYPE => ActivityEvent::TYPES,
        Child::TYPE => ChildEvent::TYPES,
        Conversation::TYPE => ConversationEvent::TYPES,
        Erasure::TYPE => ErasureEvent::TYPES,
        Family::TYPE => FamilyEvent::TYPES,
        Notice::TYPE => NoticeEvent::TYPES,
        Policy::TYPE => PolicyEvent::TYPES,
        Regie::TYPE => RegieEvent::TYPES,
        DualControl::TYPE => DualControlEvent::TYPES,
        Session::TYPE => SessionEvent::TYPES,
        Structure::TYPE => StructureEvent::TYPES,
        Tariff::TYPE => TariffEvent::TYPES,
        TownCalendar::TYPE => CalendarEvent::TYPES,
        _ => &[],
    }
}

/// Whether this program knows an event's type, in its version or an older one.
pub(crate) fn is_known(event: &RecordedEvent) -> bool {
    let version = |text: &str| -> Vec<u32> { text.split('.').filter_map(|part| part.parse().ok()).collect() };
    types_of(&event.stream.kind)
        .iter()
        .any(|(kind, today)| *kind == event.event_type && version(&event.event_version) <= version(today))
}
