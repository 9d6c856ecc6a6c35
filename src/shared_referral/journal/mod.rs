//! What outlives a crash: the records of each operation.

mod error;
mod file;
mod memory;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::operation::{OperationId, Record};

pub use error::{JournalError, JournalErrorKind};
pub use file::{Compacted, FileJournal, Recovered};
pub use memory::MemoryJournal;

/// What the methods of a [`Journal`] return.
pub type JournalFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, JournalError>> + Send + 'a>>;

/// Keeps the records of operations: [`FileJournal`], [`MemoryJournal`], or one
/// of the caller's own over a database.
///
/// # Guarantees
/// What an implementation must hold, because the safety of a deal rests on it:
///
/// - When [`append`](Self::append) has returned, its records survive a crash of
///   the program and of the machine. They come back together or not at all, and
///   in their order.
/// - An `append` whose `after` is not the number of records that the operation
///   has fails with [`JournalErrorKind::Conflict`] and changes nothing. So two
///   writers cannot both be the first to say "I am sending this".
/// - An `append` whose future is dropped, or that fails otherwise, may have
///   happened or not, as a whole: what is sent rests on one that returned.
///
/// # Caveats
/// Records hold the caller's key. Whoever uses an e-mail address as the key has
/// an e-mail address in the journal.
pub trait Journal: Send + Sync {
    /// Adds records to an operation that has `after` of them, 0 for a new one.
    fn append(
        &self,
        operation: OperationId,
        after: usize,
        records: Vec<Record>,
    ) -> JournalFuture<'_, ()>;

    /// All records of an operation, in order; none for one that it does not
    /// know.
    fn load(&self, operation: OperationId) -> JournalFuture<'_, Vec<Record>>;

    /// The operations that are not finished
    /// ([`Operation::is_open`](super::Operation::is_open)), oldest first.
    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>>;
}

impl<J: Journal + ?Sized> Journal for Arc<J> {
    fn append(
        &self,
        operation: OperationId,
        after: usize,
        records: Vec<Record>,
    ) -> JournalFuture<'_, ()> {
        (**self).append(operation, after, records)
    }

    fn load(&self, operation: OperationId) -> JournalFuture<'_, Vec<Record>> {
        (**self).load(operation)
    }

    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>> {
        (**self).list_open()
    }
}
