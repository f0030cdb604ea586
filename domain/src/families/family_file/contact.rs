//! Telephone numbers, e-mail addresses and postcodes: what is taken, and its one form.

use email_address::{EmailAddress, Options};

use super::{Problem, written};

/// Names of networks that no message from outside reaches (RFC 6761, RFC 6762, RFC 2606).
const UNREACHABLE: &[&str] =
    &["local", "localhost", "localdomain", "internal", "intranet", "lan", "home", "corp", "invalid"];

/// Ten digits in pairs in France (ARCEP's numbering plan), `+` and 8 to 15 digits elsewhere (E.164);
/// an international number may begin with `00`.
pub fn phone(text: &str) -> Result<String, Problem> {
    let between = |c: char| {
        c.is_whitespace() || matches!(c, '.' | '-' | '(' | ')' | '/' | '_' | '\u{2011}'..='\u{2013}')
    };
    let kept: String = text.chars().filter(|c| !between(*c)).collect();
    let kept = kept.strip_prefix("00").map_or(kept.clone(), |rest| format!("+{rest}"));
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
    let fits = all_digits(&national)
        && national.len() == 10
        && national.starts_with('0')
        && !national.starts_with("00");
    if !fits {
        return Err(Problem::Phone);
    }
    let pairs: Vec<&str> = (0..10).step_by(2).map(|at| &national[at..at + 2]).collect();
    Ok(pairs.join(" "))
}

/// An address of a mailbox on the internet: well-formed, and at a domain that can have one.
pub fn email(text: &str) -> Result<String, Problem> {
    let any = Options::default().without_display_text();
    let address = EmailAddress::parse_with_options(text, any).map_err(|_| Problem::Email)?;
    let domain = address.domain().to_lowercase();
    let last = domain.rsplit('.').next().unwrap_or_default();
    // A top-level domain is letters, or an encoded name (RFC 3696, 2).
    let reachable = domain.contains('.')
        && last.len() >= 2
        && !last.bytes().all(|b| b.is_ascii_digit())
        && !domain.starts_with('[')
        && !UNREACHABLE.contains(&last);
    if reachable { Ok(address.as_str().to_owned()) } else { Err(Problem::Unreachable) }
}

/// A postcode in capitals, its parts one space apart: letters, digits, spaces and hyphens.
pub fn postcode(text: &str) -> Result<String, Problem> {
    let spaced: Vec<&str> = text.split_whitespace().collect();
    let digits = written::compact(text);
    let written =
        if digits.bytes().all(|b| b.is_ascii_digit()) { digits } else { spaced.join(" ").to_uppercase() };
    let fits = (2..=10).contains(&written.len())
        && written.bytes().any(|b| b.is_ascii_digit())
        && written.bytes().all(|b| b.is_ascii_alphanumeric() || b" -".contains(&b));
    if fits { Ok(written) } else { Err(Problem::Postcode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_are_kept_in_one_form() {
        for (text, expected) in [
            ("0033612345678", "06 12 34 56 78"),
            ("00 33 6 12 34 56 78", "06 12 34 56 78"),
            ("06/12/34/56/78", "06 12 34 56 78"),
            ("06.12.34.56.78", "06 12 34 56 78"),
            ("06-12-34-56-78", "06 12 34 56 78"),
            ("06\u{a0}12\u{a0}34\u{a0}56\u{a0}78", "06 12 34 56 78"),
            ("+33 (0)6 12 34 56 78", "06 12 34 56 78"),
            ("0032 2 555 12 12", "+3225551212"),
            ("+41 22 700 00 00", "+41227000000"),
        ] {
            assert_eq!(phone(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in
            ["12", "0033", "061234567", "06123456789", "+0612345678", "000612345678", "six", "٠٦١٢٣٤٥٦٧٨"]
        {
            assert_eq!(phone(wrong), Err(Problem::Phone), "{wrong}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_reached_is_told_from_one_that_is_none() {
        for right in ["jean.dupont@wanadoo.fr", "a+b@mail.example.org", "é@exemple.fr", "x@münchen.de"] {
            assert_eq!(email(right).as_deref(), Ok(right), "{right}");
        }
        for unreachable in [
            "jean@example",
            "jean@localhost",
            "user@[192.168.0.1]",
            "jean@imprimante.local",
            "jean@192.168.0.1",
        ] {
            assert_eq!(email(unreachable), Err(Problem::Unreachable), "{unreachable}");
        }
        for wrong in ["jean", "@example.org", "Jean <jean@example.org>", "a b@example.org", "a@b..fr"] {
            assert_eq!(email(wrong), Err(Problem::Email), "{wrong}");
        }
    }

    #[test]
    fn postcodes_of_any_country_are_written_one_way() {
        for (text, expected) in [
            ("62 138", "62138"),
            ("sw1a  1aa", "SW1A 1AA"),
            ("l-1234", "L-1234"),
            ("AD500", "AD500"),
            ("1000", "1000"),
        ] {
            assert_eq!(postcode(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in ["Bruxelles", "1", "12345678901", "1000 Bruxelles", "75_001"] {
            assert_eq!(postcode(wrong), Err(Problem::Postcode), "{wrong}");
        }
    }
}
