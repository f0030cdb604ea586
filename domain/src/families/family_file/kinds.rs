//! What a field may hold, and its one canonical form.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{Problem, bank, contact, written};
use crate::{
    money::sepa,
    shared::commune,
    shared::countries,
    shared::plausibility::DateKind,
    shared::text::{self, TextError},
};

/// The longest line of text, in characters.
const LINE: usize = 120;
/// The most entries of a list.
const ENTRIES: usize = 20;

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Monsieur or Madame.
    Title,
    /// A name that may not be empty.
    RequiredName,
    /// A line of text.
    Line,
    /// A postcode; which ones a country has is a rule of the whole address.
    Postcode,
    /// A country: its code (ISO 3166-1), given as such or by its name.
    Country,
    /// The INSEE code of a commune (Insee).
    CommuneCode,
    /// A telephone number: ten digits in France, or international with its `+`.
    Phone,
    /// An e-mail address that messages can reach.
    Email,
    /// Yes or no.
    Flag,
    /// Thirteen digits.
    TaxNumber,
    /// A year.
    Year,
    /// An exact amount of euros, zero or more, two decimals at most.
    Euros,
    /// Tax shares: a positive multiple of a quarter.
    Shares,
    /// CAF or MSA.
    Fund,
    /// A beneficiary number: digits, maybe a letter.
    BeneficiaryNumber,
    /// A day.
    Day,
    /// A day that is not in the future.
    PastDay,
    /// The birth date of a child; it may not be empty.
    ChildBirth,
    /// An IBAN (ISO 13616).
    Iban,
    /// A BIC (ISO 9362).
    Bic,
    /// A SEPA mandate reference, kept as it was signed.
    MandateReference,
    /// A name in the characters banks take.
    LatinName,
    /// F or M.
    Sex,
    /// Persons authorised or barred.
    Persons,
    /// A list of lines.
    Words,
    /// A list of vaccines with their days.
    Vaccinations,
}

impl Kind {
    /// Whether the field may not be empty.
    pub fn is_required(self) -> bool {
        matches!(self, Self::RequiredName | Self::ChildBirth)
    }

    /// Checks a value and gives its canonical form.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, value: &Value, today: NaiveDate) -> Result<Value, Problem> {
        let empty = value.is_null() || value.as_str().is_some_and(|t| t.trim().is_empty());
        if empty {
            return if self.is_required() { Err(Problem::Required) } else { Ok(Value::Null) };
        }
        match self {
            Self::Flag => value.as_bool().map(Value::Bool).ok_or(Problem::Type),
            Self::Year => {
                let year = value.as_i64().ok_or(Problem::Type)?;
                let possible = 2000..=i64::from(today.year());
                if possible.contains(&year) { Ok(json!(year)) } else { Err(Problem::Year(today.year())) }
            }
            Self::Title => written::title(&line(value, LINE)?).map(|t| t.map_or(Value::Null, Value::from)),
            Self::Persons => list(value, person),
            Self::Words => list(value, |entry| line(entry, LINE).map(Value::String)),
            Self::Vaccinations => list(value, |entry| vaccination(entry, today)),
            Self::RequiredName
            | Self::Line
            | Self::Postcode
            | Self::Country
            | Self::CommuneCode
            | Self::Phone
            | Self::Email
            | Self::TaxNumber
            | Self::Euros
            | Self::Shares
            | Self::Fund
            | Self::BeneficiaryNumber
            | Self::Day
            | Self::PastDay
            | Self::ChildBirth
            | Self::Iban
            | Self::Bic
            | Self::MandateReference
            | Self::LatinName
            | Self::Sex => match line(value, LINE)? {
                empty if empty.is_empty() && self.is_required() => Err(Problem::Required),
                empty if empty.is_empty() => Ok(Value::Null),
                text => self.check_text(&text, today).map(Value::String),
            },
        }
    }

    fn check_text(self, text: &str, today: NaiveDate) -> Result<String, Problem> {
        match self {
            Self::Fund => choice(text, &["CAF", "MSA"], "CAF, MSA"),
            Self::Sex => choice(text, &["F", "M"], "F, M"),
            Self::Postcode => contact::postcode(text),
            Self::Country => countries::code(text).ok_or(Problem::Country),
            Self::CommuneCode => {
                commune::by_code(&written::compact(text)).map(|c| c.code.to_owned()).ok_or(Problem::Commune)
            }
            Self::TaxNumber => digits(text, 13).ok_or(Problem::TaxNumber),
            Self::Phone => contact::phone(text),
            Self::Email => contact::email(text),
            Self::Iban => bank::iban(text),
            Self::Bic => bank::bic(text),
            Self::MandateReference => {
                if sepa::is_identifier(text) {
                    Ok(text.to_owned())
                } else {
                    Err(Problem::MandateReference)
                }
            }
            Self::LatinName => sepa::spelled(text, sepa::NAME).map_err(|_| Problem::NotLatin),
            Self::BeneficiaryNumber => {
                let number = written::compact(text);
                let fits = (5..=15).contains(&number.len())
                    && number.starts_with(|c: char| c.is_ascii_digit())
                    && number.chars().all(|c| c.is_ascii_alphanumeric());
                if fits { Ok(number) } else { Err(Problem::BeneficiaryNumber) }
            }
            Self::Euros => written::amount(text),
            Self::Shares => {
                let shares = written::number(text).ok_or(Problem::Shares)?;
                let quarters = shares.checked_mul(Decimal::from(4)).ok_or(Problem::Shares)?;
                let fits = quarters.is_integer() && shares > Decimal::ZERO && shares <= Decimal::from(50);
                if fits { Ok(shares.normalize().to_string()) } else { Err(Problem::Shares) }
            }
            Self::Day => dated(DateKind::Validity, written::day(text, today)?, today),
            Self::PastDay => dated(DateKind::PastFact, written::past_day(text, today)?, today),
            Self::ChildBirth => dated(DateKind::ChildBirth, written::past_day(text, today)?, today),
            Self::RequiredName | Self::Line => Ok(text.to_owned()),
            // Checked above: they are no texts.
            Self::Title | Self::Flag | Self::Year | Self::Persons | Self::Words | Self::Vaccinations => {
                Err(Problem::Type)
            }
        }
    }
}

/// A line in its canonical form; what cannot be seen counts as empty.
fn line(value: &Value, most: usize) -> Result<String, Problem> {
    let text = value.as_str().ok_or(Problem::Type)?;
    match text::line(text, most) {
        Err(TextError::Empty) => Ok(String::new()),
        Err(TextError::TooLong(most)) => Err(Problem::TooLong(most)),
        Err(error) => Err(Problem::Text(error)),
        Ok(line) => Ok(line),
    }
}

fn list(value: &Value, check: impl Fn(&Value) -> Result<Value, Problem>) -> Result<Value, Problem> {
    let entries = value.as_array().ok_or(Problem::Type)?;
    if entries.len() > ENTRIES {
        return Err(Problem::TooMany(ENTRIES));
    }
    if entries.is_empty() {
        return Ok(Value::Null);
    }
    let checked: Result<Vec<Value>, Problem> = entries.iter().map(check).collect();
    checked.map(Value::Array)
}

fn part(entry: &Map<String, Value>, name: &str) -> Result<String, Problem> {
    match entry.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(value) => line(value, LINE),
    }
}

fn required(text: String) -> Result<String, Problem> {
    if text.is_empty() { Err(Problem::Required) } else { Ok(text) }
}

/// A person: surname, first name, relation, telephone, and whether barred.
fn person(entry: &Value) -> Result<Value, Problem> {
    let entry = entry.as_object().ok_or(Problem::Type)?;
    let telephone = part(entry, "phone")?;
    let telephone = if telephone.is_empty() { Value::Null } else { contact::phone(&telephone)?.into() };
    let relation = Some(part(entry, "relation")?).filter(|r| !r.is_empty());
    Ok(json!({
        "surname": required(part(entry, "surname")?)?,
        "first_name": required(part(entry, "first_name")?)?,
        "relation": relation,
        "phone": telephone,
        "barred": entry.get("barred").and_then(Value::as_bool).unwrap_or(false),
    }))
}

/// A vaccine and the day of its last dose.
fn vaccination(entry: &Value, today: NaiveDate) -> Result<Value, Problem> {
    let entry = entry.as_object().ok_or(Problem::Type)?;
    let date = written::past_day(&required(part(entry, "date")?)?, today)?;
    let date = dated(DateKind::PastFact, date, today)?;
    Ok(json!({ "vaccine": required(part(entry, "vaccine")?)?, "date": date }))
}

fn choice(text: &str, choices: &[&str], all: &'static str) -> Result<String, Problem> {
    let found = choices.iter().find(|c| c.eq_ignore_ascii_case(text));
    found.map(|c| (*c).to_owned()).ok_or(Problem::Choice(all))
}

fn digits(text: &str, count: usize) -> Option<String> {
    let compact = written::compact(text);
    (compact.len() == count && compact.bytes().all(|b| b.is_ascii_digit())).then_some(compact)
}

fn dated(what: DateKind, day: NaiveDate, today: NaiveDate) -> Result<String, Problem> {
    what.check(day, today).map_err(Problem::Implausible)?;
    Ok(day.to_string())
}
