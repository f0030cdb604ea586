//! Importing a town's families from CSV, with the real binary.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::server::{Client, Home};

const FAMILIES: &str = "family_number;title;surname;first_name;postcode;home_phone;email_consent;caf.fund;caf.income_quotient;bank.iban\n\
    1001001020001;Madame;LEFÈVRE;ZOÉ;62138;0321000000;oui;CAF;512,5;\n\
    1001001020002;Monsieur;MARTIN;PAUL;6213;0321000000;non;;;FR1420041010050500013M02607\n\
    12;Monsieur;;LUC;;;;;;\n\
    1001001020001;Madame;LEFÈVRE;ZOÉ;62138;;;;;\n";

const CHILDREN: &str = "family_number,surname,first_name,birth_date,health.allergies\n\
    1001001020001,LEFÈVRE,NOÉ,01/02/2010,arachide|lait\n\
    1001001029999,PERDU,TIM,2010-02-01,\n";

fn write(home: &Home, name: &str, content: &[u8]) -> PathBuf {
    let path = home.folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn import(home: &Home, what: &str, file: &Path, more: &[&str]) -> (bool, String) {
    let output = home.command().args(["import", what]).arg(file).args(more).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn a_file_is_checked_row_by_row_then_imported_once_however_often_it_is_sent() {
    let home = Home::new().await;
    home.init();
    // As a spreadsheet on Windows writes it.
    let windows: Vec<u8> = FAMILIES.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let families = write(&home, "families.csv", &windows);
    let (clean, report) = import(&home, "families", &families, &["--dry-run"]);
    assert!(!clean);
    for expected in [
        "3: postcode: Code postal incorrect",
        "3: bank.iban: IBAN incorrect",
        "4: family_number: Numéro de famille incorrect",
        "4: surname: Ce champ est obligatoire",
        "5: : Existe déjà",
        "1 rows ready to be imported, 3 refused",
    ] {
        assert!(report.contains(expected), "{expected} in {report}");
    }
    let (_, nothing) = import(&home, "families", &families, &["--dry-run", "--english"]);
    assert!(nothing.contains("Wrong postcode"), "a dry run imports nothing: {nothing}");

    let first = import(&home, "families", &families, &[]).1;
    let second = import(&home, "families", &families, &[]).1;
    assert!(first.contains("1 rows imported, 3 refused"), "{first}");
    assert_eq!(first, second, "the same commands again give their first outcome");
    let children = write(&home, "children.csv", CHILDREN.as_bytes());
    let (_, report) = import(&home, "children", &children, &[]);
    assert!(report.contains("1 rows imported, 1 refused"), "{report}");
    let accounts =
        "login;role;password\n1001001020001;parent;Bonjour2015\nmairie;staff;Mairie2015\nx;chef;faible\n";
    let accounts = write(&home, "accounts.csv", accounts.as_bytes());
    let (_, report) = import(&home, "accounts", &accounts, &[]);
    assert!(report.contains("4: password: ") && report.contains("4: role: "), "{report}");

    let server = home.serve(&[]);
    let parent = Client::log_in(&server.address, ("1001001020001", "Bonjour2015")).await;
    let query = "{ logHead { position } myFile { responsible { surname firstName homePhone emailConsent } caf { incomeQuotient } \
        children { identity { firstName birthDate } health { allergies } } } }";
    let file =
        parent.ask(query.replace("logHead { position } ", "").as_str(), json!({})).await["myFile"].clone();
    assert_eq!(
        file,
        json!({
            "responsible": { "surname": "LEFÈVRE", "firstName": "ZOÉ", "homePhone": "03 21 00 00 00", "emailConsent": true },
            "caf": { "incomeQuotient": "512.50" },
            "children": [{ "identity": { "firstName": "NOÉ", "birthDate": "2010-02-01" },
                "health": { "allergies": ["arachide", "lait"] } }],
        })
    );
    let staff = Client::log_in(&server.address, ("mairie", "Mairie2015")).await;
    let head = staff.ask("{ logHead { position } }", json!({})).await["logHead"]["position"].clone();
    assert_ne!(head, Value::Null);
}

#[tokio::test]
async fn an_unknown_column_is_named_before_anything_is_imported() {
    let home = Home::new().await;
    home.init();
    let file = write(&home, "f.csv", b"family_number;surname;first_name;shoe_size\n1001001020001;A;B;38\n");
    let output = home.command().args(["import", "families"]).arg(file).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("shoe_size"));
}
