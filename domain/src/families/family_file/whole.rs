//! The rules of a section as a whole: what one field asks of another.

use chrono::NaiveDate;
use serde_json::Value;

use super::{Document, FieldProblem, Problem, Section};
use crate::{money::sepa, shared::countries};

/// The country of addresses that name none.
pub const HOME: &str = "FR";

fn text<'a>(document: &'a Document, field: &str) -> Option<&'a str> {
    document.get(field)?.as_str()
}

fn day(document: &Document, field: &str) -> Option<NaiveDate> {
    text(document, field)?.parse().ok()
}

/// Takes the country out of a postcode that says it itself ("L-1234"), unless another is given.
pub(super) fn settle(current: &Document, right: &mut Document) {
    let Some((country, postcode)) = text(right, "postcode").and_then(countries::prefixed_postcode) else {
        return;
    };
    let given = match right.get("country") {
        Some(given) => given.as_str(),
        None => text(current, "country"),
    };
    let given = given.map(str::to_owned);
    if given.as_ref().is_none_or(|given| given == country) {
        right.insert("postcode".into(), postcode.into());
        let kept = if country == HOME && given.is_none() { Value::Null } else { country.into() };
        right.insert("country".into(), kept);
    }
}

impl Section {
    /// What is wrong with a section as a whole: fields that may not be empty, a postcode of another
    /// country, a period that ends before it starts, what a direct debit needs.
    pub fn defects(self, whole: &Document) -> Vec<FieldProblem> {
        let empty = |name: &str| whole.get(name).is_none_or(Value::is_null);
        let required = self.fields().iter().filter(|f| f.kind.is_required() && empty(f.name));
        let mut wrong: Vec<FieldProblem> =
            required.map(|f| FieldProblem::at(f.name, Problem::Required)).collect();
        match self {
            Self::Responsible | Self::Spouse => {
                let country = text(whole, "country").unwrap_or(HOME);
                if text(whole, "postcode").is_some_and(|p| !countries::is_postcode(p, country)) {
                    wrong.push(FieldProblem::at("postcode", Problem::Postcode));
                }
            }
            Self::Caf => {
                if let (Some(from), Some(to)) = (day(whole, "quotient_from"), day(whole, "quotient_to"))
                    && to < from
                {
                    wrong.push(FieldProblem::at("quotient_to", Problem::EndsBeforeStart));
                }
            }
            Self::Bank => wrong.extend(bank(whole)),
            Self::Tax | Self::ChildIdentity | Self::Authorisations | Self::PickUp | Self::Health => {}
        }
        wrong
    }
}

/// What is wrong with bank details: a bank that cannot hold the account, and, for a direct debit, no
/// holder, no account, one that SEPA does not reach, or a holder that no bank can read. The BIC is
/// never needed (Regulation (EU) 260/2012, article 5(7)).
fn bank(whole: &Document) -> Vec<FieldProblem> {
    let mut wrong = vec![];
    let (iban, bic) = (text(whole, "iban"), text(whole, "bic"));
    if let (Some(iban), Some(bic)) = (iban, bic)
        && !sepa::bic_fits_iban(bic, iban)
    {
        wrong.push(FieldProblem::at("bic", Problem::BicOfAnotherCountry));
    }
    if whole.get("direct_debit") != Some(&Value::Bool(true)) {
        return wrong;
    }
    let holder = text(whole, "account_holder");
    if holder.is_none() {
        wrong.push(FieldProblem::at("account_holder", Problem::Required));
    }
    match iban {
        None => wrong.push(FieldProblem::at("iban", Problem::Required)),
        Some(iban) if !sepa::is_in_area(iban) => {
            wrong.push(FieldProblem::at("iban", Problem::IbanOutsideSepa));
        }
        Some(_) => {}
    }
    if holder.is_some() && holder_for_banks(whole).is_none() {
        wrong.push(FieldProblem::at("account_holder_latin", Problem::LatinSpelling));
    }
    wrong
}

/// The account holder as the banks read it: the Latin spelling given, or the name's own.
pub fn holder_for_banks(bank: &Document) -> Option<String> {
    let spelled = |field: &str| sepa::spelled(text(bank, field)?, sepa::NAME).ok();
    spelled("account_holder_latin").or_else(|| spelled("account_holder"))
}
