//! A refresh token in a file.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LoadFuture, RefreshToken, SaveFuture, TokenStore};
use crate::credential::{CredentialError, CredentialErrorKind};
use crate::private_file;

/// Far above any refresh token, and small enough to read whatever is there.
const LIMIT: u64 = 64 * 1024;
const VERSION: u32 = 1;

/// Keeps the refresh token in a file of its own, as JSON
/// (`{"version":1,"refresh_token":".."}`).
///
/// ```
/// use partner_referrals::credential::FileStore;
///
/// let store = FileStore::new("/var/lib/crm-sync/refresh-token.json");
/// ```
///
/// # Guarantees
/// - On Unix the file is made with mode 0600, and a file that group or others
///   may read or write is refused: what it holds has to be taken as known.
/// - A save replaces the file as a whole: written beside it, synced, renamed,
///   the directory synced. A crash leaves the old token or the new one.
///
/// # Assumptions
/// The directory exists and only its owner may write to it. On other systems
/// than Unix the directory's access list is what protects the file.
///
/// # Caveats
/// - The token is not encrypted: for more than file permissions, implement
///   [`TokenStore`] over a vault.
/// - Where the path is a symbolic link, a save replaces the link.
/// - A crash between write and rename leaves a `.tmp` file with a token in it.
/// - The work is done on tokio's threads for blocking work, so a tokio runtime
///   has to be running. A save goes on when its caller is dropped.
#[derive(Clone)]
pub struct FileStore {
    path: Arc<PathBuf>,
}

#[derive(Deserialize)]
struct Stored {
    version: u32,
    refresh_token: String,
}

#[derive(Serialize)]
struct Storing<'a> {
    version: u32,
    refresh_token: &'a str,
}

impl FileStore {
    /// A store in this file; nothing is read or made yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: Arc::new(path.into()),
        }
    }
}

impl TokenStore for FileStore {
    fn load(&self) -> LoadFuture<'_> {
        let path = Arc::clone(&self.path);
        Box::pin(blocking(move || load(&path)))
    }

    fn save<'a>(&'a self, token: &'a RefreshToken) -> SaveFuture<'a> {
        let (path, token) = (Arc::clone(&self.path), token.clone());
        Box::pin(blocking(move || {
            save(&path, &token).map_err(|error| {
                store_error("the file of the refresh token could not be written").with_source(error)
            })
        }))
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A path names a user as often as not.
        f.debug_struct("FileStore").finish_non_exhaustive()
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CredentialError> + Send + 'static,
) -> Result<T, CredentialError> {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return Err(store_error("a file store needs a running tokio runtime"));
    };
    match runtime.spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(store_error("the runtime ended before the file was done")),
    }
}

fn load(path: &Path) -> Result<Option<RefreshToken>, CredentialError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    // Of the open file, not of the path, which may be another by now.
    if private_file::exposed(&file).map_err(unreadable)? {
        return Err(store_error(
            "the file of the refresh token can be read or written by others than its owner, so the \
             token has to be taken as known: sign in again, then make the file `chmod 600`",
        ));
    }
    let mut content = Zeroizing::new(Vec::new());
    file.take(LIMIT)
        .read_to_end(&mut content)
        .map_err(unreadable)?;
    // serde's errors quote what they cannot read, so they are no source here.
    let stored: Stored = serde_json::from_slice(&content)
        .map_err(|_| store_error("the file of the refresh token is damaged; sign in again"))?;
    if stored.version != VERSION {
        return Err(store_error(
            "the file of the refresh token was written by another version of this library",
        ));
    }
    RefreshToken::new(stored.refresh_token).map(Some)
}

fn save(path: &Path, token: &RefreshToken) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", Uuid::new_v4()));
    let temporary = private_file::folder(path).join(temporary);

    let result = write_new(&temporary, token).and_then(|()| std::fs::rename(&temporary, path));
    if result.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&temporary);
    }
    result?;
    private_file::sync_folder(path)
}

fn write_new(path: &Path, token: &RefreshToken) -> io::Result<()> {
    let stored = Storing {
        version: VERSION,
        refresh_token: token.expose_secret(),
    };
    let mut content = Zeroizing::new(Vec::with_capacity(8 * 1024));
    serde_json::to_writer(&mut *content, &stored)?;
    let mut file = private_file::create(path)?;
    file.write_all(&content)?;
    file.sync_all()
}

fn store_error(message: &str) -> CredentialError {
    CredentialError::of(CredentialErrorKind::Store, message)
}

fn unreadable(error: io::Error) -> CredentialError {
    store_error("the file of the refresh token could not be read").with_source(error)
}
