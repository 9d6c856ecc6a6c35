//! Ids that are safe to put into a path.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Why a text is no id.
///
/// The text itself is not kept: it may be anything, a name included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// Nothing at all: the request would go to the collection.
    #[error("an id must not be empty")]
    Empty,
    /// `.` and `..` would climb to another resource.
    #[error("`.` and `..` are no ids")]
    Dots,
    /// Longer than any id of the service (256 bytes are allowed).
    #[error("an id must not be longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// A character that is not a letter, a digit, `-`, `_`, `.` or `~`.
    #[error("character {position} is not a letter, digit or one of `-_.~`")]
    Character {
        /// Position of the first such character, from 1.
        position: usize,
    },
}

const MAX_LENGTH: usize = 256;

fn check(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    if text == "." || text == ".." {
        return Err(InvalidId::Dots);
    }
    if text.len() > MAX_LENGTH {
        return Err(InvalidId::TooLong);
    }
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    match text.chars().position(|c| !unreserved(c)) {
        Some(at) => Err(InvalidId::Character { position: at + 1 }),
        None => Ok(()),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and takes it as an id.
            ///
            /// # Errors
            /// [`InvalidId`] for `""`, `.`, `..`, more than 256 bytes, and any
            /// character that would need escaping in a path: slashes, spaces,
            /// quotes, control characters.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check(&text).map(|()| Self(text))
            }

            /// The id as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id.to_string())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schemars")]
        super::text_schema!($name, {"type": "string"});
    };
}

id! {
    /// The id of one referral. The service's are GUIDs in lower case; any text
    /// that is safe in a path is accepted.
    ///
    /// ```
    /// use partner_referrals::ReferralId;
    ///
    /// assert!(ReferralId::new("4111fffc-f9ee-4d53-bba6-569135228642").is_ok());
    /// assert!(ReferralId::new("").is_err());
    /// assert!(ReferralId::new("../users").is_err());
    /// ```
    ReferralId
}

id! {
    /// The id of an engagement: what ties the own and the connected referral
    /// of a shared one together.
    EngagementId
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_reach_another_resource_is_refused() {
        for (text, why) in [
            ("", InvalidId::Empty),
            (".", InvalidId::Dots),
            ("..", InvalidId::Dots),
            ("a/b", InvalidId::Character { position: 2 }),
            ("a\\b", InvalidId::Character { position: 2 }),
            ("%2e%2e", InvalidId::Character { position: 1 }),
            ("a\nb", InvalidId::Character { position: 2 }),
            ("a?b", InvalidId::Character { position: 2 }),
            ("ä", InvalidId::Character { position: 1 }),
        ] {
            assert_eq!(ReferralId::new(text), Err(why), "{text:?}");
        }
        assert_eq!(ReferralId::new("a".repeat(257)), Err(InvalidId::TooLong));
    }

    proptest! {
        #[test]
        fn an_accepted_id_stays_one_path_segment(text in ".{0,40}") {
            if let Ok(id) = ReferralId::new(text.clone()) {
                let url = url::Url::parse(&format!("https://h/v1.0/engagements/referrals/{id}")).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments, ["v1.0", "engagements", "referrals", text.as_str()]);
                prop_assert_eq!(url.query(), None);
            }
        }
    }
}
