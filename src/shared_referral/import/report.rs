//! What the check of a file found.

use std::collections::HashMap;
use std::fmt;

use super::error::ImportError;
use super::heading::Layout;
use super::lines::Fingerprint;
use super::problem::{Cause, Notice, Problem, printable};
use super::reader::Found;

/// A file that has more problems than this has one cause; the rest is counted.
const MOST: usize = 10_000;

/// What the check of a file found: every problem of every row, before anything
/// is sent.
///
/// `Display` and `Debug` name lines, headings and rules, never what a cell
/// holds.
#[must_use]
pub struct Report {
    pub(super) layout: Option<Layout>,
    pub(super) fingerprint: Fingerprint,
    rows: u64,
    problems: Vec<Problem>,
    more: u64,
    bad_rows: u64,
    notices: Vec<Notice>,
}

impl Report {
    /// How many rows the file has, blank ones left out.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many of them have problems, so that no deal is made of them.
    pub fn rows_with_problems(&self) -> u64 {
        self.bad_rows
    }

    /// The problems, in the order of the file; the first 10,000.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems are not in the list.
    pub fn more_problems(&self) -> u64 {
        self.more
    }

    /// What is to be known before the deals are sent.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Whether nothing is wrong: every row has a plan.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// The file as it was checked, if its rows can be read at all.
    pub(super) fn checked(&self) -> Result<Fingerprint, ImportError> {
        let headings = |problem: &Problem| problem.cause() == Cause::Headings;
        match self.problems.iter().any(headings) {
            true => Err(ImportError::Headings),
            false => Ok(self.fingerprint),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len() as u64 + self.more;
        write!(
            f,
            "{} row(s), {} with problems; {count} problem(s), {} notice(s)",
            self.rows,
            self.bad_rows,
            self.notices.len()
        )?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        for notice in &self.notices {
            write!(f, "\n  note: {notice}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("rows", &self.rows)
            .field("problems", &self.problems)
            .field("more", &self.more)
            .field("notices", &self.notices)
            .finish_non_exhaustive()
    }
}

/// A report that is being made.
pub(super) struct Findings {
    rows: u64,
    problems: Vec<Problem>,
    more: u64,
    bad_rows: u64,
    notices: Vec<Notice>,
    /// Where the notice of a column and its text is in the list.
    told: HashMap<(usize, &'static str), usize>,
}

impl Findings {
    pub(super) fn new(problems: Vec<Problem>, notices: Vec<Notice>) -> Self {
        let mut findings = Self {
            rows: 0,
            problems: Vec::new(),
            more: 0,
            bad_rows: 0,
            notices,
            told: HashMap::new(),
        };
        findings.problems(problems);
        findings
    }

    pub(super) fn row(&mut self, found: Found, headings: Option<&Layout>) {
        self.rows += 1;
        for (index, message) in found.notes {
            let next = self.notices.len();
            let at = *self.told.entry((index, message)).or_insert(next);
            if at == next {
                let heading = headings.and_then(|layout| layout.headings.get(index));
                self.notices.push(Notice {
                    line: found.row.line,
                    column: index + 1,
                    place: heading.map_or_else(String::new, |heading| printable(heading)),
                    rows: 0,
                    message,
                });
            }
            if let Some(notice) = self.notices.get_mut(at) {
                notice.rows += 1;
            }
        }
        if let Err(problems) = found.plan {
            self.bad_rows += 1;
            self.problems(problems);
        }
    }

    fn problems(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            if self.problems.len() < MOST {
                self.problems.push(problem);
            } else {
                self.more += 1;
            }
        }
    }

    pub(super) fn report(self, layout: Option<Layout>, fingerprint: Fingerprint) -> Report {
        Report {
            layout,
            fingerprint,
            rows: self.rows,
            problems: self.problems,
            more: self.more,
            bad_rows: self.bad_rows,
            notices: self.notices,
        }
    }
}
