//! Leave to send a create once: in the process that issued it, and not late.
//!
//! Restate runs a step again when it does not know that it was run, and a
//! process that lost its connection may still be at it. So the leave is issued
//! in one step and used in the next: whoever runs the second step again finds
//! that it is used, or, in another process, that it was never issued.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::clock::Clock;

/// The leaves of this process.
#[derive(Clone)]
pub(super) struct Tokens {
    unused: Arc<Mutex<HashMap<Uuid, Issued>>>,
    lease: Duration,
    clock: Arc<dyn Clock>,
}

/// When, by both clocks: the one that never goes back stands still while a
/// machine sleeps.
#[derive(Clone, Copy)]
struct Issued {
    elapsed: Duration,
    now: SystemTime,
}

impl Tokens {
    /// `lease`: how long a token is good for.
    pub(super) fn new(lease: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            unused: Arc::default(),
            lease,
            clock,
        }
    }

    /// A token that nobody has used.
    pub(super) fn issue(&self) -> Uuid {
        let issued = Issued {
            elapsed: self.clock.elapsed(),
            now: self.clock.now(),
        };
        // Not from where the client takes its ids, which a program may set: this
        // one must not come twice in any process.
        let token = Uuid::new_v4();
        let mut unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that an execution left behind which went on elsewhere.
        unused.retain(|_, issued| self.is_good(issued));
        unused.insert(token, issued);
        token
    }

    /// Whether the caller may send: it is the first to use the token, in the
    /// process that issued it, in time.
    pub(super) fn spend(&self, token: &Uuid) -> bool {
        let mut unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner);
        let issued = unused.remove(token);
        issued.is_some_and(|issued| self.is_good(&issued))
    }

    /// A clock of the day that went back proves nothing: not good.
    fn is_good(&self, issued: &Issued) -> bool {
        let passed = self.clock.elapsed().saturating_sub(issued.elapsed);
        let of_day = self.clock.now().duration_since(issued.now);
        passed < self.lease && of_day.is_ok_and(|passed| passed < self.lease)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, Sleep};

    const LEASE: Duration = Duration::from_secs(10);

    fn tokens() -> (Tokens, ManualClock) {
        let clock = ManualClock::default();
        (Tokens::new(LEASE, Arc::new(clock.clone())), clock)
    }

    #[test]
    fn a_token_is_good_once() {
        let (tokens, _) = tokens();
        let (one, other) = (tokens.issue(), tokens.issue());
        assert_ne!(one, other);
        assert!(tokens.spend(&one));
        assert!(!tokens.spend(&one));
        assert!(tokens.clone().spend(&other), "by a clone too");
        assert!(!tokens.spend(&other));
    }

    #[test]
    fn only_the_process_that_issued_a_token_may_use_it() {
        let ((here, _), (there, _)) = (tokens(), tokens());
        let token = here.issue();
        assert!(!there.spend(&token));
        assert!(here.spend(&token), "and nobody else has used it up");
    }

    #[test]
    fn a_token_is_no_longer_good_when_its_lease_is_over() {
        let (tokens, clock) = tokens();
        let (early, late) = (tokens.issue(), tokens.issue());
        clock.advance(LEASE - Duration::from_nanos(1));
        assert!(tokens.spend(&early));
        clock.advance(Duration::from_nanos(1));
        assert!(!tokens.spend(&late));
        assert!(!Tokens::new(Duration::ZERO, Arc::new(clock)).spend(&late));
    }

    #[test]
    fn what_is_left_behind_is_forgotten() {
        let (tokens, clock) = tokens();
        for _ in 0..3 {
            tokens.issue();
        }
        clock.advance(LEASE);
        tokens.issue();
        assert_eq!(tokens.unused.lock().unwrap().len(), 1);
    }

    /// Its time of day moves apart from the time that passes.
    struct Asleep(ManualClock, Arc<Mutex<SystemTime>>);

    impl Clock for Asleep {
        fn now(&self) -> SystemTime {
            *self.1.lock().unwrap()
        }

        fn elapsed(&self) -> Duration {
            self.0.elapsed()
        }

        fn sleep(&self, duration: Duration) -> Sleep {
            self.0.sleep(duration)
        }
    }

    #[test]
    fn a_machine_that_slept_or_whose_clock_went_back_uses_no_token() {
        let of_day = Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + LEASE));
        let clock = Asleep(ManualClock::default(), Arc::clone(&of_day));
        let tokens = Tokens::new(LEASE, Arc::new(clock));
        for (moved, good) in [(LEASE, true), (2 * LEASE, false), (Duration::ZERO, false)] {
            *of_day.lock().unwrap() = SystemTime::UNIX_EPOCH + LEASE;
            let token = tokens.issue();
            *of_day.lock().unwrap() = SystemTime::UNIX_EPOCH + moved;
            assert_eq!(tokens.spend(&token), good, "{moved:?}");
        }
    }
}
