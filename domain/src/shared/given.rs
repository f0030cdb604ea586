//! Tells "emptied" from "not named" in a change, where a plain option would store both alike: as a list of
//! one, or none.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

/// Writes what is set, or that it is emptied.
///
/// # Errors
/// The serializer's.
#[allow(clippy::option_option, clippy::ref_option, reason = "serde asks for it")]
pub fn serialize<T: Serialize, S: Serializer>(value: &Option<Option<T>>, to: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(|set| [set]).serialize(to)
}

/// Reads it.
///
/// # Errors
/// The deserializer's.
#[allow(clippy::option_option, reason = "absent, emptied or set")]
pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Ok(Option::<Vec<Option<T>>>::deserialize(from)?.and_then(|mut set| set.pop()))
}
