//! The words of operations, charges and prices, for GraphQL and for printed documents.

use std::collections::HashMap;

use portail_domain::{
    i18n::{Language, text},
    money::account::{InvoiceLine, OperationKind},
    money::regie::Series,
    money::tariff::{Charge, Step},
};
use portail_projections::money::{accounts::OperationRow, regies::KnownRegie};

/// The régies by their code.
pub type Regies = HashMap<String, KnownRegie>;

/// An invoice's or credit note's number as people read it: AL-36.
pub fn invoice_number(regies: &Regies, regie: &str, number: i32) -> String {
    let number = number.unsigned_abs();
    regies.get(regie).map_or_else(|| format!("{regie}-{number}"), |known| known.series.invoice(number))
}

/// The number of a payment, a rejection or a refund as people read it: AL-R229.
pub fn payment_number(regies: &Regies, regie: &str, number: i32) -> String {
    let number = number.unsigned_abs();
    regies.get(regie).map_or_else(|| format!("{regie}-R{number}"), |known| known.series.payment(number))
}

/// An operation's number as people read it.
pub fn operation_number(row: &OperationRow, series: &Series) -> String {
    let number = row.number.unsigned_abs();
    if row.kind.is_numbered_as_invoice() { series.invoice(number) } else { series.payment(number) }
}

/// The words of an operation.
pub fn description(row: &OperationRow, series: &Series, language: Language) -> String {
    let day =
        |date: Option<chrono::NaiveDate>| date.map_or_else(String::new, |d| d.format("%d/%m/%Y").to_string());
    let detail = &row.detail;
    let label = |key: Option<&'static str>| key.map_or_else(String::new, |k| text(k, language, &[]));
    let about = |text: fn(&Series, u32) -> String| detail.about.map_or_else(String::new, |n| text(series, n));
    let method = || vec![("method", label(detail.method.map(|m| m.label_key())))];
    match row.kind {
        OperationKind::Invoice => {
            text("OPERATION_INVOICE", language, &[("from", day(detail.from)), ("to", day(detail.to))])
        }
        OperationKind::CreditNote if detail.about.is_some() => {
            text("OPERATION_CREDIT_NOTE_OF", language, &[("number", about(Series::invoice))])
        }
        OperationKind::CreditNote => text("OPERATION_CREDIT_NOTE", language, &[]),
        OperationKind::Payment => text("OPERATION_PAYMENT", language, &method()),
        OperationKind::Refund => text("OPERATION_REFUND", language, &method()),
        OperationKind::Rejection => {
            let reason = label(detail.rejection.map(|r| r.label_key()));
            text("OPERATION_REJECTION", language, &[("number", about(Series::payment)), ("reason", reason)])
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
