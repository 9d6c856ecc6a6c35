//! One run of an operation at a time, within this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::operation::OperationId;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// Who is at which operation.
#[derive(Debug, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<OperationId, Turn>>>);

/// Somebody's turn; over when dropped.
#[derive(Debug)]
pub(super) struct MyTurn {
    operation: OperationId,
    turns: Arc<Mutex<HashMap<OperationId, Turn>>>,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else is at the operation.
    pub(super) async fn wait(&self, operation: OperationId) -> MyTurn {
        let turn = Arc::clone(lock(&self.0).entry(operation).or_default());
        // Made before waiting, so that whoever gives up leaves nothing behind.
        let mut mine = MyTurn {
            operation,
            turns: Arc::clone(&self.0),
            held: None,
        };
        mine.held = Some(turn.lock_owned().await);
        mine
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Drop for MyTurn {
    fn drop(&mut self) {
        let mut turns = lock(&self.turns);
        drop(self.held.take());
        // The map's own is the last one: nobody waits.
        if turns
            .get(&self.operation)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            turns.remove(&self.operation);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn two_are_never_at_one_operation_and_nothing_is_left_behind() {
        let turns = Turns::default();
        let id = OperationId::of_key("k");
        let first = turns.wait(id).await;
        let other = turns.wait(OperationId::of_key("other")).await;
        let mut second = Box::pin(turns.wait(id));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        let second = second.await;
        {
            let mut third = Box::pin(turns.wait(id));
            assert!((&mut third).now_or_never().is_none(), "and gives up");
        }
        assert_eq!(turns.len(), 2);
        drop((second, other));
        assert_eq!(turns.len(), 0);
    }
}
