//! An event as PostgreSQL can keep it.
//!
//! The log keeps payloads to the byte, whatever is in them. Tables cannot: no text of PostgreSQL holds
//! U+0000, not even as the escape of a JSON text that is looked into, and no date or instant lies before
//! 4713 BC. Such a character becomes U+FFFD, such a date the first day of that year, in read models only.

use std::borrow::Cow;

/// How JSON writes U+0000.
const NUL: &str = "\\u0000";

/// The earliest year that dates and instants have, as ISO 8601 counts: 4713 BC.
const FIRST_YEAR: u32 = 4712;

/// A JSON text whose strings can be kept.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    // Nearly all are kept as they are.
    if !text.contains(NUL) && !text.contains("\"-") {
        return text.into();
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, string) = rest.split_at(start + 1);
        kept.push_str(before);
        let end = end_of_string(string);
        let (content, after) = string.split_at(end);
        kept.push_str(&string_content(content));
        rest = after;
        // The closing quotation mark does not open another string.
        if let Some(after) = rest.strip_prefix('"') {
            kept.push('"');
            rest = after;
        }
    }
    kept.push_str(rest);
    kept.into()
}

/// A text that can be kept.
pub(crate) fn text(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// Where a string ends that begins here.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

fn string_content(content: &str) -> Cow<'_, str> {
    if let Some(rest) = content.strip_prefix('-').and_then(after_early_date) {
        return format!("-{FIRST_YEAR}-01-01{rest}").into();
    }
    if !content.contains(NUL) {
        return content.into();
    }
    let mut kept = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        kept.push_str(before);
        // Two characters, or six; of `\\u0000` the second backslash is no escape.
        rest = if let Some(after) = escape.strip_prefix(NUL) {
            kept.push('\u{fffd}');
            after
        } else {
            let (two, after) = escape.split_at_checked(2).unwrap_or((escape, ""));
            kept.push_str(two);
            after
        };
    }
    kept.push_str(rest);
    kept.into()
}

/// What follows a date before 4713 BC, without its sign: nothing, or the time of an instant.
fn after_early_date(text: &str) -> Option<&str> {
    let (year, rest) = text.split_once('-')?;
    if !(4..=6).contains(&year.len()) || year.parse::<u32>().ok()? <= FIRST_YEAR {
        return None;
    }
    let (date, rest) = rest.split_at_checked(5)?;
    let is_digit = |place: usize| date.as_bytes().get(place).is_some_and(u8::is_ascii_digit);
    let is_date = [0, 1, 3, 4].into_iter().all(is_digit) && date.as_bytes().get(2) == Some(&b'-');
    (is_date && (rest.is_empty() || rest.starts_with('T'))).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_kept_is_kept() {
        for text in [
            r#"{"amount":"-5.00","note":"a\\u0000b \" \\"}"#,
            r#"{"date":"-4712-01-01","at":"2015-04-08T08:00:00Z","n":-1}"#,
            r#"{"note":"-10000 euros","other":"-99999-01-01 or so"}"#,
        ] {
            assert_eq!(json(text), text);
        }
    }

    #[test]
    fn what_cannot_be_kept_is_replaced() {
        assert_eq!(
            json(r#"{"a":"x\u0000y","b":"\\\u0000"}"#),
            "{\"a\":\"x\u{fffd}y\",\"b\":\"\\\\\u{fffd}\"}"
        );
        assert_eq!(json(r#"["-262143-01-01","-4713-12-31"]"#), r#"["-4712-01-01","-4712-01-01"]"#);
        assert_eq!(json(r#"{"at":"-5000-02-03T04:05:06Z"}"#), r#"{"at":"-4712-01-01T04:05:06Z"}"#);
        assert_eq!(text("a\0b".into()), "a\u{fffd}b");
    }
}
