//! The thread that owns the file: many appends, one write, one sync.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use tokio::sync::oneshot;

use super::disk;
use super::index::{Index, Place};
use super::line::Entry;
use super::scan::HEADER;
use crate::private_file;
use crate::shared_referral::journal::error::{JournalError, JournalErrorKind};
use crate::shared_referral::operation::{Operation, OperationId, Record};

/// At most so many appends wait for one sync.
const BATCH: usize = 1024;

/// What the thread is asked for.
pub(super) enum Job {
    Append(Append),
    Load(OperationId, Reply<Vec<Record>>),
    ListOpen(Reply<Vec<OperationId>>),
    Compact(Reply<Compacted>),
}

pub(super) struct Append {
    pub(super) operation: OperationId,
    pub(super) after: usize,
    pub(super) records: Vec<Record>,
    pub(super) reply: Reply<()>,
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, JournalError>>;

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// Size of the file before, in bytes.
    pub before: u64,
    /// Size of the file after, in bytes.
    pub after: u64,
}

/// The file and all that is known of it.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) index: Index,
    /// The end of what is durable.
    pub(super) length: u64,
    pub(super) commit: u64,
    /// Compacts on its own above so many bytes.
    pub(super) compact_above: u64,
    /// Counts syncs of the file.
    pub(super) syncs: Arc<AtomicU64>,
    /// A write or sync failed: what is on the disk is not known any more.
    pub(super) failed: bool,
    /// Held as long as the thread lives.
    pub(super) _lock: File,
}

impl Writer {
    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| jobs.recv().ok()) {
            match job {
                Job::Append(first) => {
                    let mut batch = vec![first];
                    while batch.len() < BATCH && next.is_none() {
                        match jobs.try_recv() {
                            Ok(Job::Append(append)) => batch.push(append),
                            Ok(other) => next = Some(other),
                            Err(_) => break,
                        }
                    }
                    self.append(batch);
                }
                Job::Load(operation, reply) => answer(reply, self.load(operation)),
                Job::ListOpen(reply) => answer(reply, Ok(self.index.list_open())),
                Job::Compact(reply) => {
                    let result = self.compact();
                    answer(reply, result);
                }
            }
        }
    }

    fn append(&mut self, batch: Vec<Append>) {
        if self.failed {
            for append in batch {
                answer(append.reply, Err(gave_up()));
            }
            return;
        }
        // Each operation as it will be, for appends to one that come together.
        let mut coming: HashMap<OperationId, Vec<Record>> = HashMap::new();
        let mut entries = Vec::with_capacity(batch.len());
        let mut waiting = Vec::with_capacity(batch.len());
        for append in batch {
            match self.entry(&mut coming, append.operation, append.after, append.records) {
                Ok(entry) => {
                    entries.push(entry);
                    waiting.push(append.reply);
                }
                Err(error) => answer(append.reply, Err(error)),
            }
        }
        if waiting.is_empty() {
            return;
        }
        let parts = entries.len();
        for (index, entry) in entries.iter_mut().enumerate() {
            entry.commit = self.commit + 1;
            entry.part = index + 1;
            entry.parts = parts;
        }
        match self.write(entries) {
            Ok(()) => waiting.into_iter().for_each(|reply| answer(reply, Ok(()))),
            Err(error) => {
                self.failed = true;
                let mut error = Some(JournalError::io("written", error));
                for reply in waiting {
                    answer(reply, Err(error.take().unwrap_or_else(gave_up)));
                }
            }
        }
        if self.length > self.compact_above && self.index.live() < self.length / 2 {
            // It can be done later as well: the file is as good as before.
            let _ = self.compact();
        }
    }

    /// The line of an append, where it fits.
    fn entry(
        &mut self,
        coming: &mut HashMap<OperationId, Vec<Record>>,
        operation: OperationId,
        after: usize,
        records: Vec<Record>,
    ) -> Result<Entry, JournalError> {
        let mut all = match coming.get(&operation) {
            Some(records) => records.clone(),
            None => self.load(operation)?,
        };
        if all.len() != after {
            return Err(JournalError::conflict());
        }
        let mut line = (after, records.clone());
        all.extend(records);
        let read = Operation::from_records(operation, &all).map_err(|error| {
            let message = "these records cannot follow those that the operation has";
            JournalError::new(JournalErrorKind::Damaged, message).with_source(error)
        })?;
        if !read.is_open() || self.index.finished(operation).is_some() {
            // A finished operation stands on one line and is kept there only.
            line = (0, all.clone());
        }
        coming.insert(operation, all);
        Ok(Entry {
            commit: 0,
            part: 0,
            parts: 0,
            operation,
            after: line.0,
            records: line.1,
        })
    }

    fn write(&mut self, entries: Vec<Entry>) -> io::Result<()> {
        let mut bytes = Vec::new();
        if self.length == 0 {
            bytes.extend_from_slice(HEADER);
        }
        let mut places = Vec::with_capacity(entries.len());
        for entry in &entries {
            let line = entry.to_line()?;
            places.push(Place {
                offset: self.length + bytes.len() as u64,
                length: u32::try_from(line.len()).map_err(io::Error::other)?,
            });
            bytes.extend_from_slice(&line);
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.length += bytes.len() as u64;
        self.commit += 1;
        for (entry, place) in entries.into_iter().zip(places) {
            self.index
                .add(entry, place)
                .map_err(|_| io::Error::other("the index lost its way"))?;
        }
        Ok(())
    }

    fn load(&mut self, operation: OperationId) -> Result<Vec<Record>, JournalError> {
        if let Some(records) = self.index.open(operation) {
            return Ok(records.to_vec());
        }
        match self.index.finished(operation) {
            Some(place) => self.read(place).map(|entry| entry.records),
            None => Ok(Vec::new()),
        }
    }

    fn read(&mut self, place: Place) -> Result<Entry, JournalError> {
        let failed = |error| JournalError::io("read", error);
        let mut line = vec![0; place.length as usize];
        self.file
            .seek(SeekFrom::Start(place.offset))
            .map_err(failed)?;
        self.file.read_exact(&mut line).map_err(failed)?;
        let whole = line.strip_suffix(b"\n").map(Entry::from_line);
        whole.and_then(Result::ok).ok_or_else(|| {
            let message = "a line of the journal was changed after it was written; \
                           next: keep the file, and open the journal again to learn which";
            JournalError::new(JournalErrorKind::Damaged, message)
        })
    }

    /// Writes what is needed into a file of its own, which then takes the place
    /// of this one.
    pub(super) fn compact(&mut self) -> Result<Compacted, JournalError> {
        if self.failed {
            return Err(gave_up());
        }
        let before = self.length;
        let failed = |error| JournalError::io("compacted", error);
        let path = disk::beside(&self.path, ".compacting");
        disk::remove(&path).map_err(failed)?;
        let mut to = io::BufWriter::new(private_file::create(&path).map_err(failed)?);
        let mut index = Index::default();
        let mut length = HEADER.len() as u64;
        let mut commit = 0;
        to.write_all(HEADER).map_err(failed)?;
        let finished = self.index.list_finished().into_iter().map(|(id, _)| id);
        let all: Vec<OperationId> = finished.chain(self.index.list_open()).collect();
        for operation in all {
            commit += 1;
            let entry = Entry {
                commit,
                part: 1,
                parts: 1,
                operation,
                after: 0,
                records: self.load(operation)?,
            };
            let line = entry.to_line().map_err(|error| failed(error.into()))?;
            to.write_all(&line).map_err(failed)?;
            let place = Place {
                offset: length,
                length: u32::try_from(line.len())
                    .map_err(|error| failed(io::Error::other(error)))?,
            };
            index
                .add(entry, place)
                .map_err(|_| failed(io::Error::other("the index lost its way")))?;
            length += line.len() as u64;
        }
        let file = to
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        self.syncs.fetch_add(1, Ordering::Relaxed);
        std::fs::rename(&path, &self.path).map_err(failed)?;
        // From here on the new file is the journal, whatever else fails.
        (self.file, self.index) = (file, index);
        (self.length, self.commit) = (length, commit);
        if let Err(error) = private_file::sync_folder(&self.path) {
            self.failed = true;
            return Err(failed(error));
        }
        Ok(Compacted {
            before,
            after: length,
        })
    }
}

/// Somebody who does not wait any more needs no answer.
fn answer<T>(reply: Reply<T>, result: Result<T, JournalError>) {
    let _ = reply.send(result);
}

/// After a failed sync the kernel may drop what it could not write: only what a
/// new look at the file shows is there.
fn gave_up() -> JournalError {
    JournalError::new(
        JournalErrorKind::Io,
        "a write of the journal failed before, and what is on the disk is not known; \
         next: mend the disk, then open the journal again",
    )
}
