//! Canonical JSON (RFC 8785), as the log keeps it.
//!
//! The serialiser's output differs from it in the order of keys and in fractions only. Sorting that output
//! takes a fifth of the library's time. Fractions, long numbers and keys beyond plain ASCII, which events do
//! not have, are left to the library.

use serde::Serialize;
use serde_json::value::RawValue;

/// Canonical JSON (RFC 8785) of a value, as the log keeps it.
///
/// # Errors
/// When the value cannot be JSON.
pub fn canonical_json<T: Serialize>(value: &T) -> Result<Box<RawValue>, serde_json::Error> {
    let written = serde_json::to_string(value)?;
    let mut sorted = Vec::with_capacity(written.len());
    let plain = Sorter { written: written.as_bytes(), at: 0, sorted: &mut sorted }.value();
    let text = match (plain, String::from_utf8(sorted)) {
        (Some(()), Ok(text)) => text,
        _ => serde_json_canonicalizer::to_string(value)?,
    };
    RawValue::from_string(text)
}

/// Longer integers may not be exact in the numbers of RFC 8785.
const EXACT_DIGITS: usize = 15;

/// Copies a serialiser's output, the members of each object in the order of their keys. A step returns none
/// where it meets something that is left to the library.
struct Sorter<'a> {
    written: &'a [u8],
    at: usize,
    sorted: &'a mut Vec<u8>,
}

impl<'a> Sorter<'a> {
    fn value(&mut self) -> Option<()> {
        match *self.written.get(self.at)? {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.string().map(drop),
            _ => self.scalar(),
        }
    }

    /// Copies the bytes up to an index.
    fn copy(&mut self, to: usize) -> Option<&'a [u8]> {
        let copied = self.written.get(self.at..to)?;
        self.sorted.extend_from_slice(copied);
        self.at = to;
        Some(copied)
    }

    /// Copies a mark if it comes next.
    fn mark(&mut self, mark: u8) -> Option<bool> {
        let next = *self.written.get(self.at)? == mark;
        if next {
            self.copy(self.at + 1)?;
        }
        Some(next)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let mut end = self.at + 1;
        loop {
            match *self.written.get(end)? {
                b'"' => return self.copy(end + 1),
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Option<()> {
        let rest = self.written.get(self.at..)?;
        let length = rest.iter().position(|byte| matches!(byte, b',' | b']' | b'}')).unwrap_or(rest.len());
        let scalar = self.copy(self.at + length)?;
        let is_word = scalar.first().is_some_and(u8::is_ascii_alphabetic);
        let is_exact =
            scalar.len() <= EXACT_DIGITS && scalar.iter().all(|b| b.is_ascii_digit() || *b == b'-');
        (is_word || is_exact).then_some(())
    }

    fn array(&mut self) -> Option<()> {
        self.copy(self.at + 1)?;
        if self.mark(b']')? {
            return Some(());
        }
        loop {
            self.value()?;
            if !self.mark(b',')? {
                return self.mark(b']')?.then_some(());
            }
        }
    }

    fn object(&mut self) -> Option<()> {
        self.copy(self.at + 1)?;
        if self.mark(b'}')? {
            return Some(());
        }
        let first = self.sorted.len();
        let mut members = Vec::with_capacity(8);
        loop {
            let begin = self.sorted.len() - first;
            let key = self.string()?;
            let key = key.get(1..key.len() - 1)?;
            if !key.iter().all(|byte| byte.is_ascii() && *byte != b'\\') || !self.mark(b':')? {
                return None;
            }
            self.value()?;
            members.push((key, begin..self.sorted.len() - first));
            if !self.mark(b',')? {
                break;
            }
        }
        if !members.is_sorted_by(|(a, _), (b, _)| a < b) {
            members.sort_by_key(|(key, _)| *key);
            if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return None;
            }
            let unsorted = self.sorted.split_off(first);
            for (index, (_, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    self.sorted.push(b',');
                }
                self.sorted.extend_from_slice(unsorted.get(member)?);
            }
        }
        self.mark(b'}')?.then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(("[ab !\"\\\\é\u{1}😀]{0,3}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Keys in another order than that of the alphabet, as a struct's fields are.
    struct Backwards<'a>(&'a Value);

    impl Serialize for Backwards<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                Value::Object(members) => {
                    serializer.collect_map(members.iter().rev().map(|(key, value)| (key, Backwards(value))))
                }
                Value::Array(values) => serializer.collect_seq(values.iter().map(Backwards)),
                other => other.serialize(serializer),
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_what_the_library_writes(value in values()) {
            let Ok(expected) = serde_json_canonicalizer::to_string(&value) else { return Ok(()) };
            let written = canonical_json(&Backwards(&value)).unwrap();
            prop_assert_eq!(written.get(), expected);
        }
    }

    #[test]
    fn a_tag_written_first_finds_its_place() {
        #[derive(Serialize)]
        #[serde(tag = "type")]
        enum Event {
            Asked { who: &'static str, days: Vec<u32>, basis: Value },
        }
        let event = Event::Asked { who: "é\n", days: vec![2, 1], basis: json!({}) };
        let written = canonical_json(&event).unwrap();
        assert_eq!(written.get(), r#"{"basis":{},"days":[2,1],"type":"Asked","who":"é\n"}"#);
    }
}
