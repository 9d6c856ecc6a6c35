//! A journal in a file.

mod disk;
mod index;
mod line;
mod scan;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::error::{JournalError, JournalErrorKind};
use super::{Journal, JournalFuture};
use crate::private_file;
use crate::shared_referral::operation::{OperationId, Record};
pub use writer::Compacted;
use writer::{Append, Job, Reply, Writer};

/// Below this size a file is not worth compacting.
const COMPACT_ABOVE: u64 = 1024 * 1024;

/// Keeps records in a file of JSON lines. Clones share it.
///
/// ```no_run
/// use partner_referrals::shared_referral::FileJournal;
///
/// let journal = FileJournal::open("/var/lib/crm-sync/deals.journal")?;
/// # Ok::<(), partner_referrals::shared_referral::JournalError>(())
/// ```
///
/// # Guarantees
/// - Records are on the disk (`fdatasync`) before an append returns. Appends
///   that come together share one write and one sync.
/// - Every line has a checksum. A line that a crash tore is dropped when the
///   file is opened ([`recovered`](Self::recovered)); damage anywhere else is an
///   error, and the file is left as it is.
/// - A file that was made, and one that took another's place, is there after a
///   crash: its folder is synced.
/// - One process at a time, whatever symbolic links lead to the file: the lock is
///   a file beside it (`.lock`), freed when the process ends in whatever way.
/// - On Unix the file has mode 0600, and one that others may read is refused.
/// - After a failed write nothing is taken any more until it is opened anew.
///
/// # Assumptions
/// The disk keeps what it says it has synced. The folder is on a local disk:
/// locks of network file systems are often none.
///
/// # Caveats
/// - Finished operations stay, so that their keys are known for ever: about
///   0.8 KB of file and 40 bytes of memory each. The file is rewritten without
///   superseded lines once these are more than half of it
///   ([`compact`](Self::compact)).
/// - Dropping the last clone waits for the thread that writes.
/// - A hard link is another journal: nothing tells that both are one file.
#[derive(Clone)]
pub struct FileJournal(Arc<Inner>);

struct Inner {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    syncs: Arc<AtomicU64>,
    recovered: Option<Recovered>,
}

/// What a crash left at the end of a journal and was dropped: a write that
/// nobody was told is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// How many bytes.
    pub bytes: u64,
}

impl FileJournal {
    /// Opens a journal, and makes the file where there is none. Reads all of it,
    /// on the calling thread.
    ///
    /// # Errors
    /// [`JournalErrorKind::Locked`] where another process has it,
    /// [`JournalErrorKind::Damaged`] where its content was changed or is no
    /// journal, [`JournalErrorKind::Io`] where the folder does not exist, the
    /// file is open to others, or the disk fails.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        Self::open_compacting(path.into(), COMPACT_ABOVE)
    }

    fn open_compacting(path: PathBuf, compact_above: u64) -> Result<Self, JournalError> {
        let opening = |error| JournalError::io("opened", error);
        let path = disk::real(&path).map_err(opening)?;
        let lock = disk::lock(&path)?;
        // Of a compaction that did not come to its end.
        disk::remove(&disk::beside(&path, ".compacting")).map_err(opening)?;
        let (mut file, made) = private_file::open(&path).map_err(opening)?;
        if made {
            private_file::sync_folder(&path).map_err(opening)?;
        }
        if private_file::exposed(&file).map_err(opening)? {
            return Err(JournalError::new(
                JournalErrorKind::Io,
                "the journal can be read or written by others than its owner; \
                 next: make the file `chmod 600`",
            ));
        }
        let scanned = scan::scan(&mut file)?;
        let syncs = Arc::new(AtomicU64::new(0));
        let mut writer = Writer {
            path,
            file,
            index: scanned.index,
            length: scanned.length,
            commit: scanned.commit,
            compact_above,
            syncs: Arc::clone(&syncs),
            failed: false,
            _lock: lock,
        };
        if scanned.torn > 0 || scanned.cut {
            // A new file without it: what is left of the torn write would make
            // the next crash look like damage.
            writer.compact()?;
        }
        let (jobs, asked) = channel();
        let thread = std::thread::Builder::new()
            .name("referral-journal".to_owned())
            .spawn(move || writer.run(&asked))
            .map_err(opening)?;
        Ok(Self(Arc::new(Inner {
            jobs: Some(jobs),
            thread: Some(thread),
            syncs,
            recovered: (scanned.torn > 0).then_some(Recovered {
                bytes: scanned.torn,
            }),
        })))
    }

    /// What was dropped when it was opened.
    pub fn recovered(&self) -> Option<Recovered> {
        self.0.recovered
    }

    /// How often the file was synced since it was opened.
    pub fn syncs(&self) -> u64 {
        self.0.syncs.load(Ordering::Relaxed)
    }

    /// Rewrites the file with one line for each operation.
    ///
    /// # Errors
    /// [`JournalErrorKind::Io`]; the old file is still there then.
    pub async fn compact(&self) -> Result<Compacted, JournalError> {
        self.ask(Job::Compact).await
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, JournalError> {
        let (reply, answered) = oneshot::channel();
        let gone = || {
            JournalError::new(
                JournalErrorKind::Io,
                "the journal's thread has ended; next: open the journal again",
            )
        };
        let jobs = self.0.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job(reply)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Journal for FileJournal {
    fn append(
        &self,
        operation: OperationId,
        after: usize,
        records: Vec<Record>,
    ) -> JournalFuture<'_, ()> {
        Box::pin(self.ask(move |reply| {
            Job::Append(Append {
                operation,
                after,
                records,
                reply,
            })
        }))
    }

    fn load(&self, operation: OperationId) -> JournalFuture<'_, Vec<Record>> {
        Box::pin(self.ask(move |reply| Job::Load(operation, reply)))
    }

    fn list_open(&self) -> JournalFuture<'_, Vec<OperationId>> {
        Box::pin(self.ask(Job::ListOpen))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Its queue ends, so the thread does; the lock is free when it has.
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for FileJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileJournal")
            .field("syncs", &self.syncs())
            .field("recovered", &self.0.recovered)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
