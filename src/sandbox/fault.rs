//! The fault plan: what goes wrong, on which request.
//!
//! The kinds are those that make a non-idempotent create dangerous: answers lost
//! before or after the write, bodies cut half way, proxies that answer in HTML,
//! throttling. The plan is asked once per request, in the order of arrival.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::chance::Dice;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The request waits this long, then is handled as usual. A caller that
    /// gives up in between has changed nothing.
    Delay(Duration),
    /// The request is handled, then its answer waits this long. A caller that
    /// gives up in between has changed the service all the same.
    DelayAfterWrite(Duration),
    /// The request waits this long, then is handled whether or not its caller
    /// is still there: a caller that gives up in between changes the service
    /// later.
    LateWrite(Duration),
    /// 429 from the gateway, nothing done.
    Throttle {
        /// Seconds for the `Retry-After` header; no header without.
        retry_after: Option<u64>,
    },
    /// Answers with this status instead, nothing done.
    Status {
        /// The status; one that HTTP does not know becomes 500.
        status: u16,
        /// The body.
        body: FaultBody,
        /// Headers besides the usual ones.
        headers: Vec<(String, String)>,
    },
    /// Handles the request, then answers with this status instead.
    StatusAfterWrite {
        /// The status; one that HTTP does not know becomes 500.
        status: u16,
        /// The body.
        body: FaultBody,
        /// Headers besides the usual ones.
        headers: Vec<(String, String)>,
    },
    /// Closes the connection without an answer, nothing done.
    CutBeforeWrite,
    /// Handles the request, then closes the connection without an answer.
    CutAfterWrite,
    /// Handles the request, sends status, headers and the full content length,
    /// then closes the connection half way through the body. An answer without
    /// a body is cut as by [`Fault::CutAfterWrite`].
    CutBody,
    /// Handles the request, then sends its status with a body that starts like
    /// JSON and is none.
    Garbage,
    /// Handles the request, then answers 200 with an HTML page.
    HtmlAfterWrite,
}

impl Fault {
    /// [`Fault::Status`] without further headers.
    pub fn status(status: u16, body: FaultBody) -> Self {
        Self::Status {
            status,
            body,
            headers: Vec::new(),
        }
    }

    /// [`Fault::StatusAfterWrite`] without further headers.
    pub fn status_after_write(status: u16, body: FaultBody) -> Self {
        Self::StatusAfterWrite {
            status,
            body,
            headers: Vec::new(),
        }
    }
}

/// The body of an injected answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultBody {
    /// The error shape documented for referrals, `{"error":{..}}`.
    Json,
    /// The Partner Center shape, `{"code","description","data","source"}`.
    PartnerCenter,
    /// A proxy's error page.
    Html,
    /// No body at all.
    Empty,
    /// This text, as `text/plain`.
    Text(String),
}

type PathTest = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A fault and the requests that it meets: by default every one.
#[derive(Clone)]
pub struct FaultRule {
    fault: Fault,
    method: Option<String>,
    path: Option<PathTest>,
    turn: Turn,
    matched: u64,
}

/// Which of the requests that fit a rule it meets.
#[derive(Debug, Clone, Copy)]
enum Turn {
    All,
    Nth(u64),
    First(u64),
    Every(u64),
}

impl FaultRule {
    /// Meets every request until narrowed.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            method: None,
            path: None,
            turn: Turn::All,
            matched: 0,
        }
    }

    /// Only requests with this method; upper or lower case is the same.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only requests whose path, as sent and without the query, passes the test.
    #[must_use]
    pub fn path(mut self, test: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.path = Some(Arc::new(test));
        self
    }

    /// Only the nth request that fits, the first being 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.turn = Turn::Nth(nth);
        self
    }

    /// Only the first `count` requests that fit.
    #[must_use]
    pub fn first(mut self, count: u64) -> Self {
        self.turn = Turn::First(count);
        self
    }

    /// Every kth request that fits: the kth, the 2kth and so on. 0 is none.
    #[must_use]
    pub fn every(mut self, kth: u64) -> Self {
        self.turn = Turn::Every(kth);
        self
    }

    /// Counts the request if it fits, and says whether it is this rule's turn.
    fn meets(&mut self, method: &str, path: &str) -> bool {
        let fits = self
            .method
            .as_ref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|test| test(path));
        if !fits {
            return false;
        }
        self.matched += 1;
        match self.turn {
            Turn::All => true,
            Turn::Nth(nth) => self.matched == nth,
            Turn::First(count) => self.matched <= count,
            // `is_multiple_of(0)` holds for no number that was counted.
            Turn::Every(kth) => self.matched.is_multiple_of(kth),
        }
    }
}

impl fmt::Debug for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultRule")
            .field("fault", &self.fault)
            .field("method", &self.method)
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}

/// What goes wrong, on which request; empty by default.
///
/// Rules are tried in order and the first whose turn it is decides. Every rule
/// counts the requests that fit it, also those that another rule took.
///
/// ```
/// use partner_referrals::sandbox::{Fault, FaultPlan, FaultRule};
///
/// let plan = FaultPlan::new()
///     .rule(FaultRule::new(Fault::CutAfterWrite).method("POST").nth(1))
///     .rule(FaultRule::new(Fault::Throttle { retry_after: Some(2) }).every(10));
/// # drop(plan);
/// ```
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    rules: Vec<FaultRule>,
    storm: Option<Storm>,
}

#[derive(Debug, Clone)]
struct Storm {
    dice: Dice,
    rate: f64,
}

impl FaultPlan {
    /// Nothing goes wrong.
    pub fn new() -> Self {
        Self::default()
    }

    /// Any kind of fault, on a share `rate` (0 to 1) of all requests.
    ///
    /// The same seed throws the same dice in the same order, so a caller that
    /// sends one request at a time meets the same faults again. Delays stay
    /// within a few milliseconds and throttling asks for no wait, so that a
    /// storm is quick to sit through.
    pub fn storm(seed: u64, rate: f64) -> Self {
        Self {
            rules: Vec::new(),
            storm: Some(Storm {
                dice: Dice::new(seed),
                rate,
            }),
        }
    }

    /// Adds a rule after those already there; rules go before a storm.
    #[must_use]
    pub fn rule(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Decides one request.
    pub(super) fn decide(&mut self, method: &str, path: &str) -> Option<Fault> {
        let mut decided = None;
        for rule in &mut self.rules {
            // No short cut: a rule further down must count this request as well.
            if rule.meets(method, path) && decided.is_none() {
                decided = Some(rule.fault.clone());
            }
        }
        let stormy = self.storm.as_mut().and_then(Storm::throw);
        decided.or(stormy)
    }
}

impl Storm {
    fn throw(&mut self) -> Option<Fault> {
        let hit = self.dice.fraction() < self.rate;
        // Thrown whether it hits or not, so that one rate does not shift another.
        let kind = self.dice.next() % 12;
        let pause = Duration::from_millis(1 + self.dice.next() % 5);
        if !hit {
            return None;
        }
        Some(match kind {
            0 => Fault::Delay(pause),
            1 => Fault::DelayAfterWrite(pause),
            2 => Fault::Throttle {
                retry_after: Some(0),
            },
            3 => Fault::status(500, FaultBody::Empty),
            4 => Fault::status(503, FaultBody::Html),
            5 => Fault::status_after_write(500, FaultBody::Json),
            6 => Fault::status_after_write(504, FaultBody::Html),
            7 => Fault::CutBeforeWrite,
            8 => Fault::CutAfterWrite,
            9 => Fault::CutBody,
            10 => Fault::Garbage,
            _ => Fault::HtmlAfterWrite,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "/v1.0/engagements/referrals";

    fn hits(plan: &mut FaultPlan, requests: &[(&str, &str)]) -> Vec<bool> {
        requests
            .iter()
            .map(|(method, path)| plan.decide(method, path).is_some())
            .collect()
    }

    #[test]
    fn the_nth_counts_only_requests_that_fit() {
        let mut plan =
            FaultPlan::new().rule(FaultRule::new(Fault::CutBeforeWrite).method("post").nth(2));
        let sent = [
            ("POST", LIST),
            ("GET", LIST),
            ("POST", LIST),
            ("POST", LIST),
        ];
        assert_eq!(hits(&mut plan, &sent), [false, false, true, false]);
    }

    #[test]
    fn every_kth_and_the_first_few() {
        let mut every = FaultPlan::new().rule(FaultRule::new(Fault::Garbage).every(2));
        assert_eq!(
            hits(&mut every, &[("GET", LIST); 4]),
            [false, true, false, true]
        );
        let mut first = FaultPlan::new().rule(FaultRule::new(Fault::Garbage).first(2));
        assert_eq!(hits(&mut first, &[("GET", LIST); 3]), [true, true, false]);
        let mut never = FaultPlan::new().rule(FaultRule::new(Fault::Garbage).every(0));
        assert_eq!(hits(&mut never, &[("GET", LIST); 2]), [false, false]);
    }

    #[test]
    fn the_first_rule_decides_and_the_second_counts_too() {
        let mut plan = FaultPlan::new()
            .rule(FaultRule::new(Fault::CutBeforeWrite).nth(1))
            .rule(FaultRule::new(Fault::CutAfterWrite).nth(2));
        assert_eq!(plan.decide("GET", LIST), Some(Fault::CutBeforeWrite));
        assert_eq!(plan.decide("GET", LIST), Some(Fault::CutAfterWrite));
    }

    #[test]
    fn a_rule_may_ask_for_a_path() {
        let mut plan =
            FaultPlan::new().rule(FaultRule::new(Fault::CutBody).path(|path| path.ends_with("/7")));
        let one = format!("{LIST}/7");
        assert_eq!(
            hits(&mut plan, &[("GET", LIST), ("GET", &one)]),
            [false, true]
        );
    }

    #[test]
    fn a_storm_can_be_told_again_and_keeps_its_rate() {
        let run = |seed| {
            let mut plan = FaultPlan::storm(seed, 0.25);
            (0..1000)
                .map(|_| plan.decide("GET", LIST))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
        let hit = run(3).iter().flatten().count();
        assert!((200..300).contains(&hit), "{hit}");
        let mut calm = FaultPlan::storm(3, 0.0);
        assert!((0..100).all(|_| calm.decide("GET", LIST).is_none()));
    }
}
