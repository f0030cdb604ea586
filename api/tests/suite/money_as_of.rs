//! Home, unpaid invoices, balance and statement agree on every day, whatever was recorded and however it
//! was dated: over the real server and its read models.

use chrono::{Days, NaiveDate};
use portail_domain::shared::amount::Amount;
use serde_json::{Value, json};

use crate::{
    money::made,
    server::{Client, Home, PARENT, STAFF},
};

/// The days the operations are dated on.
const SPAN: u64 = 24;

fn day(n: u64) -> NaiveDate {
    "2015-04-01".parse::<NaiveDate>().unwrap() + Days::new(n)
}

/// A sequence that is the same each time (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn day(&mut self) -> NaiveDate {
        day(self.below(SPAN))
    }

    fn euros(&mut self) -> String {
        format!("{}.{:02}", 1 + self.below(120), self.below(100))
    }
}

/// One operation of a family; refused ones are part of it.
async fn operate(staff: &Client, dice: &mut Dice, invoice: u32) -> Value {
    let mut input = json!({ "regieId": "al", "familyNumber": PARENT.0, "date": dice.day() });
    let (mutation, kind) = match dice.below(6) {
        0 | 1 => {
            input["number"] = json!(invoice);
            input["amount"] = json!(dice.euros());
            (input["from"], input["to"], input["due"]) =
                (json!("2015-01-01"), json!("2015-01-31"), json!(dice.day()));
            ("takeOverOperation", "TakeOverOperationInput")
        }
        2 | 3 => {
            input["method"] = json!("CHEQUE");
            input["amount"] = json!(dice.euros());
            ("recordPayment", "RecordPaymentInput")
        }
        4 => {
            input["payment"] = json!(229 + dice.below(12));
            input["reason"] = json!("OTHER");
            ("rejectPayment", "RejectPaymentInput")
        }
        _ if dice.below(2) == 0 => {
            input["method"] = json!("TRANSFER");
            input["amount"] = json!(dice.euros());
            ("refundFamily", "RefundFamilyInput")
        }
        _ => {
            input["invoice"] = json!(if dice.below(2) == 0 { 36 } else { invoice.saturating_sub(1).max(13) });
            input["amount"] = json!(dice.euros());
            input["note"] = json!("Repas non servis");
            ("creditInvoice", "CreditInvoiceInput")
        }
    };
    made(staff, mutation, kind, input).await
}

fn euros(answer: &Value, path: &str) -> Amount {
    let value = answer.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path}: {answer}"));
    value.parse().unwrap()
}

async fn they_agree(parent: &Client, position: &Value) {
    let query = "query ($at: Date, $min: Position) { \
        accountStatement(at: $at, minPosition: $min) { balance previousBalance totalDebit totalCredit \
            operations { number debit credit upcoming } } \
        accountBalance(at: $at) { amount open due free } \
        unpaidInvoices(at: $at) { total due free invoices { number open due } } \
        home { balance { asOf amount } unpaidInvoices { total free } } }";
    for date in (0..=SPAN).map(day) {
        let told = parent.ask(query, json!({ "at": date, "min": position })).await;
        let of = |path: &str| euros(&told, path);
        let balance = of("/accountBalance/amount");
        assert_eq!(of("/accountStatement/balance"), balance, "the statement on {date}: {told}");
        let sums = of("/accountStatement/previousBalance") + of("/accountStatement/totalDebit");
        assert_eq!(sums - of("/accountStatement/totalCredit"), balance, "its sums on {date}: {told}");
        assert_eq!(
            of("/unpaidInvoices/total") - of("/unpaidInvoices/free"),
            balance,
            "unpaid on {date}: {told}"
        );
        let open: Amount = told["unpaidInvoices"]["invoices"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["open"].as_str().unwrap().parse::<Amount>().unwrap())
            .sum();
        assert_eq!(open, of("/accountBalance/open"), "on {date}");
        assert_eq!(of("/accountBalance/due"), of("/unpaidInvoices/due"), "on {date}");
        if told["home"]["balance"]["asOf"] == json!(date) {
            assert_eq!(of("/home/balance/amount"), balance, "home on {date}: {told}");
            assert_eq!(of("/home/unpaidInvoices/total"), of("/unpaidInvoices/total"), "home on {date}");
        }
        let operations = told["accountStatement"]["operations"].as_array().unwrap();
        let numbers: std::collections::BTreeSet<&str> =
            operations.iter().map(|o| o["number"].as_str().unwrap()).collect();
        assert_eq!(numbers.len(), operations.len(), "a number names one operation: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn home_unpaid_invoices_and_statement_agree_on_every_day() {
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let staff = Client::log_in(&server.address, STAFF).await;
    let parent = Client::log_in(&server.address, PARENT).await;
    let mut dice = Dice(20_150_408);
    let mut accepted = 0;
    for n in 0..24 {
        let answer = operate(&staff, &mut dice, 13 + n).await;
        if answer["userErrors"] == json!([]) {
            accepted += 1;
        }
        if n % 8 == 7 {
            they_agree(&parent, &answer["position"]).await;
        }
    }
    assert!(accepted > 12, "enough of them were possible");
    let today = staff.ask("{ regies { open } }", json!({})).await;
    let own = parent.ask("{ accountBalance { open } }", json!({})).await;
    assert_eq!(today["regies"][0]["open"], own["accountBalance"]["open"], "the only family of the régie");
}
