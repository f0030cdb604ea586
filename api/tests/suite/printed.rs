//! What is printed and exported: PDFs, kept by their hash, and files for the bank and the accountant.

use std::collections::{BTreeMap, BTreeSet};

use portail_event_store::Database;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    money::made,
    server::{AUDITOR, Client, Home, LEO, PARENT, STAFF, demo},
};

async fn fetch(client: &Client, url: &str) -> (u16, Vec<u8>) {
    let answer = client.call("GET", url, &[], vec![]).await;
    (answer.status, answer.body)
}

/// The words of a PDF, however its lines are broken.
async fn printed(client: &Client, url: &str) -> String {
    let (status, content) = fetch(client, url).await;
    assert_eq!(status, 200, "{url}: {}", String::from_utf8_lossy(&content));
    let text = pdf_extract::extract_text_from_mem(&content).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The rows of a CSV, by the names of its head.
pub async fn exported(client: &Client, url: &str) -> Vec<BTreeMap<String, String>> {
    let (status, content) = fetch(client, url).await;
    assert_eq!(status, 200, "{url}: {}", String::from_utf8_lossy(&content));
    let content = content.strip_prefix(b"\xef\xbb\xbf").expect("a byte-order mark");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(content);
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn cents(text: &str) -> i64 {
    text.replace(',', "").parse().unwrap()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {value}"))
}

#[tokio::test]
async fn the_registration_form_is_printed_blank_and_filled() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let file = parent
        .ask(
            "query ($c: ID!) { childFile(childId: $c) { registrationFormUrl } home { registrationFormUrl } }",
            json!({ "c": LEO }),
        )
        .await;
    let print = async |url: &Value, client: &Client| {
        let answer = client.call("GET", url.as_str().unwrap(), &[], vec![]).await;
        (answer.status, answer.body)
    };
    let (status, blank) = print(&file["home"]["registrationFormUrl"], &parent).await;
    assert_eq!(status, 200);
    let blank = pdf_extract::extract_text_from_mem(&blank).unwrap();
    assert!(blank.contains("Fiche d") && blank.contains("École"), "{blank}");
    assert!(!blank.contains("DUPONT"), "a blank form names nobody");
    let (status, filled) = print(&file["childFile"]["registrationFormUrl"], &parent).await;
    assert_eq!(status, 200);
    let filled = pdf_extract::extract_text_from_mem(&filled).unwrap();
    assert!(filled.contains("DUPONT") && filled.contains("1001001010331"), "{filled}");
    for (form, name) in [(&blank, "blank"), (&filled, "filled")] {
        let heads = form.matches("Interdiction").count();
        assert_eq!(heads, 1, "{name}: a table of three rows is not torn by a page's end: {form}");
    }
    let anonymous = Client::anonymous(&parent.address);
    assert_eq!(print(&file["childFile"]["registrationFormUrl"], &anonymous).await.0, 401);
    let foreign = json!(format!("/documents/children/{}/registration-form.pdf", Uuid::now_v7()));
    assert_eq!(print(&foreign, &parent).await.0, 404);
}

#[tokio::test]
async fn an_account_is_printed_and_nobody_elses() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let account = parent
        .ask(
            "{ invoices { number documentUrl } payments { number documentUrl } \
             accountStatement { documentUrl taxCertificateUrls } }",
            json!({}),
        )
        .await;
    let statement = printed(&parent, text(&account, "/accountStatement/documentUrl")).await;
    for expected in
        ["Relevé de compte 2014-2015", "AL-36", "AL-228", "120,60", "Règlement : Chèque", "363,80", "DUPONT"]
    {
        assert!(statement.contains(expected), "{expected}: {statement}");
    }
    let invoice = printed(&parent, text(&account, "/invoices/0/documentUrl")).await;
    assert!(invoice.contains("Facture AL-36") && invoice.contains("30/04/2015"), "{invoice}");
    // Once in the head and once in the foot.
    assert_eq!(invoice.matches("Mairie de Haisnes").count(), 2, "{invoice}");
    let receipt = printed(&parent, text(&account, "/payments/0/documentUrl")).await;
    assert!(receipt.contains("Reçu de paiement AL-228") && receipt.contains("AL-12"), "{receipt}");
    let certificate = printed(&parent, text(&account, "/accountStatement/taxCertificateUrls/1")).await;
    assert!(
        certificate.contains("Attestation fiscale 2015") && certificate.contains("200 quater B"),
        "{certificate}"
    );

    let anonymous = Client::anonymous(&parent.address);
    for url in [
        text(&account, "/invoices/0/documentUrl"),
        text(&account, "/payments/0/documentUrl"),
        text(&account, "/accountStatement/documentUrl"),
        text(&account, "/accountStatement/taxCertificateUrls/0"),
    ] {
        assert_eq!(fetch(&anonymous, url).await.0, 401, "{url}");
    }
    for url in ["/documents/families/9999999999999/statements/2014", "/documents/regies/al/invoices/99999"] {
        assert_eq!(fetch(&parent, url).await.0, 404, "{url}");
    }
}

#[tokio::test]
async fn an_attendance_sheet_is_for_staff() {
    let staff = Client::log_in(demo().await, STAFF).await;
    let session = staff
        .ask(
            "{ session(activityId: \"restauration-scolaire\", date: \"2015-04-07\") { sheetUrl exportUrl \
             children { childId name attendance { present } } } }",
            json!({}),
        )
        .await;
    let children = session["session"]["children"].as_array().unwrap();
    assert!(!children.is_empty());
    let sheet = printed(&staff, text(&session, "/session/sheetUrl")).await;
    assert!(sheet.contains("Feuille de présence") && sheet.contains("DUPONT"), "{sheet}");
    let rows = exported(&staff, text(&session, "/session/exportUrl")).await;
    assert_eq!(rows.len(), children.len());
    for (row, child) in rows.iter().zip(children) {
        assert_eq!(row["enfant"], child["childId"].as_str().unwrap());
        let present = child["attendance"]["present"].as_bool().map(u8::from);
        assert_eq!(row["present"], present.map_or_else(String::new, |p| p.to_string()));
    }
    let parent = Client::log_in(demo().await, PARENT).await;
    for url in ["/session/sheetUrl", "/session/exportUrl"] {
        assert_eq!(fetch(&parent, text(&session, url)).await.0, 403);
    }
}

#[tokio::test]
async fn the_calendar_shows_what_each_day_costs_its_payer() {
    let parent = Client::log_in(demo().await, PARENT).await;
    let planning = "query ($child: ID!) { planning(childId: $child, month: \"2015-05\") { rows { activityId payer \
        cells { date status price } } } }";
    let answer = parent.ask(planning, json!({ "child": LEO })).await;
    let rows = answer["planning"]["rows"].as_array().unwrap();
    let row = rows.iter().find(|r| r["activityId"] == "restauration-scolaire").unwrap();
    let cell = row["cells"].as_array().unwrap().iter().find(|c| c["date"] == "2015-05-05").unwrap();
    let price = parent
        .ask(
            "query ($child: ID!) { price(childId: $child, activityId: \"restauration-scolaire\", date: \"2015-05-05\") { amount } }",
            json!({ "child": LEO }),
        )
        .await;
    assert!(cell["price"].is_string(), "{cell}");
    assert_eq!(cell["price"], price["price"]["amount"]);
    let closed = row["cells"].as_array().unwrap().iter().find(|c| c["date"] == "2015-05-01").unwrap();
    assert_eq!(closed["price"], Value::Null, "nothing takes place on a public holiday");
}

/// The demo town with a creditor, and the guide's family on direct debit.
async fn with_direct_debit(staff: &Client) {
    let settings = json!({ "name": "Régie garderie ALSH", "prefix": "AL", "collectionMode": "REGIE", "showBalance": true,
        "showUnpaid": true, "minimumInvoice": "15.00", "debtorAccount": "4112", "contact": ["Rue de la Mairie"],
        "creditor": { "name": "Régie garderie ALSH", "identifier": "DE98ZZZ09999999999",
            "iban": "FR1420041010050500013M02606", "bic": "PSSTFRPPMAR" } });
    let input = json!({ "regieId": "al", "settings": settings });
    let changed = made(staff, "changeRegie", "ChangeRegieInput", input).await;
    assert_eq!(changed["userErrors"], json!([]), "{changed}");
    let input = json!({ "familyNumber": PARENT.0, "seenRevision": 1, "change": { "bank": {
        "accountHolder": "DUPONT JEAN", "iban": "FR1420041010050500013M02606", "bic": "PSSTFRPPMAR", "directDebit": true,
        "mandateReference": "RUM-1", "mandateSignedOn": "2015-01-05" } } });
    let bank = made(staff, "recordSection", "RecordSectionInput", input).await;
    assert_eq!(bank["userErrors"], json!([]), "{bank}");
}

#[tokio::test]
async fn direct_debits_are_collected_rejected_and_booked() {
    // A collection is ordered before its day.
    let mut home = Home::new().await;
    home.environment.push(("PORTAIL_TODAY", "2015-05-04".into()));
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    with_direct_debit(&staff).await;

    let input = json!({ "regieId": "al", "date": "2015-05-05", "dueBy": "2015-04-30" });
    let batch = made(&staff, "prepareDirectDebits", "PrepareDirectDebitsInput", input.clone()).await;
    assert_eq!(batch["userErrors"], json!([]), "{batch}");
    let query = "query ($id: ID!) { directDebitBatch(id: $id) { total fileUrl debits { number invoice amount mandate first } } }";
    let collected = staff.ask(query, json!({ "id": batch["id"] })).await;
    let expected = json!([{ "number": "AL-R229", "invoice": "AL-36", "amount": "120.60", "mandate": "RUM-1", "first": true }]);
    assert_eq!(collected["directDebitBatch"]["debits"], expected);
    let again = made(&staff, "prepareDirectDebits", "PrepareDirectDebitsInput", input).await;
    assert_eq!(again["userErrors"][0]["code"], "NOTHING_TO_DEBIT", "nothing is collected twice");

    let url = text(&collected, "/directDebitBatch/fileUrl");
    let (status, file) = fetch(&staff, url).await;
    let file = String::from_utf8(file).unwrap();
    assert_eq!(status, 200, "{file}");
    for expected in
        ["pain.008.001.08", "<IBAN>FR1420041010050500013M02606</IBAN>", "<MndtId>RUM-1</MndtId>", "120.60"]
    {
        assert!(file.contains(expected), "{expected}: {file}");
    }
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    for other in [&parent, &auditor] {
        assert_eq!(fetch(other, url).await.0, 403, "bank details in full are for staff");
    }

    // Each operation counts from its day, whenever it was recorded.
    let balance = "{ accountStatement(at: \"2015-05-10\") { balance } }";
    assert_eq!(parent.ask(balance, json!({})).await["accountStatement"]["balance"], "0.00");
    let today = "{ home { balance { amount } unpaidInvoices { total invoices { open scheduled } } } \
        accountStatement { balance operations { number upcoming } } }";
    let today = parent.ask(today, json!({})).await;
    assert_eq!(today["home"]["balance"]["amount"], "120.60", "it is collected in May: {today}");
    let unpaid = json!({ "total": "120.60", "invoices": [{ "open": "120.60", "scheduled": "120.60" }] });
    assert_eq!(today["home"]["unpaidInvoices"], unpaid);
    assert_eq!(today["accountStatement"]["balance"], "120.60");
    assert_eq!(today["accountStatement"]["operations"][0], json!({ "number": "AL-R229", "upcoming": true }));

    // The collection, what came after it and the closed desk are over by then.
    server.kill();
    home.environment = vec![("PORTAIL_TODAY", "2015-05-11".into())];
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;

    let input = json!({ "regieId": "al", "familyNumber": PARENT.0, "payment": 229, "date": "2015-05-08",
        "reason": "INSUFFICIENT_FUNDS" });
    let mut early = input.clone();
    early["date"] = json!("2015-05-04");
    let early = made(&staff, "rejectPayment", "RejectPaymentInput", early).await;
    assert_eq!(early["userErrors"][0]["code"], "REJECTION_BEFORE_PAYMENT", "{early}");
    let rejected = made(&staff, "rejectPayment", "RejectPaymentInput", input).await;
    assert_eq!(rejected["id"], "AL-R230", "{rejected}");
    assert_eq!(parent.ask(balance, json!({})).await["accountStatement"]["balance"], "120.60");

    // An over-payment is in the family's favour, and can be paid back; a credit note lessens.
    let paid = json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2015-05-09", "method": "CARD", "amount": "150.60" });
    made(&staff, "recordPayment", "RecordPaymentInput", paid).await;
    let refund = json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2015-05-10", "method": "TRANSFER", "amount": "30.00" });
    let refunded = made(&staff, "refundFamily", "RefundFamilyInput", refund.clone()).await;
    assert_eq!(refunded["userErrors"], json!([]), "{refunded}");
    let more = made(&staff, "refundFamily", "RefundFamilyInput", refund).await;
    assert_eq!(more["userErrors"][0]["code"], "MORE_THAN_FREE", "{more}");
    let credit = json!({ "regieId": "al", "familyNumber": PARENT.0, "date": "2015-05-10", "invoice": 36, "amount": "20.60",
        "note": "Repas non servis" });
    let credited = made(&staff, "creditInvoice", "CreditInvoiceInput", credit).await;
    assert_eq!(credited["userErrors"], json!([]), "{credited}");
    let owed = parent.ask(balance, json!({})).await;
    assert_eq!(owed["accountStatement"]["balance"], "-20.60");

    // The books balance, and what they say families owe is what the statements say.
    let range = "?from=2014-09-01&to=2015-08-31";
    let books = exported(&staff, &format!("/exports/regies/al/books{range}")).await;
    let sum = |column: &str, of: &dyn Fn(&BTreeMap<String, String>) -> bool| -> i64 {
        books.iter().filter(|row| of(row)).map(|row| cents(&row[column])).sum()
    };
    assert_eq!(sum("Debit", &|_| true), sum("Credit", &|_| true));
    let entries: Vec<&String> = books.iter().map(|row| &row["EcritureNum"]).collect();
    let expected: Vec<String> = (1..=8).map(|n| format!("2015{n:06}")).collect();
    assert_eq!(entries.iter().copied().collect::<BTreeSet<_>>(), expected.iter().collect(), "no gap");
    assert!(entries.is_sorted());
    for piece in books.iter().map(|row| &row["PieceRef"]) {
        let same = |row: &BTreeMap<String, String>| row["PieceRef"] == *piece;
        assert_eq!(sum("Debit", &same), sum("Credit", &same), "{piece}");
    }
    let debtors = |row: &BTreeMap<String, String>| row["CompteNum"] == "4112";
    assert_eq!(sum("Debit", &debtors) - sum("Credit", &debtors), -2060);
    let debits = |row: &BTreeMap<String, String>| row["CompteNum"] == "5113";
    assert_eq!(sum("Debit", &debits) - sum("Credit", &debits), 0, "the rejected collection came back");
    let operations = exported(&staff, &format!("/exports/regies/al/operations{range}")).await;
    assert_eq!(operations.len(), 8);
    assert_eq!(fetch(&parent, &format!("/exports/regies/al/books{range}")).await.0, 403);

    // The desk counts each method by itself: the rejection leaves as it came.
    made(&staff, "closeCashDay", "CloseCashDayInput", json!({ "regieId": "al", "date": "2015-05-10" })).await;
    let desk = staff.ask("{ cashClosings(regieId: \"al\") { totals { method total } } }", json!({})).await;
    let totals = desk["cashClosings"][0]["totals"].as_array().unwrap();
    let of = |method: &str| -> i64 {
        totals
            .iter()
            .filter(|t| t["method"] == method)
            .map(|t| cents(&t["total"].as_str().unwrap().replace('.', ",")))
            .sum()
    };
    assert_eq!([of("DIRECT_DEBIT"), of("CARD"), of("TRANSFER")], [0, 15_060, -3_000], "{desk}");
}

#[tokio::test]
async fn an_invoice_is_printed_once_and_stays_what_it_was() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let url_of_invoice = "/documents/regies/al/invoices/36";
    let first = fetch(&parent, url_of_invoice).await;
    assert_eq!(first.0, 200);
    with_direct_debit(&staff).await;
    assert!(fetch(&staff, url_of_invoice).await == first, "the copy kept when it was printed");
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    assert!(fetch(&auditor, url_of_invoice).await == first);
    // A copy that does not fit its hash is not handed out. (The embedded database is the server's
    // alone: it is altered on PostgreSQL.)
    if let Some(url) = &home.url {
        let database = Database::connect(url, 1).await.unwrap();
        let alter =
            "UPDATE rm_accounts.archive SET sha256 = repeat('0', 64) WHERE document = 'invoice/al/36'";
        assert_eq!(sqlx::query(alter).execute(database.pool()).await.unwrap().rows_affected(), 1);
        assert_eq!(fetch(&parent, url_of_invoice).await.0, 503);
        return;
    }
    drop(server);
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    assert!(fetch(&parent, url_of_invoice).await == first, "over a restart");
}
