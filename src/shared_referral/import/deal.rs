//! A CSV row and the plan it stands for.

use super::cells::Wrong;
use super::columns::Need;
use super::draft::Draft;
use super::heading::{Layout, Used, within};
use super::problem::{Cause, Problem};
use crate::shared_referral::{PlanProblem, SharedReferralPlan};

/// The upload form takes at most so many solutions and team members (2021,
/// 2023).
const MOST: usize = 50;

/// What a row is found to be.
pub(super) struct Deal {
    pub(super) plan: SharedReferralPlan,
    pub(super) key: Option<String>,
    pub(super) problems: Vec<Problem>,
    /// What is to be told once for the file: the column, and the text.
    pub(super) notes: Vec<(usize, &'static str)>,
}

impl Deal {
    /// A row that cannot be read at all.
    pub(super) fn broken(problem: Problem) -> Self {
        Self {
            plan: Draft::new(false).plan(),
            key: None,
            problems: vec![problem],
            notes: Vec::new(),
        }
    }
}

/// Reads the cells of one row, all of them, whatever is wrong with some.
pub(super) fn read(layout: &Layout, line: u64, cells: &[String]) -> Deal {
    let mut reading = Reading {
        layout,
        line,
        problems: shape(layout, line, cells),
        silent: Vec::new(),
        origins: Vec::new(),
        notes: Vec::new(),
        draft: Draft::new(layout.separator != b','),
    };
    reading.silent.extend(
        layout
            .missing
            .iter()
            .map(|column| column.pointer.to_owned()),
    );
    // Blank cells are judged after all others: whether a contact is needed is
    // known only once the help cell was read.
    let mut blank = Vec::new();
    for used in layout.used.iter().filter(|used| Layout::is_read(used)) {
        match cells.get(used.index).map_or("", |cell| cell.trim()) {
            "" => blank.push(used),
            cell => reading.cell(used, cell),
        }
    }
    for used in blank {
        reading.blank(used);
    }
    reading.done()
}

/// Whether the row has as many cells as the heading line.
fn shape(layout: &Layout, line: u64, cells: &[String]) -> Vec<Problem> {
    let columns = layout.headings.len();
    if columns == 0 {
        // The heading line could not be read, and was told.
        return Vec::new();
    }
    let message = if cells.len() < columns {
        format!(
            "the row has {} cells, the heading line {columns}: perhaps the file was cut",
            cells.len()
        )
    } else if cells
        .iter()
        .skip(columns)
        .any(|cell| !cell.trim().is_empty())
    {
        format!(
            "the row has {} cells, the heading line {columns}: put a text with the separator in it \
             between quotes",
            cells.len()
        )
    } else {
        return Vec::new();
    };
    vec![Problem::new(line, Cause::Row, message)]
}

struct Reading<'a> {
    layout: &'a Layout,
    line: u64,
    draft: Draft,
    problems: Vec<Problem>,
    /// Members about which the plan has nothing to add: their cell was told.
    silent: Vec<String>,
    /// Which column each item of a list came from.
    origins: Vec<(String, usize)>,
    notes: Vec<(usize, &'static str)>,
}

impl Reading<'_> {
    fn report(&mut self, used: &Used, cause: Cause, message: impl Into<String>) {
        let heading = self.heading(used.index);
        let problem = Problem::new(self.line, cause, message).at(Some(used.index + 1), heading);
        self.problems.push(problem);
        // "" would be part of everything.
        if !used.column.pointer.is_empty() {
            self.silent.push(used.column.pointer.to_owned());
        }
    }

    fn heading(&self, index: usize) -> &str {
        self.layout.headings.get(index).map_or("", String::as_str)
    }

    fn cell(&mut self, used: &Used, cell: &str) {
        let read = (used.column.read)(&mut self.draft, cell);
        self.notes
            .extend(self.draft.note.take().map(|note| (used.index, note)));
        match read {
            Err(Wrong::Form) => {
                self.report(used, Cause::Cell, format!("must be {}", used.column.cell));
            }
            Err(Wrong::Told(message)) => self.report(used, Cause::Cell, message),
            Ok(()) if used.column.numbered => {
                let pointer = used.column.pointer;
                let before = self
                    .origins
                    .iter()
                    .filter(|(origin, _)| within(origin, pointer))
                    .count();
                self.origins
                    .push((format!("{pointer}/{before}"), used.index));
                if before == MOST {
                    self.report(used, Cause::Cell, "one too many: a deal has 50 at most");
                }
            }
            Ok(()) => {}
        }
    }

    fn blank(&mut self, used: &Used) {
        let column = used.column;
        let wanted = match column.need {
            Need::Required => {
                !column.numbered
                    || !self
                        .silent
                        .iter()
                        .chain(self.origins.iter().map(|(origin, _)| origin))
                        .any(|pointer| within(pointer, column.pointer))
            }
            Need::WhereThere => true,
            // A row that asks for no help has one problem, which says so.
            Need::WithHelp if self.draft.asks == Some(false) => {
                self.silent.push(column.pointer.to_owned());
                false
            }
            Need::WithHelp => true,
            Need::Optional | Need::Ignored => false,
        };
        if wanted {
            let message = format!("must not be empty: {}", column.cell);
            self.report(used, Cause::Cell, message);
        }
    }

    fn done(mut self) -> Deal {
        if self.draft.mend_status()
            && let Some(used) = self.layout.column_of("/status")
        {
            self.notes.push((
                used.index,
                "New with Accepted is sent as Active with Accepted: \
                 the API knows Accepted with Active only",
            ));
        }
        let key = self.draft.own.external_reference_id.clone();
        let plan = self.draft.plan();
        let told: Vec<Problem> = plan
            .problems()
            .iter()
            .filter(|problem| {
                !self.silent.iter().any(|pointer| {
                    within(pointer, problem.path()) || within(problem.path(), pointer)
                })
            })
            .map(|problem| self::told(self.layout, &self.origins, self.line, problem))
            .collect();
        let mut problems = self.problems;
        problems.extend(told);
        // In the order of the file, and of one cell as they were found.
        problems.sort_by_key(Problem::column);
        Deal {
            plan,
            key,
            problems,
            notes: self.notes,
        }
    }
}

/// A problem of the plan, told of the column that it came from.
fn told(layout: &Layout, origins: &[(String, usize)], line: u64, problem: &PlanProblem) -> Problem {
    let index = origins
        .iter()
        .find(|(origin, _)| within(problem.path(), origin))
        .map(|(_, index)| *index)
        .or_else(|| layout.column_of(problem.path()).map(|used| used.index));
    let heading = index.and_then(|index| layout.headings.get(index));
    Problem::new(line, Cause::Plan(problem.rule()), message(problem)).at(
        index.map(|index| index + 1),
        heading.map_or(problem.path(), String::as_str),
    )
}

/// The plan's own words, but for the pair of status and substatus: those say
/// what stands in the cells.
pub(super) fn message(problem: &PlanProblem) -> String {
    if problem.rule() == crate::shared_referral::Rule::Lifecycle {
        let pairs: Vec<String> = crate::lifecycle::TABLE
            .iter()
            .map(|row| {
                let allowed: Vec<_> = row.substatuses.iter().map(ToString::to_string).collect();
                format!("{} with {}", row.status, allowed.join(" or "))
            })
            .collect();
        return format!(
            "does not belong to the status; the service knows {}",
            pairs.join(", ")
        );
    }
    problem.message().to_owned()
}

#[cfg(test)]
#[path = "deal_tests.rs"]
mod tests;
