//! Time, so that nothing in this crate asks the machine for it: waiting,
//! deadlines and the age of a token all go through a [`Clock`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// What [`Clock::sleep`] returns.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// The time of day, for what the service writes as a date.
    fn now(&self) -> SystemTime;

    /// Time since some fixed point, which never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// Is over when so much time has passed, while something else is waited
    /// for. A clock that is moved by whoever sleeps must not be moved by this.
    fn limit(&self, duration: Duration) -> Sleep {
        self.sleep(duration)
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }

    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        (**self).sleep(duration)
    }

    fn limit(&self, duration: Duration) -> Sleep {
        (**self).limit(duration)
    }
}

/// The machine's clock, waiting on tokio's timer.
#[derive(Clone, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[cfg(any(test, feature = "sandbox"))]
mod manual {
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::{Duration, SystemTime};

    use super::{Clock, Sleep};

    /// A clock for tests: it stands still, and whoever waits moves it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use partner_referrals::clock::{Clock as _, ManualClock};
    ///
    /// let clock = ManualClock::default();
    /// clock.advance(Duration::from_secs(3600));
    /// assert_eq!(clock.elapsed(), Duration::from_secs(3600));
    /// ```
    #[derive(Clone, Debug, Default)]
    pub struct ManualClock(Arc<Mutex<State>>);

    #[derive(Debug, Default)]
    struct State {
        elapsed: Duration,
        slept: Vec<Duration>,
    }

    impl ManualClock {
        /// Moves the clock.
        pub fn advance(&self, duration: Duration) {
            self.state().elapsed += duration;
        }

        /// How long each sleep was, in order.
        pub fn slept(&self) -> Vec<Duration> {
            self.state().slept.clone()
        }

        fn state(&self) -> std::sync::MutexGuard<'_, State> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl Clock for ManualClock {
        fn now(&self) -> SystemTime {
            // 2026-01-01T00:00:00Z, and what has passed since.
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600) + self.elapsed()
        }

        fn elapsed(&self) -> Duration {
            self.state().elapsed
        }

        /// Never over: this clock moves only by sleeping or by hand.
        fn limit(&self, _: Duration) -> Sleep {
            Box::pin(std::future::pending())
        }

        fn sleep(&self, duration: Duration) -> Sleep {
            let clock = self.clone();
            // Moves when it is awaited, not when it is made.
            Box::pin(async move {
                let mut state = clock.state();
                state.elapsed += duration;
                state.slept.push(duration);
            })
        }
    }
}
#[cfg(any(test, feature = "sandbox"))]
pub use manual::ManualClock;
