//! Whether the service acted.

use std::fmt;

/// What a failure says about the service's side.
///
/// | outcome | when |
/// |---|---|
/// | `NotSent` | refused here, no token, no connection |
/// | `Rejected` | 4xx except 408 |
/// | `Unknown` | 3xx, 408, 5xx, time over, connection ended |
/// | `Done` | 2xx whose body was cut, too large, or not what it should be |
///
/// "No connection" means "not sent" because redirects are never followed; a
/// redirect may come before or after the request was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The request did not leave: nothing changed.
    NotSent,
    /// The service refused it: nothing changed.
    Rejected,
    /// The request may have been carried out.
    Unknown,
    /// The request was carried out; only the answer is lost.
    Done,
}

impl Outcome {
    /// What an error status says.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            300..400 | 408 | 500.. => Self::Unknown,
            200..300 => Self::Done,
            _ => Self::Rejected,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "not sent, nothing changed",
            Self::Rejected => "rejected, nothing changed",
            Self::Unknown => "may have been carried out",
            Self::Done => "carried out",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_an_outcome_and_only_doubtful_ones_are_unknown() {
        for status in 100..1000u16 {
            let expected = match status {
                200..=299 => Outcome::Done,
                300..=399 | 408 => Outcome::Unknown,
                100..=499 => Outcome::Rejected,
                _ => Outcome::Unknown,
            };
            assert_eq!(Outcome::of_status(status), expected, "{status}");
        }
    }

    #[test]
    fn each_outcome_says_whether_something_changed() {
        for (outcome, words) in [
            (Outcome::NotSent, "not sent, nothing changed"),
            (Outcome::Rejected, "rejected, nothing changed"),
            (Outcome::Unknown, "may have been carried out"),
            (Outcome::Done, "carried out"),
        ] {
            assert_eq!(outcome.to_string(), words);
        }
    }
}
