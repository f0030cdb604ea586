//! What holds of any bytes that come near the log. Panics where it does not.

use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::Session, catalogue::activity::Activity, catalogue::calendar::TownCalendar,
    catalogue::structure::Structure, correspondence::conversation::Conversation,
    correspondence::notice::Notice, families::child::Child, families::family::Family,
    governance::dual_control::DualControl, governance::policy::Policy, money::account::Account,
    money::regie::Regie, money::tariff::Tariff, privacy::erasure::Erasure, upcasters,
};
use portail_event_store::{Envelope, RecordedEvent, StreamId, Upcasters, canonical_json};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

/// Canonical JSON of any JSON is JSON, the same value, and its own canonical form.
pub fn canonical(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let Ok(written) = canonical_json(&value) else { return };
    let again: Value = serde_json::from_str(written.get()).expect("canonical JSON is JSON");
    let twice = canonical_json(&again).expect("what was canonical stays so");
    assert_eq!(written.get(), twice.get());
    assert!(alike(&value, &again), "{value} became {again}");
}

/// The same value: numbers are those of RFC 8785, which are binary64.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        _ => a == b,
    }
}

/// What is hashed of an event is canonical JSON that says what the event says, whatever its texts.
pub fn envelope(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\u{1f}');
    let mut next = || parts.next().unwrap_or_default();
    let (actor, id, kind, event, version) = (next(), next(), next(), next(), next());
    let number = bytes.iter().fold(0_u64, |n, byte| n.wrapping_mul(257).wrapping_add((*byte).into())) >> 11;
    let seed = Uuid::from_u128(u128::from(number) << 64 | u128::from(number));
    let micros = i64::try_from(number).expect("53 bits").wrapping_mul(20) - 62_000_000_000_000_000;
    let envelope = Envelope {
        actor: actor.as_bytes(),
        aggregate_id: id.as_bytes(),
        aggregate_type: kind.as_bytes(),
        causation_id: (number % 2 == 0).then_some(seed),
        command_id: seed,
        correlation_id: seed,
        event_id: seed,
        event_type: event.as_bytes(),
        event_version: version.as_bytes(),
        metadata: b"{}",
        payload: b"[1]",
        recorded_at: chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default(),
        sequence: number,
    };
    let written = String::from_utf8(envelope.canonical()).expect("UTF-8");
    let read: Value = serde_json::from_str(&written).expect("an envelope is JSON");
    for (key, text) in [
        ("actor", actor),
        ("aggregate_id", id),
        ("aggregate_type", kind),
        ("event_type", event),
        ("event_version", version),
    ] {
        assert_eq!(read[key], *text);
    }
    assert_eq!(canonical_json(&read).expect("JSON").get(), written);
}

/// Any payload of any event is either refused or read as an event that is written and read alike, and
/// that its aggregate folds. The first byte chooses the aggregate.
pub fn events(bytes: &[u8]) {
    let Some((aggregate, payload)) = bytes.split_first() else { return };
    let payload = std::str::from_utf8(payload).ok().and_then(|text| serde_json::from_str(text).ok());
    let Some(payload) = payload else { return };
    match aggregate % 14 {
        0 => read::<Account>(payload),
        1 => read::<Activity>(payload),
        2 => read::<TownCalendar>(payload),
        3 => read::<Child>(payload),
        4 => read::<Conversation>(payload),
        5 => read::<Erasure>(payload),
        6 => read::<Family>(payload),
        7 => read::<Notice>(payload),
        8 => read::<Policy>(payload),
        9 => read::<Regie>(payload),
        10 => read::<DualControl>(payload),
        11 => read::<Session>(payload),
        12 => read::<Structure>(payload),
        _ => read::<Tariff>(payload),
    }
}

fn read<A: Aggregate>(payload: Box<RawValue>) {
    // A payload is an object of one member: the type.
    let kind = payload.get().split('"').nth(1).unwrap_or_default().to_owned();
    let recorded = |payload| RecordedEvent {
        position: 1,
        stream: StreamId::new(A::TYPE, "1"),
        sequence: 1,
        event_type: kind.clone(),
        event_version: "1.0".to_owned(),
        payload,
        metadata: RawValue::from_string("{}".to_owned()).expect("JSON"),
        event_id: Uuid::nil(),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        actor: String::new(),
        command_id: Uuid::nil(),
        correlation_id: Uuid::nil(),
        causation_id: None,
        leaf: vec![],
        chain: vec![],
    };
    let Ok(event) = Upcasters::new(upcasters::all()).decode::<A::Event>(&recorded(payload)) else { return };
    let written = canonical_json(&event).expect("an event is written");
    let again: A::Event =
        Upcasters::new(upcasters::all()).decode(&recorded(written.clone())).expect("and read again");
    assert_eq!(canonical_json(&again).expect("an event is written").get(), written.get());
    let mut state = A::default();
    state.apply(event);
    state.apply(again);
}
