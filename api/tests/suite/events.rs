//! Golden events: every event type and version ever written stays readable.
//!
//! `fixtures/events/{Aggregate}.json` holds, per type and version, a payload as it was written. A
//! new type or version needs its line; an old line is never changed, and is read through its upcaster.

use std::collections::BTreeMap;

use cqrs_es::DomainEvent;
use portail_domain::{
    attendance::session::SessionEvent, catalogue::activity::ActivityEvent,
    catalogue::calendar::CalendarEvent, catalogue::structure::StructureEvent,
    correspondence::conversation::ConversationEvent, correspondence::notice::NoticeEvent,
    families::child::ChildEvent, families::family::FamilyEvent, governance::dual_control::DualControlEvent,
    governance::policy::PolicyEvent, money::account::AccountEvent, money::regie::RegieEvent,
    money::tariff::TariffEvent, privacy::erasure::ErasureEvent, upcasters,
};
use portail_event_store::{RecordedEvent, StreamId, Upcasters, canonical_json};
use serde_json::value::RawValue;
use uuid::Uuid;

fn golden(aggregate: &str) -> BTreeMap<String, Box<RawValue>> {
    let path = format!("{}/../fixtures/events/{aggregate}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap()
}

fn recorded(aggregate: &'static str, name: &str, payload: Box<RawValue>) -> RecordedEvent {
    let (event_type, event_version) = name.split_once(' ').unwrap();
    RecordedEvent {
        position: 1,
        stream: StreamId::new(aggregate, "1"),
        sequence: 1,
        event_type: event_type.to_owned(),
        event_version: event_version.to_owned(),
        payload,
        metadata: RawValue::from_string("{}".to_owned()).unwrap(),
        event_id: Uuid::nil(),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        actor: String::new(),
        command_id: Uuid::nil(),
        correlation_id: Uuid::nil(),
        causation_id: None,
        leaf: vec![],
        chain: vec![],
    }
}

fn check<E: DomainEvent>(aggregate: &'static str, written_today: &[(&str, &str)]) {
    let golden = golden(aggregate);
    let upcasters = Upcasters::new(upcasters::all());
    for (name, payload) in &golden {
        let event = upcasters.decode::<E>(&recorded(aggregate, name, payload.clone()));
        let event = event.unwrap_or_else(|e| panic!("{aggregate} {name}: {e}"));
        let today = format!("{} {}", event.event_type(), event.event_version());
        assert!(written_today.iter().any(|(kind, version)| format!("{kind} {version}") == today), "{today}");
    }
    for (kind, version) in written_today {
        let name = format!("{kind} {version}");
        let payload = golden.get(&name).unwrap_or_else(|| panic!("{aggregate}: no golden event for {name}"));
        let event: E =
            serde_json::from_str(payload.get()).unwrap_or_else(|e| panic!("{aggregate} {name}: {e}"));
        assert_eq!(
            canonical_json(&event).unwrap().get(),
            payload.get(),
            "{aggregate} {name} is written differently"
        );
    }
}

#[test]
fn every_event_ever_written_is_still_read_and_written_alike() {
    check::<CalendarEvent>("Calendar", CalendarEvent::TYPES);
    check::<StructureEvent>("Structure", StructureEvent::TYPES);
    check::<ActivityEvent>("Activity", ActivityEvent::TYPES);
    check::<ErasureEvent>("Erasure", ErasureEvent::TYPES);
    check::<DualControlEvent>("Seconding", DualControlEvent::TYPES);
    check::<PolicyEvent>("Policy", PolicyEvent::TYPES);
    check::<FamilyEvent>("Family", FamilyEvent::TYPES);
    check::<ChildEvent>("Child", ChildEvent::TYPES);
    check::<ConversationEvent>("Conversation", ConversationEvent::TYPES);
    check::<NoticeEvent>("Notice", NoticeEvent::TYPES);
    check::<TariffEvent>("Tariff", TariffEvent::TYPES);
    check::<RegieEvent>("Regie", RegieEvent::TYPES);
    check::<AccountEvent>("Account", AccountEvent::TYPES);
    check::<SessionEvent>("Session", SessionEvent::TYPES);
}
