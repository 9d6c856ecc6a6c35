//! Changes of a referral: JSON Patch with `add` and `replace`, the two
//! operations that the service knows (docs 2020 to 2025).

mod correction;
mod diff;
mod intent;
mod json;

use std::fmt;

use serde::Serialize;

use crate::generated::client::types::{PatchOperation, Referral};
use crate::generated::enums::PatchOp;
use crate::lifecycle::Transition;
use crate::scalar::{ETag, PatchValue};

pub(crate) use correction::corrections;
pub(crate) use diff::{Change, diff};
pub(crate) use intent::{Seen, judge, places};
pub(crate) use json::{items, list, members, object, same_text};

/// A change of a referral, made of `add` and `replace`.
///
/// ```
/// use partner_referrals::{ETag, Patch};
///
/// let patch = Patch::new()
///     .replace("/details/currency", "EUR")
///     .add("/team/-", serde_json::json!({"firstName": "Ada"}))
///     .if_match(ETag::new("\"00006d10\"")?);
/// assert_eq!(patch.operations().len(), 2);
/// # Ok::<(), partner_referrals::InvalidETag>(())
/// ```
///
/// # Caveats
/// Without [`if_match`](Self::if_match) the service does not compare versions:
/// the last writer wins, and adding to a list (`/team/-`) twice adds two.
/// Which paths the service takes is documented for the vendor's connector only
/// (2020 to 2023); see `x-known-paths` in the document.
#[derive(Clone, Default, PartialEq)]
#[must_use]
pub struct Patch {
    pub(crate) operations: Vec<PatchOperation>,
    pub(crate) if_match: Option<ETag>,
    pub(crate) return_referral: bool,
    /// Why the first value that cannot be sent cannot.
    rejected: Option<String>,
}

impl Patch {
    /// An empty change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the member at `path`, a JSON pointer such as `/details/notes`.
    ///
    /// An [`Amount`](crate::Amount) is sent digit for digit. A value that is
    /// written as null (`None`, a float that is no number) is refused before
    /// anything is sent: [`clear`](Self::clear) says that null is meant.
    pub fn replace(self, path: impl Into<String>, value: impl Serialize) -> Self {
        self.with(PatchOp::Replace, path.into(), value)
    }

    /// Adds a member at `path`, or appends to a list where it ends in `/-`.
    pub fn add(self, path: impl Into<String>, value: impl Serialize) -> Self {
        self.with(PatchOp::Add, path.into(), value)
    }

    /// Sets the member at `path` to null.
    pub fn clear(mut self, path: impl Into<String>) -> Self {
        let value = PatchValue::null();
        self.operations
            .push(PatchOperation::new(PatchOp::Replace, path, value));
        self
    }

    /// Makes the change only where the referral still has this eTag; else the
    /// service answers 412. Makes the change safe to send twice, too.
    pub fn if_match(mut self, etag: ETag) -> Self {
        self.if_match = Some(etag);
        self
    }

    /// Asks for the changed referral in the answer
    /// (`Prefer: return=representation`).
    pub fn return_referral(mut self) -> Self {
        self.return_referral = true;
        self
    }

    /// The operations in their order.
    pub fn operations(&self) -> &[PatchOperation] {
        &self.operations
    }

    fn with(mut self, op: PatchOp, path: String, value: impl Serialize) -> Self {
        match PatchValue::new(value) {
            Ok(value) if !value.is_null() => {
                self.operations.push(PatchOperation::new(op, path, value));
            }
            Ok(_) => self.reject(format!(
                "the value for {path} is written as null; `clear` says that null is meant"
            )),
            Err(_) => self.reject(format!("the value for {path} cannot be written as JSON")),
        }
        self
    }

    /// An operation whose value is JSON already; null is meant.
    pub(crate) fn with_raw(mut self, op: PatchOp, path: String, value: PatchValue) -> Self {
        self.operations.push(PatchOperation::new(op, path, value));
        self
    }

    fn reject(&mut self, why: String) {
        self.rejected.get_or_insert(why);
    }

    /// The patch of a status change.
    pub(crate) fn of_transition(transition: &Transition) -> Self {
        use crate::generated::wire::referral::{STATUS, STATUS_REASON, SUBSTATUS};

        let to = transition.state();
        let patch = Self::new()
            .replace(pointer(STATUS), &to.status)
            .replace(pointer(SUBSTATUS), &to.substatus);
        match transition.status_reason() {
            Some(reason) => patch.replace(pointer(STATUS_REASON), reason),
            None => patch,
        }
    }

    /// What can be known to be wrong before it is sent.
    pub(crate) fn problem(&self) -> Option<String> {
        if let Some(rejected) = &self.rejected {
            return Some(rejected.clone());
        }
        if self.operations.is_empty() {
            return Some("the patch changes nothing".to_owned());
        }
        let bad = |operation: &&PatchOperation| {
            !operation.path.starts_with('/') || operation.path.chars().any(char::is_control)
        };
        self.operations.iter().find(bad).map(|_| {
            "a path of the patch is no JSON pointer: it begins with `/` and names a member, \
             such as `/details/notes`"
                .to_owned()
        })
    }
}

fn pointer(member: &str) -> String {
    format!("/{member}")
}

impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<&str> = self
            .operations
            .iter()
            .map(|one| one.path.as_str())
            .collect();
        f.debug_struct("Patch")
            .field("paths", &paths)
            .field("if_match", &self.if_match)
            .field("return_referral", &self.return_referral)
            .finish_non_exhaustive()
    }
}

/// What came back from a change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Patched {
    /// The changed referral.
    Referral(Box<Referral>),
    /// The change was made; the service sent no referral.
    NoContent {
        /// The new eTag, where a header named it.
        etag: Option<ETag>,
    },
}

impl Patched {
    /// The changed referral, where the service sent it.
    pub fn into_referral(self) -> Option<Referral> {
        match self {
            Self::Referral(referral) => Some(*referral),
            Self::NoContent { .. } => None,
        }
    }

    /// The new eTag, where the service named it.
    pub fn etag(&self) -> Option<&ETag> {
        match self {
            Self::Referral(referral) => referral.e_tag.as_ref(),
            Self::NoContent { etag } => etag.as_ref(),
        }
    }
}

/// What came of an edit; see
/// [`ReferralsClient::update`](crate::ReferralsClient::update).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Updated {
    /// The edit changed nothing, and nothing was sent. The referral as it is.
    Unchanged(Box<Referral>),
    /// The change was made.
    Changed(Patched),
}

impl Updated {
    /// The referral as it is now, where the service sent it.
    pub fn into_referral(self) -> Option<Referral> {
        match self {
            Self::Unchanged(referral) => Some(*referral),
            Self::Changed(patched) => patched.into_referral(),
        }
    }

    /// Whether something was sent.
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Changed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_status_change_sets_status_substatus_and_reason_in_one_patch() {
        let patch = Patch::of_transition(&Transition::lost("price"));
        assert_eq!(
            serde_json::to_value(&patch.operations).unwrap(),
            json!([
                {"op": "replace", "path": "/status", "value": "Closed"},
                {"op": "replace", "path": "/substatus", "value": "Lost"},
                {"op": "replace", "path": "/statusReason", "value": "price"},
            ])
        );
    }

    #[test]
    fn a_patch_that_cannot_be_right_says_why() {
        assert!(Patch::new().problem().is_some());
        assert!(Patch::new().replace("status", "New").problem().is_some());
        for value in [f64::NAN, f64::INFINITY] {
            let patch = Patch::new().replace("/details/dealValue", value);
            assert!(patch.problem().unwrap().contains("`clear`"));
        }
        let patch = Patch::new().add("/details/notes", None::<String>);
        assert!(patch.problem().unwrap().contains("/details/notes"));
        let cleared = Patch::new().clear("/details/notes");
        assert_eq!(cleared.problem(), None);
        assert_eq!(
            serde_json::to_value(cleared.operations()).unwrap(),
            json!([{"op": "replace", "path": "/details/notes", "value": null}])
        );
        let map = std::collections::HashMap::from([((1, 2), 3)]);
        let problem = Patch::new().replace("/details", map).problem().unwrap();
        assert!(problem.contains("/details"), "{problem}");
    }

    #[test]
    fn a_patch_shows_its_paths_but_not_its_values() {
        let shown = format!("{:?}", Patch::new().replace("/details/notes", "canary"));
        assert!(shown.contains("/details/notes") && !shown.contains("canary"));
    }
}
