//! What takes two of the staff, where the town says so.

use serde_json::{Value, json};

use crate::{
    money::made,
    server::{AUDITOR, Client, DIRECTOR, Home, PARENT, STAFF},
};

const SECOND: (&str, &str) = ("accueil", "Accueil2015");

fn code(made: &Value) -> &Value {
    &made["userErrors"][0]["code"]
}

#[tokio::test]
async fn other_bank_details_and_refunds_take_two_where_the_town_says_so() {
    let home = Home::new().await;
    home.prepare_demo();
    home.account(SECOND, "staff");
    home.account(DIRECTOR, "administrator");
    let server = home.serve(&["--demo"]);
    let first = Client::log_in(&server.address, STAFF).await;
    let second = Client::log_in(&server.address, SECOND).await;
    let director = Client::log_in(&server.address, DIRECTOR).await;
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let both = json!({ "bank": true, "refunds": true });
    assert_eq!(made(&director, "adoptFourEyes", "AdoptFourEyesInput", both).await["userErrors"], json!([]));

    // Bank details staff record: entered twice, by two, and alike.
    let bank = |iban: &str| {
        json!({ "familyNumber": PARENT.0, "seenRevision": 1, "change": { "bank": { "accountHolder": "DUPONT JEAN",
            "iban": iban, "bic": "PSSTFRPPMAR" } } })
    };
    let record =
        async |who: &Client, iban: &str| made(who, "recordSection", "RecordSectionInput", bank(iban)).await;
    let (iban, other) = ("FR1420041010050500013M02606", "FR7630006000011234567890189");
    assert_eq!(code(&record(&first, iban).await), "SECOND_NEEDED");
    assert_eq!(code(&record(&first, iban).await), "SAME_PERSON");
    assert_eq!(code(&record(&second, other).await), "SECOND_NEEDED", "other values are another proposal");
    assert_eq!(code(&record(&second, other).await), "SAME_PERSON");
    let open = "{ proposedActions { kind familyNumber proposedBy amount requestId } }";
    let waiting = auditor.ask(open, json!({})).await["proposedActions"].clone();
    let expected = json!([{ "kind": "RECORD_BANK", "familyNumber": PARENT.0, "proposedBy": "staff:accueil",
        "amount": null, "requestId": null }]);
    assert_eq!(waiting, expected);
    let held = "query ($n: String!) { familyFile(number: $n) { bank { iban } } }";
    let before = second.ask(held, json!({ "n": PARENT.0 })).await["familyFile"]["bank"]["iban"].clone();
    assert_ne!(before, other, "nothing is done yet");
    assert_eq!(record(&first, other).await["userErrors"], json!([]));
    assert_eq!(second.ask(held, json!({ "n": PARENT.0 })).await["familyFile"]["bank"]["iban"], other);
    assert_eq!(auditor.ask(open, json!({})).await["proposedActions"], json!([]));

    // A family's own request: two approve it.
    let asked = json!({ "seenRevision": 2, "change": { "bank": { "iban": iban } } });
    let asked = made(&parent, "requestModification", "RequestModificationInput", asked).await;
    assert_eq!(asked["userErrors"], json!([]), "{asked}");
    let approve = "mutation ($input: ApproveModificationsInput!) { approveModifications(input: $input) { \
        position requests { error { code } } } }";
    let approve = async |who: &Client| {
        let input = json!({ "clientMutationId": uuid::Uuid::now_v7(), "requestIds": [asked["id"]], "overwrite": false });
        who.ask(approve, json!({ "input": input })).await["approveModifications"]["requests"][0]["error"]
            .clone()
    };
    assert_eq!(approve(&second).await["code"], "SECOND_NEEDED");
    assert_eq!(approve(&second).await["code"], "SAME_PERSON");
    assert_eq!(approve(&first).await, Value::Null);
    assert_eq!(first.ask(held, json!({ "n": PARENT.0 })).await["familyFile"]["bank"]["iban"], iban);

    // A refund.
    let pay = json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2015-04-08", "method": "TRANSFER", "amount": "500.00" });
    assert_eq!(made(&first, "recordPayment", "RecordPaymentInput", pay).await["userErrors"], json!([]));
    let refund = |amount: &str| json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2015-04-09", "method": "TRANSFER", "amount": amount });
    let give = async |who: &Client, amount: &str| {
        made(who, "refundFamily", "RefundFamilyInput", refund(amount)).await
    };
    assert_eq!(code(&give(&first, "100000.00").await), "MORE_THAN_FREE", "what cannot be is refused at once");
    assert_eq!(code(&give(&first, "1.00").await), "SECOND_NEEDED");
    assert_eq!(code(&give(&second, "2.00").await), "SECOND_NEEDED", "another amount is another refund");
    let done = give(&second, "1.00").await;
    assert_eq!(done["userErrors"], json!([]), "{done}");

    // Who did what is in the log.
    let trail = "{ logEvents(filter: { streamType: \"Seconding\" }) { edges { node { eventType actor } } } }";
    let trail = auditor.ask(trail, json!({})).await["logEvents"]["edges"].clone();
    let trail: Vec<(&str, &str)> = trail
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["node"]["eventType"].as_str().unwrap(), e["node"]["actor"].as_str().unwrap()))
        .collect();
    assert_eq!(trail.len(), 8, "{trail:?}");
    assert_eq!(
        (trail[2], trail[7]),
        (("ActionSeconded", "staff:mairie"), ("ActionSeconded", "staff:accueil"))
    );
}
