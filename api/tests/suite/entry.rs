//! What people enter: hostile texts and impossible dates, in every field of every input and every
//! argument of every query, are told at their place; nothing of them reaches the log or the database.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Client, DIRECTOR, EMMA, Home, LEO, PARENT, STAFF, Server};

/// How the log names the director.
const ACTOR: &str = "staff:directrice";

/// The demo town with an administrator.
async fn town() -> (Home, Server, Client) {
    let home = Home::new().await;
    home.prepare_demo();
    home.account(DIRECTOR, "administrator");
    let server = home.serve(&["--demo"]);
    let director = Client::log_in(&server.address, DIRECTOR).await;
    (home, server, director)
}

/// A type as introspection tells it.
fn written(kind: &Value) -> String {
    match kind["kind"].as_str() {
        Some("NON_NULL") => format!("{}!", written(&kind["ofType"])),
        Some("LIST") => format!("[{}]", written(&kind["ofType"])),
        _ => kind["name"].as_str().unwrap().to_owned(),
    }
}

struct Schema {
    kinds: BTreeMap<String, Value>,
}

const KIND: &str = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";

impl Schema {
    async fn of(client: &Client) -> Self {
        let query = format!(
            "{{ __schema {{ types {{ kind name fields {{ name args {{ name type {{ {KIND} }} }} type {{ {KIND} }} }} \
             inputFields {{ name type {{ {KIND} }} }} enumValues {{ name }} }} }} }}"
        );
        let answer = client.ask(&query, json!({})).await;
        let kinds = answer["__schema"]["types"].as_array().unwrap().iter();
        Self { kinds: kinds.map(|k| (k["name"].as_str().unwrap().to_owned(), k.clone())).collect() }
    }

    fn fields(&self, root: &str) -> Vec<Value> {
        self.kinds[root]["fields"].as_array().unwrap().clone()
    }

    /// Whether a type needs a selection.
    fn is_object(&self, kind: &Value) -> bool {
        match kind["name"].as_str() {
            Some(name) => matches!(self.kinds[name]["kind"].as_str(), Some("OBJECT" | "INTERFACE" | "UNION")),
            None => self.is_object(&kind["ofType"]),
        }
    }

    /// A harmless value of a type, and the places of the leaves of some scalars in it.
    fn value(&self, kind: &Value, place: &[String], leaves: &mut Vec<(Vec<String>, String)>) -> Value {
        let below = |step: &str| [place, &[step.to_owned()]].concat();
        match kind["kind"].as_str().unwrap() {
            "NON_NULL" => self.value(&kind["ofType"], place, leaves),
            "LIST" => json!([self.value(&kind["ofType"], &below("0"), leaves)]),
            "ENUM" => self.kinds[kind["name"].as_str().unwrap()]["enumValues"][0]["name"].clone(),
            "INPUT_OBJECT" => {
                let name = kind["name"].as_str().unwrap();
                let fields = self.kinds[name]["inputFields"].as_array().unwrap();
                let value = |f: &Value, leaves: &mut Vec<(Vec<String>, String)>| {
                    let field = f["name"].as_str().unwrap();
                    (field.to_owned(), self.value(&f["type"], &below(field), leaves))
                };
                // Of several possible shapes one is chosen where nothing is required.
                let is_choice = fields.len() > 1
                    && !name.ends_with("Filter")
                    && fields.iter().all(|f| f["type"]["kind"] != "NON_NULL")
                    && [
                        "Change",
                        "Scope",
                        "Audience",
                        "Deadline",
                        "Sharing",
                        "Outside",
                        "Scale",
                        "Surcharge",
                        "Moment",
                        "Unit",
                    ]
                    .iter()
                    .any(|part| name.contains(part));
                let taken = if is_choice { &fields[..1] } else { &fields[..] };
                Value::Object(taken.iter().map(|f| value(f, leaves)).collect())
            }
            _ => {
                let name = kind["name"].as_str().unwrap();
                leaves.push((place.to_vec(), name.to_owned()));
                match name {
                    "Int" | "Float" => json!(1),
                    "Boolean" => json!(true),
                    "UUID" => json!(Uuid::now_v7()),
                    "Date" => json!("2015-04-08"),
                    "DateTime" => json!("2015-04-08T07:00:00Z"),
                    "Time" => json!("08:00:00"),
                    "Month" => json!("2015-04"),
                    "Decimal" => json!("1.00"),
                    "Position" => json!("1"),
                    "JSON" => json!({}),
                    "ID" => json!(LEO),
                    "String" => json!("texte"),
                    other => panic!("a value of {other}"),
                }
            }
        }
    }
}

fn put(value: &mut Value, place: &[String], leaf: Value) {
    let pointer = place.iter().fold(String::new(), |pointer, step| format!("{pointer}/{step}"));
    *value.pointer_mut(&pointer).unwrap() = leaf;
}

/// What of each scalar is hostile.
fn hostile(scalar: &str) -> Vec<Value> {
    match scalar {
        "String" | "ID" => {
            vec![json!("a\u{0}b"), json!("\u{202e}abc"), json!("x\u{7f}"), json!("y".repeat(60_000))]
        }
        "Date" => vec![json!("-262143-01-01"), json!("+262142-12-31"), json!("9999-12-31"), json!("x\u{0}")],
        "DateTime" => vec![json!("9999-12-31T00:00:00Z"), json!("-262143-01-01T00:00:00Z")],
        "Month" => vec![json!("9999-12"), json!("0000-01")],
        "Time" => vec![json!("23:59:60"), json!("25:00")],
        "Position" => vec![json!("18446744073709551615"), json!("-1")],
        _ => vec![],
    }
}

/// What a person recorded.
async fn recorded(client: &Client, actor: &str) -> Value {
    let query = "query ($actor: String!) { logEvents(filter: { actor: $actor }, first: 1) { edges { node { eventType } } } }";
    client.ask(query, json!({ "actor": actor })).await["logEvents"]["edges"].clone()
}

#[tokio::test]
async fn no_hostile_value_of_any_field_reaches_the_log_or_the_database() {
    let (_home, server, director) = town().await;
    let schema = Schema::of(&director).await;
    let mut tried = 0;
    for (root, keyword) in [("Query", "query"), ("Mutation", "mutation")] {
        for field in schema.fields(root) {
            let name = field["name"].as_str().unwrap();
            let mut leaves = vec![];
            let arguments = field["args"].as_array().unwrap();
            let value = |a: &Value, leaves: &mut Vec<_>| {
                let name = a["name"].as_str().unwrap().to_owned();
                (name.clone(), schema.value(&a["type"], &[name], leaves))
            };
            let harmless = Value::Object(arguments.iter().map(|a| value(a, &mut leaves)).collect());
            let declared: Vec<String> = arguments
                .iter()
                .map(|a| format!("${}: {}", a["name"].as_str().unwrap(), written(&a["type"])))
                .collect();
            let passed: Vec<String> =
                arguments.iter().map(|a| format!("{0}: ${0}", a["name"].as_str().unwrap())).collect();
            let errors = root == "Mutation" && name != "logOut";
            let selection = match (errors, schema.is_object(&field["type"])) {
                (true, _) => " { userErrors { code path message } }",
                (false, true) => " { __typename }",
                (false, false) => "",
            };
            if arguments.is_empty() {
                continue;
            }
            let query =
                format!("{keyword} ({}) {{ {name}({}){selection} }}", declared.join(", "), passed.join(", "));
            for (place, scalar) in leaves {
                // A number at the bounds may be a right one: it only has to be survived.
                let numbers =
                    (scalar == "Int" && root == "Query").then(|| [json!(i32::MAX), json!(i32::MIN)]);
                for leaf in hostile(&scalar).into_iter().chain(numbers.into_iter().flatten()) {
                    let mut variables = harmless.clone();
                    put(&mut variables, &place, leaf.clone());
                    let shown: String = leaf.to_string().chars().take(40).collect();
                    let asked = format!("{name} {} = {shown}", place.join("."));
                    let answer = director.send(&query, variables).await.unwrap();
                    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
                    assert!(!["UNAVAILABLE", "TIMEOUT", "CONFLICT"].contains(&code), "{asked}: {answer}");
                    let told = &answer["data"][name]["userErrors"];
                    let refused = !code.is_empty() || told.as_array().is_some_and(|e| !e.is_empty());
                    assert!(refused || scalar == "Int", "{asked}: {answer}");
                    for error in told.as_array().into_iter().flatten() {
                        assert!(
                            !error["message"].as_str().unwrap().contains(['{', '}']),
                            "{asked}: {answer}"
                        );
                    }
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 800, "{tried}");
    assert_eq!(recorded(&director, ACTOR).await, json!([]), "something of them was recorded");
    let (status, health) = director.get("/health", "application/json").await;
    assert_eq!(status, 200, "{health}");
    drop(server);
}

#[tokio::test]
async fn dates_of_exports_and_documents_are_bounded_too() {
    let (_home, _server, director) = town().await;
    for path in [
        "/exports/regies/al/operations?from=-262143-01-01&to=2015-08-31",
        "/exports/regies/al/books?from=2014-09-01&to=%2B262142-12-31",
        "/exports/sessions/garderie-matin/9999-12-31",
        "/documents/sessions/garderie-matin/9999-12-31",
        "/exports/sessions/garderie%00matin/2015-04-08",
        "/exports/regies/al%00/operations?from=2014-09-01&to=2015-08-31",
        "/exports/families/1001001010331%00",
    ] {
        let token = format!("Bearer {}", director.token.as_deref().unwrap());
        let answer = director.call("GET", path, &[("Authorization", &token)], vec![]).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_text_is_kept_in_one_form_and_its_faults_are_named() {
    let (_home, server, _) = town().await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let open = async |subject: &str, body: &str| {
        let input = json!({ "clientMutationId": Uuid::now_v7(), "structureId": "garderie", "subject": subject, "body": body });
        let query = "mutation ($input: OpenConversationInput!) { openConversation(input: $input) { id userErrors { code path message } } }";
        parent.ask(query, json!({ "input": input })).await["openConversation"].clone()
    };
    for (subject, body, code, field, says) in [
        ("a\u{0}b", "x", "FORBIDDEN_CHARACTER", "subject", "U+0000"),
        ("x", "\u{202e}x", "FORBIDDEN_CHARACTER", "body", "U+202E"),
        ("a\nb", "x", "LINE_BREAK", "subject", "ligne"),
        ("\u{200b}\u{3164}", "x", "FIELD_REQUIRED", "subject", "obligatoire"),
        (&"x".repeat(121), "x", "FIELD_TOO_LONG", "subject", "120 caractères"),
    ] {
        let error = &open(subject, body).await["userErrors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!(code), &json!(["input", field])), "{error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
    }
    let opened = open(" Re\u{301}union\t1 ", "Bonjour,\r\nmerci \u{feff}!").await;
    assert_eq!(opened["userErrors"], json!([]), "{opened}");
    let query = "query ($id: ID!) { conversation(id: $id) { subject messages { body } } }";
    let kept = parent.ask(query, json!({ "id": opened["id"] })).await["conversation"].clone();
    assert_eq!(
        (&kept["subject"], &kept["messages"][0]["body"]),
        (&json!("Réunion 1"), &json!("Bonjour,\nmerci !"))
    );
}

#[tokio::test]
async fn impossible_dates_are_refused_with_the_bound_they_break() {
    let (_home, server, _) = town().await;
    let staff = Client::log_in(&server.address, STAFF).await;
    for (mutation, input, field, code) in [
        (
            "registerChild",
            json!({ "familyNumber": PARENT.0, "firstName": "Z", "surname": "Z", "birthDate": "2016-01-01" }),
            "birthDate",
            "DATE_IN_THE_FUTURE",
        ),
        (
            "registerChild",
            json!({ "familyNumber": PARENT.0, "firstName": "Z", "surname": "Z", "birthDate": "1950-01-01" }),
            "birthDate",
            "DATE_TOO_EARLY",
        ),
        ("closeCashDay", json!({ "regieId": "al", "date": "2015-04-09" }), "date", "DATE_IN_THE_FUTURE"),
        (
            "closeDays",
            json!({ "from": "2080-01-01", "to": "2080-01-02", "reason": "STRIKE" }),
            "from",
            "DATE_TOO_LATE",
        ),
        ("adoptZone", json!({ "zone": "A", "from": "1910-01-01" }), "from", "DATE_TOO_EARLY"),
        ("publishNotice", json!({ "title": "T", "from": "2150-01-01" }), "from", "DATE_TOO_LATE"),
        (
            "enrolChild",
            json!({ "childId": LEO, "activityId": "garderie-matin", "payer": PARENT.0, "from": "1950-01-01" }),
            "from",
            "DATE_TOO_EARLY",
        ),
        (
            "endEnrolment",
            json!({ "childId": LEO, "activityId": "garderie-matin", "payer": PARENT.0, "lastDay": "2150-01-01" }),
            "lastDay",
            "DATE_TOO_LATE",
        ),
        (
            "recordPayment",
            json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2100-01-01", "method": "CASH", "amount": "1.00" }),
            "date",
            "DATE_TOO_LATE",
        ),
        (
            "prepareBillingRun",
            json!({ "regieId": "al", "from": "2015-04-01", "to": "2015-04-30", "date": "2015-05-04", "due": "2099-01-01" }),
            "due",
            "DATE_TOO_LATE",
        ),
        (
            "prepareDirectDebits",
            json!({ "regieId": "al", "date": "2015-05-04", "dueBy": "1990-01-01" }),
            "dueBy",
            "DATE_TOO_EARLY",
        ),
        ("retireActivity", json!({ "id": "garderie-matin", "from": "2199-01-01" }), "from", "DATE_TOO_LATE"),
    ] {
        let mut input = input;
        input["clientMutationId"] = json!(Uuid::now_v7());
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!(
            "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ position userErrors {{ code path message }} }} }}"
        );
        let answer = staff.ask(&query, json!({ "input": input })).await[mutation].clone();
        let error = &answer["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["path"]),
            (&json!(code), &json!(["input", field])),
            "{mutation}: {answer}"
        );
        assert_eq!(answer["position"], Value::Null, "{answer}");
    }
}

#[tokio::test]
async fn a_page_of_an_impossible_size_is_refused_everywhere_alike() {
    let (_home, _server, director) = town().await;
    let schema = Schema::of(&director).await;
    let mut asked = 0;
    for field in schema.fields("Query") {
        let arguments = field["args"].as_array().unwrap();
        if arguments.iter().all(|a| a["name"] != "first") {
            continue;
        }
        let required: Vec<&Value> = arguments
            .iter()
            .filter(|a| {
                (a["type"]["kind"] == "NON_NULL" && a["name"] != "first") || a["name"] == "familyNumber"
            })
            .collect();
        let value = |a: &&Value| {
            let name = a["name"].as_str().unwrap().to_owned();
            (name.clone(), schema.value(&a["type"], &[name], &mut vec![]))
        };
        let name = field["name"].as_str().unwrap();
        let declared: String = required
            .iter()
            .map(|a| format!(", ${}: {}", a["name"].as_str().unwrap(), written(&a["type"])))
            .collect();
        let passed: String =
            required.iter().map(|a| format!(", {0}: ${0}", a["name"].as_str().unwrap())).collect();
        let query =
            format!("query ($first: Int!{declared}) {{ {name}(first: $first{passed}) {{ __typename }} }}");
        let mut variables = Value::Object(required.iter().map(value).collect());
        for first in [-1, 0, 5_000] {
            variables["first"] = json!(first);
            let answer = director.send(&query, variables.clone()).await.unwrap();
            assert_eq!(
                answer["errors"][0]["extensions"]["code"], "BAD_INPUT",
                "{name}(first: {first}): {answer}"
            );
            asked += 1;
        }
    }
    assert!(asked >= 30, "{asked}");
}

#[tokio::test]
async fn an_error_names_a_place_the_input_has_and_a_day_refused_among_others_stands_with_its_day() {
    let (_home, server, _) = town().await;
    let parent = Client::log_in(&server.address, PARENT).await;
    // 6 April 2015 is Easter Monday, the 10th a Friday in time.
    let ask = |dates: Value| json!({ "childId": LEO, "activityId": "garderie-matin", "dates": dates });
    let none = parent.act("requestReservations", ask(json!(["2015-04-06", "2015-04-12"]))).await;
    let paths: Vec<&Value> = none["userErrors"].as_array().unwrap().iter().map(|e| &e["path"]).collect();
    assert_eq!(paths, [&json!(["input", "dates", "0"]), &json!(["input", "dates", "1"])], "{none}");
    let some = parent.act("requestReservations", ask(json!(["2015-04-06", "2015-06-09"]))).await;
    assert!(some["position"].is_string(), "{some}");
    assert_eq!(some["userErrors"], json!([]), "what was booked is no error: {some}");
    assert_eq!(some["days"][0]["error"]["code"], "PUBLIC_HOLIDAY", "{some}");

    let query = "mutation ($input: RequestNewChildInput!) { requestNewChild(input: $input) { userErrors { code path } } }";
    let input = json!({ "clientMutationId": Uuid::now_v7(), "identity": { "surname": "DUPONT", "firstName": "Zoé", "birthDate": "2016-01-01" } });
    let answer = parent.ask(query, json!({ "input": input })).await["requestNewChild"].clone();
    assert_eq!(answer["userErrors"][0]["path"], json!(["input", "identity", "birthDate"]), "{answer}");

    let staff = Client::log_in(&server.address, STAFF).await;
    let query =
        "mutation ($input: DecideInput!) { confirmReservations(input: $input) { userErrors { code path } } }";
    let target =
        |child: &str| json!({ "childId": child, "activityId": "garderie-matin", "date": "2015-04-07" });
    let input = json!({ "clientMutationId": Uuid::now_v7(), "requests": [target(EMMA), target("nonsense")] });
    let answer = staff.ask(query, json!({ "input": input })).await["confirmReservations"].clone();
    assert_eq!(answer["userErrors"][0]["path"], json!(["input", "requests", "1", "childId"]), "{answer}");
}
