//! What is wrong with a value of the family file: its own code for each fault.

use crate::{
    i18n::{Args, Rule},
    shared::plausibility::DateError,
    shared::text::TextError,
};

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
    /// An IBAN of a country SEPA does not reach: it cannot be debited.
    #[error("not an account that can be debited")]
    IbanOutsideSepa,
    /// Not a BIC (ISO 9362).
    #[error("not a BIC")]
    Bic,
    /// A BIC of another country than the IBAN's.
    #[error("not the BIC of a bank of the IBAN's country")]
    BicOfAnotherCountry,
    /// Not a mandate reference as banks take it (EPC130-08).
    #[error("not a mandate reference")]
    MandateReference,
    /// A letter that is not Latin, or no letter or digit at all.
    #[error("not in Latin letters")]
    NotLatin,
    /// The account holder's name has no spelling that banks take: one must be given.
    #[error("a Latin spelling is needed")]
    LatinSpelling,
    /// Not a postcode of its country.
    #[error("not a postcode")]
    Postcode,
    /// Not the INSEE code of a commune.
    #[error("not a commune")]
    Commune,
    /// Not a country.
    #[error("not a country")]
    Country,
    /// Not a telephone number.
    #[error("not a telephone number")]
    Phone,
    /// Not an e-mail address.
    #[error("not an e-mail address")]
    Email,
    /// An e-mail address that no message from outside its network reaches.
    #[error("not an e-mail address on the internet")]
    Unreachable,
    /// Not thirteen digits.
    #[error("not a tax number")]
    TaxNumber,
    /// Not a beneficiary number.
    #[error("not a beneficiary number")]
    BeneficiaryNumber,
    /// Not a day, or out of its range.
    #[error("not a possible day")]
    Day,
    /// Not a year from 2000 to the one given.
    #[error("not a year from 2000 to {0}")]
    Year(i32),
    /// A day that cannot be.
    #[error(transparent)]
    Implausible(DateError),
    /// A period that ends before it starts.
    #[error("ends before it starts")]
    EndsBeforeStart,
    /// Not an exact amount of at most two decimals, zero or more.
    #[error("not an amount")]
    Amount,
    /// More than an amount can be.
    #[error("more than {0} euros")]
    TooMuch(u32),
    /// Not a number of tax shares.
    #[error("not a number of tax shares")]
    Shares,
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

impl FieldProblem {
    pub(super) fn at(field: &str, problem: Problem) -> Self {
        Self { field: field.to_owned(), problem }
    }
}

impl Rule for FieldProblem {
    fn code(&self) -> &'static str {
        match self.problem {
            Problem::Unknown => "UNKNOWN_FIELD",
            Problem::Required => "FIELD_REQUIRED",
            Problem::TooLong(_) => "FIELD_TOO_LONG",
            Problem::TooMany(_) => "FIELD_TOO_MANY",
            Problem::Iban => "INVALID_IBAN",
            Problem::IbanOutsideSepa => "IBAN_OUTSIDE_SEPA",
            Problem::Bic => "INVALID_BIC",
            Problem::BicOfAnotherCountry => "BIC_OF_ANOTHER_COUNTRY",
            Problem::MandateReference => "INVALID_MANDATE_REFERENCE",
            Problem::NotLatin => "NOT_LATIN",
            Problem::LatinSpelling => "LATIN_SPELLING_REQUIRED",
            Problem::Commune => "INVALID_COMMUNE",
            Problem::Postcode => "INVALID_POSTCODE",
            Problem::Country => "INVALID_COUNTRY",
            Problem::Phone => "INVALID_PHONE",
            Problem::Email => "INVALID_EMAIL",
            Problem::Unreachable => "UNDELIVERABLE_EMAIL",
            Problem::TaxNumber => "INVALID_TAX_NUMBER",
            Problem::BeneficiaryNumber => "INVALID_BENEFICIARY_NUMBER",
            Problem::Day => "INVALID_DATE",
            Problem::Year(_) => "INVALID_YEAR",
            Problem::Implausible(error) => error.code(),
            Problem::EndsBeforeStart => "ENDS_BEFORE_START",
            Problem::Amount => "INVALID_AMOUNT",
            Problem::TooMuch(_) => "AMOUNT_TOO_LARGE",
            Problem::Shares => "INVALID_SHARES",
            Problem::Choice(_) => "INVALID_CHOICE",
            Problem::Type => "INVALID_TEXT",
            Problem::Text(error) => error.code(),
        }
    }
    fn args(&self) -> Args {
        match &self.problem {
            Problem::TooLong(most) | Problem::TooMany(most) => vec![("most", most.to_string())],
            Problem::Year(latest) => vec![("latest", latest.to_string())],
            Problem::TooMuch(most) => vec![("most", most.to_string())],
            Problem::Implausible(error) => error.args(),
            Problem::Text(error) => error.args(),
            Problem::Choice(choices) => vec![("choices", (*choices).to_owned())],
            Problem::Unknown
            | Problem::Required
            | Problem::Iban
            | Problem::IbanOutsideSepa
            | Problem::Bic
            | Problem::BicOfAnotherCountry
            | Problem::MandateReference
            | Problem::NotLatin
            | Problem::LatinSpelling
            | Problem::Commune
            | Problem::Postcode
            | Problem::Country
            | Problem::Phone
            | Problem::Email
            | Problem::Unreachable
            | Problem::TaxNumber
            | Problem::BeneficiaryNumber
            | Problem::Day
            | Problem::EndsBeforeStart
            | Problem::Amount
            | Problem::Shares
            | Problem::Type => vec![],
        }
    }
}
