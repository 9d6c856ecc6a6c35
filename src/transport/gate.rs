//! What stands before every request of a client: how many may be under way,
//! and the pause that a throttling service asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::{Either, select};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;

/// Shared by all tasks of a client.
#[derive(Debug)]
pub(crate) struct Gate {
    slots: Arc<Semaphore>,
    /// End of the pause on the clock's own scale, in milliseconds.
    paused_until: AtomicU64,
}

/// The gate did not open in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The service asked for a pause that goes past the deadline.
    Paused(Duration),
    /// The requests under way did not end in time.
    Busy,
    /// The time was over before the request could be sent.
    Late,
}

impl Gate {
    pub(crate) fn new(most_in_flight: usize) -> Self {
        let slots = most_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            paused_until: AtomicU64::new(0),
        }
    }

    /// Nobody sends for so long from now.
    pub(crate) fn pause(&self, clock: &dyn Clock, pause: Duration) {
        let until = millis(clock.elapsed().saturating_add(pause));
        self.paused_until.fetch_max(until, Ordering::Relaxed);
    }

    /// Waits for the end of a pause and for a free slot, at most until
    /// `deadline` on the clock's own scale.
    pub(crate) async fn enter(
        &self,
        clock: &dyn Clock,
        deadline: Duration,
    ) -> Result<OwnedSemaphorePermit, Closed> {
        loop {
            self.wait_out_pause(clock, deadline).await?;
            let permit = self.slot(clock, deadline).await?;
            // A pause may have begun while this task waited for its slot.
            if self.left_of_pause(clock).is_zero() {
                return Ok(permit);
            }
        }
    }

    async fn slot(
        &self,
        clock: &dyn Clock,
        deadline: Duration,
    ) -> Result<OwnedSemaphorePermit, Closed> {
        if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            return Ok(permit);
        }
        let left = deadline.saturating_sub(clock.elapsed());
        let free = Box::pin(Arc::clone(&self.slots).acquire_owned());
        match select(free, clock.limit(left)).await {
            Either::Left((permit, _)) => permit.map_err(|_| Closed::Busy),
            Either::Right(_) => Err(Closed::Busy),
        }
    }

    async fn wait_out_pause(&self, clock: &dyn Clock, deadline: Duration) -> Result<(), Closed> {
        loop {
            let left = self.left_of_pause(clock);
            if left.is_zero() {
                return Ok(());
            }
            if clock.elapsed().saturating_add(left) > deadline {
                return Err(Closed::Paused(left));
            }
            clock.sleep(left).await;
        }
    }

    fn left_of_pause(&self, clock: &dyn Clock) -> Duration {
        let until = Duration::from_millis(self.paused_until.load(Ordering::Relaxed));
        until.saturating_sub(clock.elapsed())
    }
}

/// Rounded up: a pause never ends early.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, SystemClock};

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_pause_holds_everybody_and_no_longer_than_asked() {
        let (gate, clock) = (Gate::new(4), ManualClock::default());
        gate.pause(&clock, Duration::from_secs(7));
        gate.pause(&clock, Duration::from_secs(3));
        drop(gate.enter(&clock, MINUTE).await.unwrap());
        assert_eq!(clock.slept(), [Duration::from_secs(7)]);
        drop(gate.enter(&clock, MINUTE).await.unwrap());
        assert_eq!(clock.slept().len(), 1);
    }

    #[tokio::test]
    async fn a_pause_past_the_deadline_is_told_at_once() {
        let (gate, clock) = (Gate::new(4), ManualClock::default());
        gate.pause(&clock, MINUTE * 2);
        assert_eq!(
            gate.enter(&clock, MINUTE).await.unwrap_err(),
            Closed::Paused(MINUTE * 2)
        );
        assert!(clock.slept().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_allowed_number_are_inside() {
        let gate = Gate::new(2);
        let clock = SystemClock::default();
        let first = gate.enter(&clock, MINUTE).await.unwrap();
        let _second = gate.enter(&clock, MINUTE).await.unwrap();
        let third = gate.enter(&clock, clock.elapsed() + Duration::from_millis(20));
        assert_eq!(third.await.unwrap_err(), Closed::Busy);
        drop(first);
        drop(gate.enter(&clock, MINUTE).await.unwrap());
    }

    #[test]
    fn a_pause_of_any_length_does_not_overflow() {
        let (gate, clock) = (Gate::new(usize::MAX), ManualClock::default());
        gate.pause(&clock, Duration::MAX);
        assert!(gate.left_of_pause(&clock) > MINUTE);
    }
}
