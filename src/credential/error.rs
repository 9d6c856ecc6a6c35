//! Why no token could be had.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

/// What kind of failure it was, which says who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialErrorKind {
    /// The user has to sign in again: the refresh token is missing, expired,
    /// revoked, or no longer enough.
    SignInRequired,
    /// The user has to sign in again, with multi-factor authentication.
    MfaRequired,
    /// Nobody has consented to the app's use of the API.
    ConsentMissing,
    /// The API is unknown to the tenant, or not among the app's permissions.
    WrongAudience,
    /// The app itself is refused: unknown, disabled, wrong tenant, wrong secret.
    ClientRejected,
    /// A policy or the state of the account forbids it; signing in again as
    /// before does not help.
    Blocked,
    /// Too many requests for tokens.
    Throttled,
    /// The token endpoint was not reached, or had trouble of its own.
    Unavailable,
    /// The refresh token could not be read or kept.
    Store,
    /// The request or the answer was not as OAuth 2.0 has it, or a setting is
    /// wrong.
    Invalid,
    /// Nothing is known: an error that another [`TokenProvider`](super::TokenProvider)
    /// made with [`CredentialError::new`].
    Other,
}

/// No token could be had. Nothing was sent to the referral service.
///
/// `Display` is one line: what it means, the code, what to do, and the ids that
/// Microsoft's support asks for. What the token endpoint wrote as a description
/// is never part of it, because it names the user; nor are tokens, secrets and
/// bodies. Clones share the source.
///
/// ```
/// use partner_referrals::credential::{CredentialError, CredentialErrorKind};
///
/// let error = CredentialError::new("the vault is sealed")
///     .with_kind(CredentialErrorKind::Store);
/// assert_eq!(error.to_string(), "the vault is sealed");
/// assert!(!error.is_retryable());
/// ```
#[derive(Clone)]
pub struct CredentialError {
    message: String,
    kind: CredentialErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    details: Option<Box<Details>>,
}

/// What the token endpoint told.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    /// The number of an `AADSTS` code.
    pub(super) aadsts: Option<u32>,
    /// The value of `error`, where it is one that we know.
    pub(super) oauth: Option<&'static str>,
    pub(super) status: Option<u16>,
    pub(super) trace_id: Option<Uuid>,
    pub(super) correlation_id: Option<Uuid>,
    pub(super) retry_after: Option<Duration>,
}

impl CredentialError {
    /// An error with a message for the person who reads it; the message must
    /// not hold the token. Its kind is [`CredentialErrorKind::Other`].
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            kind: CredentialErrorKind::Other,
            source: None,
            details: None,
        }
    }

    pub(super) fn of(kind: CredentialErrorKind, message: impl Into<String>) -> Self {
        Self::new(message).with_kind(kind)
    }

    /// The same error, as one of this kind.
    #[must_use]
    pub fn with_kind(mut self, kind: CredentialErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same error, with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    pub(super) fn with_details(mut self, details: Details) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> CredentialErrorKind {
        self.kind
    }

    /// The code to search for: `AADSTS50076` where the answer named one, else
    /// the `error` of OAuth 2.0 (`invalid_grant`).
    pub fn code(&self) -> Option<String> {
        let details = self.details.as_deref()?;
        details
            .aadsts
            .map(|code| format!("AADSTS{code}"))
            .or_else(|| details.oauth.map(str::to_owned))
    }

    /// The HTTP status of the token endpoint, where it answered.
    pub fn status(&self) -> Option<u16> {
        self.details.as_deref()?.status
    }

    /// The id of the request at Microsoft Entra, for its support.
    pub fn trace_id(&self) -> Option<Uuid> {
        self.details.as_deref()?.trace_id
    }

    /// The id that joins several requests at Microsoft Entra.
    pub fn correlation_id(&self) -> Option<Uuid> {
        self.details.as_deref()?.correlation_id
    }

    /// How long the token endpoint asked to wait (`Retry-After` in seconds).
    pub fn retry_after(&self) -> Option<Duration> {
        self.details.as_deref()?.retry_after
    }

    /// Whether the same request may do better in a while, with nobody doing
    /// anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            CredentialErrorKind::Throttled | CredentialErrorKind::Unavailable
        )
    }

    pub(super) fn oauth(&self) -> Option<&'static str> {
        self.details.as_deref()?.oauth
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let Some(details) = self.details.as_deref() else {
            return Ok(());
        };
        let known = [
            ("code", self.code()),
            ("status", details.status.map(|status| status.to_string())),
            ("trace id", details.trace_id.map(|id| id.to_string())),
            (
                "correlation id",
                details.correlation_id.map(|id| id.to_string()),
            ),
        ];
        let mut open = false;
        for (name, value) in known {
            if let Some(value) = value {
                write!(f, "{}{name} {value}", if open { ", " } else { " [" })?;
                open = true;
            }
        }
        f.write_str(if open { "]" } else { "" })
    }
}

impl fmt::Debug for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialError")
            .field("message", &self.message)
            .field("kind", &self.kind)
            .field("details", &self.details)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
