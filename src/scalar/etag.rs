//! The version of a referral, as `If-Match` wants it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Why a text is no eTag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidETag {
    /// The quotes are missing.
    #[error(
        "an eTag begins and ends with a quote, which is part of its value: \
         keep the text exactly as the service sent it"
    )]
    Unquoted,
    /// A character that no header may carry, or a quote inside.
    #[error("an eTag is printable ASCII without quotes inside")]
    Character,
}

/// The version of a referral: the `eTag` of its body, quotes included.
///
/// The service sends `"eTag": "\"00006d10-…\""`: the quotes inside the text
/// belong to the value (docs 2019-05; real payloads of 2022). Who stores the
/// eTag without them gets `412 Precondition Failed` for ever, so a text
/// without quotes is refused here.
///
/// ```
/// use partner_referrals::ETag;
///
/// let kept = ETag::new("\"00006d10-0000-0000-0000-5c70aa630000\"")?;
/// assert_eq!(kept.as_str(), "\"00006d10-0000-0000-0000-5c70aa630000\"");
/// assert!(ETag::new("00006d10-0000-0000-0000-5c70aa630000").is_err());
/// # Ok::<(), partner_referrals::InvalidETag>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct ETag(String);

impl ETag {
    /// Checks `text` and takes it as an eTag.
    ///
    /// # Errors
    /// [`InvalidETag`] where the quotes are missing, or where a header could
    /// not carry the text.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidETag> {
        let text = text.into();
        let opaque = text.strip_prefix("W/").unwrap_or(&text);
        let inner = opaque
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .ok_or(InvalidETag::Unquoted)?;
        if inner
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"')
        {
            Ok(Self(text))
        } else {
            Err(InvalidETag::Character)
        }
    }

    /// The eTag as `If-Match` carries it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the service sent is sent back as it came, quoted or not; only what
    /// no header can carry is refused.
    fn from_service(text: String) -> Result<Self, InvalidETag> {
        // `*` would match any version.
        if !text.is_empty()
            && text != "*"
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
        {
            Ok(Self(text))
        } else {
            Err(InvalidETag::Character)
        }
    }

    /// From the `ETag` header of an answer.
    pub(crate) fn from_header(text: &str) -> Option<Self> {
        Self::from_service(text.to_owned()).ok()
    }
}

impl FromStr for ETag {
    type Err = InvalidETag;

    fn from_str(text: &str) -> Result<Self, InvalidETag> {
        Self::new(text)
    }
}

impl TryFrom<&str> for ETag {
    type Error = InvalidETag;

    fn try_from(text: &str) -> Result<Self, InvalidETag> {
        Self::new(text)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ETag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_service(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
super::text_schema!(ETag, {"type": "string"});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotes_survive_a_round_trip_through_json() {
        let json = r#""\"69007a1e-0000-0800-0000-6217f4ce0000\"""#;
        let etag: ETag = serde_json::from_str(json).unwrap();
        assert_eq!(etag.as_str(), "\"69007a1e-0000-0800-0000-6217f4ce0000\"");
        assert_eq!(serde_json::to_string(&etag).unwrap(), json);
    }

    #[test]
    fn a_caller_who_lost_the_quotes_is_told_so() {
        assert_eq!(ETag::new("69007a1e"), Err(InvalidETag::Unquoted));
        assert_eq!(ETag::new("\""), Err(InvalidETag::Unquoted));
        assert_eq!(ETag::new("\"a\"b\""), Err(InvalidETag::Character));
        assert_eq!(ETag::new("\"a\r\nX: y\""), Err(InvalidETag::Character));
        assert!(ETag::new("W/\"a\"").is_ok());
    }

    #[test]
    fn what_the_service_sends_is_kept_but_a_header_break_is_refused() {
        assert!(serde_json::from_str::<ETag>("\"abc\"").is_ok());
        assert!(serde_json::from_str::<ETag>(r#""a\r\nb""#).is_err());
        assert!(serde_json::from_str::<ETag>("\"*\"").is_err());
    }
}
