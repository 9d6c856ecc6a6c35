//! Stand-ins for what `Debug` must not show.

use std::fmt;

/// A value that is there but not shown.
pub(crate) struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

/// A map of which only the number of members is shown.
pub(crate) struct Members(pub(crate) usize);

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} members>", self.0)
    }
}
