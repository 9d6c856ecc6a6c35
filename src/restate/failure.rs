//! How an operation ended that did not come to its end, as Restate keeps and
//! returns it.

use std::error::Error as StdError;
use std::fmt;

use restate_sdk::prelude::TerminalError;
use serde::{Deserialize, Serialize};

use crate::scalar::ReferralId;
use crate::shared_referral::{Half, SharedReferralError, Standing};

/// Which of the failures of a shared referral it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FailureCode {
    /// [`SharedReferralError::InvalidPlan`], or a plan that was sent to the
    /// object of another operation.
    InvalidPlan,
    /// [`SharedReferralError::OtherContent`].
    OtherContent,
    /// [`SharedReferralError::CreateFailed`].
    CreateFailed,
    /// [`SharedReferralError::LookUpFailed`].
    LookUpFailed,
    /// [`SharedReferralError::Ambiguous`].
    Ambiguous,
    /// [`SharedReferralError::DuplicateFound`].
    DuplicateFound,
    /// [`SharedReferralError::Abandoned`].
    Abandoned,
    /// [`SharedReferralError::Complete`].
    Complete,
    /// [`SharedReferralError::CloseFailed`].
    CloseFailed,
    /// [`SharedReferralError::NotFitting`].
    NotFitting,
    /// [`SharedReferralError::Unknown`].
    Unknown,
    /// [`SharedReferralError::Journal`]: the state of the object makes no sense.
    Journal,
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

impl FailureCode {
    /// The status that Restate answers with.
    fn status(self) -> u16 {
        match self {
            Self::InvalidPlan | Self::NotFitting => 422,
            Self::OtherContent
            | Self::Ambiguous
            | Self::DuplicateFound
            | Self::Abandoned
            | Self::Complete => 409,
            Self::CreateFailed | Self::LookUpFailed | Self::CloseFailed => 424,
            Self::Unknown => 404,
            Self::Journal | Self::Other => 500,
        }
    }
}

/// Why a shared referral that Restate drives is not complete: what
/// [`SharedReferralError`] says, as far as it can be kept.
///
/// Ids, statuses and codes; no names, notes or bodies. The service's own message
/// may stand in it, as in [`Error`](crate::Error).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Failure {
    /// Which failure.
    pub code: FailureCode,
    /// What happened, what is on the service, and what to do next.
    pub message: String,
    /// What is known to be on the service; none where nothing can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Which of the two referrals it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half: Option<Half>,
    /// The candidates of [`Ambiguous`](FailureCode::Ambiguous), or all that
    /// [`DuplicateFound`](FailureCode::DuplicateFound) found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referrals: Vec<ReferralId>,
}

impl Failure {
    /// A plan came to the object of another operation.
    pub(super) fn misplaced() -> Self {
        Self {
            code: FailureCode::InvalidPlan,
            message: "the plan is of another operation than the key of the object, nothing was \
                      sent; next: use `RestateClient`, or the operation id of the plan as the key"
                .to_owned(),
            standing: None,
            half: None,
            referrals: Vec::new(),
        }
    }

    /// Adds how the create failed whose outcome is open.
    pub(super) fn after(mut self, doubt: Option<&str>) -> Self {
        if let Some(doubt) = doubt {
            self.message = format!("{}; the create: {doubt}", self.message);
        }
        self
    }

    /// As Restate returns it to the caller.
    pub(super) fn into_terminal(self) -> TerminalError {
        // Of plain members: this does not fail.
        let text = serde_json::to_string(&self).unwrap_or_else(|_| self.message.clone());
        TerminalError::new_with_code(self.code.status(), text)
    }
}

impl From<&SharedReferralError> for Failure {
    fn from(error: &SharedReferralError) -> Self {
        use SharedReferralError as From;
        let (code, half, referrals) = match error {
            From::InvalidPlan(_) => (FailureCode::InvalidPlan, None, None),
            From::OtherContent(_) => (FailureCode::OtherContent, None, None),
            From::CreateFailed(error) => (FailureCode::CreateFailed, Some(error.half()), None),
            From::LookUpFailed(error) => (FailureCode::LookUpFailed, Some(error.half()), None),
            From::Ambiguous(error) => (
                FailureCode::Ambiguous,
                Some(error.half()),
                Some(error.candidates()),
            ),
            From::DuplicateFound(error) => (
                FailureCode::DuplicateFound,
                Some(error.half()),
                Some(error.referrals()),
            ),
            From::Abandoned(_) => (FailureCode::Abandoned, None, None),
            From::Complete(_) => (FailureCode::Complete, None, None),
            From::CloseFailed(_) => (FailureCode::CloseFailed, None, None),
            From::NotFitting(_) => (FailureCode::NotFitting, None, None),
            From::Unknown(_) => (FailureCode::Unknown, None, None),
            From::Journal(_) => (FailureCode::Journal, None, None),
            _ => (FailureCode::Other, None, None),
        };
        let message = match error.source() {
            Some(source) => format!("{error}; because: {source}"),
            None => error.to_string(),
        };
        Self {
            code,
            message,
            standing: error.standing().cloned(),
            half,
            referrals: referrals.unwrap_or_default().to_vec(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("code", &self.code)
            .field("standing", &self.standing)
            .field("half", &self.half)
            .field("referrals", &self.referrals)
            .finish_non_exhaustive()
    }
}

/// A call through Restate that did not return the ids.
#[derive(Debug)]
#[non_exhaustive]
pub enum RestateError {
    /// The address of Restate is none that can be used; nothing was sent.
    Address,
    /// Restate could not be reached, or the connection ended before it answered.
    /// The operation may be under way: the same call again finds it.
    Connection(ConnectionFailed),
    /// Restate answered with this status, and not with a result of the
    /// operation: 404 where no worker is registered, 409 where the invocation
    /// was cancelled or killed. The same call again goes on with the operation.
    Answer(u16),
    /// The operation ended with this failure.
    Failed(Box<Failure>),
}

/// Restate could not be reached, or did not answer to the end.
#[derive(Debug)]
pub struct ConnectionFailed(pub(super) Box<dyn StdError + Send + Sync>);

impl RestateError {
    /// How the operation ended, where it did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Address | Self::Connection(_) | Self::Answer(_) => None,
        }
    }
}

impl fmt::Display for RestateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("the address of Restate is no http or https URL"),
            Self::Connection(_) => f.write_str(
                "Restate did not answer; the operation may be under way; next: call again, which \
                 doubles nothing",
            ),
            Self::Answer(status) => write!(
                f,
                "Restate answered HTTP {status}, which is no result of the operation; next: check \
                 that the worker is registered, then call again, which doubles nothing"
            ),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl StdError for RestateError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Connection(failed) => Some(&*failed.0),
            Self::Address | Self::Answer(_) | Self::Failed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_referral::OperationId;

    #[test]
    fn a_failure_comes_back_through_restate_as_it_was() {
        let standing = Standing::new(OperationId::of_key("k"));
        let error = SharedReferralError::OtherContent(Box::new(standing.clone()));
        let failure = Failure::from(&error).after(Some("it was cut"));
        let terminal = failure.clone().into_terminal();
        assert_eq!(terminal.code(), 409);
        let read: Failure = serde_json::from_str(terminal.message()).unwrap();
        assert_eq!(read, failure);
        assert_eq!(read.standing, Some(standing));
        assert!(read.to_string().starts_with(&error.to_string()));
        assert!(read.to_string().ends_with("; the create: it was cut"));
        assert!(
            !format!("{read:?}").contains("the key was used"),
            "ids and codes only"
        );
    }

    #[test]
    fn a_failure_of_a_newer_worker_can_be_read() {
        let text = r#"{"code":"tooEarly","message":"wait","until":7}"#;
        let read: Failure = serde_json::from_str(text).unwrap();
        assert_eq!(read.code, FailureCode::Other);
        assert_eq!(read.to_string(), "wait");
    }
}
