//! Why a journal failed.

use std::error::Error as StdError;
use std::fmt;

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JournalErrorKind {
    /// Somebody else wrote to the operation in between: load it again.
    Conflict,
    /// Another process has the journal.
    Locked,
    /// What stands in the journal cannot be understood.
    Damaged,
    /// The journal could not be read or written.
    Io,
}

/// A journal that failed. Nothing is sent without it.
///
/// `Display` names neither path nor content.
#[derive(Debug)]
pub struct JournalError {
    kind: JournalErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl JournalError {
    /// An error of this kind; the message says what happened and what to do.
    pub fn new(kind: JournalErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// With what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn conflict() -> Self {
        let message = "somebody else wrote to this operation in between; next: load it again";
        Self::new(JournalErrorKind::Conflict, message)
    }

    pub(super) fn io(doing: &str, error: std::io::Error) -> Self {
        let message = format!("the journal could not be {doing}");
        Self::new(JournalErrorKind::Io, message).with_source(error)
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> JournalErrorKind {
        self.kind
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for JournalError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_behind_is_kept_and_not_said_twice() {
        let disk = std::io::Error::other("the disk is gone");
        let error = JournalError::new(JournalErrorKind::Io, "not written").with_source(disk);
        assert_eq!(error.to_string(), "not written");
        let source = error.source().unwrap();
        assert_eq!(source.to_string(), "the disk is gone");
        let plain = JournalError::new(JournalErrorKind::Conflict, "overtaken");
        assert!(plain.source().is_none());
    }
}
