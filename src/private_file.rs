//! Files that only their owner may read, and that are there after the power
//! went.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file that must not be there yet, for reading and writing.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    options().create_new(true).open(path)
}

/// So often somebody else may make or remove a file at the same moment.
const MOST_TRIES: usize = 16;

/// Opens a file for reading and writing, and makes it where there is none.
/// Says whether it was made.
pub(crate) fn open(path: &Path) -> io::Result<(File, bool)> {
    for _ in 0..MOST_TRIES {
        match options().open(path) {
            Ok(file) => return Ok((file, false)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match create(path) {
            Ok(file) => return Ok((file, true)),
            // Somebody else made it in between.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    // A link to nowhere is there and is not there for ever.
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        "it is there and cannot be opened",
    ))
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options
}

/// Whether group or others may read or write the file.
#[cfg(unix)]
pub(crate) fn exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(crate) fn exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// The folder that a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Without it, a file that was made or renamed may be gone with the power.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
