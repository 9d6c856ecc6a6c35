//! A journal that ends with the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::JournalError;
use super::{Journal, JournalFuture};
use crate::shared_referral::operation::{Operation, OperationId, Record};

/// Keeps records in memory, for tests and for callers who look after a crash
/// themselves. Clones share them.
///
/// # Caveats
/// After the process has ended nothing is known of what it left behind: use a
/// [`FileJournal`](super::FileJournal) where a deal must not be lost or doubled.
#[derive(Clone, Default)]
pub struct MemoryJournal(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    records: HashMap<OperationId, Vec<Record>>,
    order: Vec<OperationId>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn append(
        &self,
        operation: OperationId,
        after: usize,
        records: Vec<Record>,
    ) -> JournalFuture<'_, ()> {
        Box::pin(async move {
            let mut held = self.held();
            let there = held.records.get(&operation).map_or(0, Vec::len);
            if there != after {
                return Err(JournalError::conflict());
            }
            if there == 0 {
                held.order.push(operation);
            }
            held.records.entry(operation).or_default().extend(records);
            Ok(())
        })
    }

    fn load(&self, operation: OperationId) -> JournalFuture<'_, Vec<Record>> {
        let records = self.held().records.get(&operation).cloned();
        Box::pin(std::future::ready(Ok(records.unwrap_or_default())))
    }

    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>> {
        let held = self.held();
        let open = |id: &&OperationId| {
            let records = held.records.get(*id).map_or(&[][..], Vec::as_slice);
            Operation::from_records(**id, records).is_ok_and(|operation| operation.is_open())
        };
        let open = held.order.iter().filter(open).copied().collect();
        Box::pin(std::future::ready(Ok(open)))
    }
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations = self.held().order.len();
        f.debug_struct("MemoryJournal")
            .field("operations", &operations)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_that_it_is_one_and_nothing_of_the_deals() {
        let shown = format!("{:?}", MemoryJournal::new());
        assert_eq!(shown, "MemoryJournal { operations: 0 }");
    }
}
