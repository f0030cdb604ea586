//! Families and their children, the family file and households.

use portail_domain::{
    families::child::{ChildEvent, CostSharing},
    families::family::FamilyEvent,
    families::family_file::Section,
    shared::ids::ChildId,
    shared::sealed::{Place, Purpose, Sealed},
};
use portail_projections::families::{
    family::{self, FamilyProjection},
    family_file::{self, FamilyFileProjection},
    household::{self, HouseholdProjection},
};

use crate::{cast::*, read_models::ReadModels};

async fn identity(models: &ReadModels, child: ChildId, first_name: &str) -> Sealed {
    let secret = format!(r#"{{"surname":"Martin","first_name":"{first_name}","birth_date":"2008-05-14"}}"#);
    models.seal(Place::Child, &child.to_string(), Purpose::Identity, &secret).await
}

async fn registered(models: &ReadModels, child: ChildId, first_name: &str) {
    let identity = identity(models, child, first_name).await;
    models.given(of_child(child), [ChildEvent::ChildRegistered { family: family(), identity }]).await;
}

async fn of_section(models: &ReadModels, section: Section, revision: u32, secret: &str) -> FamilyEvent {
    let value = models.seal(Place::Family, FAMILY, section.purpose(), secret).await;
    FamilyEvent::FamilySectionRecorded { section, revision, value, request: None, received: received() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_has_its_children_by_first_name() {
    let models = ReadModels::of(vec![Box::new(FamilyProjection)]).await;
    registered(&models, lucie(), "Lucie").await;
    registered(&models, emma(), "Emma").await;
    let children = family::children(models.pool(), FAMILY).await.unwrap();
    assert_eq!(children.iter().map(|child| child.id).collect::<Vec<_>>(), [emma(), lucie()]);
    assert_eq!(children[0].identity.as_ref().unwrap().first_name, "Emma");
    // A name that is recorded anew is shown.
    let value = identity(&models, emma(), "Zoé").await;
    let renamed = ChildEvent::ChildSectionRecorded {
        section: Section::ChildIdentity,
        revision: 2,
        value,
        request: None,
        received: received(),
    };
    models.given(of_child(emma()), [renamed]).await;
    assert_eq!(family::children(models.pool(), FAMILY).await.unwrap()[1].id, emma());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_leaves_a_family_leaves_its_enrolments_there() {
    let models = ReadModels::of(vec![Box::new(FamilyProjection)]).await;
    registered(&models, lucie(), "Lucie").await;
    let later = portail_domain::families::child::Enrolment { from: day("2015-09-01"), ..enrolment() };
    models
        .given(
            of_child(lucie()),
            [
                ChildEvent::ChildLinkedToFamily { family: other_family() },
                ChildEvent::ChildEnrolled(enrolment()),
                ChildEvent::ChildEnrolled(later),
                ChildEvent::ChildUnlinkedFromFamily { family: family(), last_day: day("2015-05-31") },
            ],
        )
        .await;
    assert_eq!(family::families_of(models.pool(), lucie()).await.unwrap(), [OTHER_FAMILY]);
    let enrolments = family::enrolments(models.pool(), lucie(), day("2014-09-01"), day("2016-07-01"));
    let enrolments = enrolments.await.unwrap();
    assert_eq!(enrolments.len(), 1, "the later one never begins");
    assert_eq!(enrolments[0].to, Some(day("2015-05-31")));
    assert!(family::enrolled(models.pool(), &canteen(), day("2015-06-01")).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_holds_its_last_value_and_a_settled_modification_its_answer() {
    let models = ReadModels::of(vec![Box::new(FamilyFileProjection)]).await;
    let first = of_section(&models, Section::Bank, 1, r#"{"iban":"FR1"}"#).await;
    let second = of_section(&models, Section::Bank, 2, r#"{"iban":"FR2"}"#).await;
    models.given(of_family(), [first, second]).await;
    let sections = family_file::sections(models.pool(), &[FAMILY.to_owned()]).await.unwrap();
    assert_eq!((sections.len(), sections[0].revision), (1, 2));
    assert_eq!(sections[0].value.as_ref().unwrap()["iban"], "FR2");

    let proposed = r#"{"base":{"iban":"FR2"},"proposed":{"iban":"FR3"}}"#;
    let proposal = models.seal(Place::Modification, FAMILY, Purpose::Bank, proposed).await;
    let asked = FamilyEvent::ModificationRequested {
        request: request(1),
        section: Section::Bank,
        child: None,
        revision: 2,
        fields: vec!["iban".into()],
        proposal,
        attachments: vec![certificate()],
        received: received(),
    };
    models.given(of_family(), [asked]).await;
    let asked = &family_file::modifications(models.pool(), &[request(1).0]).await.unwrap()[0];
    assert_eq!(asked.current["iban"], "FR2");
    assert_eq!(asked.proposal.as_ref().unwrap().proposed["iban"], "FR3");
    assert_eq!(asked.attachments, [certificate()]);
    let withdrawn = FamilyEvent::ModificationWithdrawn { request: request(1), received: received() };
    models.given(of_family(), [withdrawn]).await;
    let status: String =
        sqlx::query_scalar("SELECT status FROM rm_file.request").fetch_one(models.pool()).await.unwrap();
    assert_eq!(status, "WITHDRAWN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_has_its_quotient_address_children_and_who_bears_their_costs() {
    let models = ReadModels::of(vec![Box::new(HouseholdProjection)]).await;
    registered(&models, lucie(), "Lucie").await;
    let caf = r#"{"income_quotient":"623","quotient_from":"2015-01-01","quotient_to":"2015-12-31"}"#;
    let home = r#"{"surname":"Martin","postcode":"62138","commune":"62401","town":"Haisnes"}"#;
    let caf = of_section(&models, Section::Caf, 1, caf).await;
    let home = of_section(&models, Section::Responsible, 2, home).await;
    models.given(of_family(), [caf, home]).await;
    let sharing = CostSharing::Shares(vec![(family(), 60), (other_family(), 40)]);
    let shared = ChildEvent::CostSharingAgreed { sharing, from: day("2015-04-01"), received: received() };
    models.given(of_child(lucie()), [ChildEvent::ChildEnrolled(enrolment()), shared]).await;
    let households = household::households(models.pool(), &[FAMILY.to_owned()]).await.unwrap();
    let household = &households[FAMILY];
    assert_eq!(household.quotients.on(day("2015-06-01")).unwrap().to_string(), "623");
    assert_eq!(household.address.commune.as_deref(), Some("62401"));
    let child = &household.children[0];
    assert_eq!((child.born, child.enrolments.len()), (Some(day("2008-05-14")), 1));
    assert_eq!(child.sharing[0].0, day("2015-04-01"));
    assert_eq!(household::next_families(models.pool(), "", 10).await.unwrap(), [FAMILY]);
    assert_eq!(household::count_families(models.pool()).await.unwrap(), 1);
}
