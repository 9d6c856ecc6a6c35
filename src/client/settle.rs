//! Sending changes of a referral: read, change, and settle what is in doubt.

use std::sync::Arc;

use serde::Serialize;

use super::{ReferralsClient, etag, with_etag};
use crate::error::{Error, Operation, Outcome};
use crate::generated::client::types::Referral;
use crate::scalar::{PatchValue, ReferralId};
use crate::transport::read;
use crate::update::{Change, Patch, Patched, Seen, Updated, judge};

/// How often an edit is made anew because somebody else was faster.
const ROUNDS: usize = 5;

/// A change that may have been made.
struct Doubt {
    changes: Vec<Change>,
    base: Snapshot,
    error: Error,
}

impl Doubt {
    /// What a referral that was read since says of the change.
    fn seen(&self, now: &Snapshot) -> Seen {
        match self.has_version_of(now) {
            true => Seen::Untouched,
            false => judge(&self.changes, &self.base.text, &now.text),
        }
    }

    /// Whether nothing was written since.
    fn has_version_of(&self, now: &Snapshot) -> bool {
        let version = |one: &Referral| (one.e_tag.clone(), one.updated_date_time);
        version(&self.base.referral) == version(&now.referral)
    }

    /// Whether the change was not made and cannot be any more: what it was to
    /// change is as before, in a later version than the one that was sent. A read
    /// can be behind, and another version than that be an earlier one.
    fn is_void(&self, now: &Snapshot, seen: Seen) -> bool {
        let updated = |one: &Snapshot| one.referral.updated_date_time;
        let later = updated(now) > updated(&self.base);
        seen == Seen::Untouched && self.error.is_precondition_failed() && later
    }
}

/// A referral, and the text that it was read from.
pub(super) struct Snapshot {
    pub(super) text: String,
    pub(super) referral: Referral,
}

impl ReferralsClient {
    /// Reads a referral, sends what `changes` makes of it, and says what came of
    /// it. Where somebody else was faster, from the beginning; `first` is a
    /// referral that was read already.
    pub(super) async fn settle<E: From<Error>>(
        &self,
        id: &ReferralId,
        mut first: Option<Snapshot>,
        mut changes: impl FnMut(&Snapshot) -> Result<Vec<Change>, E>,
    ) -> Result<Updated, E> {
        let mut doubt: Option<Doubt> = None;
        let mut round = 0;
        loop {
            let read = match first.take() {
                Some(first) => Ok(first),
                None => self.snapshot(id).await,
            };
            let before = match (read, &doubt) {
                (Ok(before), _) => before,
                (Err(error), None) => return Err(error.into()),
                (Err(_), Some(_)) => return Err(settled(doubt).into()),
            };
            if let Some(open) = &doubt {
                let seen = open.seen(&before);
                match seen {
                    Seen::Made => return Ok(made(before.referral)),
                    // The next round's failure is no word on this one's change.
                    _ if open.is_void(&before, seen) => doubt = None,
                    Seen::Untouched if open.error.is_precondition_failed() => {}
                    Seen::Untouched | Seen::Unclear => return Err(settled(doubt).into()),
                }
            }
            // While a change is in doubt, nothing else is the last word on it.
            let changes = match (changes(&before), &doubt) {
                (Ok(changes), _) if !changes.is_empty() => changes,
                (_, Some(_)) => return Err(settled(doubt).into()),
                (Ok(_), None) => return Ok(Updated::Unchanged(Box::new(before.referral))),
                (Err(error), None) => return Err(error),
            };
            round += 1;
            let error = match self.send(&before.referral, &changes).await {
                Ok(patched) => return Ok(Updated::Changed(patched)),
                Err(error) => error,
            };
            match error.outcome() {
                Outcome::Unknown | Outcome::Done => {
                    let base = before;
                    doubt = Some(Doubt {
                        changes,
                        base,
                        error,
                    });
                }
                // Without a doubt the last conflict is the error.
                _ if error.is_precondition_failed() && (round < ROUNDS || doubt.is_some()) => {}
                _ => return Err(doubt.map_or(error, |open| open.error).into()),
            }
            if round >= ROUNDS {
                return Ok(self.last_look(id, doubt).await?);
            }
        }
    }

    pub(super) async fn snapshot(&self, id: &ReferralId) -> Result<Snapshot, Error> {
        let operation = Operation::GetReferral;
        let path = operation.path().replace("{id}", id.as_str());
        let call = Arc::new(self.begin(operation));
        let request = || async {
            let bytes = read(&self.generated, operation, &path, &[]).await?;
            match serde_json::from_slice(&bytes) {
                Ok(referral) => Ok(Snapshot {
                    // JSON that was read is UTF-8.
                    text: String::from_utf8_lossy(&bytes).into_owned(),
                    referral: with_etag(referral, call.head().and_then(|head| etag(&head.headers))),
                }),
                Err(error) => Err(progenitor_client::Error::InvalidResponsePayload(
                    bytes, error,
                )),
            }
        };
        let read = self.generated.inner.call(&call, request).await;
        read.map_err(|error| error.about(id.as_str()))
    }

    async fn send(&self, before: &Referral, changes: &[Change]) -> Result<Patched, Error> {
        let operation = Operation::PatchReferral;
        let etag = super::version(operation, before)?.clone();
        let mut patch = Patch::new().if_match(etag).return_referral();
        for change in changes {
            let value: PatchValue = parsed(&before.id, &change.value)?;
            patch = patch.with_raw(change.op.clone(), change.pointer(), value);
        }
        self.patch(&before.id, &patch).await
    }

    /// The end of the rounds: whether the last change, if in doubt, was made.
    async fn last_look(&self, id: &ReferralId, doubt: Option<Doubt>) -> Result<Updated, Error> {
        if let (Some(open), Ok(now)) = (&doubt, self.snapshot(id).await) {
            let seen = open.seen(&now);
            if seen == Seen::Made {
                return Ok(made(now.referral));
            }
            if open.is_void(&now, seen) {
                return Err(conflict(settled(doubt)));
            }
        }
        Err(settled(doubt))
    }
}

fn made(referral: Referral) -> Updated {
    Updated::Changed(Patched::Referral(Box::new(referral)))
}

/// A 412 after which it was seen that nothing was changed.
pub(super) fn conflict(error: Error) -> Error {
    error.with(|parts| {
        parts.outcome = Outcome::Rejected;
        parts.detail = None;
    })
}

/// The error of a change that stays in doubt.
fn settled(doubt: Option<Doubt>) -> Error {
    match doubt {
        Some(doubt) => doubt.error,
        None => Error::invalid(Operation::PatchReferral, "the edit found no end"),
    }
}

/// What cannot be written or read again is the caller's value.
pub(super) fn unwritable(id: &ReferralId) -> Error {
    let why = "a value of the edit cannot be written as JSON";
    Error::invalid(Operation::PatchReferral, why).about(id.as_str())
}

pub(super) fn text(id: &ReferralId, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|_| unwritable(id))
}

pub(super) fn parsed<T: serde::de::DeserializeOwned>(
    id: &ReferralId,
    text: &str,
) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| unwritable(id))
}
