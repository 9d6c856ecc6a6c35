//! Values of an enum that this version does not know.

use std::fmt;

/// The text of an enum value that this version does not know, as it came.
///
/// Nobody outside can make one, so a known value is never hidden in it: use
/// `From<&str>` of the enum, which recognises what it can. To match a value
/// before this library knows it, compare [`as_str`](Self::as_str) of the enum.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unrecognized(String);

impl Unrecognized {
    pub(crate) fn new(value: String) -> Self {
        Self(value)
    }

    /// The value as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
