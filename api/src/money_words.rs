//! The words of operations, charges and prices, for GraphQL and for printed documents.

use std::collections::HashMap;

use portail_domain::{
    account::InvoiceLine,
    messages::{Language, text},
    regie::RegieSettings,
    tariff::{Charge, Step},
};
use portail_projections::accounts::OperationRow;

/// The settings of the régies by their code.
pub type Regies = HashMap<String, RegieSettings>;

/// An operation's number as people read it: AL-36.
pub fn number(regies: &Regies, regie: &str, number: i32) -> String {
    let prefix = regies.get(regie).map_or(regie, |settings| settings.prefix.as_str());
    format!("{prefix}-{number}")
}

/// The words of an operation.
pub fn description(row: &OperationRow, prefix: &str, language: Language) -> String {
    let day =
        |date: Option<chrono::NaiveDate>| date.map_or_else(String::new, |d| d.format("%d/%m/%Y").to_string());
    let detail = &row.detail;
    let label = |key: Option<&'static str>| key.map_or_else(String::new, |k| text(k, language, &[]));
    let about = detail.about.map_or_else(String::new, |n| format!("{prefix}-{n}"));
    match row.kind.as_str() {
        "INVOICE" => {
            text("OPERATION_INVOICE", language, &[("from", day(detail.from)), ("to", day(detail.to))])
        }
        "CREDIT_NOTE" if detail.about.is_some() => {
            text("OPERATION_CREDIT_NOTE_OF", language, &[("number", about)])
        }
        "CREDIT_NOTE" => text("OPERATION_CREDIT_NOTE", language, &[]),
        "REJECTION" => {
            let reason = label(detail.rejection.map(|r| r.label_key()));
            text("OPERATION_REJECTION", language, &[("number", about), ("reason", reason)])
        }
        kind => {
            let key = if kind == "REFUND" { "OPERATION_REFUND" } else { "OPERATION_PAYMENT" };
            text(key, language, &[("method", label(detail.method.map(|m| m.label_key())))])
        }
    }
}

/// The key of a charge's label in the message catalogue.
pub fn charge_key(line: &InvoiceLine) -> &'static str {
    if line.correction {
        return "CHARGE_CORRECTION";
    }
    match line.charge {
        Charge::Reserved => "CHARGE_RESERVED",
        Charge::Unbooked => "CHARGE_UNBOOKED",
        Charge::OutsideContract => "CHARGE_OUTSIDE_CONTRACT",
        Charge::Absent(_) => "CHARGE_ABSENT",
        Charge::Month => "CHARGE_MONTH",
    }
}

/// What a step of a price's computation says.
pub fn step_label(step: &Step, language: Language) -> String {
    let value = step.value.map_or_else(String::new, |v| match language {
        Language::Fr => v.normalize().to_string().replace('.', ","),
        Language::En => v.normalize().to_string(),
    });
    text(step.rule.label_key(), language, &[("value", value)])
}
