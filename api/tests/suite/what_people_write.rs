//! What people and the software before this one write for names, numbers, addresses and bank
//! details: entered over the real server and imported with the real binary. Each row was tried on
//! real material; the value kept, or the code that names the fault, is what a town expects.

use serde_json::{Value, json};

use crate::{
    money::made,
    server::{Client, Home, STAFF},
};

const FAMILY: &str = "1001001020035";
const FRENCH: &str = "FR1420041010050500013M02606";

/// What an entry becomes.
enum Then {
    /// The fields it is kept as.
    Kept(Value),
    /// The field at fault, and the code that names the fault.
    Refused(&'static str, &'static str),
}
use Then::{Kept, Refused};

fn debit(more: Value) -> Value {
    let mut bank = json!({ "accountHolder": "DUPONT JEAN", "iban": FRENCH, "bic": null, "directDebit": true,
        "accountHolderLatin": null, "mandateReference": null });
    bank.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "bank": bank })
}

fn card(values: Value) -> Value {
    json!({ "responsible": values })
}

/// The case, what is entered, and what becomes of it.
fn cases() -> Vec<(&'static str, Value, Then)> {
    let foreign = |iban: &str| debit(json!({ "iban": iban }));
    let holder = |name: &str| debit(json!({ "accountHolder": name }));
    vec![
        // Direct debits (sepa-*): the BIC is not needed, and a placeholder or another country's is none.
        ("sepa-bic-required", debit(json!({})), Kept(json!({ "iban": FRENCH, "bic": null }))),
        ("sepa-bic-notprovided", debit(json!({ "bic": "NOTPROVIDED" })), Refused("bic", "INVALID_BIC")),
        (
            "sepa-bic-notprovided: no country",
            debit(json!({ "bic": "BNPAZZPP" })),
            Refused("bic", "INVALID_BIC"),
        ),
        (
            "sepa-bic-notprovided: another country's",
            debit(json!({ "bic": "BNPAFRPP", "iban": "DE89370400440532013000" })),
            Refused("bic", "BIC_OF_ANOTHER_COUNTRY"),
        ),
        ("sepa-not-sepa", foreign("AE070331234567890123456"), Refused("iban", "IBAN_OUTSIDE_SEPA")),
        (
            "sepa-not-sepa: Brazil",
            foreign("BR1500000000000010932840814P2"),
            Refused("iban", "IBAN_OUTSIDE_SEPA"),
        ),
        ("sepa-not-sepa: Tunisia", foreign("TN5910006035183598478831"), Refused("iban", "IBAN_OUTSIDE_SEPA")),
        ("sepa-empty-name", holder("李小龙"), Refused("accountHolderLatin", "LATIN_SPELLING_REQUIRED")),
        (
            "sepa-empty-name: Arabic",
            holder("عبد الله"),
            Refused("accountHolderLatin", "LATIN_SPELLING_REQUIRED"),
        ),
        ("sepa-empty-name: emoji", holder("🙂"), Refused("accountHolderLatin", "LATIN_SPELLING_REQUIRED")),
        (
            "sepa-empty-name: spelled",
            debit(json!({ "accountHolder": "李小龙", "accountHolderLatin": "Lǐ Xiǎolóng" })),
            Kept(json!({ "accountHolder": "李小龙", "accountHolderLatin": "Li Xiaolong" })),
        ),
        (
            "sepa-mandate-id-changed",
            debit(json!({ "mandateReference": "/RUM1/" })),
            Refused("mandateReference", "INVALID_MANDATE_REFERENCE"),
        ),
        (
            "sepa-mandate-id-changed: one that banks take",
            debit(json!({ "mandateReference": "RUM/1+(2015)" })),
            Kept(json!({ "mandateReference": "RUM/1+(2015)" })),
        ),
        // Codes that name the fault (data-wrong-code).
        (
            "data-wrong-code",
            debit(json!({ "mandateReference": "RUM é" })),
            Refused("mandateReference", "INVALID_MANDATE_REFERENCE"),
        ),
        (
            "data-wrong-code: CAF",
            json!({ "caf": { "beneficiaryNumber": "123" } }),
            Refused("beneficiaryNumber", "INVALID_BENEFICIARY_NUMBER"),
        ),
        // Telephone numbers (data-phone-0033).
        (
            "data-phone-0033",
            card(json!({ "mobilePhone": "0033612345678" })),
            Kept(json!({ "mobilePhone": "06 12 34 56 78" })),
        ),
        (
            "data-phone-0033: spaced",
            card(json!({ "mobilePhone": "00 33 6 12 34 56 78" })),
            Kept(json!({ "mobilePhone": "06 12 34 56 78" })),
        ),
        (
            "data-phone-0033: slashes",
            card(json!({ "mobilePhone": "06/12/34/56/78" })),
            Kept(json!({ "mobilePhone": "06 12 34 56 78" })),
        ),
        // Addresses nobody can be reached at (data-email-undeliverable).
        (
            "data-email-undeliverable",
            card(json!({ "email": "jean@example" })),
            Refused("email", "UNDELIVERABLE_EMAIL"),
        ),
        (
            "data-email-undeliverable: this machine",
            card(json!({ "email": "jean@localhost" })),
            Refused("email", "UNDELIVERABLE_EMAIL"),
        ),
        (
            "data-email-undeliverable: a number",
            card(json!({ "email": "user@[192.168.0.1]" })),
            Refused("email", "UNDELIVERABLE_EMAIL"),
        ),
        // Addresses abroad (data-postcode-abroad).
        (
            "data-postcode-abroad: Bruxelles",
            card(json!({ "postcode": "1000", "town": "Bruxelles", "country": "Belgique" })),
            Kept(json!({ "postcode": "1000", "country": "BE" })),
        ),
        (
            "data-postcode-abroad: Luxembourg",
            card(json!({ "postcode": "L-1234", "country": null })),
            Kept(json!({ "postcode": "1234", "country": "LU" })),
        ),
        (
            "data-postcode-abroad: Genève",
            card(json!({ "postcode": "1204", "town": "Genève", "country": "CH" })),
            Kept(json!({ "postcode": "1204", "country": "CH" })),
        ),
        (
            "data-postcode-abroad: Andorra",
            card(json!({ "postcode": "AD500", "country": null })),
            Kept(json!({ "postcode": "AD500", "country": "AD" })),
        ),
        (
            "data-postcode-abroad: no country",
            card(json!({ "postcode": "1000", "country": null })),
            Refused("postcode", "INVALID_POSTCODE"),
        ),
        // Titles (data-import-title).
        ("data-import-title", card(json!({ "title": "M." })), Kept(json!({ "title": "Monsieur" }))),
        ("data-import-title: Mme", card(json!({ "title": "Mme" })), Kept(json!({ "title": "Madame" }))),
    ]
}

#[tokio::test]
async fn what_is_entered_is_kept_in_one_form_or_refused_for_the_fault_it_is() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let input = json!({ "number": FAMILY, "title": "Mme", "surname": "DURAND", "firstName": "ZOÉ" });
    let family = made(&staff, "registerFamily", "RegisterFamilyInput", input).await;
    assert_eq!(family["userErrors"], json!([]), "{family}");
    let file = "query ($n: String!, $min: Position) { familyFile(number: $n, minPosition: $min) { \
        responsible { title mobilePhone email postcode country } caf { beneficiaryNumber } \
        bank { accountHolder accountHolderLatin iban bic mandateReference } } }";
    let mut revisions = std::collections::HashMap::from([("responsible".to_owned(), 1)]);
    for (case, change, then) in cases() {
        let section = change.as_object().unwrap().keys().next().unwrap().clone();
        let seen = revisions.entry(section.clone()).or_insert(0);
        let input = json!({ "familyNumber": FAMILY, "seenRevision": *seen, "change": change });
        let answer = made(&staff, "recordSection", "RecordSectionInput", input).await;
        match then {
            Kept(expected) => {
                assert_eq!(answer["userErrors"], json!([]), "{case}");
                *seen += 1;
                let kept = staff.ask(file, json!({ "n": FAMILY, "min": answer["position"] })).await;
                for (field, value) in expected.as_object().unwrap() {
                    assert_eq!(kept["familyFile"][&section][field], *value, "{case}: {field}");
                }
            }
            Refused(field, code) => {
                let error = json!([{ "code": code, "path": ["input", "change", section, field] }]);
                assert_eq!((&answer["userErrors"], &answer["position"]), (&error, &Value::Null), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_file_of_other_software_is_imported_as_it_writes() {
    let home = Home::new().await;
    home.init();
    let header = "family_number;title;surname;first_name;postcode;town;country;mobile_phone;caf.income_quotient;\
        caf.quotient_from;caf.quotient_to\n";
    let rows = [
        "1001001020101;M.;PETIT;Léo;62138;Haisnes;;0033612345678;1 234,56;01.09.2014;31/08/2015",
        "1001001020102;Mme;GRAND;Zoé;1000;Bruxelles;Belgique;06/12/34/56/78;512.5 €;2014/09/01;31-08-15",
        "1001001020103;Mademoiselle;MOYEN;Eva;L-1234;Luxembourg;;00352 621 123 456;1\u{a0}000;01-09-2014;31/08/15",
        "1001001020104;Monsieur et Madame;PAIRE;Luc;AD500;Andorre;;+376 312 345;0;01/09/14;",
    ];
    let path = home.folder.path().join("families.csv");
    std::fs::write(&path, format!("{header}{}\n", rows.join("\n"))).unwrap();
    let import = |more: &[&str]| {
        let output = home.command().args(["import", "families"]).arg(&path).args(more).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let checked = import(&["--dry-run"]);
    assert!(checked.contains("4 rows ready to be imported, 0 refused"), "{checked}");
    let imported = import(&[]);
    assert!(imported.contains("4 rows imported, 0 refused"), "{imported}");

    home.account(STAFF, "staff");
    let server = home.serve(&[]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let query = "query ($n: String!) { familyFile(number: $n) { responsible { title postcode country mobilePhone } \
        caf { incomeQuotient quotientFrom quotientTo } } }";
    for (number, card, caf) in [
        (
            "1001001020101",
            json!({ "title": "Monsieur", "postcode": "62138", "country": null, "mobilePhone": "06 12 34 56 78" }),
            json!({ "incomeQuotient": "1234.56", "quotientFrom": "2014-09-01", "quotientTo": "2015-08-31" }),
        ),
        (
            "1001001020102",
            json!({ "title": "Madame", "postcode": "1000", "country": "BE", "mobilePhone": "06 12 34 56 78" }),
            json!({ "incomeQuotient": "512.50", "quotientFrom": "2014-09-01", "quotientTo": "2015-08-31" }),
        ),
        (
            "1001001020103",
            json!({ "title": "Madame", "postcode": "1234", "country": "LU", "mobilePhone": "+352621123456" }),
            json!({ "incomeQuotient": "1000.00", "quotientFrom": "2014-09-01", "quotientTo": "2015-08-31" }),
        ),
        (
            // A couple's title is nobody's own.
            "1001001020104",
            json!({ "title": null, "postcode": "AD500", "country": "AD", "mobilePhone": "+376312345" }),
            json!({ "incomeQuotient": "0.00", "quotientFrom": "2014-09-01", "quotientTo": null }),
        ),
    ] {
        let file = staff.ask(query, json!({ "n": number })).await["familyFile"].clone();
        assert_eq!(file, json!({ "responsible": card, "caf": caf }), "{number}");
    }
    // What cannot be a day says how days are written.
    server.kill();
    std::fs::write(
        &path,
        "family_number;surname;first_name;caf.quotient_from\n1001001020105;A;B;31/02/2015\n",
    )
    .unwrap();
    let wrong = import(&["--dry-run"]);
    assert!(wrong.contains("caf.quotient_from: Date impossible : JJ/MM/AAAA ou AAAA-MM-JJ"), "{wrong}");
}
