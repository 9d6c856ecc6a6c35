//! What stands for a content that a journal must not hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::OperationId;

/// 128 bits of SHA-256 over a content, salted with the operation: equal for
/// equal contents of one operation, and of no use to somebody who only has the
/// journal and a list of customers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// Of a JSON value, whatever the order of its members.
    pub(in crate::shared_referral) fn of(operation: OperationId, value: &Value) -> Self {
        let mut hash = Sha256::new();
        hash.update(operation.uuid().as_bytes());
        hash.update(canonical(value));
        let mut first = [0; 16];
        for (to, from) in first.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Self(u128::from_be_bytes(first))
    }
}

/// The value as text, members in the order of their names.
pub(in crate::shared_referral) fn canonical(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            // Not the map's own order: a feature of serde_json, which any crate
            // may switch on, makes that the order of insertion.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (name, value) in members {
                write(&Value::from(name.as_str()), out);
                out.push(b':');
                write(value, out);
                out.push(b',');
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                write(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.extend_from_slice(value.to_string().as_bytes());
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint, which is 32 hexadecimal digits")]
#[non_exhaustive]
pub struct InvalidFingerprint;

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits
            .then(|| u128::from_str_radix(text, 16).ok())
            .flatten()
            .map(Self)
            .ok_or(InvalidFingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(value: &Value) -> Fingerprint {
        Fingerprint::of(OperationId::of_key("k"), value)
    }

    #[test]
    fn the_order_of_members_makes_no_difference_and_everything_else_does() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"c":[1,2],"d":null}}"#).unwrap();
        let same: Value = serde_json::from_str(r#"{"b":{"d":null,"c":[1,2]},"a":1}"#).unwrap();
        assert_eq!(of(&one), of(&same));
        for other in [
            json!({"a":1,"b":{"c":[2,1],"d":null}}),
            json!({"a":1,"b":{"c":[1,2]}}),
            json!({"a":"1","b":{"c":[1,2],"d":null}}),
            json!({"a":1,"b":{"c":[[1],2],"d":null}}),
        ] {
            assert_ne!(of(&one), of(&other), "{other}");
        }
        assert_ne!(
            of(&one),
            Fingerprint::of(OperationId::of_key("other"), &one)
        );
    }

    #[test]
    fn a_fingerprint_stays_what_it_was_in_every_version_of_this_library() {
        assert_eq!(
            of(&json!({"a": [true, "ä"]})).to_string(),
            "9c729b42b7d099a0c7caeda1e6612d8a"
        );
    }

    #[test]
    fn what_is_not_thirty_two_digits_is_no_fingerprint() {
        let digits = "0123456789abcdef0123456789abcdef";
        assert!(digits.parse::<Fingerprint>().is_ok());
        for text in [
            "",
            "abc",
            &digits[1..],
            &format!("{digits}0"),
            &digits.replace('9', "g"),
            // A number to the parser of numbers.
            &digits.replacen('0', "+", 1),
        ] {
            assert_eq!(
                text.parse::<Fingerprint>(),
                Err(InvalidFingerprint),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_fingerprint_is_read_as_it_was_written_and_no_text_panics(bits: u128, text in ".{0,40}") {
            let print = Fingerprint(bits);
            prop_assert_eq!(print.to_string().parse(), Ok(print));
            let _ = text.parse::<Fingerprint>();
        }
    }
}
