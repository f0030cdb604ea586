//! What people and their spreadsheets write for a title, a number, an amount or a day, and the one
//! form it is kept in.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::Problem;
use crate::shared::time;

/// The largest amount, in euros.
const LARGEST: u32 = 100_000_000;

/// A text without spaces, in capitals.
pub fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

/// A civility; none for a couple's, which is nobody's own.
pub fn title(text: &str) -> Result<Option<String>, Problem> {
    let of_one = |word: &str| match word.trim_end_matches('.') {
        "monsieur" | "m" | "mr" | "mons" => Some("Monsieur"),
        "madame" | "mme" | "mdame" | "mrs" | "ms" | "mademoiselle" | "mlle" | "melle" | "miss" => {
            Some("Madame")
        }
        _ => None,
    };
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split([' ', '&', '/', '+', '-'])
        .filter(|w| !w.is_empty() && *w != "et" && *w != "ou")
        .collect();
    let titles: Option<Vec<&str>> = words.into_iter().map(of_one).collect();
    match titles.as_deref() {
        Some([one]) => Ok(Some((*one).to_owned())),
        Some([_, _]) => Ok(None),
        Some(_) | None => Err(Problem::Choice("Monsieur, Madame")),
    }
}

/// A number with a decimal point or comma and thousands set apart by spaces, points or commas; a
/// single point or comma is the decimal one.
pub fn number(text: &str) -> Option<Decimal> {
    let spaced = |c: char| c.is_whitespace() || matches!(c, '\u{202f}' | '\u{a0}' | '\'' | '’');
    let (sign, text) = match text.trim().strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.trim()),
    };
    let marks = |c: char| text.matches(c).count();
    let decimal = match (marks(','), marks('.')) {
        (0, 0) => None,
        (1, 0) => Some(','),
        (0, 1) => Some('.'),
        // The last of the two is the decimal one: "1.234,56", "1,234.56".
        (_, 1) if text.rfind('.') > text.rfind(',') => Some('.'),
        (1, _) if text.rfind(',') > text.rfind('.') => Some(','),
        _ => return None,
    };
    let (whole, cents) = match decimal {
        Some(mark) => text.split_once(mark)?,
        None => (text, ""),
    };
    let groups: Vec<&str> = whole.split(|c: char| spaced(c) || matches!(c, ',' | '.')).collect();
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let grouped = match groups.as_slice() {
        [_] => true,
        [first, rest @ ..] => (1..=3).contains(&first.len()) && rest.iter().all(|g| g.len() == 3),
        [] => false,
    };
    let fits = grouped
        && digits(cents)
        && groups.iter().all(|g| digits(g))
        && !(whole.is_empty() && cents.is_empty());
    if !fits {
        return None;
    }
    let whole = if whole.is_empty() { "0".to_owned() } else { groups.concat() };
    let cents = if cents.is_empty() { "0" } else { cents };
    format!("{sign}{whole}.{cents}").parse().ok()
}

/// An exact amount of euros, zero or more, with or without its sign: "1 234,56", "512.5 €".
pub fn amount(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let text =
        ["€", "EUR", "eur", "euros"].into_iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text);
    let amount = number(text.strip_prefix('€').unwrap_or(text)).ok_or(Problem::Amount)?;
    if amount.is_sign_negative() && !amount.is_zero() || amount.normalize().scale() > 2 {
        return Err(Problem::Amount);
    }
    if amount > Decimal::from(LARGEST) {
        return Err(Problem::TooMuch(LARGEST));
    }
    Ok(format!("{:.2}", amount.abs()))
}

/// A day: ISO 8601, or day, month and year as France writes them, with `/`, `.`, `-` or a space
/// between. A year of two digits is the nearest one that ends so, up to 20 years ahead.
pub fn day(text: &str, today: NaiveDate) -> Result<NaiveDate, Problem> {
    within(text, today.year() + 20)
}

/// The same of a day that should not lie ahead: a year of two digits is of the last hundred years.
pub fn past_day(text: &str, today: NaiveDate) -> Result<NaiveDate, Problem> {
    within(text, today.year())
}

fn within(text: &str, latest: i32) -> Result<NaiveDate, Problem> {
    let parts: Vec<&str> = text.trim().split(['/', '.', '-', ' ']).collect();
    let [first, month, last] = parts[..] else { return Err(Problem::Day) };
    let digits = |part: &str, most: usize| {
        let fits = (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<i32>().ok()).flatten().ok_or(Problem::Day)
    };
    let (year, day) = if first.len() == 4 {
        (digits(first, 4)?, digits(last, 2)?)
    } else {
        let year = match last.len() {
            4 => digits(last, 4)?,
            2 => {
                let two = digits(last, 2)?;
                latest - (latest - two).rem_euclid(100)
            }
            _ => return Err(Problem::Day),
        };
        (year, digits(first, 2)?)
    };
    let month = digits(month, 2)?;
    let unsigned = |number: i32| u32::try_from(number).map_err(|_| Problem::Day);
    let found = NaiveDate::from_ymd_opt(year, unsigned(month)?, unsigned(day)?).ok_or(Problem::Day)?;
    time::day(&found.to_string()).map_err(|_| Problem::Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2015-04-08".parse().unwrap()
    }

    #[test]
    fn titles_are_told_from_their_short_forms() {
        for (text, expected) in [
            ("M.", Some("Monsieur")),
            ("mr", Some("Monsieur")),
            ("Mme", Some("Madame")),
            ("Mademoiselle", Some("Madame")),
            ("Melle", Some("Madame")),
            ("MADAME", Some("Madame")),
            ("Monsieur et Madame", None),
            ("M. & Mme", None),
        ] {
            assert_eq!(title(text), Ok(expected.map(str::to_owned)), "{text}");
        }
        assert!(title("Docteur").is_err() && title("et").is_err() && title("M M M").is_err());
    }

    #[test]
    fn amounts_are_read_as_spreadsheets_write_them() {
        for (text, expected) in [
            ("1 234,56", "1234.56"),
            ("1\u{a0}234,56", "1234.56"),
            ("1\u{202f}234,5 €", "1234.50"),
            ("512.5 €", "512.50"),
            ("512,5", "512.50"),
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1.234.567,8", "1234567.80"),
            ("700", "700.00"),
            (",5", "0.50"),
            ("650.00 EUR", "650.00"),
            ("-0", "0.00"),
        ] {
            assert_eq!(amount(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in ["", "€", ".", "-1", "1,234", "12 34", "1 2345", "1,2,3", "12e3", "0x1", "1.234.56", "٣"]
        {
            assert_eq!(amount(wrong), Err(Problem::Amount), "{wrong}");
        }
    }

    #[test]
    fn days_are_read_as_france_writes_them() {
        for text in
            ["2010-09-01", "01/09/2010", "01.09.2010", "2010/09/01", "01-09-2010", "01/09/10", "1/9/2010"]
        {
            assert_eq!(past_day(text, today()).map(|d| d.to_string()).as_deref(), Ok("2010-09-01"), "{text}");
        }
        assert_eq!(past_day("01/09/78", today()).unwrap().year(), 1978);
        assert_eq!(past_day("01/09/15", today()).unwrap().year(), 2015);
        assert_eq!(past_day("01/09/16", today()).unwrap().year(), 1916);
        assert_eq!(day("31/08/16", today()).unwrap().year(), 2016);
        for wrong in ["", "31/02/2010", "2010", "01/09/010", "1/9", "0001-01-01", "99999-01-01", "١/٩/٢٠١٠"]
        {
            assert_eq!(day(wrong, today()), Err(Problem::Day), "{wrong}");
        }
    }
}
