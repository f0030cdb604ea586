//! Typed values: those the server gave before, plausible ones, and hostile ones.

use std::collections::BTreeMap;

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use super::schema::{Input, Kind, Schema, Type};

/// What the server answered, by the name of the field: its ids lead deep.
#[derive(Default)]
pub struct Seen(BTreeMap<String, Vec<String>>);

impl Seen {
    /// How many values of a name are kept: enough for variety.
    const MOST: usize = 200;

    pub fn add(&mut self, name: &str, value: &str) {
        // Sessions of the people who ask are not to be ended by chance.
        if name == "token" || value.len() > 200 {
            return;
        }
        let values = self.0.entry(name.to_lowercase()).or_default();
        if values.len() < Self::MOST && !values.iter().any(|v| v == value) {
            values.push(value.to_owned());
        }
    }

    /// Takes in every text of an answer. An `id` also counts as the id of what it stands in.
    pub fn learn(&mut self, answer: &Value, within: &str) {
        match answer {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) => {
                            self.add(name, text);
                            if matches!(name.as_str(), "id" | "number" | "code") {
                                for one in
                                    [within.trim_end_matches('s').to_owned(), within.replace("ies", "y")]
                                {
                                    self.add(&format!("{one}{name}"), text);
                                }
                            }
                        }
                        _ => self.learn(value, name),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item, within)),
            Value::String(text) => self.add(within, text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A value seen under a name that has to do with this one; now and then any other.
    fn choose(&self, name: &str, random: &mut StdRng) -> Option<String> {
        let name = name.to_lowercase();
        let name = match name.trim_end_matches('s') {
            "onbehalfof" | "payer" => "familynumber",
            other => other,
        };
        if let Some(values) = self.0.get(name)
            && random.random_bool(0.8)
        {
            return values.choose(random).cloned();
        }
        let alike: Vec<&Vec<String>> = self
            .0
            .iter()
            .filter(|(known, _)| known.contains(name) || (known.len() > 4 && name.contains(known.as_str())))
            .map(|(_, values)| values)
            .collect();
        let values = if alike.is_empty() || random.random_bool(0.1) {
            self.0.values().collect::<Vec<_>>().choose(random).copied()?
        } else {
            *alike.choose(random)?
        };
        values.choose(random).cloned()
    }
}

/// What people write.
const PLAUSIBLE: &[&str] = &[
    "Dupont",
    "Léo",
    "Bonjour,\nmerci.",
    "garderie-matin",
    "2014-2015",
    "FR7630006000011234567890189",
    "BNPAFRPP",
    "parent@example.org",
    "0612345678",
    "59000",
    "1001001010331",
    "Mme D'Arc-Été",
    "15",
];

/// What they should not.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "x\u{0}y",
    "\u{0}",
    "x\u{0}y",
    "Bonjour\u{0}",
    "\r\n\t",
    "\u{202e}evil",
    "a\u{2066}b\u{2069}",
    "\u{200b}",
    "\u{200d}\u{fe0f}",
    "\u{feff}x",
    "\u{fffe}",
    "\u{fffd}",
    "\u{e000}",
    "\u{10ffff}",
    "😀👨‍👩‍👧",
    "𝔘𝔫𝔦",
    "e\u{301}\u{301}\u{301}",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "';DROP TABLE events;--",
    "=HYPERLINK(\"x\")",
    "@SUM(1)",
    "%s%n{name}{{}}",
    "<script>",
    "../../etc/passwd",
    "\\u0000",
    "null",
    "0",
    "-1",
    "9999999999999",
    "TN5910006035183598478831",
    "+33 6 12 34 56 78",
    "ÿ",
    "ﬁ",
    "ß€&",
];

const DATES: &[&str] = &[
    "2015-04-01",
    "2015-04-08",
    "2015-04-09",
    "2015-04-10",
    "2015-04-30",
    "2015-05-11",
    "2015-06-30",
    "2015-07-15",
    "2015-09-01",
    "2014-09-01",
    "2015-04-07",
    "2010-02-14",
    "2012-02-29",
    "2015-02-29",
    "1890-01-01",
    "0001-01-01",
    "0000-01-01",
    "-0001-12-31",
    "-4713-11-24",
    "-262143-01-01",
    "+262142-12-31",
    "9999-12-31",
    "5874897-12-31",
    "+10000-01-01",
    "2100-01-01",
    "2016-02-29",
    "x",
    "",
    "2015-13-01",
    "2015-4-1",
    "2015-04-01T00:00:00",
];

const MONTHS: &[&str] = &[
    "2015-04",
    "2015-05",
    "2015-09",
    "2014-09",
    "0000-01",
    "0001-01",
    "9999-12",
    "-0001-01",
    "262142-12",
    "+262142-12",
    "-262143-01",
    "2015-13",
    "2015-00",
    "x",
    "99999-01",
];

const TIMES: &[&str] = &[
    "07:30:00",
    "08:30:00",
    "12:00:00",
    "18:30:00",
    "00:00:00",
    "23:59:59",
    "23:59:60",
    "24:00:00",
    "23:59:59.999999999",
    "x",
];

const INSTANTS: &[&str] = &[
    "2015-04-08T08:00:00Z",
    "2015-03-29T01:30:00Z",
    "2015-10-25T00:30:00+00:00",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "-262143-01-01T00:00:00Z",
    "+262142-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999999Z",
    "2015-04-08T08:00:00+18:00",
    "2015-04-08T23:59:60Z",
    "x",
];

const DECIMALS: &[&str] = &[
    "0",
    "1",
    "0.01",
    "0.001",
    "-0.01",
    "3.40",
    "12.5",
    "100",
    "1000",
    "99999999.99",
    "9999999999999999.99",
    "92233720368547758.07",
    "92233720368547758.08",
    "79228162514264337593543950335",
    "-79228162514264337593543950335",
    "0.0000000000000000000000000001",
    "1e3",
    "1e28",
    "1e-28",
    "1e400",
    "NaN",
    "Infinity",
    "x",
    "",
    " 1",
    "1,5",
    "\u{0}",
];

const NUMBERS: &[i64] = &[
    0,
    1,
    2,
    3,
    7,
    12,
    50,
    100,
    200,
    366,
    5_000,
    -1,
    -2,
    2015,
    9999,
    32_767,
    65_536,
    2_147_483_647,
    -2_147_483_648,
    2_147_483_648,
    9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
];

const POSITIONS: &[&str] = &[
    "0",
    "1",
    "2",
    "10",
    "100",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "x",
    "",
    "1e3",
    "+1",
];

/// Whether a field holds what people write rather than what leads to something.
fn is_free(name: &str) -> bool {
    let name = name.to_lowercase();
    !["id", "number", "code", "regie", "login", "family", "cursor", "after", "year"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Makes values; with the same seed and the same answers before, the same ones.
pub struct Values<'a> {
    pub schema: &'a Schema,
    pub seen: &'a Seen,
    pub random: &'a mut StdRng,
    /// How often a value is hostile: never, about once a request so that the rest is accepted, or often.
    pub hostility: f64,
}

impl Values<'_> {
    /// A value for an argument or a field of an input; none: it is left out.
    pub fn of(&mut self, input: &Input, depth: u8) -> Option<Value> {
        let may_miss = !input.kind.is_required() || input.has_default;
        // Past this depth only what must be there, so that inputs end.
        if may_miss && (depth > 6 || self.random.random_bool(0.35)) {
            return None;
        }
        Some(self.value(&input.name, &input.kind, depth))
    }

    fn value(&mut self, name: &str, kind: &Kind, depth: u8) -> Value {
        match kind {
            Kind::Required(inner) => self.value(name, inner, depth),
            Kind::List(inner) => {
                let many = if self.random.random_bool(self.hostility / 10.0) {
                    400
                } else {
                    self.random.random_range(1..4)
                };
                (0..many).map(|_| self.value(name, inner, depth + 1)).collect()
            }
            Kind::Named(_) if self.random.random_bool(self.hostility / 20.0) => {
                [json!(null), json!(7), json!([]), json!({}), json!("x"), json!(true)]
                    .choose(self.random)
                    .cloned()
                    .unwrap()
            }
            Kind::Named(type_name) => match self.schema.named(type_name).clone() {
                Type::Enum(values) => json!(values.choose(self.random)),
                Type::Input(inputs) => self.object(&inputs, depth),
                Type::OneOf(inputs) => {
                    let input = inputs.choose(self.random).unwrap();
                    json!({ &input.name: self.value(&input.name, &input.kind, depth + 1) })
                }
                Type::Scalar | Type::Object(_) => self.scalar(name, type_name),
            },
        }
    }

    fn object(&mut self, inputs: &[Input], depth: u8) -> Value {
        let fields = inputs.iter().filter_map(|input| Some((input.name.clone(), self.of(input, depth + 1)?)));
        Value::Object(fields.collect::<Map<_, _>>())
    }

    fn scalar(&mut self, name: &str, type_name: &str) -> Value {
        let hostile = self.random.random_bool(self.hostility);
        match type_name {
            "Boolean" => json!(self.random.random_bool(0.5)),
            "Int" | "Float" => self.number(hostile),
            "Date" if !hostile && name.starts_with("birth") => json!("2010-02-14"),
            "Date" => json!(self.one(DATES, if hostile { DATES.len() } else { 10 })),
            "Month" => json!(self.one(MONTHS, if hostile { MONTHS.len() } else { 4 })),
            "Time" => json!(self.one(TIMES, if hostile { TIMES.len() } else { 6 })),
            "DateTime" => json!(self.one(INSTANTS, if hostile { INSTANTS.len() } else { 3 })),
            "Decimal" => json!(self.one(DECIMALS, if hostile { DECIMALS.len() } else { 9 })),
            "Position" => json!(self.one(POSITIONS, if hostile { POSITIONS.len() } else { 5 })),
            "JSON" => json!({ self.text(name): [self.text(name), { "a": null }] }),
            "UUID" => match self.random.random_range(0..10) {
                0 => json!("00000000-0000-0000-0000-000000000000"),
                1 if hostile => json!(self.text(name)),
                // Of one command that was decided before, now and then.
                2 => json!(self.seen.choose("clientmutationid", self.random)),
                _ => json!(uuid::Builder::from_random_bytes(self.random.random()).into_uuid()),
            },
            _ if hostile => json!(self.text(name)),
            _ => match self.seen.choose(name, self.random) {
                // Free text is mostly not what was seen.
                Some(seen) if !is_free(name) || self.random.random_bool(0.2) => json!(seen),
                _ => json!(PLAUSIBLE.choose(self.random)),
            },
        }
    }

    fn one(&mut self, of: &'static [&'static str], first: usize) -> &'static str {
        of[self.random.random_range(0..first)]
    }

    fn number(&mut self, hostile: bool) -> Value {
        if hostile && self.random.random_bool(0.1) {
            return json!(1.5e300);
        }
        json!(NUMBERS[self.random.random_range(0..if hostile { NUMBERS.len() } else { 8 })])
    }

    fn text(&mut self, name: &str) -> String {
        let text = *HOSTILE.choose(self.random).unwrap();
        match self.random.random_range(0..40) {
            0 => "x".repeat(100_000),
            1 => "é".repeat(50_000),
            2 => format!("{text}{text}").repeat(20),
            3..10 => self.seen.choose(name, self.random).map_or_else(|| text.to_owned(), |seen| seen + text),
            _ => text.to_owned(),
        }
    }
}
