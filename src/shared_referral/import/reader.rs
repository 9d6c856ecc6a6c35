//! Row after row of a file: the one way in which the check and the run read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;

use super::Format;
use super::deal::{self, Deal};
use super::error::ImportError;
use super::heading::{Headings, Layout};
use super::json;
use super::lines::{Line, Lines};
use super::problem::{Cause, Notice, Problem};
use super::records::{Broken, cells, record};
use crate::shared_referral::SharedReferralPlan;

/// One row of the file, as far as the results need it.
///
/// `Debug` shows the line only.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    pub(super) line: u64,
    pub(super) key: Option<String>,
    pub(super) cells: Vec<String>,
}

impl Row {
    /// The physical line, from 1, in which the row begins.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The CRM id, by which the deal is found again: the `externalReferenceId`
    /// of its own referral. There wherever the row has a plan.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The cells as they stand in the file, without the guard against formulas;
    /// none of a JSON line.
    pub fn cells(&self) -> &[String] {
        &self.cells
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// A row that was read.
pub(super) struct Found {
    pub(super) row: Row,
    pub(super) plan: Result<SharedReferralPlan, Vec<Problem>>,
    pub(super) notes: Vec<(usize, &'static str)>,
}

/// Reads the rows of a file.
pub(super) struct Reader<R> {
    lines: Lines<R>,
    layout: Option<Layout>,
    /// Of each CRM id its hash and its first line: not the id, so that a file
    /// of any length can be read.
    seen: HashMap<u128, u64>,
    buffer: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Reads the heading line, with what there is to say about it.
    pub(super) fn new(
        from: R,
        format: Format,
    ) -> Result<(Self, Vec<Problem>, Vec<Notice>), ImportError> {
        let mut lines = Lines::new(from);
        let (layout, problems, notices) = match format {
            Format::Csv => {
                let headings = Headings::read(&mut lines)?;
                (Some(headings.layout), headings.problems, headings.notices)
            }
            Format::JsonLines => (None, Vec::new(), Vec::new()),
        };
        let reader = Self {
            lines,
            layout,
            seen: HashMap::new(),
            buffer: Vec::new(),
        };
        Ok((reader, problems, notices))
    }

    pub(super) fn lines(&self) -> &Lines<R> {
        &self.lines
    }

    pub(super) fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    pub(super) fn into_layout(self) -> Option<Layout> {
        self.layout
    }

    /// The next row that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Found>, ImportError> {
        let read = match self.layout.take() {
            Some(layout) => {
                let read = self.next_record(&layout);
                self.layout = Some(layout);
                read?
            }
            None => self.next_line()?,
        };
        Ok(read.map(|(row, deal)| self.judge(row, deal)))
    }

    fn next_record(&mut self, layout: &Layout) -> Result<Option<(Row, Deal)>, ImportError> {
        loop {
            let Some((line, broken)) =
                record(&mut self.lines, &[layout.separator], &mut self.buffer)?
            else {
                return Ok(None);
            };
            let read = match broken {
                Some(broken) => Err(broken),
                None => cells(&self.buffer, layout.separator),
            };
            let (cells, deal) = match read {
                // Spreadsheets leave rows of separators behind.
                Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => continue,
                Ok(cells) => {
                    let deal = deal::read(layout, line, &cells);
                    (cells, deal)
                }
                Err(broken) => (Vec::new(), unreadable(line, layout, broken)),
            };
            let row = Row {
                line,
                key: deal.key.clone(),
                cells,
            };
            return Ok(Some((row, deal)));
        }
    }

    fn next_line(&mut self) -> Result<Option<(Row, Deal)>, ImportError> {
        loop {
            self.buffer.clear();
            let read = self.lines.append(&mut self.buffer)?;
            let line = self.lines.number();
            let deal = match read {
                Line::End => return Ok(None),
                Line::TooLong => Deal::broken(Problem::new(
                    line,
                    Cause::Row,
                    "longer than 1 MiB: a deal has one line",
                )),
                Line::Whole if self.buffer.trim_ascii().is_empty() => continue,
                Line::Whole => json::read(line, &self.buffer).unwrap_or_else(Deal::broken),
            };
            let row = Row {
                line,
                key: deal.key.clone(),
                cells: Vec::new(),
            };
            return Ok(Some((row, deal)));
        }
    }

    fn judge(&mut self, row: Row, mut deal: Deal) -> Found {
        if let Some(key) = &row.key {
            match self.seen.entry(hash(key)) {
                Entry::Vacant(free) => {
                    free.insert(row.line);
                }
                Entry::Occupied(first) => {
                    let problem = self::same(row.line, *first.get(), self.layout.as_ref());
                    deal.problems.push(problem);
                }
            }
        }
        Found {
            row,
            plan: match deal.problems.is_empty() {
                true => Ok(deal.plan),
                false => Err(deal.problems),
            },
            notes: deal.notes,
        }
    }
}

fn same(line: u64, first: u64, layout: Option<&Layout>) -> Problem {
    let message = format!(
        "lines {first} and {line} have the same CRM id: each deal needs one of its own, \
         otherwise one of them is taken for the other"
    );
    let problem = Problem::new(line, Cause::Key, message);
    match layout {
        Some(layout) => {
            let used = layout.column_of("/externalReferenceId");
            let index = used.map(|used| used.index);
            let heading = index.and_then(|index| layout.headings.get(index));
            problem.at(
                index.map(|index| index + 1),
                heading.map_or("", String::as_str),
            )
        }
        None => problem.at(None, "/key"),
    }
}

fn unreadable(line: u64, layout: &Layout, broken: Broken) -> Deal {
    let heading = broken
        .column()
        .and_then(|column| layout.headings.get(column - 1));
    Deal::broken(
        Problem::new(line, Cause::Row, broken.message())
            .at(broken.column(), heading.map_or("", String::as_str)),
    )
}

/// Twice 64 bits: among millions of ids none should be taken for another.
fn hash(key: &str) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        key.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
