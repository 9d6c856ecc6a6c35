//! The name of an operation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace of operation ids: random once, fixed for ever.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f1d_3c52_6a0b_4e77_9c41_d2b5_07ae_61f3);

/// The name of one shared referral under way.
///
/// Made from the caller's key, so that the same key is the same operation on
/// every machine and in every run; without a key, from the content of the plan.
///
/// ```
/// use partner_referrals::shared_referral::OperationId;
///
/// let id = OperationId::of_key("opportunity-4711");
/// assert_eq!(id, OperationId::of_key("opportunity-4711"));
/// assert_eq!(id.to_string().parse(), Ok(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(Uuid);

impl OperationId {
    /// The id of the operation with this key, such as the id of an opportunity
    /// in the caller's CRM.
    pub fn of_key(key: &str) -> Self {
        Self::named("key", key.as_bytes())
    }

    /// The id of an operation without a key.
    pub(in crate::shared_referral) fn of_content(content: &[u8]) -> Self {
        Self::named("content", content)
    }

    fn named(kind: &str, name: &[u8]) -> Self {
        Self(Uuid::new_v5(
            &Uuid::new_v5(&NAMESPACE, kind.as_bytes()),
            name,
        ))
    }

    /// As a UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for OperationId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

/// A text that is no id of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an operation, which is a UUID")]
#[non_exhaustive]
pub struct InvalidOperationId;

impl FromStr for OperationId {
    type Err = InvalidOperationId;

    fn from_str(text: &str) -> Result<Self, InvalidOperationId> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| InvalidOperationId)
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_the_same_operation_in_every_version_of_this_library() {
        // Journals outlive the program: this value must never change.
        assert_eq!(
            OperationId::of_key("opportunity-4711").to_string(),
            "0f94e125-a7fe-5fa7-ba56-e5917263ef2c"
        );
    }

    #[test]
    fn an_id_is_shown_as_the_text_that_it_is_read_from() {
        let text = "0f94e125-a7fe-5fa7-ba56-e5917263ef2c";
        let id: OperationId = text.parse().unwrap();
        assert_eq!(
            (id.to_string(), format!("{id:?}")),
            (text.to_owned(), text.to_owned())
        );
        assert!("0f94e125".parse::<OperationId>().is_err());
    }

    #[test]
    fn a_key_and_a_content_of_the_same_bytes_are_two_operations() {
        assert_ne!(OperationId::of_key("x"), OperationId::of_content(b"x"));
    }
}
