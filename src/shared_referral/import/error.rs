//! Why a file could not be read, or its results not be written.

use std::io;

/// Why a file could not be read, or its results not be written. What is wrong
/// with its *content* is a [`Problem`](super::Problem).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file could not be opened or read.
    #[error("the file of deals could not be read")]
    Read(#[source] io::Error),
    /// The results could not be written. Rows written before are whole.
    #[error("the results could not be written")]
    Write(#[source] io::Error),
    /// The file is UTF-16, not UTF-8.
    #[error("the file is UTF-16; save it as \"CSV UTF-8\" and check it again")]
    NotUtf8,
    /// The file is not the one that was checked. Where it comes after rows,
    /// those rows were of the changed file.
    #[error("the file was changed after it was checked; check it again before anything is sent")]
    Changed,
    /// The heading line has problems, so no row can be read.
    #[error("the heading line has problems; mend them and check the file again")]
    Headings,
}
