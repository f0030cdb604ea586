//! Scalars with a meaning.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, NaiveTime};
use portail_domain::time::Month as DomainMonth;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident($inner:ty), $url:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        #[Scalar(specified_by_url = $url)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match &value {
                    Value::String(text) => {
                        text.parse().map(Self).map_err(|e| InputValueError::custom(format!("{text:?}: {e}")))
                    }
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
    /// A local date of the town, `YYYY-MM-DD`.
    Date(NaiveDate),
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
    "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
);
text_scalar!(
    /// A calendar month, `YYYY-MM`.
    Month(DomainMonth),
    "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
);
text_scalar!(
    /// A position of the event log, as text: it can exceed what JSON numbers hold.
    Position(u64),
    "https://www.rfc-editor.org/rfc/rfc8259#section-6"
);
