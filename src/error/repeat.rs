//! Whether sending a failed request again can help, and can double nothing.

use super::{ErrorKind, Outcome};

/// What is known of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    /// The body of the answer broke off.
    pub(crate) cut: bool,
    /// No token could be had for a reason that may pass.
    pub(crate) passing: bool,
    /// The request only reads.
    pub(crate) read: bool,
    /// Sending the request twice does what sending it once does: a read, or a
    /// write that carries `If-Match`.
    pub(crate) repeatable: bool,
}

/// What one rule says; the strictest rule wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Opinion {
    Retry,
    Stop,
    Forbid,
}

impl Failure {
    /// What all rules together say.
    pub(crate) fn opinion(&self) -> Opinion {
        self.passing().max(self.safe())
    }

    /// Could another attempt end differently?
    fn passing(&self) -> Opinion {
        match (self.kind, self.status) {
            (
                ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::Interrupted
                | ErrorKind::Deadline,
                _,
            )
            | (ErrorKind::Status, Some(408 | 429 | 500 | 502 | 503 | 504)) => Opinion::Retry,
            (ErrorKind::Unreadable, _) if self.cut => Opinion::Retry,
            (ErrorKind::Credential, _) if self.passing => Opinion::Retry,
            _ => Opinion::Stop,
        }
    }

    /// Can another attempt double anything?
    fn safe(&self) -> Opinion {
        match self.outcome {
            Outcome::NotSent | Outcome::Rejected => Opinion::Retry,
            Outcome::Unknown if self.repeatable => Opinion::Retry,
            // A write that was carried out has changed the eTag: sent again it
            // would be answered 412.
            Outcome::Done if self.read => Opinion::Retry,
            Outcome::Unknown | Outcome::Done => Opinion::Forbid,
        }
    }
}
