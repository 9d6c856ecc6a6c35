//! `""` where a value should be.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Reads null and `""` as nothing. Real payloads write `""` for members that
/// have no value (2022), and one of them must not make the answer to a create
/// unreadable. The raw text is kept, so that digits are not lost on the way.
pub(crate) fn blank_as_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    match raw.get() {
        "null" | "\"\"" => Ok(None),
        text => serde_json::from_str(text).map(Some).map_err(Error::custom),
    }
}
