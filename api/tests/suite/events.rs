//! Golden events: every event type and version ever written stays readable.
//!
//! `fixtures/events/{Aggregate}.json` holds, per type and version, a payload as it was written. A
//! new type or version needs its line; an old line is never changed.

use std::collections::BTreeMap;

use portail_domain::{
    account::AccountEvent, activity::ActivityEvent, calendar::CalendarEvent, child::ChildEvent,
    conversation::ConversationEvent, erasure::ErasureEvent, family::FamilyEvent, notice::NoticeEvent,
    policy::PolicyEvent, regie::RegieEvent, seconding::SecondingEvent, session::SessionEvent,
    structure::StructureEvent, tariff::TariffEvent,
};
use portail_event_store::canonical_json;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

fn golden(aggregate: &str) -> BTreeMap<String, Box<RawValue>> {
    let path = format!("{}/../fixtures/events/{aggregate}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap()
}

fn check<E: DeserializeOwned + Serialize + std::fmt::Debug>(aggregate: &str, written_today: &[(&str, &str)]) {
    let golden = golden(aggregate);
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
    check::<SecondingEvent>("Seconding", SecondingEvent::TYPES);
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
