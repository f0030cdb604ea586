//! The version of a read model is its identity: whoever changes its rows or tables raises it.
//!
//! The golden events (`fixtures/events`), told as stories, are folded into every read model. What each
//! event changes in its tables is the snapshot of the read model's version, `{name}_v{version}`. Whether the
//! projection was edited or something in the domain that it rests on: a recorded story whose rows are others
//! fails until the version is raised, which gives the new rows a snapshot of their own. Comments and queries
//! are free.

mod snapshot;
mod stories;
mod tables;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use portail_domain::{
    attendance::session::SessionEvent, catalogue::activity::ActivityEvent,
    catalogue::calendar::CalendarEvent, catalogue::structure::StructureEvent,
    correspondence::conversation::ConversationEvent, correspondence::notice::NoticeEvent,
    families::child::ChildEvent, families::family::FamilyEvent, governance::dual_control::DualControlEvent,
    governance::policy::PolicyEvent, money::account::AccountEvent, money::regie::RegieEvent,
    money::tariff::TariffEvent, privacy::erasure::ErasureEvent,
};
use portail_event_store::{NewEvent, StreamId, canonical_json};
use portail_projections::{Projection, all};
use serde_json::Value;

use self::{
    snapshot::Snapshot,
    stories::{Story, stories},
    tables::{Rows, shape},
};
use crate::read_models::ReadModels;

/// Every aggregate type, with the event types and versions written today.
const KINDS: [(&str, &[(&str, &str)]); 14] = [
    ("Account", AccountEvent::TYPES),
    ("Activity", ActivityEvent::TYPES),
    ("Calendar", CalendarEvent::TYPES),
    ("Child", ChildEvent::TYPES),
    ("Conversation", ConversationEvent::TYPES),
    ("Erasure", ErasureEvent::TYPES),
    ("Family", FamilyEvent::TYPES),
    ("Notice", NoticeEvent::TYPES),
    ("Policy", PolicyEvent::TYPES),
    ("Regie", RegieEvent::TYPES),
    ("Seconding", DualControlEvent::TYPES),
    ("Session", SessionEvent::TYPES),
    ("Structure", StructureEvent::TYPES),
    ("Tariff", TariffEvent::TYPES),
];

/// The golden payloads of an aggregate type, by `{type} {version}`.
fn golden(kind: &str) -> BTreeMap<String, Value> {
    let path = format!("{}/../fixtures/events/{kind}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap()
}

#[test]
fn the_stories_tell_every_event_in_every_version_ever_written() {
    let told: BTreeSet<String> = stories()
        .iter()
        .flat_map(|story| story.events.iter().map(|event| format!("{} {}", event.kind, event.name())))
        .collect();
    for (kind, written_today) in KINDS {
        let today = written_today.iter().map(|(event, version)| format!("{kind} {event} {version}"));
        let ever = golden(kind).into_keys().map(|name| format!("{kind} {name}"));
        let untold: Vec<String> = today.chain(ever).filter(|name| !told.contains(name)).collect();
        assert!(untold.is_empty(), "no story of golden/stories.rs tells {untold:?}");
    }
    let folded: BTreeSet<&str> = all().iter().flat_map(|projection| projection.reads().to_vec()).collect();
    let known: BTreeSet<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    assert!(folded.is_subset(&known), "{folded:?}");
}

/// The Rust files of a folder and those below it, one after the other.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.extension() {
            None => sources(&path),
            Some(extension) if extension == "rs" => std::fs::read_to_string(&path).unwrap(),
            Some(_) => String::new(),
        })
        .collect()
}

/// One that is not in the list is public, and so no warning of the compiler, and is never built.
#[test]
fn every_projection_is_in_the_list() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let written = sources.split("\nimpl Projection for ").skip(1).count();
    assert_eq!(written, all().len(), "all() of lib.rs names each");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_tables_of_a_version_never_change() {
    let models = ReadModels::of(all()).await;
    let mut snapshots: Vec<(Box<dyn Projection>, Snapshot, Rows)> = vec![];
    for projection in all() {
        let mut snapshot = Snapshot::default();
        snapshot.add("Tables", shape(projection.name(), models.pool()).await);
        let rows = Rows::read(projection.name(), models.pool()).await;
        snapshots.push((projection, snapshot, rows));
    }
    for (number, story) in stories().iter().enumerate() {
        tell(number, story, &models, &mut snapshots).await;
    }
    let failures: Vec<String> = snapshots
        .iter()
        .filter_map(|(projection, snapshot, _)| snapshot.check(projection.name(), projection.version()).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    for (projection, snapshot, _) in snapshots {
        insta::assert_snapshot!(format!("{}_v{}", projection.name(), projection.version()), snapshot.text());
    }
}

/// Records a story's events one by one, and adds what each changed.
async fn tell(
    number: usize,
    story: &Story,
    models: &ReadModels,
    snapshots: &mut [(Box<dyn Projection>, Snapshot, Rows)],
) {
    let mut changes: Vec<String> = snapshots.iter().map(|_| String::new()).collect();
    for told in &story.events {
        let mut payload = golden(told.kind)
            .remove(&told.name())
            .unwrap_or_else(|| panic!("no golden event of {} is {}", told.kind, told.name()));
        told.alter(&mut payload);
        stories::make_own(&mut payload, number);
        stories::seal(told.kind, &mut payload, models).await;
        let stream = StreamId::new(told.kind, stories::own(&told.stream, number));
        let event = NewEvent {
            event_type: told.event.into(),
            event_version: told.version.into(),
            payload: canonical_json(&payload).unwrap(),
        };
        models.record(stream, event).await;
        models.fold().await;
        let reads = |projection: &dyn Projection| projection.reads().contains(&told.kind);
        for ((projection, _, rows), changes) in snapshots.iter_mut().zip(&mut changes) {
            if reads(&**projection) {
                let now = Rows::read(projection.name(), models.pool()).await;
                *changes += &format!("{}\n{}", told.name(), now.since(rows));
                *rows = now;
            }
        }
    }
    for ((_, snapshot, _), changes) in snapshots.iter_mut().zip(changes) {
        if !changes.is_empty() {
            snapshot.add(story.name, changes);
        }
    }
}
