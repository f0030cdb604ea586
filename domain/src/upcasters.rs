//! The upcasters of every aggregate, registered in one place: the server, rebuilds, the past, tools and tests
//! open the log with this list (`docs/how-to/event-version.md`).

use cqrs_es::persist::EventUpcaster;

use crate::families::child;

/// Every upcaster, those of one event type in the order of their versions.
pub fn all() -> Vec<Box<dyn EventUpcaster>> {
    [child::upcasters()].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attendance::session::SessionEvent, catalogue::activity::ActivityEvent,
        catalogue::calendar::CalendarEvent, catalogue::structure::StructureEvent,
        correspondence::conversation::ConversationEvent, correspondence::notice::NoticeEvent,
        families::child::ChildEvent, families::family::FamilyEvent,
        governance::dual_control::DualControlEvent, governance::policy::PolicyEvent,
        money::account::AccountEvent, money::regie::RegieEvent, money::tariff::TariffEvent,
        privacy::erasure::ErasureEvent,
    };

    const TYPES: [&[(&str, &str)]; 14] = [
        AccountEvent::TYPES,
        ActivityEvent::TYPES,
        CalendarEvent::TYPES,
        ChildEvent::TYPES,
        ConversationEvent::TYPES,
        ErasureEvent::TYPES,
        FamilyEvent::TYPES,
        NoticeEvent::TYPES,
        PolicyEvent::TYPES,
        RegieEvent::TYPES,
        DualControlEvent::TYPES,
        SessionEvent::TYPES,
        StructureEvent::TYPES,
        TariffEvent::TYPES,
    ];

    #[test]
    fn an_event_above_its_first_version_has_an_upcaster_and_today_s_has_none() {
        let upcasters = all();
        let upcasts = |kind: &str, version: &str| upcasters.iter().any(|u| u.can_upcast(kind, version));
        for (kind, today) in TYPES.concat() {
            assert_eq!(upcasts(kind, "1.0"), today != "1.0", "{kind} is written as {today}");
            assert!(!upcasts(kind, today), "{kind} {today}");
        }
    }

    /// An upcaster knows an event by its type alone.
    #[test]
    fn no_two_aggregates_share_an_event_type() {
        let mut kinds: Vec<&str> = TYPES.concat().iter().map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        assert!(kinds.windows(2).all(|pair| pair[0] != pair[1]), "{kinds:?}");
    }
}
