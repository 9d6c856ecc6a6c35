//! The value of a change, digit for digit as it was given.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A value that cannot be written as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be written as JSON")]
#[non_exhaustive]
pub struct InvalidPatchValue;

/// Any JSON, kept as text: a tree of values would turn an exact amount into a
/// float. Two are equal when their texts are.
///
/// ```
/// use partner_referrals::{Amount, PatchValue};
///
/// let value: Amount = "9007199254740993.01".parse()?;
/// assert_eq!(PatchValue::new(value)?.as_json(), "9007199254740993.01");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PatchValue(Box<RawValue>);

impl PatchValue {
    /// Writes a value as JSON.
    ///
    /// # Errors
    /// [`InvalidPatchValue`] where it cannot be written, such as a map whose
    /// keys are no texts.
    pub fn new(value: impl Serialize) -> Result<Self, InvalidPatchValue> {
        serde_json::value::to_raw_value(&value)
            .map(Self)
            .map_err(|_| InvalidPatchValue)
    }

    /// The value as it goes over the wire.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    pub(crate) fn is_null(&self) -> bool {
        self.0.get() == "null"
    }

    pub(crate) fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl From<serde_json::Value> for PatchValue {
    fn from(value: serde_json::Value) -> Self {
        // A tree of JSON can always be written.
        Self::new(value).unwrap_or_else(|_| Self::null())
    }
}

impl PartialEq for PatchValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_json() == other.as_json()
    }
}

impl Eq for PatchValue {}

impl fmt::Debug for PatchValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatchValue(<hidden>)")
    }
}

impl Serialize for PatchValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PatchValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

#[cfg(feature = "schemars")]
super::text_schema!(PatchValue, {"description": "Any JSON."});

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_keeps_its_digits_and_null_is_a_value() {
        for text in [
            "1234567890123456789.12",
            "50000.10",
            "null",
            r#"{"a":[1,2]}"#,
        ] {
            let value: PatchValue = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
        assert!(PatchValue::from(json!(null)).is_null());
        let keys = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(PatchValue::new(keys).unwrap_err(), InvalidPatchValue);
    }
}
