//! The family file: what parents see and ask, what staff decide.

use portail_application::import::FileKind;
use portail_domain::{
    families::family_file::{Kind, Owner, Section},
    i18n,
    privacy::erasure::Subject,
    shared::ids::ChildId,
    shared::sealed::Place,
};
use portail_projections::attendance::request::RequestKind;
use serde_json::{Value, json};
use strum::VariantArray;
use uuid::Uuid;

use crate::server::{AUDITOR, Client, LEO, PARENT, STAFF, demo};

const FILE: &str = "query ($min: Position) { myFile(minPosition: $min) { familyNumber \
    responsible { title surname firstName capacity familySituation address postcode town homePhone workPhone email emailConsent smsConsent affiliationBody } \
    spouse { surname firstName address postcode town } tax { taxNumber referenceIncome shares } bank { accountHolder iban bic directDebit } \
    caf { fund incomeQuotient quotientFrom } revisions { section revision } \
    children { childId identity { firstName birthDate school } health { glasses allergies } pickUp { persons { surname barred } } revisions { section revision } } } }";

const SCHEMA: &str = include_str!("../../../docs/schema.graphql");

const REQUESTS: &str = "query ($filter: RequestFilter, $order: RequestOrder, $min: Position) { requests(filter: $filter, order: $order, first: 100, minPosition: $min) { \
    edges { node { requestId type typeLabel status childId child refusalReason refusalNote decidedAt \
    changes { field label before current proposed conflict } } } } }";

async fn people() -> (Client, Client) {
    let address = demo().await;
    (Client::log_in(address, PARENT).await, Client::log_in(address, STAFF).await)
}

async fn mutate(client: &Client, mutation: &str, kind: &str, mut input: Value, fields: &str) -> Value {
    input["clientMutationId"] = json!(Uuid::new_v4());
    let query = format!(
        "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {fields} position userErrors {{ code message path }} }} }}"
    );
    client.ask(&query, json!({ "input": input })).await[mutation].clone()
}

async fn ask_for(parent: &Client, seen: u32, child: Option<&str>, change: Value) -> Value {
    let input = json!({ "childId": child, "seenRevision": seen, "change": change });
    mutate(parent, "requestModification", "RequestModificationInput", input, "id").await
}

async fn approve(staff: &Client, request: &Value, overwrite: bool) -> Value {
    let input = json!({ "requestIds": [request], "overwrite": overwrite });
    let fields = "requests { requestId error { code message } }";
    mutate(staff, "approveModifications", "ApproveModificationsInput", input, fields).await
}

async fn record(staff: &Client, seen: u32, child: Option<&str>, change: Value) -> Value {
    let input = json!({ "familyNumber": PARENT.0, "childId": child, "seenRevision": seen, "change": change });
    mutate(staff, "recordSection", "RecordSectionInput", input, "id").await
}

async fn request(client: &Client, id: &Value, min: &Value) -> Value {
    let page = client.ask(REQUESTS, json!({ "filter": { "requestId": id }, "min": min })).await;
    page["requests"]["edges"][0]["node"].clone()
}

fn codes(payload: &Value) -> Vec<(&str, &str)> {
    let errors = payload["userErrors"].as_array().unwrap();
    errors
        .iter()
        .map(|e| {
            (e["path"].as_array().unwrap().last().unwrap().as_str().unwrap(), e["code"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn the_account_shows_every_field_of_the_guide() {
    let (parent, _) = people().await;
    let file = parent.ask(FILE, json!({})).await["myFile"].clone();
    assert_eq!(file["familyNumber"], PARENT.0);
    assert_eq!(
        file["responsible"],
        json!({ "title": "Monsieur", "surname": "DUPONT", "firstName": "JEAN", "capacity": "Père",
            "familySituation": "Séparé", "address": "12 RUE DES BONBONS", "postcode": "31400", "town": "SAINT - JEAN",
            "homePhone": "01 02 03 04 05", "workPhone": null, "email": "jean.dupont@wanadoo.fr", "emailConsent": true,
            "smsConsent": false, "affiliationBody": "0" })
    );
    assert_eq!(file["spouse"]["firstName"], "JEANNE");
    assert_eq!(file["spouse"]["address"], "Lotissement les bons bonbons");
    assert_eq!(file["bank"]["accountHolder"], "DUPONT JEAN");
}

#[tokio::test]
async fn a_modification_changes_nothing_until_it_is_approved_and_then_at_once() {
    let (parent, staff) = people().await;
    let tax =
        json!({ "tax": { "taxNumber": "1234567890123", "referenceIncome": "21345.5", "shares": "2.50" } });
    let asked = ask_for(&parent, 0, None, tax).await;
    assert_eq!(codes(&asked), []);
    let before = parent.ask(FILE, json!({ "min": asked["position"] })).await["myFile"]["tax"].clone();
    assert_eq!(before, Value::Null);
    let shown = request(&staff, &asked["id"], &asked["position"]).await;
    assert_eq!((shown["type"].as_str(), shown["status"].as_str()), (Some("TAX"), Some("PENDING")));
    assert_eq!(shown["typeLabel"], "Informations fiscales");
    let income =
        shown["changes"].as_array().unwrap().iter().find(|c| c["field"] == "referenceIncome").unwrap();
    assert_eq!(
        income,
        &json!({ "field": "referenceIncome", "label": "Revenu fiscal de référence", "before": null,
            "current": null, "proposed": "21345.50", "conflict": false })
    );

    let approved = approve(&staff, &asked["id"], false).await;
    assert_eq!(approved["requests"][0]["error"], Value::Null);
    let after = parent.ask(FILE, json!({ "min": approved["position"] })).await["myFile"]["tax"].clone();
    assert_eq!(
        after,
        json!({ "taxNumber": "1234567890123", "referenceIncome": "21345.50", "shares": "2.5" })
    );
    let again = approve(&staff, &asked["id"], false).await;
    assert_eq!(again["requests"][0]["error"]["code"], "ALREADY_DECIDED");
    let stale = ask_for(&parent, 0, None, json!({ "tax": { "shares": "3" } })).await;
    assert_eq!(codes(&stale), [("input", "STALE_FORM")]);
}

#[tokio::test]
async fn all_errors_of_a_form_come_at_once_each_at_its_field_in_both_languages() {
    let (mut parent, _) = people().await;
    let form = json!({ "bank": { "iban": "FR1420041010050500013M02607", "bic": "x", "mandateSignedOn": "2099-01-01",
        "directDebit": true } });
    let french = ask_for(&parent, 1, None, form.clone()).await;
    assert_eq!(
        codes(&french),
        [("bic", "INVALID_BIC"), ("iban", "INVALID_IBAN"), ("mandateSignedOn", "DATE_IN_THE_FUTURE")]
    );
    assert_eq!(french["userErrors"][1]["path"], json!(["input", "change", "bank", "iban"]));
    assert!(french["userErrors"][1]["message"].as_str().unwrap().starts_with("IBAN incorrect"));
    assert_eq!((&french["id"], &french["position"]), (&Value::Null, &Value::Null));
    parent.language = "en";
    let english = ask_for(&parent, 1, None, form).await;
    assert!(english["userErrors"][1]["message"].as_str().unwrap().starts_with("Wrong IBAN"));
    let debit = ask_for(&parent, 1, None, json!({ "bank": { "directDebit": true } })).await;
    assert_eq!(codes(&debit), [("iban", "FIELD_REQUIRED")]);
}

#[tokio::test]
async fn what_changed_meanwhile_is_a_conflict_and_is_overwritten_only_when_staff_say_so() {
    let (parent, staff) = people().await;
    let change = json!({ "caf": { "incomeQuotient": "700", "fund": "MSA" } });
    let asked = ask_for(&parent, 1, None, change).await;
    assert_eq!(codes(&asked), []);
    let recorded = record(&staff, 1, None, json!({ "caf": { "incomeQuotient": "650.00" } })).await;
    assert_eq!(codes(&recorded), []);
    let shown = request(&staff, &asked["id"], &recorded["position"]).await;
    let of = |field: &str| {
        shown["changes"].as_array().unwrap().iter().find(|c| c["field"] == field).unwrap().clone()
    };
    let quotient = of("incomeQuotient");
    assert_eq!(
        (&quotient["before"], &quotient["current"], &quotient["proposed"], &quotient["conflict"]),
        (&json!("845.00"), &json!("650.00"), &json!("700.00"), &json!(true))
    );
    assert_eq!(of("fund")["conflict"], false);
    let held = approve(&staff, &asked["id"], false).await;
    assert_eq!(held["requests"][0]["error"]["code"], "CONFLICTING_FIELDS");
    assert_eq!(held["position"], Value::Null);
    let approved = approve(&staff, &asked["id"], true).await;
    assert_eq!(approved["requests"][0]["error"], Value::Null);
    let file = parent.ask(FILE, json!({ "min": approved["position"] })).await["myFile"].clone();
    assert_eq!(
        file["caf"],
        json!({ "fund": "MSA", "incomeQuotient": "700.00", "quotientFrom": "2015-01-01" })
    );
}

#[tokio::test]
async fn a_childs_health_and_pick_up_persons_are_asked_for_and_refused_with_words() {
    let (parent, staff) = people().await;
    let health =
        ask_for(&parent, 1, Some(LEO), json!({ "health": { "allergies": ["arachide"], "glasses": true } }))
            .await;
    let person = json!({ "surname": "MARTIN", "firstName": "Paul", "barred": true });
    let persons = ask_for(&parent, 1, Some(LEO), json!({ "pickUp": { "persons": [person] } })).await;
    assert_eq!((codes(&health), codes(&persons)), (vec![], vec![]));
    let input = json!({ "requestIds": [persons["id"]], "reason": "OTHER" });
    let fields = "requests { error { code } }";
    let wordless =
        mutate(&staff, "refuseModifications", "RefuseModificationsInput", input.clone(), fields).await;
    assert_eq!(wordless["requests"][0]["error"]["code"], "REASON_REQUIRED");
    let mut input = input;
    input["note"] = json!("Jugement à fournir");
    let refused = mutate(&staff, "refuseModifications", "RefuseModificationsInput", input, fields).await;
    let shown = request(&parent, &persons["id"], &refused["position"]).await;
    assert_eq!(
        (shown["status"].as_str(), shown["refusalReason"].as_str(), shown["refusalNote"].as_str()),
        (Some("REFUSED"), Some("Autre motif"), Some("Jugement à fournir"))
    );
    assert_eq!(shown["changes"][0]["proposed"], "MARTIN, Paul, interdit");
    let approved = approve(&staff, &health["id"], false).await;
    let file = parent.ask(FILE, json!({ "min": approved["position"] })).await["myFile"].clone();
    let leo = file["children"].as_array().unwrap().iter().find(|c| c["childId"] == LEO).unwrap().clone();
    assert_eq!(leo["health"], json!({ "glasses": true, "allergies": ["arachide"] }));
    assert_eq!(leo["pickUp"]["persons"].as_array().unwrap().len(), 1, "{leo}");
}

#[tokio::test]
async fn a_new_child_is_announced_and_exists_once_approved() {
    let (parent, staff) = people().await;
    let announce = |birth: &str, name: &str| json!({ "identity": { "surname": "DUPONT", "firstName": name, "birthDate": birth } });
    let unborn =
        mutate(&parent, "requestNewChild", "RequestNewChildInput", announce("2016-01-01", "ZOE"), "id").await;
    assert_eq!(codes(&unborn), [("birthDate", "DATE_IN_THE_FUTURE")]);
    let asked =
        mutate(&parent, "requestNewChild", "RequestNewChildInput", announce("2012-01-01", "ZOE"), "id").await;
    let shown = request(&parent, &asked["id"], &asked["position"]).await;
    assert_eq!(shown["type"], "NEW_CHILD");
    let approved = approve(&staff, &asked["id"], false).await;
    let file = parent.ask(FILE, json!({ "min": approved["position"] })).await["myFile"].clone();
    let zoe =
        file["children"].as_array().unwrap().iter().find(|c| c["childId"] == asked["id"]).unwrap().clone();
    assert_eq!(zoe["identity"]["firstName"], "ZOE");
    let other =
        mutate(&parent, "requestNewChild", "RequestNewChildInput", announce("2013-01-01", "LISE"), "id")
            .await;
    let input = json!({ "requestId": other["id"] });
    let withdrawn = mutate(&parent, "withdrawModification", "WithdrawModificationInput", input, "id").await;
    assert_eq!(request(&parent, &other["id"], &withdrawn["position"]).await["status"], "WITHDRAWN");
    assert_eq!(approve(&staff, &other["id"], false).await["requests"][0]["error"]["code"], "ALREADY_DECIDED");
}

#[tokio::test]
async fn the_list_has_its_two_tabs_and_staff_a_worklist() {
    let (parent, staff) = people().await;
    let asked = ask_for(&parent, 1, None, json!({ "spouse": { "workPhone": "+33 3 21 00 00 00" } })).await;
    let authorised =
        ask_for(&parent, 1, Some(LEO), json!({ "authorisations": { "swimming": true, "image": null } }))
            .await;
    let tab = async |tab: &str| {
        let filter =
            json!({ "filter": { "tab": tab, "statuses": ["PENDING"] }, "min": authorised["position"] });
        let page = parent.ask(REQUESTS, filter).await;
        let edges = page["requests"]["edges"].as_array().unwrap().clone();
        edges.iter().map(|e| e["node"]["requestId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (spouse, authorisations) =
        (asked["id"].as_str().unwrap().to_owned(), authorised["id"].as_str().unwrap().to_owned());
    let (account, children) = (tab("ACCOUNT").await, tab("CHILDREN").await);
    assert!(account.contains(&spouse) && !account.contains(&authorisations));
    assert!(children.contains(&authorisations) && !children.contains(&spouse));

    let work = staff.ask("{ pendingRequests { type count typeLabel oldestSubmittedAt } }", json!({})).await;
    let spouses = work["pendingRequests"].as_array().unwrap().iter().find(|c| c["type"] == "SPOUSE").unwrap();
    assert!(spouses["count"].as_i64().unwrap() >= 1);
    let oldest =
        staff.ask(REQUESTS, json!({ "filter": { "statuses": ["PENDING"] }, "order": "OLDEST_FIRST" })).await;
    let newest = staff.ask(REQUESTS, json!({ "filter": { "statuses": ["PENDING"] } })).await;
    let first = |page: &Value| page["requests"]["edges"][0]["node"]["requestId"].clone();
    assert_ne!(first(&oldest), first(&newest));
    let unknown = Uuid::new_v4();
    let input = json!({ "requestIds": [asked["id"], authorised["id"], unknown] });
    let fields = "requests { requestId error { code } }";
    let bulk = mutate(&staff, "approveModifications", "ApproveModificationsInput", input, fields).await;
    let verdicts: Vec<&Value> =
        bulk["requests"].as_array().unwrap().iter().map(|r| &r["error"]["code"]).collect();
    assert_eq!(verdicts, [&Value::Null, &Value::Null, &json!("NOT_FOUND")]);
}

#[tokio::test]
async fn a_foreign_file_is_not_found_and_bank_details_are_masked_for_auditors() {
    let (parent, staff) = people().await;
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    let number = "1001001777001";
    let input = json!({ "number": number, "title": "Madame", "surname": "MARTIN", "firstName": "LUCIE" });
    mutate(&staff, "registerFamily", "RegisterFamilyInput", input, "id").await;
    let input =
        json!({ "familyNumber": number, "surname": "MARTIN", "firstName": "TOM", "birthDate": "2010-01-01" });
    let tom = mutate(&staff, "registerChild", "RegisterChildInput", input, "id").await;
    let input = json!({ "familyNumber": number, "seenRevision": 0,
        "change": { "bank": { "accountHolder": "MARTIN LUCIE", "iban": "FR1420041010050500013M02606", "bic": "PSSTFRPPMAR" } } });
    let bank = mutate(&staff, "recordSection", "RecordSectionInput", input, "id").await;
    assert_eq!(codes(&bank), []);
    let foreign =
        "query ($child: ID!, $min: Position) { childFile(childId: $child, minPosition: $min) { childId } }";
    let variables = json!({ "child": tom["id"], "min": bank["position"] });
    assert_eq!(parent.error(foreign, variables).await, "NOT_FOUND");
    let health = ask_for(&parent, 0, tom["id"].as_str(), json!({ "health": { "glasses": true } })).await;
    assert_eq!(codes(&health), [("childId", "NOT_FOUND")]);
    let file = "query ($n: String!) { familyFile(number: $n) { bank { iban } } }";
    let variables = json!({ "n": number });
    assert_eq!(parent.error(file, variables.clone()).await, "FORBIDDEN");
    let iban = async |client: &Client| {
        client.ask(file, variables.clone()).await["familyFile"]["bank"]["iban"].clone()
    };
    assert_eq!(iban(&staff).await, "FR1420041010050500013M02606");
    assert_eq!(iban(&auditor).await, "FR14•••••••••••••••••••2606");
}

/// What the compiler cannot ask of a section: that the parts that know it fit together.
#[test]
fn every_section_is_shown_asked_for_erased_imported_and_handed_out() {
    let imported: Vec<Section> = [FileKind::Families, FileKind::Children]
        .into_iter()
        .flat_map(FileKind::sections)
        .map(|(section, _)| section)
        .collect();
    for section in Section::VARIANTS {
        let kind = RequestKind::from(*section);
        assert_eq!(kind.section(), Some(*section));
        assert_eq!(kind.to_string(), section.to_string(), "what is stored");
        assert!(i18n::has(&format!("REQUEST_{section}")), "{section} has no label");
        let subject = match section.owner() {
            Owner::Family => Subject::Family("1001001010331".parse().unwrap()),
            Owner::Child => Subject::Child(ChildId(Uuid::nil())),
        };
        assert!(subject.has(section.purpose()), "{section} would never be erased");
        // A list of persons is no cell of a table.
        let is_a_list = section.fields().iter().all(|field| field.kind == Kind::Persons);
        assert_eq!(imported.contains(section), !is_a_list, "{section}");
        let place = if section.owner() == Owner::Family { Place::Family } else { Place::Child };
        assert!(Place::VARIANTS.contains(&place), "{section} would stay sealed in the archive");
        let shown = if section.owner() == Owner::Family { "type FamilyFile {" } else { "type ChildFile {" };
        let fields = SCHEMA.split(shown).nth(1).and_then(|rest| rest.split("\n}").next()).unwrap();
        assert!(
            format!("{fields}\n").contains(&format!(": {section:?}\n")),
            "{section} is not shown in {shown}"
        );
    }
}
