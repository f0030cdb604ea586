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

/// A kept amount, code or number.
pub(crate) fn parsed<T>(text: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(decoding)
}
