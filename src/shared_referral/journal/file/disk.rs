//! Files that only their owner reads, and that are there after the power went.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::shared_referral::journal::error::{JournalError, JournalErrorKind};

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A file beside another, with something added to its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Opens a file for reading and writing, and makes it where there is none.
/// Says whether it was made.
pub(super) fn open(path: &Path) -> io::Result<(File, bool)> {
    match private().open(path) {
        Ok(file) => Ok((file, false)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match create(path) {
            Ok(file) => Ok((file, true)),
            // Somebody else made it in between.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                private().open(path).map(|file| (file, false))
            }
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Makes a file that must not be there yet.
pub(super) fn create(path: &Path) -> io::Result<File> {
    private().create_new(true).open(path)
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options
}

/// Whether group or others may read or write the file.
#[cfg(unix)]
pub(super) fn exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(super) fn exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// Without it, a file that was made or renamed may be gone with the power.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Takes the journal for this process, by a file of its own: the journal's is
/// replaced when it is compacted. Freed when the file is dropped, and when the
/// process ends in whatever way.
pub(super) fn lock(path: &Path) -> Result<File, JournalError> {
    let opened = open(&beside(path, ".lock"));
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
