//! The heading line: which column is which.

use std::collections::HashMap;
use std::io::Read;
use std::ops::Range;
use std::sync::LazyLock;

use super::columns::{COLUMNS, Column, Need};
use super::error::ImportError;
use super::lines::Lines;
use super::problem::{Cause, Notice, Problem, printable};
use super::records::{Broken, SEPARATORS, cells, record};
use super::results::RESULT_HEADINGS;

/// A column of the file that the table knows.
pub(super) struct Used {
    /// Where it is in the row, from 0.
    pub(super) index: usize,
    pub(super) column: &'static Column,
    /// Of a numbered column.
    pub(super) number: u32,
}

/// How to read the rows, from the heading line.
pub(super) struct Layout {
    pub(super) separator: u8,
    pub(super) bom: bool,
    pub(super) headings: Vec<String>,
    /// Known columns in the order of the table, and of their numbers.
    pub(super) used: Vec<Used>,
    /// Required columns that the file does not have: told once, not per row.
    pub(super) missing: Vec<&'static Column>,
    /// The columns that an earlier run added: neither read nor kept.
    pub(super) earlier: Option<Range<usize>>,
}

/// The letters and digits of a heading, in lower case: case, spaces,
/// punctuation, an asterisk and a byte order mark do not tell headings apart.
pub(super) fn normal(heading: &str) -> String {
    heading
        .chars()
        .filter(|one| one.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn find(heading: &str) -> Option<(&'static Column, u32)> {
    let heading = normal(heading);
    let (name, digits) = heading.split_at(
        heading
            .trim_end_matches(|one: char| one.is_ascii_digit())
            .len(),
    );
    let known = |name: &str, numbered| {
        let column = BY_NAME.get(name).copied()?;
        (column.numbered == numbered).then_some(column)
    };
    if let Some(column) = known(&heading, false) {
        return Some((column, 0));
    }
    let number = match digits {
        "" => 1,
        digits => digits.parse().ok()?,
    };
    known(name, true).map(|column| (column, number))
}

/// The columns by all their spellings.
static BY_NAME: LazyLock<HashMap<String, &'static Column>> = LazyLock::new(|| {
    let spellings = |column: &'static Column| column.also.iter().chain([&column.heading]);
    COLUMNS
        .iter()
        .flat_map(|column| spellings(column).map(move |heading| (normal(heading), column)))
        .collect()
});

/// What the heading line says, with its problems and notices; `None` where the
/// file has none.
pub(super) struct Headings {
    pub(super) layout: Layout,
    pub(super) problems: Vec<Problem>,
    pub(super) notices: Vec<Notice>,
}

impl Headings {
    pub(super) fn read<R: Read>(lines: &mut Lines<R>) -> Result<Self, ImportError> {
        let mut row = Vec::new();
        let mut separators = SEPARATORS.to_vec();
        let mut begun = record(lines, &separators, &mut row)?;
        // Excel's own way to say how the file is separated.
        if let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] = row.as_slice()
            && SEPARATORS.contains(separator)
        {
            separators = vec![*separator];
            begun = record(lines, &separators, &mut row)?;
        }
        let Some((line, broken)) = begun else {
            return Ok(Self::none(1, "the file is empty: it needs a heading line"));
        };
        if let Some(broken) = broken {
            return Ok(Self::none(line, broken.message()));
        }
        // The separator under which most headings are known.
        let mut best: Result<(usize, u8, Vec<String>), Broken> = Ok((0, b',', Vec::new()));
        for separator in separators {
            match (cells(&row, separator), &best) {
                (Ok(cells), Ok((most, _, found))) => {
                    let known = cells.iter().filter(|cell| find(cell).is_some()).count();
                    if known > *most || found.is_empty() {
                        best = Ok((known, separator, cells));
                    }
                }
                (Err(broken), _) => best = Err(broken),
                (Ok(_), Err(_)) => {}
            }
        }
        match best {
            Ok((_, separator, headings)) => Ok(Self::of(line, separator, lines.bom(), headings)),
            Err(broken) => Ok(Self::none(line, broken.message())),
        }
    }

    fn none(line: u64, message: &str) -> Self {
        let mut headings = Self::of(line, b',', false, Vec::new());
        headings.problems = vec![Problem::new(line, Cause::Headings, message)];
        headings
    }

    /// A line without any known heading is taken for a row, and so must not be
    /// shown.
    fn unknown(line: u64, separator: u8, headings: Vec<String>) -> Self {
        let mut unknown = Self::none(
            line,
            "no heading of the upload form is in this line: the file must begin with the headings",
        );
        unknown.layout.separator = separator;
        unknown.layout.headings = headings;
        unknown
    }

    fn of(line: u64, separator: u8, bom: bool, headings: Vec<String>) -> Self {
        let mut problems = Vec::new();
        let mut notices = Vec::new();
        let mut used: Vec<Used> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let earlier = earlier(&headings);
        for (index, heading) in headings.iter().enumerate() {
            let name = normal(heading);
            if earlier.as_ref().is_some_and(|range| range.contains(&index)) || name.is_empty() {
                continue;
            }
            let found = find(heading);
            let same = match found {
                Some((column, number)) => used
                    .iter()
                    .find(|one| std::ptr::eq(one.column, column) && one.number == number)
                    .map(|one| one.index),
                None => seen.get(&name).copied(),
            };
            if let Some(first) = same {
                let message = format!("the same as column {}: remove or rename one", first + 1);
                problems.push(
                    Problem::new(line, Cause::Headings, message).at(Some(index + 1), heading),
                );
                continue;
            }
            match found {
                Some((column, number)) => used.push(Used {
                    index,
                    column,
                    number,
                }),
                None => {
                    seen.insert(name, index);
                    notices.push(Notice {
                        line,
                        column: index + 1,
                        place: printable(heading),
                        rows: 0,
                        message: "not a column of the upload form: kept in the results, not sent",
                    });
                }
            }
        }
        if used.is_empty() && !headings.is_empty() {
            return Self::unknown(line, separator, headings);
        }
        used.sort_by_key(|one| (place(one.column), one.number));
        let missing: Vec<_> = COLUMNS
            .iter()
            .filter(|column| column.need.column())
            .filter(|column| !used.iter().any(|one| std::ptr::eq(one.column, *column)))
            .collect();
        for column in &missing {
            let number = if column.numbered { " 1" } else { "" };
            problems.push(
                Problem::new(
                    line,
                    Cause::Headings,
                    "the required column is missing: add it",
                )
                .at(None, &format!("{}{number}", column.heading)),
            );
        }
        let layout = Layout {
            separator,
            bom,
            headings,
            used,
            missing,
            earlier,
        };
        Self {
            layout,
            problems,
            notices,
        }
    }
}

/// Where a column stands in the table.
fn place(column: &Column) -> usize {
    COLUMNS
        .iter()
        .position(|one| std::ptr::eq(one, column))
        .unwrap_or(COLUMNS.len())
}

/// The result columns of an earlier run: all of them, one after the other. One
/// alone is not taken for them, because the form has an Engagement ID too.
fn earlier(headings: &[String]) -> Option<Range<usize>> {
    let results = RESULT_HEADINGS.map(normal);
    headings
        .windows(results.len())
        .position(|window| {
            window
                .iter()
                .map(|one| normal(one))
                .eq(results.iter().cloned())
        })
        .map(|start| start..start + results.len())
}

impl Layout {
    /// The column of a member, from its JSON pointer: its own, that of a part
    /// of it, or the first that adds to that list.
    pub(super) fn column_of(&self, pointer: &str) -> Option<&Used> {
        let all = || {
            self.used
                .iter()
                .filter(|one| !one.column.pointer.is_empty())
        };
        all()
            .find(|one| one.column.pointer == pointer)
            .or_else(|| all().find(|one| within(one.column.pointer, pointer)))
            .or_else(|| all().find(|one| within(pointer, one.column.pointer)))
    }

    pub(super) fn is_read(one: &Used) -> bool {
        one.column.need != Need::Ignored
    }
}

/// Whether a pointer is that of a member, or of a part of it.
pub(super) fn within(part: &str, whole: &str) -> bool {
    part.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
#[path = "heading_tests.rs"]
mod tests;
