//! Where the journal stands on the disk, and who has it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::private_file;
use crate::shared_referral::journal::error::{JournalError, JournalErrorKind};

/// A file beside another, with something added to its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Where a journal really stands: two paths to one file are one journal, and a
/// link to it stays one when it is compacted.
pub(super) fn real(path: &Path) -> std::io::Result<PathBuf> {
    match std::fs::canonicalize(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        real => return real,
    }
    if path.is_symlink() {
        let message = "a symbolic link that leads to no file";
        return Err(std::io::Error::new(std::io::ErrorKind::NotFound, message));
    }
    let folder = std::fs::canonicalize(private_file::folder(path))?;
    Ok(path
        .file_name()
        .map_or_else(|| path.to_owned(), |name| folder.join(name)))
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Takes the journal for this process, by a file of its own: the journal's is
/// replaced when it is compacted. Freed when the file is dropped, and when the
/// process ends in whatever way.
pub(super) fn lock(path: &Path) -> Result<File, JournalError> {
    let opened = private_file::open(&beside(path, ".lock"));
    let (file, _) = opened.map_err(|error| JournalError::io("locked", error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::new(
            JournalErrorKind::Locked,
            "another process has the journal, or this one has opened it before; \
             next: end the other, or share one `FileJournal`",
        )),
        Err(TryLockError::Error(error)) => Err(JournalError::io("locked", error)),
    }
}
