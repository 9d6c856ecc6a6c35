//! The opaque `$skiptoken` of a next link.
//!
//! It holds the rest of the query and the last referral shown, behind a
//! checksum: the sandbox takes a token only as it gave it, since a caller that
//! reads or rebuilds one relies on what the service never promised.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::answer::Refusal;

/// Where a list goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<String>,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    pub(super) orderby: Option<String>,
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub(super) select: Option<String>,
    #[serde(rename = "c")]
    pub(super) count: bool,
    /// How many of `$top` are left.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<usize>,
    /// The time that the last referral was sorted by.
    #[serde(rename = "k")]
    pub(super) at: DateTime<Utc>,
    /// The last referral's place in the order of creation.
    #[serde(rename = "n")]
    pub(super) place: usize,
}

/// FNV-1a: any change of a single byte changes it, and that is all it is for.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Position {
    /// The token; its letters need no escape in a query.
    pub(super) fn token(&self) -> String {
        // A struct of plain members always serializes.
        let text = serde_json::to_vec(self).unwrap_or_default();
        let mut bytes = checksum(&text).to_be_bytes().to_vec();
        bytes.extend(text);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token holds, if it is as it was given.
    pub(super) fn read(token: &str) -> Result<Self, Refusal> {
        decode(token).ok_or_else(|| Refusal::invalid("$skiptoken", "The skip token is not valid."))
    }
}

fn decode(token: &str) -> Option<Position> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (sum, text) = bytes.split_first_chunk::<8>()?;
    if u64::from_be_bytes(*sum) != checksum(text) {
        return None;
    }
    serde_json::from_slice(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        Position {
            filter: Some("status eq 'New'".to_owned()),
            left: Some(7),
            place: 100,
            ..Position::default()
        }
    }

    #[test]
    fn a_token_comes_back_as_it_went() {
        let token = position().token();
        assert_eq!(Position::read(&token).unwrap(), position());
        assert!(
            !token.contains(|letter: char| !letter.is_ascii_alphanumeric()
                && letter != '-'
                && letter != '_')
        );
    }

    #[test]
    fn a_token_changed_in_any_letter_is_refused() {
        let token = position().token();
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(Position::read(&changed).is_err(), "{at}");
        }
        assert!(Position::read(&token[1..]).is_err());
        assert!(Position::read(&format!("{token}=")).is_err());
        assert!(Position::read(&format!("{token}%3D")).is_err());
        assert!(Position::read("").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = Position::read(&text);
        }
    }
}
