//! What a step says when the document is not what it needs: where, what, and
//! what to do about it.

use std::fmt;

/// A place in the document, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// One thing wrong with the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which rule found it, `group/rule`.
    pub code: &'static str,
    /// Where, when the mistake has a place.
    pub place: Option<Place>,
    /// The JSON pointer of the place; empty for the whole document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl Problem {
    /// One line an editor can jump to, and the fix below it.
    pub fn render(&self, file: &str) -> String {
        let Place { line, column } = self.place.unwrap_or(Place { line: 1, column: 1 });
        let mut text = format!(
            "{file}:{line}:{column}: error[{}]: {}",
            self.code, self.message
        );
        if !self.pointer.is_empty() {
            text.push_str(&format!("\n  at: {}", self.pointer));
        }
        if !self.fix.is_empty() {
            text.push_str(&format!("\n  fix: {}", self.fix));
        }
        text
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render("openapi/referrals.yaml"))
    }
}
