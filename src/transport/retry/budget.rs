//! What a client may spend on retries.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::ErrorKind;

const RETRY: u32 = 5;
const AFTER_TIMEOUT: u32 = 10;
const SUCCESS: u32 = 1;

/// A bucket of tokens that retries take from and successes give back to.
#[derive(Debug)]
pub(crate) struct Budget {
    capacity: u32,
    left: AtomicU32,
}

impl Budget {
    pub(crate) fn new(capacity: u32) -> Self {
        Self {
            capacity,
            left: AtomicU32::new(capacity),
        }
    }

    /// Takes the price of a retry; false where it is not there.
    pub(crate) fn spend(&self, after: ErrorKind) -> bool {
        let price = if after == ErrorKind::Timeout {
            AFTER_TIMEOUT
        } else {
            RETRY
        };
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(price)
            })
            .is_ok()
    }

    /// Gives a little back.
    pub(crate) fn succeeded(&self) {
        let _ = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some(left.saturating_add(SUCCESS).min(self.capacity))
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_end_when_the_budget_is_spent_and_come_back_with_successes() {
        let budget = Budget::new(20);
        assert!(budget.spend(ErrorKind::Timeout));
        assert!(budget.spend(ErrorKind::Connect));
        assert!(budget.spend(ErrorKind::Connect));
        assert!(!budget.spend(ErrorKind::Connect));
        for _ in 0..5 {
            budget.succeeded();
        }
        assert!(budget.spend(ErrorKind::Connect));
        assert!(!budget.spend(ErrorKind::Connect));
        for _ in 0..1000 {
            budget.succeeded();
        }
        assert_eq!(budget.left.load(Ordering::Relaxed), 20);
    }
}
