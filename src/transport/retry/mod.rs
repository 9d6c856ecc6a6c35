//! When a request is sent again, and after how long.

mod backoff;
mod budget;
mod decide;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;

pub(crate) use backoff::{Backoff, Random, system_random};
pub(crate) use budget::Budget;
pub(crate) use decide::{Verdict, decide};

/// What a caller's own rule says of a failure; see [`RetryPolicy::rule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// As the policy decides.
    Default,
    /// Not again, whatever the policy says.
    Forbid,
}

type Rule = Arc<dyn Fn(&Error) -> Advice + Send + Sync>;

/// When a request is sent again, and after how long.
///
/// # Guarantees
/// A create is sent again only where the service did not act: it could not be
/// reached, it answered 429, or it answered 401 and there is another token. A
/// patch or put is sent again after a doubtful outcome only where it carries
/// `If-Match`. Reads are sent again after any passing failure. Nobody's rule
/// can make it more: [`rule`](Self::rule) can only forbid.
///
/// | setting | default |
/// |---|---|
/// | attempts of one call | 4 |
/// | wait before the second attempt | up to 0.5 s, doubled for each further one |
/// | shortest and longest wait | 0.1 s, 30 s |
/// | budget of the client | 100; a retry costs 5, after a timeout 10; a success returns 1 |
///
/// Waits are drawn evenly between the shortest and the current longest (full
/// jitter), so that many clients do not come back at once. A `Retry-After` of
/// the service is the least that is waited; when it goes past the deadline of
/// the call, the call ends with the service's error at once.
#[derive(Clone)]
#[must_use]
pub struct RetryPolicy {
    pub(crate) attempts: u32,
    pub(crate) base: Duration,
    pub(crate) floor: Duration,
    pub(crate) cap: Duration,
    pub(crate) budget: u32,
    rule: Option<Rule>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(500),
            floor: Duration::from_millis(100),
            cap: Duration::from_secs(30),
            budget: 100,
            rule: None,
        }
    }
}

impl RetryPolicy {
    /// The default policy.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends each request once. A 401 still gets another token and a second
    /// attempt.
    pub fn never() -> Self {
        Self::default().attempts(1)
    }

    /// How often a request is sent at most, the first time included; at least
    /// 1. The second attempt after a 401 is not counted.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest wait before the second attempt; doubled for each further
    /// one.
    pub fn base(mut self, wait: Duration) -> Self {
        self.base = wait;
        self
    }

    /// The shortest wait before any attempt.
    pub fn floor(mut self, wait: Duration) -> Self {
        self.floor = wait;
        self
    }

    /// The longest wait before any attempt; `Retry-After` may ask for more.
    pub fn cap(mut self, wait: Duration) -> Self {
        self.cap = wait;
        self
    }

    /// How much the client may spend on retries: each costs 5, or 10 after a
    /// timeout, and each success returns 1. When it is spent, failures are
    /// returned at once, so that a service in trouble is not made worse.
    pub fn budget(mut self, tokens: u32) -> Self {
        self.budget = tokens;
        self
    }

    /// A rule of the caller's own, asked before each retry. It can forbid one
    /// and cannot cause one.
    pub fn rule(mut self, rule: impl Fn(&Error) -> Advice + Send + Sync + 'static) -> Self {
        self.rule = Some(Arc::new(rule));
        self
    }

    pub(crate) fn forbids(&self, error: &Error) -> bool {
        self.rule
            .as_ref()
            .is_some_and(|rule| rule(error) == Advice::Forbid)
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("attempts", &self.attempts)
            .field("base", &self.base)
            .field("floor", &self.floor)
            .field("cap", &self.cap)
            .field("budget", &self.budget)
            .field("rule", &self.rule.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_kept_and_changes_no_other() {
        let second = Duration::from_secs(1);
        let settings = |policy: RetryPolicy| {
            let RetryPolicy {
                attempts,
                base,
                floor,
                cap,
                budget,
                ..
            } = policy;
            (attempts, base, floor, cap, budget)
        };
        let (attempts, base, floor, cap, budget) = settings(RetryPolicy::new());
        let of = |set: fn(RetryPolicy) -> RetryPolicy| settings(set(RetryPolicy::new()));
        for (set, expected) in [
            (of(|it| it.attempts(9)), (9, base, floor, cap, budget)),
            (of(|it| it.attempts(0)), (1, base, floor, cap, budget)),
            (
                of(|it| it.base(Duration::from_secs(1))),
                (attempts, second, floor, cap, budget),
            ),
            (
                of(|it| it.floor(Duration::from_secs(1))),
                (attempts, base, second, cap, budget),
            ),
            (
                of(|it| it.cap(Duration::from_secs(1))),
                (attempts, base, floor, second, budget),
            ),
            (of(|it| it.budget(7)), (attempts, base, floor, cap, 7)),
            (
                settings(RetryPolicy::never()),
                (1, base, floor, cap, budget),
            ),
        ] {
            assert_eq!(set, expected);
        }
    }
}
