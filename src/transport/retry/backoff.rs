//! How long to wait before another attempt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::RetryPolicy;

/// A number from 0 (included) to 1 (excluded), anew at each call.
pub(crate) type Random = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Draws waits.
#[derive(Clone)]
pub(crate) struct Backoff {
    base: Duration,
    floor: Duration,
    cap: Duration,
    random: Random,
}

impl Backoff {
    pub(crate) fn new(policy: &RetryPolicy, random: Random) -> Self {
        Self {
            base: policy.base,
            floor: policy.floor,
            cap: policy.cap.max(policy.floor),
            random,
        }
    }

    /// The wait after the attempt number `attempt` (from 1): at least what the
    /// service asked for.
    pub(crate) fn wait(&self, attempt: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = 2_u32
            .checked_pow(attempt.saturating_sub(1))
            .and_then(|factor| self.base.checked_mul(factor))
            .unwrap_or(self.cap);
        let longest = doubled.clamp(self.floor, self.cap);
        let share = (self.random)();
        let share = if share.is_nan() {
            1.0
        } else {
            share.clamp(0.0, 1.0)
        };
        let spread = longest - self.floor;
        let drawn = Duration::try_from_secs_f64(spread.as_secs_f64() * share)
            .unwrap_or(spread)
            .min(spread);
        let wait = self.floor + drawn;
        wait.max(retry_after.unwrap_or_default())
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff")
            .field("base", &self.base)
            .field("floor", &self.floor)
            .field("cap", &self.cap)
            .finish_non_exhaustive()
    }
}

/// Random numbers of the machine: the 53 low bits of a version 4 UUID, of
/// which none is fixed.
pub(crate) fn system_random() -> f64 {
    const BITS: u32 = 53;
    let low = uuid::Uuid::new_v4().as_u128() as u64 & ((1 << BITS) - 1);
    low as f64 / (1_u64 << BITS) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn backoff(share: f64) -> Backoff {
        Backoff::new(&RetryPolicy::default(), Arc::new(move || share))
    }

    #[test]
    fn waits_are_drawn_from_the_floor_to_a_doubling_cap() {
        let seconds = |share: f64, attempt: u32| backoff(share).wait(attempt, None).as_secs_f64();
        assert_eq!(seconds(0.0, 1), 0.1);
        assert_eq!(seconds(1.0, 1), 0.5);
        assert_eq!(seconds(1.0, 2), 1.0);
        assert_eq!(seconds(0.5, 2), 0.55);
        assert_eq!(seconds(1.0, 30), 30.0);
        assert_eq!(seconds(1.0, u32::MAX), 30.0);
    }

    #[test]
    fn the_machines_numbers_are_spread_over_the_whole_range() {
        let drawn: Vec<f64> = (0..1000).map(|_| system_random()).collect();
        assert!(drawn.iter().all(|share| (0.0..1.0).contains(share)));
        assert!(drawn.iter().any(|share| *share < 0.1));
        assert!(drawn.iter().any(|share| *share > 0.9));
    }

    #[test]
    fn settings_of_any_size_do_not_panic() {
        let policy = RetryPolicy::new().base(Duration::MAX).cap(Duration::MAX);
        let backoff = Backoff::new(&policy, Arc::new(|| 1.0));
        assert!(backoff.wait(u32::MAX, Some(Duration::MAX)) <= Duration::MAX);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_below_the_floor_or_the_services_wish_nor_above_both(
            share in proptest::num::f64::ANY, attempt in any::<u32>(), asked in proptest::option::of(0u64..100_000)
        ) {
            let asked = asked.map(Duration::from_secs);
            let wait = backoff(share).wait(attempt, asked);
            prop_assert!(wait >= Duration::from_millis(100));
            prop_assert!(wait >= asked.unwrap_or_default());
            prop_assert!(wait <= Duration::from_secs(30).max(asked.unwrap_or_default()));
        }
    }
}
