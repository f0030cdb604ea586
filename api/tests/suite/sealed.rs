//! What must be sealed is nowhere in the log in plain text.

use portail_event_store::Database;
use serde_json::json;

use crate::{
    money::made,
    server::{Client, Home, LEO, PARENT, STAFF},
};

/// Values of the demo's family, and those the test adds.
const SECRETS: [&str; 14] = [
    "DUPONT",
    "MARTIN",
    "BONBONS",
    "jean.dupont",
    "01 02 03 04 05",
    "0102030405",
    "1234567",
    "FR1420041010050500013M02606",
    "Allergie aux arachides",
    "Docteur Petit",
    "Confidentiel",
    "Repas non servis",
    "n° 7654321",
    "3012345678901",
];

#[tokio::test]
async fn no_personal_value_is_readable_in_the_log() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let sections = [
        json!({ "familyNumber": PARENT.0, "seenRevision": 1, "change": { "bank": { "accountHolder": "DUPONT JEAN",
            "iban": "FR1420041010050500013M02606", "bic": "PSSTFRPPMAR" } } }),
        json!({ "familyNumber": PARENT.0, "seenRevision": 0, "change": { "tax": { "taxNumber": "3012345678901" } } }),
        json!({ "familyNumber": PARENT.0, "childId": LEO, "seenRevision": 1, "change": { "health": { "allergies": ["Allergie aux arachides"],
            "doctor": "Docteur Petit" } } }),
    ];
    for section in sections {
        let made = made(&staff, "recordSection", "RecordSectionInput", section).await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
    }
    let open = "mutation ($input: OpenConversationInput!) { openConversation(input: $input) { userErrors { code } } }";
    let input = json!({ "clientMutationId": uuid::Uuid::new_v4(), "structureId": "garderie", "subject": "Confidentiel",
        "body": "Confidentiel : Docteur Petit" });
    let opened = parent.ask(open, json!({ "input": input })).await;
    assert_eq!(opened["openConversation"]["userErrors"], json!([]));
    let credit = json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2015-05-10", "invoice": 36, "amount": "1.00",
        "note": "Repas non servis" });
    made(&staff, "creditInvoice", "CreditInvoiceInput", credit).await;
    let paid = json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2015-05-10", "method": "CHEQUE",
        "amount": "1.00", "reference": "n° 7654321" });
    made(&staff, "recordPayment", "RecordPaymentInput", paid).await;
    server.kill();

    let database = match &home.url {
        Some(url) => Database::connect(url, 2).await.unwrap(),
        None => Database::embedded(home.folder.path()).await.unwrap(),
    };
    for table in ["events", "command_log"] {
        let rows: Vec<String> = sqlx::query_scalar(&format!("SELECT t::text FROM {table} t"))
            .fetch_all(database.pool())
            .await
            .unwrap();
        assert!(rows.len() > 20, "{table}");
        for row in &rows {
            for secret in SECRETS {
                let readable = row.to_lowercase().contains(&secret.to_lowercase());
                assert!(!readable, "{secret} is readable in {table}: {row}");
            }
        }
    }
}
