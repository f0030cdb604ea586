//! From the text a read model keeps to the value it means.

use serde::de::DeserializeOwned;

/// A kept value that is not what it must be.
pub(crate) fn decoding(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// A kept document.
pub(crate) fn json<T: DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(decoding)
}

/// What was asked for at a place of a list, counted from 1 as `WITH ORDINALITY` does.
pub(crate) fn asked<T>(list: &[T], place: i64) -> Option<&T> {
    list.get(usize::try_from(place).ok()?.checked_sub(1)?)
}

/// A kept amount, code, number or kind.
pub(crate) fn parsed<T>(text: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| sqlx::Error::Decode(format!("{text:?}: {error}").into()))
}

/// Keeps an enum in a text column, by the names its derived text forms have.
macro_rules! kept_as_text {
    ($($name:ident),+) => { $(
        impl sqlx::Type<sqlx::Postgres> for $name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <str as sqlx::Type<sqlx::Postgres>>::type_info()
            }
            fn compatible(kept: &sqlx::postgres::PgTypeInfo) -> bool {
                <str as sqlx::Type<sqlx::Postgres>>::compatible(kept)
            }
        }

        impl<'r> sqlx::Decode<'r, sqlx::Postgres> for $name {
            fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let text = <&str as sqlx::Decode<sqlx::Postgres>>::decode(value)?;
                Ok($crate::decode::parsed(text)?)
            }
        }

        impl<'q> sqlx::Encode<'q, sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <&str as sqlx::Encode<sqlx::Postgres>>::encode_by_ref(&self.into(), buffer)
            }
        }
    )+ };
}
pub(crate) use kept_as_text;
