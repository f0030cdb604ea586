//! Scalars with a meaning.

use std::{borrow::Cow, str::FromStr};

use async_graphql::{
    InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value, registry::Registry,
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use portail_domain::shared::time::{Month as DomainMonth, day, instant_of, time_of_day};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a scalar that cannot be read answers: the value is the client's mistake, and no echo of it.
fn refused<T: InputType>(expected: impl std::fmt::Display) -> InputValueError<T> {
    InputValueError::custom(expected).with_extension("code", "BAD_INPUT")
}

macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident($inner:ty), $read:path, $url:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        #[Scalar(specified_by_url = $url)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match &value {
                    Value::String(text) => $read(text).map(Self).map_err(refused),
                    _ => Err(InputValueError::expected_type(value)),
                }
            }
            fn to_value(&self) -> Value {
                Value::String(self.0.to_string())
            }
        }
    };
}

text_scalar!(
    /// A local date of the town, `YYYY-MM-DD`, from 1900-01-01 to 2199-12-31.
    Date(NaiveDate),
    day,
    "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
);
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NaiveDate::deserialize(deserializer).map(Self)
    }
}

text_scalar!(
    /// A local time of the town, `HH:MM:SS`.
    Time(NaiveTime),
    time_of_day,
    "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
);
text_scalar!(
    /// A calendar month, `YYYY-MM`.
    Month(DomainMonth),
    DomainMonth::from_str,
    "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
);
text_scalar!(
    /// A position of the event log, as text: it can exceed what JSON numbers hold.
    Position(u64),
    position,
    "https://www.rfc-editor.org/rfc/rfc8259#section-6"
);

/// A position is one the log can have.
fn position(text: &str) -> Result<u64, &'static str> {
    let read = text.parse::<u64>().ok().filter(|position| i64::try_from(*position).is_ok());
    read.ok_or("a position of the log is a whole number of 0 or more")
}

/// An instant of the input: the scalar `DateTime`, within what the portal knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub DateTime<Utc>);

impl InputType for Instant {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <DateTime<Utc> as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <DateTime<Utc> as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        instant_of(text).map(Self).map_err(refused)
    }

    fn to_value(&self) -> Value {
        <DateTime<Utc> as InputType>::to_value(&self.0)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
