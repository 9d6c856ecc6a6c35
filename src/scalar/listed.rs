//! Lists that the service has been seen to write in two shapes.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A list, however it was written.
///
/// `customerProfile.ids` is a list in every payload but `{}` in two published
/// examples; `additionalRequirements.attributes` was one object in the
/// connector of September 2023 and is a list since. Read: a list, `null` and
/// `{}` (no items), or one object (one item). Written: always a list.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Listed<T>(Vec<T>);

impl<T> Listed<T> {
    /// The items.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> From<Vec<T>> for Listed<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> FromIterator<T> for Listed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T> IntoIterator for Listed<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T> Deref for Listed<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Listed<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Listed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = match Value::deserialize(deserializer)? {
            Value::Null => Vec::new(),
            Value::Object(members) if members.is_empty() => Vec::new(),
            Value::Array(items) => items,
            one => vec![one],
        };
        items
            .into_iter()
            .map(serde_json::from_value)
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Listed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Vec<T>>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_an_object_nothing_and_null_are_read() {
        let read = |json: &str| serde_json::from_str::<Listed<Value>>(json).unwrap().len();
        assert_eq!(read(r#"[{"id":"1"},{"id":"2"}]"#), 2);
        assert_eq!(read("[]"), 0);
        assert_eq!(read("{}"), 0);
        assert_eq!(read("null"), 0);
        assert_eq!(read(r#"{"id":"1"}"#), 1);
        assert_eq!(
            serde_json::to_string(&Listed::<Value>::default()).unwrap(),
            "[]"
        );
    }
}
