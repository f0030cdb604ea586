//! Batches of direct debits over the real server: who is collected, when, and what the file tells.

use serde_json::{Value, json};

use crate::{
    money::made,
    server::{Client, Home, PARENT, STAFF},
};

/// A family without Latin letters in its account holder's name, and one without a mandate.
const LI: &str = "1001001020011";
const UNSIGNED: &str = "1001001020028";
const FRENCH: &str = "FR1420041010050500013M02606";
const GERMAN: &str = "DE89370400440532013000";
const BELGIAN: &str = "BE68539007547034";

const BATCH: &str = "query ($id: ID!, $min: Position) { directDebitBatch(id: $id, minPosition: $min) { total fileUrl \
    debits { familyNumber amount mandate first amended } leftOut { familyNumber invoice amount code } } }";

async fn recorded(staff: &Client, mutation: &str, kind: &str, input: Value) -> Value {
    let made = made(staff, mutation, kind, input).await;
    assert_eq!(made["userErrors"], json!([]), "{mutation}: {made}");
    made
}

async fn bank(staff: &Client, family: &str, seen: u32, bank: Value) -> Value {
    let input = json!({ "familyNumber": family, "seenRevision": seen, "change": { "bank": bank } });
    recorded(staff, "recordSection", "RecordSectionInput", input).await
}

/// An invoice of 20 euros that is due.
async fn invoiced(staff: &Client, family: &str, number: u32) {
    let input = json!({ "regieId": "al", "familyNumber": family, "number": number, "date": "2015-03-01", "amount": "20.00",
        "from": "2015-01-01", "to": "2015-01-31", "due": "2015-03-31" });
    recorded(staff, "takeOverOperation", "TakeOverOperationInput", input).await;
}

async fn rejected(staff: &Client, family: &str, payment: u32, reason: &str) {
    let input = json!({ "regieId": "al", "familyNumber": family, "payment": payment, "date": "2015-04-20", "reason": reason });
    recorded(staff, "rejectPayment", "RejectPaymentInput", input).await;
}

async fn prepared(staff: &Client, date: &str) -> Value {
    let input = json!({ "regieId": "al", "date": date, "dueBy": "2015-04-30" });
    made(staff, "prepareDirectDebits", "PrepareDirectDebitsInput", input).await
}

/// A batch that is made, and its file.
async fn batch(staff: &Client, date: &str) -> (Value, String) {
    let made = prepared(staff, date).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    let asked = staff.ask(BATCH, json!({ "id": made["id"], "min": made["position"] })).await;
    let batch = asked["directDebitBatch"].clone();
    let answer = staff.call("GET", batch["fileUrl"].as_str().unwrap(), &[], vec![]).await;
    assert_eq!(answer.status, 200);
    (batch, String::from_utf8(answer.body).unwrap())
}

fn codes(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|e| e["code"].as_str().unwrap()).collect()
}

/// The guide's town with a creditor that gave no BIC, and three families on direct debit.
async fn town(staff: &Client) {
    let settings = json!({ "name": "Régie garderie ALSH", "prefix": "AL", "collectionMode": "REGIE", "showBalance": true,
        "showUnpaid": true, "minimumInvoice": "15.00", "debtorAccount": "4112", "contact": [],
        "creditor": { "name": "Régie garderie ALSH", "identifier": "DE98ZZZ09999999999", "iban": FRENCH } });
    let input = json!({ "regieId": "al", "settings": settings });
    recorded(staff, "changeRegie", "ChangeRegieInput", input).await;
    for (number, surname) in [(LI, "李"), (UNSIGNED, "SANSMANDAT")] {
        let input = json!({ "number": number, "title": "M.", "surname": surname, "firstName": "Lin" });
        recorded(staff, "registerFamily", "RegisterFamilyInput", input).await;
    }
    let debit = |holder: &str, latin: Option<&str>, mandate: Option<&str>| {
        json!({ "accountHolder": holder, "accountHolderLatin": latin, "iban": FRENCH, "directDebit": true,
            "mandateReference": mandate, "mandateSignedOn": mandate.map(|_| "2015-01-05") })
    };
    bank(staff, PARENT.0, 1, debit("DUPONT Jean & Jeanne", None, Some("RUM-1"))).await;
    bank(staff, LI, 0, debit("李小龙", Some("Li Xiaolong"), Some("RUM-2"))).await;
    bank(staff, UNSIGNED, 0, debit("SANSMANDAT LIN", None, None)).await;
    for (family, number) in [(LI, 1), (UNSIGNED, 2)] {
        invoiced(staff, family, number).await;
    }
}

#[tokio::test]
async fn who_cannot_be_collected_is_left_out_and_named_and_a_rejection_is_heeded() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    town(&staff).await;

    // The demo's today is Wednesday 8 April 2015. Nothing is recorded for a day that banks rest on.
    for (date, code) in [
        ("2015-04-07", "COLLECTION_TOO_SOON"),
        ("2015-04-08", "COLLECTION_TOO_SOON"),
        ("2015-04-11", "NOT_A_BANK_DAY"),
        ("2015-04-19", "NOT_A_BANK_DAY"),
        ("2015-05-01", "NOT_A_BANK_DAY"),
        ("2016-01-04", "COLLECTION_TOO_LATE"),
    ] {
        let refused = prepared(&staff, date).await;
        assert_eq!((codes(&refused), &refused["position"]), (vec![code], &Value::Null), "{date}");
        assert_eq!(refused["userErrors"][0]["path"], json!(["input", "date"]));
    }

    let (first, file) = batch(&staff, "2015-04-14").await;
    let taken = |family: &str, amount: &str, mandate: &str, first: bool, amended: bool| json!({ "familyNumber": family, "amount": amount, "mandate": mandate, "first": first, "amended": amended });
    assert_eq!(
        first["debits"],
        json!([taken(PARENT.0, "120.60", "RUM-1", true, false), taken(LI, "20.00", "RUM-2", true, false)])
    );
    let left =
        json!({ "familyNumber": UNSIGNED, "invoice": "AL-2", "amount": "20.00", "code": "DEBIT_NO_MANDATE" });
    assert_eq!(first["leftOut"], json!([left]));
    for expected in
        ["<Nm>Li Xiaolong</Nm>", "<Nm>DUPONT Jean + Jeanne</Nm>", "<Id>NOTPROVIDED</Id>", "2015-04-14"]
    {
        assert!(file.contains(expected), "{expected}: {file}");
    }
    assert!(!file.contains("AmdmntInd") && !file.contains("BICFI"), "{file}");

    // The next is not collected for want of a mandate; another account under one is told.
    rejected(&staff, LI, 230, "NO_MANDATE").await;
    bank(&staff, PARENT.0, 2, json!({ "iban": GERMAN })).await;
    invoiced(&staff, PARENT.0, 3).await;
    let (second, file) = batch(&staff, "2015-04-15").await;
    assert_eq!(second["debits"], json!([taken(PARENT.0, "20.00", "RUM-1", false, true)]));
    let revoked =
        json!({ "familyNumber": LI, "invoice": "AL-1", "amount": "20.00", "code": "DEBIT_MANDATE_REVOKED" });
    assert_eq!(second["leftOut"], json!([revoked, left]));
    for expected in ["<AmdmntInd>true</AmdmntInd>", "<Id>SMNDA</Id>", GERMAN] {
        assert!(file.contains(expected), "{expected}: {file}");
    }

    // A closed account is not tried again; when nobody is left, nothing is recorded and all are named.
    rejected(&staff, PARENT.0, 232, "ACCOUNT_CLOSED").await;
    let nobody = prepared(&staff, "2015-04-16").await;
    assert_eq!(codes(&nobody), ["DEBIT_ACCOUNT_REFUSED", "DEBIT_MANDATE_REVOKED", "DEBIT_NO_MANDATE"]);
    assert_eq!(nobody["position"], Value::Null);
    bank(&staff, PARENT.0, 3, json!({ "iban": BELGIAN })).await;
    bank(&staff, LI, 1, json!({ "mandateReference": "RUM-3", "mandateSignedOn": "2015-04-08" })).await;
    let (third, _) = batch(&staff, "2015-04-16").await;
    // The rejected change of account never reached the mandate: the new one is told again.
    assert_eq!(
        third["debits"],
        json!([taken(PARENT.0, "20.00", "RUM-1", false, true), taken(LI, "20.00", "RUM-3", true, false)])
    );

    // Numbers were given out with the prefix: it names them for ever.
    let prefix = json!({ "regieId": "al", "settings": { "prefix": "ZZ" } });
    let refused = made(&staff, "changeRegie", "ChangeRegieInput", prefix).await;
    assert_eq!(refused["userErrors"][0]["code"], "PREFIX_IN_USE", "{refused}");

    // A batch's file is the one that was checked, whatever the town changes afterwards.
    let settings = json!({ "name": "Régie garderie", "prefix": "AL", "collectionMode": "REGIE", "showBalance": true,
        "showUnpaid": true, "minimumInvoice": "15.00", "debtorAccount": "4112", "contact": [] });
    recorded(&staff, "changeRegie", "ChangeRegieInput", json!({ "regieId": "al", "settings": settings }))
        .await;
    let again = staff.call("GET", second["fileUrl"].as_str().unwrap(), &[], vec![]).await;
    assert_eq!(String::from_utf8(again.body).unwrap(), file);
}
