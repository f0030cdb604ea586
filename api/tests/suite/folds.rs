//! Folds are total: an event of any type, with any text, date, number and amount that its type takes,
//! leaves no read model standing and no stream set aside. The payloads are the golden ones with what they
//! hold replaced, in the real tables.

use std::collections::{BTreeMap, HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use portail_application::{Application, clock::Clock};
use portail_domain::{
    attendance::session::SessionEvent, catalogue::activity::ActivityEvent,
    catalogue::calendar::CalendarEvent, catalogue::structure::StructureEvent,
    correspondence::conversation::ConversationEvent, correspondence::notice::NoticeEvent,
    families::child::ChildEvent, families::family::FamilyEvent, governance::dual_control::DualControlEvent,
    governance::policy::PolicyEvent, money::account::AccountEvent, money::regie::RegieEvent,
    money::tariff::TariffEvent, privacy::erasure::ErasureEvent, shared::sealed::Place,
};
use portail_event_store::{Append, CommandMeta, NewEvent, StreamAppend, StreamId, Vault, canonical_json};
use portail_projections::{FoldContext, engine::rebuild::rebuild};
use portail_testkit::TestDatabase;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, value::RawValue};
use uuid::Uuid;

use crate::application::keys;

const CASES: u64 = 12;

const TEXTS: [&str; 12] = [
    "",
    "\0",
    "x\0y",
    "\\u0000",
    "\\",
    "\u{202e}abc\u{200b}",
    "\u{feff}\u{fffe}",
    "👩‍👩‍👧‍👦",
    "=HYPERLINK(\"http://x\")",
    "'; DROP TABLE events; --",
    "{\"a\":\"\\u0000\"}",
    "-262143-01-01",
];
const DATES: [&str; 7] = [
    "-262143-01-01",
    "-4713-11-24",
    "-0001-12-31",
    "0000-02-29",
    "1582-10-10",
    "9999-12-31",
    "+262142-12-31",
];
const INSTANTS: [&str; 5] = [
    "-262143-01-01T00:00:00Z",
    "-4713-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "+262142-12-31T23:59:59Z",
];
const NUMBERS: [u64; 6] = [0, 1, 100, i32::MAX as u64, u32::MAX as u64, i64::MAX as u64];
const AMOUNTS: [&str; 5] = ["0.00", "0.01", "-0.01", "999999999.99", "-999999999.99"];

/// An aggregate type with its events, and whether one of them reads a payload.
struct Kind {
    name: &'static str,
    types: &'static [(&'static str, &'static str)],
    reads: fn(&Value) -> bool,
}

fn reads<E: DeserializeOwned>(payload: &Value) -> bool {
    serde_json::from_str::<E>(&payload.to_string()).is_ok()
}

macro_rules! kinds {
    ($($name:literal: $event:ty),+ $(,)?) => {
        [$(Kind { name: $name, types: <$event>::TYPES, reads: reads::<$event> }),+]
    };
}

fn kinds() -> [Kind; 14] {
    kinds! {
        "Structure": StructureEvent, "Activity": ActivityEvent, "Tariff": TariffEvent, "Calendar": CalendarEvent,
        "Family": FamilyEvent, "Child": ChildEvent, "Session": SessionEvent, "Conversation": ConversationEvent,
        "Notice": NoticeEvent, "Regie": RegieEvent, "Account": AccountEvent, "Seconding": DualControlEvent,
        "Policy": PolicyEvent, "Erasure": ErasureEvent,
    }
}

/// The payloads of a case: nobody else's ids, and some of their values replaced.
struct Case {
    rng: StdRng,
    ids: HashMap<String, String>,
    family: String,
    regie: String,
}

impl Case {
    fn new(seed: u64) -> Self {
        let (family, regie) = (format!("10010010{:05}", 10_000 + seed), format!("al{seed}"));
        Self { rng: StdRng::seed_from_u64(seed), ids: HashMap::new(), family, regie }
    }

    /// Ids that are keys somewhere, made this case's own.
    fn own(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if text.parse::<Uuid>().is_ok() => {
                let own = self.ids.entry(text.clone()).or_insert_with(|| Uuid::new_v4().to_string());
                *text = own.clone();
            }
            Value::String(text) if text == "1001001010331" => text.clone_from(&self.family),
            Value::String(text) if text == "al" => text.clone_from(&self.regie),
            Value::Array(items) => items.iter_mut().for_each(|item| self.own(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.own(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// What may stand in a value's place.
    fn other(&mut self, value: &Value) -> Value {
        let rng = &mut self.rng;
        match value {
            Value::Number(_) => json!(NUMBERS.choose(rng).unwrap()),
            Value::String(text) if text.contains('T') && text.ends_with('Z') => {
                json!(INSTANTS.choose(rng).unwrap())
            }
            Value::String(text) if text.len() == 10 && text.matches('-').count() == 2 => {
                json!(DATES.choose(rng).unwrap())
            }
            Value::String(text) if text.contains('.') && text.parse::<f64>().is_ok() => {
                json!(AMOUNTS.choose(rng).unwrap())
            }
            Value::String(_) if rng.random_ratio(1, 20) => json!("é".repeat(50_000)),
            Value::String(_) => json!(TEXTS.choose(rng).unwrap()),
            other => other.clone(),
        }
    }

    /// Replaces every second value by another that the event's type takes.
    fn replace(&mut self, kind: &Kind, payload: &mut Value) {
        for path in paths(payload) {
            // Numbers of operations are given out once; sealed values are sealed later on.
            let is_key = ["/number", "/revision", "/alg", "/ct", "/nonce", "/subject", "/purpose"];
            if is_key.iter().any(|end| path.ends_with(end)) || self.rng.random_ratio(1, 2) {
                continue;
            }
            let before = payload.pointer(&path).unwrap().clone();
            let other = self.other(&before);
            *payload.pointer_mut(&path).unwrap() = other;
            if !(kind.reads)(payload) {
                *payload.pointer_mut(&path).unwrap() = before;
            }
        }
    }

    /// What is sealed in a value's place: a text or a document of hostile texts and dates.
    fn secret(&mut self, kind: &str, purpose: &str) -> String {
        let words = |rng: &mut StdRng| *TEXTS.choose(rng).unwrap();
        let rng = &mut self.rng;
        if kind != "Notice" && (purpose == "MESSAGE" || purpose == "NOTE") {
            return words(rng).to_owned();
        }
        let date = *DATES.choose(rng).unwrap();
        json!({
            "title": words(rng), "surname": words(rng), "first_name": words(rng), "birth_date": date,
            "body": words(rng), "postcode": words(rng), "income_quotient": "1", "quotient_from": date,
            "quotient_to": date, "base": {}, "proposed": { "surname": words(rng), "birth_date": date },
        })
        .to_string()
    }

    /// Seals anew what a payload holds sealed.
    async fn seal(&mut self, kind: &str, payload: &mut Value, vault: &Vault) {
        let sealed: Vec<String> = objects(payload, "", &|object| object.get("ct").is_some());
        for path in sealed {
            let value = payload.pointer(&path).unwrap().clone();
            let (subject, purpose) = (value["subject"].as_str().unwrap(), value["purpose"].as_str().unwrap());
            let place = match kind {
                "Account" if path.ends_with("/details") => Place::Debited.context(subject),
                "Account" => Place::Operation.context(subject),
                "Conversation" => Place::Message.context(subject),
                "Notice" => Place::Notice.context(subject),
                _ if path.ends_with("/proposal") || path.ends_with("/note") => {
                    Place::Modification.context(subject)
                }
                other => format!("{other}/{subject}"),
            };
            let secret = self.secret(kind, purpose);
            let bytes = vault.seal(subject, purpose, &place, secret.as_bytes()).await.unwrap();
            let object = payload.pointer_mut(&path).unwrap();
            object["nonce"] = json!(BASE64_STANDARD.encode(bytes.nonce));
            object["ct"] = json!(BASE64_STANDARD.encode(bytes.ciphertext));
        }
    }

    fn stream(&self, kind: &'static str, number: u64) -> StreamId {
        let child = self.ids.get("5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a01");
        let id = match kind {
            "Child" | "Erasure" => child.cloned().unwrap_or_else(|| Uuid::new_v4().to_string()),
            "Conversation" | "Notice" => Uuid::new_v4().to_string(),
            "Session" => format!("restauration-scolaire:2015-06-{number:02}"),
            "Family" | "Account" | "Seconding" => self.family.clone(),
            _ => format!("{}{number}", kind.to_lowercase()),
        };
        StreamId::new(kind, id)
    }
}

/// The paths of a document's values.
fn paths(value: &Value) -> Vec<String> {
    fn add(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| add(item, &format!("{path}/{n}"), found));
            }
            Value::Object(fields) => {
                fields.iter().for_each(|(name, field)| add(field, &format!("{path}/{name}"), found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => found.push(path.to_owned()),
        }
    }
    let mut found = vec![];
    add(value, "", &mut found);
    found
}

fn objects(value: &Value, path: &str, wanted: &impl Fn(&Value) -> bool) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(n, item)| (n.to_string(), item)).collect(),
        Value::Object(_) if wanted(value) => return vec![path.to_owned()],
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), field)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
    };
    below.iter().flat_map(|(name, value)| objects(value, &format!("{path}/{name}"), wanted)).collect()
}

fn golden(kind: &str) -> BTreeMap<String, Value> {
    let path = format!("{}/../fixtures/events/{kind}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn append(application: &Application, stream: StreamId, events: Vec<NewEvent>) {
    let id = Uuid::new_v4();
    let meta = CommandMeta {
        command_id: id,
        request_hash: [0; 32],
        actor: "test".into(),
        correlation_id: id,
        causation_id: None,
        received_at: chrono::Utc::now(),
    };
    let empty = RawValue::from_string("{}".into()).unwrap();
    let streams = vec![StreamAppend { stream, expected: 0, events }];
    application
        .log()
        .append(Append::new(meta, empty.clone(), vec![], streams, &empty).unwrap())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_event_holds_every_read_model_folds_it() {
    let test = TestDatabase::new().await.unwrap();
    let application = Application::open(&test.database, keys(), Clock::system()).await.unwrap();
    for seed in 1..=CASES {
        let mut case = Case::new(seed);
        for kind in kinds() {
            let golden = golden(kind.name);
            let mut events = vec![];
            for (event_type, event_version) in kind.types {
                let mut payload = golden[&format!("{event_type} {event_version}")].clone();
                case.own(&mut payload);
                case.replace(&kind, &mut payload);
                case.seal(kind.name, &mut payload, application.vault()).await;
                events.push(NewEvent {
                    event_type: (*event_type).into(),
                    event_version: (*event_version).into(),
                    payload: canonical_json(&payload).unwrap(),
                });
            }
            let stream = case.stream(kind.name, seed);
            append(&application, stream, events).await;
        }
        application.engine().catch_up().await.unwrap();
    }
    let status = application.engine().status().await.unwrap();
    let told: Vec<String> = status
        .into_iter()
        .filter(|at| at.status != "live" || !at.aside.is_empty() || at.lag_events > 0)
        .map(|at| format!("{}: {:?} {:#?}", at.name, at.error, at.aside))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    // What is kept can be looked into, and is what a rebuild makes.
    let looked: Vec<Option<String>> =
        sqlx::query_scalar("SELECT identity->>'first_name' FROM rm_family.child")
            .fetch_all(application.pool())
            .await
            .unwrap();
    assert_eq!(looked.len() as u64, CASES);
    let context = FoldContext { log: application.log().clone(), vault: application.vault().clone() };
    for projection in portail_projections::all() {
        let rebuilt = rebuild(&*projection, &context, |_, _| ()).await.unwrap();
        assert_eq!(rebuilt.differences, Some(0), "{}", projection.name());
    }
}
