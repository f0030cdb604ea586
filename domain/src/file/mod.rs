//! The family file: its sections, their fields and the rules of each field.
//!
//! A section is a document of named fields. Aggregates carry it sealed; what is checked, compared
//! and merged here is checked before sealing, so a value that stands in a file is valid.

mod kinds;
mod sections;

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use kinds::Kind;

use crate::{
    messages::{Args, Rule},
    plausibility::DateError,
    sealed::Purpose,
    text::TextError,
};

/// A section's fields and their values; a field without a value is absent.
pub type Document = Map<String, Value>;

/// A field of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
}

macro_rules! sections {
    ($($(#[$doc:meta])* $section:ident { $($text:literal $field:ident: $kind:ident),+ $(,)? })+) => {
        /// A section of the family file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum Section { $($(#[$doc])* $section),+ }

        impl Section {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$section),+];

            /// Its fields.
            pub fn fields(self) -> &'static [Field] {
                match self {
                    $(Self::$section => &[
                        $(Field { name: stringify!($field), kind: Kind::$kind }),+
                    ]),+
                }
            }
        }
    };
}
crate::file_sections!(sections);

/// Whose file a section belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The family's.
    Family,
    /// A child's.
    Child,
}

impl Section {
    /// Whose file it belongs to.
    pub fn owner(self) -> Owner {
        match self {
            Self::Responsible | Self::Spouse | Self::Tax | Self::Caf | Self::Bank => Owner::Family,
            Self::ChildIdentity | Self::Authorisations | Self::PickUp | Self::Health => Owner::Child,
        }
    }

    /// Which key seals it: health data go first when a file is erased, bank data are kept as long
    /// as the accounts are.
    pub fn purpose(self) -> Purpose {
        match self {
            Self::Tax => Purpose::Tax,
            Self::Caf => Purpose::Caf,
            Self::Bank => Purpose::Bank,
            Self::Health => Purpose::Health,
            Self::Responsible | Self::Spouse | Self::ChildIdentity | Self::Authorisations | Self::PickUp => {
                Purpose::Identity
            }
        }
    }

    /// Whose data it is: the spouse is a person of their own.
    pub fn subject(self, owner: &str) -> String {
        if self == Self::Spouse { format!("{owner}/spouse") } else { owner.to_owned() }
    }

    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Responsible => "RESPONSIBLE",
            Self::Spouse => "SPOUSE",
            Self::Tax => "TAX",
            Self::Caf => "CAF",
            Self::Bank => "BANK",
            Self::ChildIdentity => "CHILD_IDENTITY",
            Self::Authorisations => "AUTHORISATIONS",
            Self::PickUp => "PICK_UP",
            Self::Health => "HEALTH",
        }
    }

    /// Checks proposed values, all at once: what they are when they are right (trimmed, telephone
    /// numbers and IBANs in one form), or everything that is wrong with them. A `null` empties its
    /// field.
    ///
    /// # Errors
    /// One problem per wrong field.
    pub fn check(self, proposed: &Document, today: NaiveDate) -> Result<Document, Vec<FieldProblem>> {
        let (mut right, mut wrong) = (Document::new(), Vec::new());
        for (name, value) in proposed {
            let Some(field) = self.fields().iter().find(|f| f.name == name) else {
                wrong.push(FieldProblem { field: name.clone(), problem: Problem::Unknown });
                continue;
            };
            match field.kind.check(value, today) {
                Ok(value) => {
                    right.insert(name.clone(), value);
                }
                Err(problem) => wrong.push(FieldProblem { field: name.clone(), problem }),
            }
        }
        if let (Some(from), Some(to)) = (day(&right, "quotient_from"), day(&right, "quotient_to"))
            && to < from
        {
            wrong.push(FieldProblem { field: "quotient_to".into(), problem: Problem::EndsBeforeStart });
        }
        if wrong.is_empty() { Ok(right) } else { Err(wrong) }
    }

    /// What a whole section still lacks: the fields that may not be empty, and what a direct debit
    /// needs (an IBAN and a mandate, SEPA rulebook).
    pub fn lacks(self, whole: &Document) -> Vec<FieldProblem> {
        let empty = |name: &str| whole.get(name).is_none_or(Value::is_null);
        let debit = self == Self::Bank && whole.get("direct_debit") == Some(&Value::Bool(true));
        let for_debit = ["account_holder", "iban", "bic"];
        let needed = |f: &&Field| f.kind.is_required() || (debit && for_debit.contains(&f.name));
        let missing = self.fields().iter().filter(needed).filter(|f| empty(f.name));
        missing.map(|f| FieldProblem { field: f.name.to_owned(), problem: Problem::Required }).collect()
    }
}

fn day(document: &Document, field: &str) -> Option<NaiveDate> {
    document.get(field)?.as_str()?.parse().ok()
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a section of the file")]
pub struct UnknownSection;

impl FromStr for Section {
    type Err = UnknownSection;
    fn from_str(text: &str) -> Result<Self, UnknownSection> {
        Self::ALL.iter().copied().find(|s| s.as_str() == text).ok_or(UnknownSection)
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The section has no such field.
    #[error("no such field")]
    Unknown,
    /// It may not be empty.
    #[error("may not be empty")]
    Required,
    /// Longer than allowed.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// More entries than allowed.
    #[error("more than {0} entries")]
    TooMany(usize),
    /// Not an IBAN: length, country or checksum (ISO 13616).
    #[error("not an IBAN")]
    Iban,
    /// Not a BIC (ISO 9362).
    #[error("not a BIC")]
    Bic,
    /// Not five digits.
    #[error("not a postcode")]
    Postcode,
    /// Not a telephone number.
    #[error("not a telephone number")]
    Phone,
    /// Not an e-mail address.
    #[error("not an e-mail address")]
    Email,
    /// Not thirteen digits.
    #[error("not a tax number")]
    TaxNumber,
    /// Not a day, or out of its range.
    #[error("not a possible day")]
    Day,
    /// A day that cannot be.
    #[error(transparent)]
    Implausible(DateError),
    /// Not a year from 2000 to this one.
    #[error("not a year from 2000 to {0}")]
    Year(i32),
    /// A period that ends before it starts.
    #[error("ends before it starts")]
    EndsBeforeStart,
    /// Not an exact amount of at most two decimals, zero or more.
    #[error("not an amount")]
    Amount,
    /// More than an amount can be.
    #[error("more than {0} euros")]
    TooMuch(u32),
    /// Not tax shares: a multiple of a quarter up to 50.
    #[error("not a multiple of a quarter")]
    Shares,
    /// Not a beneficiary number: digits, maybe a letter.
    #[error("not a beneficiary number")]
    BeneficiaryNumber,
    /// Characters outside of the SEPA set (EPC217-08).
    #[error("characters outside of the SEPA set")]
    SepaCharacters,
    /// Not one of the known values.
    #[error("not one of {0}")]
    Choice(&'static str),
    /// Of another type than the field's.
    #[error("of another type")]
    Type,
    /// Not a text a person may enter.
    #[error(transparent)]
    Text(TextError),
}

/// A field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Which field.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

impl Rule for FieldProblem {
    fn code(&self) -> &'static str {
        match self.problem {
            Problem::Unknown => "UNKNOWN_FIELD",
            Problem::Required => "FIELD_REQUIRED",
            Problem::TooLong(_) => "FIELD_TOO_LONG",
            Problem::TooMany(_) => "FIELD_TOO_MANY",
            Problem::Iban => "INVALID_IBAN",
            Problem::Bic => "INVALID_BIC",
            Problem::Postcode => "INVALID_POSTCODE",
            Problem::Phone => "INVALID_PHONE",
            Problem::Email => "INVALID_EMAIL",
            Problem::TaxNumber => "INVALID_TAX_NUMBER",
            Problem::Day => "INVALID_DATE",
            Problem::Implausible(error) => error.code(),
            Problem::Year(_) => "INVALID_YEAR",
            Problem::EndsBeforeStart => "ENDS_BEFORE_START",
            Problem::Amount => "INVALID_AMOUNT",
            Problem::TooMuch(_) => "AMOUNT_TOO_LARGE",
            Problem::Shares => "INVALID_SHARES",
            Problem::BeneficiaryNumber => "INVALID_BENEFICIARY_NUMBER",
            Problem::SepaCharacters => "INVALID_REFERENCE",
            Problem::Choice(_) => "INVALID_CHOICE",
            Problem::Type => "INVALID_TEXT",
            Problem::Text(error) => error.code(),
        }
    }
    fn args(&self) -> Args {
        match &self.problem {
            Problem::TooLong(most) | Problem::TooMany(most) => vec![("most", most.to_string())],
            Problem::Choice(choices) => vec![("choices", (*choices).to_owned())],
            Problem::TooMuch(most) => vec![("most", most.to_string())],
            Problem::Year(latest) => vec![("latest", latest.to_string())],
            Problem::Implausible(error) => error.args(),
            Problem::Text(error) => error.args(),
            Problem::Unknown
            | Problem::Required
            | Problem::Iban
            | Problem::Bic
            | Problem::Postcode
            | Problem::Phone
            | Problem::Email
            | Problem::TaxNumber
            | Problem::Day
            | Problem::EndsBeforeStart
            | Problem::Amount
            | Problem::Shares
            | Problem::BeneficiaryNumber
            | Problem::SepaCharacters
            | Problem::Type => vec![],
        }
    }
}

/// The proposed values that differ from the current ones.
pub fn changed(current: &Document, proposed: Document) -> Document {
    let now = |name: &str| current.get(name).unwrap_or(&Value::Null);
    proposed.into_iter().filter(|(name, value)| now(name) != value).collect()
}

/// The current values of the fields a proposal names; `null` where there is none.
pub fn values_of(current: &Document, proposal: &Document) -> Document {
    let of = |name: &String| (name.clone(), current.get(name).cloned().unwrap_or(Value::Null));
    proposal.keys().map(of).collect()
}

/// The fields that changed since a proposal was written: their current value is neither what the
/// parent saw nor what the parent wants.
pub fn conflicts(base: &Document, proposed: &Document, current: &Document) -> Vec<String> {
    let at = |document: &Document, name: &str| document.get(name).cloned().unwrap_or(Value::Null);
    let conflicting =
        |name: &&String| at(current, name) != at(base, name) && at(current, name) != at(proposed, name);
    proposed.keys().filter(conflicting).cloned().collect()
}

/// The current document with a proposal applied.
pub fn merged(current: &Document, proposed: &Document) -> Document {
    let mut whole = current.clone();
    for (name, value) in proposed {
        if value.is_null() {
            whole.remove(name);
        } else {
            whole.insert(name.clone(), value.clone());
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn document(value: Value) -> Document {
        value.as_object().unwrap().clone()
    }

    fn today() -> NaiveDate {
        "2015-04-08".parse().unwrap()
    }

    fn problems(section: Section, value: Value) -> Vec<(String, &'static str)> {
        let wrong = section.check(&document(value), today()).unwrap_err();
        wrong.into_iter().map(|p| (p.field.clone(), p.code())).collect()
    }

    #[test]
    fn all_errors_of_a_form_come_at_once() {
        let form =
            json!({ "surname": " ", "postcode": "314", "email": "jean", "home_phone": "12", "shoe": 1 });
        assert_eq!(
            problems(Section::Responsible, form),
            [
                ("email".into(), "INVALID_EMAIL"),
                ("home_phone".into(), "INVALID_PHONE"),
                ("postcode".into(), "INVALID_POSTCODE"),
                ("shoe".into(), "UNKNOWN_FIELD"),
                ("surname".into(), "FIELD_REQUIRED"),
            ]
        );
    }

    #[test]
    fn values_are_kept_in_one_form() {
        let form = json!({ "iban": "fr14 2004 1010 0505 0001 3m02 606", "bic": "psstfrppmar" });
        let right = Section::Bank.check(&document(form), today()).unwrap();
        assert_eq!(
            Value::Object(right),
            json!({ "iban": "FR1420041010050500013M02606", "bic": "PSSTFRPPMAR" })
        );
        let phone = Section::Responsible.check(&document(json!({ "home_phone": "0102030405" })), today());
        assert_eq!(phone.unwrap()["home_phone"], "01 02 03 04 05");
    }

    #[test]
    fn a_wrong_checksum_a_future_birth_and_a_backward_period_are_refused() {
        let iban = json!({ "iban": "FR1420041010050500013M02607" });
        assert_eq!(problems(Section::Bank, iban), [("iban".into(), "INVALID_IBAN")]);
        let birth = json!({ "birth_date": "2015-04-09" });
        assert_eq!(problems(Section::ChildIdentity, birth), [("birth_date".into(), "DATE_IN_THE_FUTURE")]);
        let period = json!({ "quotient_from": "2015-02-01", "quotient_to": "2015-01-31" });
        assert_eq!(problems(Section::Caf, period), [("quotient_to".into(), "ENDS_BEFORE_START")]);
    }

    #[test]
    fn a_direct_debit_needs_a_holder_an_iban_and_a_bic() {
        let lacks = Section::Bank.lacks(&document(json!({ "direct_debit": true, "bic": "PSSTFRPPMAR" })));
        let names: Vec<&str> = lacks.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(names, ["account_holder", "iban"]);
    }

    #[test]
    fn a_field_changed_meanwhile_to_something_else_is_a_conflict() {
        let base = document(json!({ "town": "Haisnes", "email": "a@b.fr" }));
        let proposed = document(json!({ "town": "Lens", "email": "c@d.fr" }));
        let current = document(json!({ "town": "Douai", "email": "a@b.fr" }));
        assert_eq!(conflicts(&base, &proposed, &current), ["town"]);
        assert!(conflicts(&base, &proposed, &proposed).is_empty(), "somebody else did it already");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic_and_what_passes_passes_again(text in "\\PC{0,60}") {
            for section in Section::ALL {
                for field in section.fields() {
                    let form = document(json!({ field.name: text }));
                    if let Ok(right) = section.check(&form, today()) {
                        prop_assert_eq!(section.check(&right, today()).unwrap(), right);
                    }
                }
            }
        }
    }
}
