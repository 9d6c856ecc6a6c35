//! One thing that is wrong with a file, and what is only to be known.

use std::fmt;

use super::super::problem::Rule;

/// The kind of rule that a file or a row breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The heading line: a required column that is missing, a heading twice.
    Headings,
    /// The row as a whole cannot be read: a quote that is not closed, too few
    /// cells, no JSON.
    Row,
    /// A cell, or a member, that is missing or does not have its form.
    Cell,
    /// The CRM id, by which a deal is found again: two rows have the same.
    Key,
    /// A rule of the [plan](super::super::SharedReferralPlan::problems).
    Plan(Rule),
}

/// One thing that is wrong with a file: where, and what to do.
///
/// It names the line, the heading and the rule, never what the cell holds:
/// `Display`, `Debug` and [`message`](Self::message) may be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    line: u64,
    column: Option<usize>,
    place: String,
    cause: Cause,
    message: String,
}

impl Problem {
    pub(super) fn new(line: u64, cause: Cause, message: impl Into<String>) -> Self {
        Self {
            line,
            column: None,
            place: String::new(),
            cause,
            message: message.into(),
        }
    }

    pub(super) fn at(mut self, column: Option<usize>, place: &str) -> Self {
        self.column = column;
        self.place = printable(place);
        self
    }

    /// The physical line, from 1, in which the row begins. A text with line
    /// breaks takes several lines, so this is not the number of the row.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The number of the column, from 1. In JSON lines it is known only where a
    /// line is no JSON, and counts bytes.
    pub fn column(&self) -> Option<usize> {
        self.column
    }

    /// The heading of the column as the file spells it, a heading that is
    /// missing, or the JSON pointer in the line; empty where it is the whole
    /// row.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The kind of rule that it breaks.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// What is wrong and what to do; never the value itself.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Something that is not wrong, but to be known before the deals are sent. Told
/// once for the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub(super) line: u64,
    pub(super) column: usize,
    pub(super) place: String,
    pub(super) rows: u64,
    pub(super) message: &'static str,
}

impl Notice {
    /// The first line that it is about.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The number of the column, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The heading of the column as the file spells it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// In how many rows; 0 where it is about the heading line.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What is done with it.
    pub fn message(&self) -> &str {
        self.message
    }
}

/// A heading, or a member's name, that may be printed: short and on one line.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.replace(char::is_control, " ");
    let mut short: String = line.trim().chars().take(LONGEST).collect();
    if line.trim().chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

fn locate(
    f: &mut fmt::Formatter<'_>,
    line: u64,
    column: Option<usize>,
    place: &str,
) -> fmt::Result {
    write!(f, "line {line}")?;
    if let Some(column) = column {
        write!(f, ", column {column}")?;
    }
    if !place.is_empty() {
        write!(f, " ({place})")?;
    }
    f.write_str(": ")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        locate(f, self.line, self.column, &self.place)?;
        f.write_str(&self.message)
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        locate(f, self.line, Some(self.column), &self.place)?;
        f.write_str(self.message)?;
        match self.rows {
            0 => Ok(()),
            1 => f.write_str(" (1 row)"),
            rows => write!(f, " ({rows} rows)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_it_is_as_far_as_that_is_known() {
        let problem = |column, place: &str| {
            Problem::new(3, Cause::Cell, "must be a number")
                .at(column, place)
                .to_string()
        };
        assert_eq!(
            problem(Some(2), " Currency\u{7} "),
            "line 3, column 2 (Currency): must be a number"
        );
        assert_eq!(problem(None, "/help"), "line 3 (/help): must be a number");
        assert_eq!(problem(None, ""), "line 3: must be a number");
        assert_eq!(printable(&"x".repeat(61)), format!("{}…", "x".repeat(60)));
        assert_eq!(printable(&"x".repeat(60)), "x".repeat(60));
    }
}
