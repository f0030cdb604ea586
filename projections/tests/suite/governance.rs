//! The catalogue, erasures with the policy, and what takes two of the staff.

use std::time::Duration;

use cqrs_es::Aggregate;
use portail_domain::{
    catalogue::activity::{Activity, ActivityEvent},
    catalogue::structure::{Structure, StructureEvent},
    families::child::ChildEvent,
    governance::dual_control::{Action, DualControl, DualControlEvent},
    governance::policy::{FourEyes, Policy, PolicyEvent},
    money::account::PaymentMethod,
    privacy::erasure::{Erasure, ErasureEvent, LegalBasis, RetentionRules, Subject},
    shared::sealed::{Place, Purpose},
};
use portail_event_store::{StreamId, VaultError};
use portail_projections::{
    catalogue::{CatalogueCache, CatalogueProjection},
    families::family::{self, FamilyProjection},
    governance::dual_control::{self, DualControlProjection},
    privacy::erasures::{self, ErasuresProjection},
};

use crate::{cast::*, read_models::ReadModels};

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_holds_what_the_town_offers_on_a_day() {
    let models = ReadModels::of(vec![Box::new(CatalogueProjection)]).await;
    let structure = StreamId::new(Structure::TYPE, "restauration");
    models.given(structure, [StructureEvent::StructureDefined { name: "Restauration".into() }]).await;
    let activity = StreamId::new(Activity::TYPE, canteen().to_string());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/events/Activity.json");
    let golden: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let defined: ActivityEvent = serde_json::from_value(golden["ActivityDefined 1.0"].clone()).unwrap();
    models.given(activity.clone(), [defined]).await;
    let cache = CatalogueCache::new(models.pool().clone(), models.engine().clone());
    let catalogue = cache.get().await.unwrap();
    assert_eq!(catalogue.activities.len(), 1);
    assert!(catalogue.structures.contains_key(&"restauration".parse().unwrap()));
    // A change of the tables makes another catalogue; without one it is the same.
    assert!(std::sync::Arc::ptr_eq(&catalogue, &cache.get().await.unwrap()));
    let retired = ActivityEvent::ActivityRetired { from: day("2015-07-04"), releases: false };
    models.given(activity, [retired]).await;
    assert!(models.engine().wait_for(&["catalogue"], 3, Duration::ZERO).await);
    let catalogue = cache.get().await.unwrap();
    assert!(catalogue.activities[&canteen()].settings_on(day("2015-07-03")).is_some());
    assert!(catalogue.activities[&canteen()].settings_on(day("2015-07-04")).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_destroys_the_keys_and_what_was_opened_with_them() {
    let models = ReadModels::of(vec![Box::new(FamilyProjection), Box::new(ErasuresProjection)]).await;
    let secret = r#"{"surname":"Martin","first_name":"Lucie","birth_date":"2008-05-14"}"#;
    let subject = lucie().to_string();
    let identity = models.seal(Place::Child, &subject, Purpose::Identity, secret).await;
    let registered = ChildEvent::ChildRegistered { family: family(), identity };
    models.given(of_child(lucie()), [registered]).await;
    let erased = ErasureEvent::PersonalDataErased {
        subject: Subject::Child(lucie()),
        purposes: vec![Purpose::Identity],
        basis: LegalBasis::Objection,
        files: vec![],
        received: received(),
    };
    models.given(StreamId::new(Erasure::TYPE, subject.clone()), [erased]).await;
    let children = family::children(models.pool(), FAMILY).await.unwrap();
    assert_eq!(children.len(), 1, "the child is still the family's");
    assert!(children[0].identity.is_none());
    let sealed = models.vault().seal(&subject, "IDENTITY", "Child/x", b"anew").await;
    assert!(matches!(sealed, Err(VaultError::Destroyed)));
    let rows = erasures::erasures(models.pool(), Some(&subject), None, 10).await.unwrap();
    assert_eq!((rows.len(), rows[0].basis.into(), rows[0].actor.as_str()), (1, "OBJECTION", "staff:mairie"));
    assert_eq!(rows[0].purposes, [Purpose::Identity]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_what_was_adopted_last() {
    let models = ReadModels::of(vec![Box::new(ErasuresProjection)]).await;
    let town = StreamId::new(Policy::TYPE, "town");
    assert_eq!(erasures::policy(models.pool()).await.unwrap().four_eyes, FourEyes::default());
    let adopt = |bank, refunds| PolicyEvent::FourEyesAdopted {
        what: FourEyes { bank, refunds },
        received: received(),
    };
    models.given(town, [adopt(true, true), adopt(true, false)]).await;
    let policy = erasures::policy(models.pool()).await.unwrap();
    assert_eq!(policy.four_eyes, FourEyes { bank: true, refunds: false });
    assert_eq!(policy.retention, RetentionRules::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_two_waits_until_another_one_seconds_it() {
    let models = ReadModels::of(vec![Box::new(DualControlProjection)]).await;
    let stream = StreamId::new(DualControl::TYPE, FAMILY);
    let action = Action::Refund {
        regie: "al".parse().unwrap(),
        date: day("2015-04-08"),
        method: PaymentMethod::Transfer,
        amount: "12.00".parse().unwrap(),
    };
    let by = |login: &str| format!("staff:{login}");
    let proposed =
        DualControlEvent::ActionProposed { action: action.clone(), by: by("mairie"), received: received() };
    models.given(stream.clone(), [proposed]).await;
    let open = dual_control::open(models.pool(), 10).await.unwrap();
    assert_eq!((open.len(), open[0].family.as_str(), open[0].by.as_str()), (1, FAMILY, "staff:mairie"));
    assert_eq!(open[0].action, action);
    let seconded =
        DualControlEvent::ActionSeconded { slot: action.slot(), by: by("accueil"), received: received() };
    models.given(stream, [seconded]).await;
    assert!(dual_control::open(models.pool(), 10).await.unwrap().is_empty());
}
