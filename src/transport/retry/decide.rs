//! Whether a failed attempt may be repeated: a pure function.

use crate::error::ErrorKind;
use crate::error::repeat::{Failure, Opinion};

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Return the failure.
    Stop,
    /// Wait, then send the request again.
    Retry,
    /// Get another token, then send the request again at once.
    Reauthenticate,
}

/// Decides after the attempt number `attempt` (from 1) of at most `attempts`.
/// `renewed` says that the token was already renewed for this call.
pub(crate) fn decide(failure: &Failure, attempt: u32, attempts: u32, renewed: bool) -> Verdict {
    // 401 means that nothing was carried out, whatever the operation.
    if failure.status == Some(401) && failure.kind == ErrorKind::Status {
        return if renewed {
            Verdict::Stop
        } else {
            Verdict::Reauthenticate
        };
    }
    let enough = if attempt < attempts {
        Opinion::Retry
    } else {
        Opinion::Stop
    };
    match failure.opinion().max(enough) {
        Opinion::Retry => Verdict::Retry,
        Opinion::Stop | Opinion::Forbid => Verdict::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Outcome;

    const KINDS: [ErrorKind; 8] = [
        ErrorKind::InvalidRequest,
        ErrorKind::Credential,
        ErrorKind::Connect,
        ErrorKind::Timeout,
        ErrorKind::Interrupted,
        ErrorKind::Status,
        ErrorKind::Unreadable,
        ErrorKind::Deadline,
    ];

    /// Every failure that can be, once with a request that may be repeated and
    /// once with a create.
    fn failures() -> Vec<Failure> {
        let mut all = Vec::new();
        for bits in 0..16 {
            let (read, cut) = (bits & 1 == 1, bits & 2 == 2);
            let (repeatable, passing) = (read || bits & 4 == 4, bits & 8 == 8);
            for kind in KINDS {
                let cases: Vec<(Outcome, Option<u16>)> = match kind {
                    ErrorKind::Status => (300..600)
                        .map(|status| (Outcome::of_status(status), Some(status)))
                        .collect(),
                    ErrorKind::Unreadable => vec![(Outcome::Done, Some(200))],
                    ErrorKind::Timeout | ErrorKind::Interrupted => vec![(Outcome::Unknown, None)],
                    _ => vec![(Outcome::NotSent, None)],
                };
                all.extend(cases.into_iter().map(|(outcome, status)| Failure {
                    kind,
                    outcome,
                    status,
                    cut,
                    passing,
                    read,
                    repeatable,
                }));
            }
        }
        all
    }

    #[test]
    fn the_whole_table_of_retries() {
        for failure in failures() {
            let retried = match (failure.kind, failure.status) {
                (ErrorKind::Connect | ErrorKind::Deadline, _) => true,
                (ErrorKind::Timeout | ErrorKind::Interrupted, _) => failure.repeatable,
                (ErrorKind::Unreadable, _) => failure.read && failure.cut,
                (ErrorKind::Credential, _) => failure.passing,
                (ErrorKind::Status, Some(429)) => true,
                (ErrorKind::Status, Some(408 | 500 | 502 | 503 | 504)) => failure.repeatable,
                _ => false,
            };
            let expected = match (failure.status, retried) {
                (Some(401), _) => Verdict::Reauthenticate,
                (_, true) => Verdict::Retry,
                (_, false) => Verdict::Stop,
            };
            assert_eq!(decide(&failure, 1, 4, false), expected, "{failure:?}");
        }
    }

    #[test]
    fn a_create_is_sent_again_only_when_it_was_not_carried_out() {
        for failure in failures().into_iter().filter(|failure| !failure.repeatable) {
            if decide(&failure, 1, u32::MAX, false) != Verdict::Stop {
                let allowed = failure.outcome == Outcome::NotSent
                    || matches!(failure.status, Some(429 | 401));
                assert!(allowed, "{failure:?}");
            }
        }
    }

    #[test]
    fn the_last_attempt_and_the_second_401_are_the_end() {
        for failure in failures() {
            assert_ne!(decide(&failure, 4, 4, true), Verdict::Retry, "{failure:?}");
            assert_eq!(decide(&failure, 4, 4, true), Verdict::Stop, "{failure:?}");
        }
    }
}
