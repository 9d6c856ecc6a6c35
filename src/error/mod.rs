//! The error of every operation: what was called, what the service said,
//! whether it acted, the ids to give to support, and what to do next.

mod fault;
mod outcome;
pub(crate) mod repeat;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

pub use crate::generated::wire::Operation;
pub use fault::ServiceFault;
pub use outcome::Outcome;

use crate::credential::CredentialError;
use crate::lifecycle::TransitionError;
use crate::scalar::ReferralId;
use repeat::{Failure, Opinion};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request was refused before it was sent: it could not be right.
    InvalidRequest,
    /// No token could be had.
    Credential,
    /// No connection to the service could be made.
    Connect,
    /// The time was over before the answer was there.
    Timeout,
    /// The connection ended before the answer was there.
    Interrupted,
    /// The service answered with an error status, or a redirect.
    Status,
    /// The service answered with success, but the answer could not be read.
    Unreadable,
    /// The deadline of the call came before the request could be sent: the
    /// service had asked for a pause, or too many requests were under way.
    Deadline,
}

/// A call of the service that failed.
///
/// `Display` is one line with everything but the source; the source says what
/// lies under it. Bodies, headers and tokens are in neither, nor in `Debug`:
/// an answer is reached by [`body`](Self::body) only.
pub struct Error(Box<Parts>);

/// What an error is made of; the rest of the crate fills in what it knows.
pub(crate) struct Parts {
    pub(crate) operation: Operation,
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    /// Says what happened where no status does.
    pub(crate) detail: Option<String>,
    /// The rule of the lifecycle that the request breaks.
    pub(crate) refusal: Option<TransitionError>,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<ServiceFault>,
    pub(crate) request_id: Option<String>,
    pub(crate) client_request_id: Option<Uuid>,
    pub(crate) attempts: u32,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) referral_id: Option<String>,
    /// Which item of a list cannot be read, from 0.
    pub(crate) list_position: Option<usize>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
    /// The body of the answer broke off.
    pub(crate) cut: bool,
    /// No token could be had for a reason that may pass.
    pub(crate) passing: bool,
    /// The request changes nothing when it is sent twice.
    pub(crate) repeatable: bool,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(operation: Operation, kind: ErrorKind, outcome: Outcome) -> Self {
        Self(Box::new(Parts {
            operation,
            kind,
            outcome,
            detail: None,
            refusal: None,
            status: None,
            fault: None,
            request_id: None,
            client_request_id: None,
            attempts: 0,
            retry_after: None,
            referral_id: None,
            list_position: None,
            content_type: None,
            body: Bytes::new(),
            cut: false,
            passing: false,
            repeatable: operation.method() == "GET",
            source: None,
        }))
    }

    /// A request that is refused before it is sent.
    pub(crate) fn invalid(operation: Operation, detail: impl Into<String>) -> Self {
        Self::new(operation, ErrorKind::InvalidRequest, Outcome::NotSent)
            .with(|parts| parts.detail = Some(detail.into()))
    }

    /// A request that the lifecycle does not allow.
    pub(crate) fn refused(operation: Operation, refusal: TransitionError) -> Self {
        Self::new(operation, ErrorKind::InvalidRequest, Outcome::NotSent)
            .with(|parts| parts.refusal = Some(refusal))
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        change(&mut self.0);
        self
    }

    pub(crate) fn caused_by(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.with(|parts| parts.source = Some(source.into()))
    }

    /// The failure of an attempt after which there was no other, and why.
    pub(crate) fn ended_by(self, why: Self) -> Self {
        let why = *why.0;
        self.with(|parts| {
            let reason = match why.kind {
                ErrorKind::Credential => "no token could be had",
                _ => why.detail.as_deref().unwrap_or("the time was over"),
            };
            parts.detail = Some(format!("not sent again: {reason}"));
            parts.retry_after = parts.retry_after.max(why.retry_after);
            if why.source.is_some() {
                parts.source = why.source;
            }
        })
    }

    pub(crate) fn about(self, referral: &str) -> Self {
        self.with(|parts| parts.referral_id = Some(referral.to_owned()))
    }

    /// The operation that was called.
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the service acted.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// The HTTP status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// What the service said, where it said it in one of its three forms.
    pub fn service_fault(&self) -> Option<&ServiceFault> {
        self.0.fault.as_ref()
    }

    /// The service's code, such as `preconditionFailed`; more specific ones are
    /// in [`ServiceFault::inner_codes`].
    pub fn service_code(&self) -> Option<&str> {
        self.0.fault.as_ref()?.code()
    }

    /// The service's message, meant for developers and not to be matched on.
    pub fn service_message(&self) -> Option<&str> {
        self.0.fault.as_ref()?.message()
    }

    /// The rule of the lifecycle that the request breaks, with what would have
    /// been allowed. Nothing was sent then.
    pub fn transition_error(&self) -> Option<&TransitionError> {
        self.0.refusal.as_ref()
    }

    /// Why no token could be had, or none in place of one that the service
    /// refused.
    pub fn credential_error(&self) -> Option<&CredentialError> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// The id of the request (`request-id`): what the service answered with,
    /// which its support asks for; without an answer, what was sent.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The id that this client gave the call (`client-request-id`).
    pub fn client_request_id(&self) -> Option<Uuid> {
        self.0.client_request_id
    }

    /// How many times the request was sent; 0 when it was not.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the service asked to wait, from seconds or a date.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The referral that the call was about, where it named one.
    pub fn referral_id(&self) -> Option<&str> {
        self.0.referral_id.as_deref()
    }

    /// Which referral of a list could not be read, counted from 0 over all its
    /// pages; the list goes on behind it. None for every other error.
    pub fn list_position(&self) -> Option<usize> {
        self.0.list_position
    }

    /// The body of the answer, as far as it was read. It may hold personal
    /// data: do not log it.
    pub fn body(&self) -> Option<&[u8]> {
        Some(&*self.0.body).filter(|body| !body.is_empty())
    }

    /// 404, or the code `itemNotFound`.
    pub fn is_not_found(&self) -> bool {
        self.has(404, "itemNotFound")
    }

    /// 412, or a code that says that the eTag was another: read the referral
    /// again and decide anew.
    pub fn is_precondition_failed(&self) -> bool {
        self.has(412, "preconditionFailed") || self.service_code() == Some("resourceModified")
    }

    /// 429, or a pause after one that goes past the deadline: wait for
    /// [`retry_after`](Self::retry_after).
    pub fn is_throttled(&self) -> bool {
        self.0.status == Some(429)
            || (self.0.kind == ErrorKind::Deadline && self.0.retry_after.is_some())
    }

    /// 401, or no token could be had.
    pub fn is_unauthenticated(&self) -> bool {
        self.0.kind == ErrorKind::Credential || self.has(401, "unauthenticated")
    }

    /// 403, or the code `accessDenied`.
    pub fn is_forbidden(&self) -> bool {
        self.has(403, "accessDenied")
    }

    /// Whether sending the same request again can help and can double nothing:
    /// a failure of the moment, and either the service did not act or the
    /// request may be repeated (a read, or a write that carries `If-Match`).
    pub fn is_retryable(&self) -> bool {
        self.failure().opinion() == Opinion::Retry
    }

    pub(crate) fn failure(&self) -> Failure {
        let parts = &*self.0;
        Failure {
            kind: parts.kind,
            outcome: parts.outcome,
            status: parts.status,
            cut: parts.cut,
            passing: parts.passing,
            read: parts.operation.method() == "GET",
            repeatable: parts.repeatable,
        }
    }

    /// Takes the id of a referral out of a body that could not be read as one:
    /// it is there, and this is the way to it.
    pub(crate) fn salvage_id(self) -> Self {
        #[derive(serde::Deserialize)]
        struct Identified {
            id: ReferralId,
        }
        self.with(|parts| {
            if parts.kind == ErrorKind::Unreadable && parts.referral_id.is_none() {
                parts.referral_id = serde_json::from_slice::<Identified>(&parts.body)
                    .ok()
                    .map(|found| found.id.to_string());
            }
        })
    }

    fn has(&self, status: u16, code: &str) -> bool {
        self.0.status == Some(status)
            || (self.0.kind == ErrorKind::Status && self.service_code() == Some(code))
    }

    fn next_step(&self) -> &'static str {
        let read = self.0.operation.method() == "GET";
        match (self.0.kind, self.0.outcome) {
            (ErrorKind::InvalidRequest, _) => "correct the request",
            (ErrorKind::Credential, _) if self.0.passing => "send it again later",
            (ErrorKind::Credential, _) => "sign in again or mend the credential",
            (ErrorKind::Unreadable, _) if read && !self.0.cut => {
                "report it with the ids: the service sends what this version cannot read"
            }
            (_, Outcome::Done) if !read => "do not send this again: look the referral up",
            _ if matches!(self.0.status, Some(300..=399)) => {
                "check the base URL: it answers with a redirect"
            }
            (_, Outcome::Unknown) if !self.0.repeatable || self.is_precondition_failed() => {
                "look the referral up before sending this again"
            }
            _ if self.is_precondition_failed() => {
                "read the referral again and send its eTag, quotes included"
            }
            _ if self.is_throttled() => "wait, then send it again",
            _ if self.is_unauthenticated() => {
                "get a new token for an app and a user, audience https://api.partner.microsoft.com"
            }
            _ if self.is_forbidden() => "the user needs the role Referrals admin or Referrals user",
            _ if self.is_not_found() => "check the id, and that the user may see the referral",
            _ if self.is_retryable() => "send it again",
            (_, Outcome::Unknown) => "report it with the ids",
            _ => "correct the request",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &*self.0;
        write!(f, "{}: ", parts.operation)?;
        match (parts.kind, parts.status) {
            (ErrorKind::Status, Some(status)) => write!(f, "HTTP {status}")?,
            (ErrorKind::Unreadable, Some(status)) => {
                write!(f, "HTTP {status}, but the answer cannot be read")?;
            }
            (ErrorKind::Credential, _) => f.write_str("no token could be had")?,
            (ErrorKind::Connect, _) => f.write_str("the service could not be reached")?,
            (ErrorKind::Timeout, _) => f.write_str("no answer in time")?,
            (ErrorKind::Interrupted, _) => f.write_str("the connection ended without an answer")?,
            (ErrorKind::Deadline, _) => f.write_str("the deadline came before it could be sent")?,
            (ErrorKind::InvalidRequest, _) => f.write_str("refused before it was sent")?,
            (_, None) => f.write_str("failed")?,
        }
        if let Some(fault) = &parts.fault {
            write!(f, " {fault}")?;
        } else if parts.kind == ErrorKind::Status && !parts.body.is_empty() {
            let kind = parts.content_type.as_deref().unwrap_or("no content type");
            write!(f, " with a body that is no service error ({kind})")?;
        }
        if let Some(detail) = &parts.detail {
            write!(f, ": {detail}")?;
        }
        if let Some(refusal) = &parts.refusal {
            write!(f, ": {refusal}")?;
        }
        write!(f, "; {}", parts.outcome)?;
        if let Some(id) = &parts.referral_id {
            write!(f, "; referral {id}")?;
        }
        if let Some(id) = &parts.request_id {
            write!(f, "; request-id {id}")?;
        }
        if let Some(id) = &parts.client_request_id {
            write!(f, "; client-request-id {id}")?;
        }
        if parts.attempts > 0 {
            write!(f, "; attempt {}", parts.attempts)?;
        }
        if let Some(wait) = parts.retry_after {
            write!(f, "; retry after {} s", wait.as_secs())?;
        }
        write!(f, "; next: {}", self.next_step())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &*self.0;
        f.debug_struct("Error")
            .field("operation", &parts.operation)
            .field("kind", &parts.kind)
            .field("outcome", &parts.outcome)
            .field("status", &parts.status)
            .field("fault", &parts.fault)
            .field("detail", &parts.detail)
            .field("refusal", &parts.refusal)
            .field("referral_id", &parts.referral_id)
            .field("request_id", &parts.request_id)
            .field("list_position", &parts.list_position)
            .field("client_request_id", &parts.client_request_id)
            .field("attempts", &parts.attempts)
            .field("retry_after", &parts.retry_after)
            .field("body_bytes", &parts.body.len())
            .field("source", &parts.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
