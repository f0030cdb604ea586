//! What a field may hold, and its one canonical form.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::Problem;
use crate::{
    plausibility::Dated,
    text::{self, TextError},
    time,
};

/// The longest line of text, in characters.
const LINE: usize = 120;
/// The largest amount, in euros.
const LARGEST: u32 = 100_000_000;
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
    /// Five digits (La Poste).
    Postcode,
    /// A telephone number: ten digits in France, or international with its `+`.
    Phone,
    /// An e-mail address.
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
    /// A SEPA mandate reference: 1 to 35 of the SEPA character set.
    MandateReference,
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
            Self::Persons => list(value, person),
            Self::Words => list(value, |entry| line(entry, LINE).map(Value::String)),
            Self::Vaccinations => list(value, |entry| vaccination(entry, today)),
            _ => match line(value, LINE)? {
                empty if empty.is_empty() && self.is_required() => Err(Problem::Required),
                empty if empty.is_empty() => Ok(Value::Null),
                text => self.check_text(&text, today).map(Value::String),
            },
        }
    }

    fn check_text(self, text: &str, today: NaiveDate) -> Result<String, Problem> {
        match self {
            Self::Title => choice(text, &["Monsieur", "Madame"], "Monsieur, Madame"),
            Self::Fund => choice(text, &["CAF", "MSA"], "CAF, MSA"),
            Self::Sex => choice(text, &["F", "M"], "F, M"),
            Self::Postcode => digits(text, 5).ok_or(Problem::Postcode),
            Self::TaxNumber => digits(text, 13).ok_or(Problem::TaxNumber),
            Self::Phone => phone(text),
            Self::Email => text
                .parse::<email_address::EmailAddress>()
                .map(|address| address.as_str().to_owned())
                .map_err(|_| Problem::Email)
                .and_then(|a| if a.contains('<') { Err(Problem::Email) } else { Ok(a) }),
            Self::Iban => {
                let compact = compact(text);
                compact.parse::<iban::Iban>().map(|_| compact).map_err(|_| Problem::Iban)
            }
            Self::Bic => bic(text),
            Self::MandateReference => {
                let sepa = |c: char| c.is_ascii_alphanumeric() || "/-?:().,'+ ".contains(c);
                let fits = text.chars().all(sepa);
                if text.chars().count() > 35 {
                    Err(Problem::TooLong(35))
                } else if fits {
                    Ok(text.to_owned())
                } else {
                    Err(Problem::SepaCharacters)
                }
            }
            Self::BeneficiaryNumber => {
                let number = compact(text);
                let fits = (5..=15).contains(&number.len())
                    && number.starts_with(|c: char| c.is_ascii_digit())
                    && number.chars().all(|c| c.is_ascii_alphanumeric());
                if fits { Ok(number) } else { Err(Problem::BeneficiaryNumber) }
            }
            Self::Euros => amount(text),
            Self::Shares => {
                let shares: Decimal = text.parse().map_err(|_| Problem::Shares)?;
                let quarters = shares.checked_mul(Decimal::from(4)).ok_or(Problem::Shares)?;
                let fits = quarters.is_integer() && shares > Decimal::ZERO && shares <= Decimal::from(50);
                if fits { Ok(shares.normalize().to_string()) } else { Err(Problem::Shares) }
            }
            Self::Day => dated(Dated::Validity, text, today).map(|d| d.to_string()),
            Self::PastDay => dated(Dated::PastFact, text, today).map(|d| d.to_string()),
            Self::ChildBirth => dated(Dated::ChildBirth, text, today).map(|d| d.to_string()),
            _ => Ok(text.to_owned()),
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
    let telephone = if telephone.is_empty() { Value::Null } else { phone(&telephone)?.into() };
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
    let date = dated(Dated::PastFact, &required(part(entry, "date")?)?, today)?;
    Ok(json!({ "vaccine": required(part(entry, "vaccine")?)?, "date": date.to_string() }))
}

fn choice(text: &str, choices: &[&str], all: &'static str) -> Result<String, Problem> {
    let found = choices.iter().find(|c| c.eq_ignore_ascii_case(text));
    found.map(|c| (*c).to_owned()).ok_or(Problem::Choice(all))
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

fn digits(text: &str, count: usize) -> Option<String> {
    let compact = compact(text);
    (compact.len() == count && compact.bytes().all(|b| b.is_ascii_digit())).then_some(compact)
}

/// Ten digits in pairs in France (ARCEP's numbering plan), `+` and 8 to 15 digits elsewhere (E.164).
fn phone(text: &str) -> Result<String, Problem> {
    let kept: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
    let national = match kept.strip_prefix("+33") {
        Some(rest) => format!("0{}", rest.strip_prefix('0').unwrap_or(rest)),
        None => kept,
    };
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if let Some(international) = national.strip_prefix('+') {
        let fits = all_digits(international)
            && (8..=15).contains(&international.len())
            && !international.starts_with('0');
        return if fits { Ok(national) } else { Err(Problem::Phone) };
    }
    if !all_digits(&national)
        || national.len() != 10
        || !national.starts_with('0')
        || national.starts_with("00")
    {
        return Err(Problem::Phone);
    }
    let pairs: Vec<&str> = (0..10).step_by(2).map(|at| &national[at..at + 2]).collect();
    Ok(pairs.join(" "))
}

fn bic(text: &str) -> Result<String, Problem> {
    let bic = compact(text);
    let bytes = bic.as_bytes();
    let fits = matches!(bytes.len(), 8 | 11)
        && bytes.iter().take(6).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(6).all(u8::is_ascii_alphanumeric);
    if fits { Ok(bic) } else { Err(Problem::Bic) }
}

fn amount(text: &str) -> Result<String, Problem> {
    let amount: Decimal = text.replace(',', ".").parse().map_err(|_| Problem::Amount)?;
    if amount.is_sign_negative() || amount.normalize().scale() > 2 {
        return Err(Problem::Amount);
    }
    if amount > Decimal::from(LARGEST) {
        return Err(Problem::TooMuch(LARGEST));
    }
    Ok(format!("{amount:.2}"))
}

fn dated(what: Dated, text: &str, today: NaiveDate) -> Result<NaiveDate, Problem> {
    let day = time::day(text).map_err(|_| Problem::Day)?;
    what.check(day, today).map_err(Problem::Implausible)?;
    Ok(day)
}
