//! CSV records: which physical lines belong together, and the cells of them.

use std::io::Read;

use super::error::ImportError;
use super::guard::unguard;
use super::lines::{Line, Lines};

/// What may stand between the cells. Excel writes `;` where the comma is the
/// decimal separator.
pub(super) const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Why a record has no cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    TooLong,
    NotClosed,
    NotUtf8 { column: usize },
}

impl Broken {
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::TooLong => {
                "longer than 1 MiB: perhaps a quote is not closed; a quote in a text is written twice"
            }
            Self::NotClosed => {
                "a quote is not closed, so the rest of the file was read as this row; \
                 close it, and write a quote in a text twice"
            }
            Self::NotUtf8 { .. } => "not UTF-8: save the file as \"CSV UTF-8\"",
        }
    }

    pub(super) fn column(self) -> Option<usize> {
        match self {
            Self::NotUtf8 { column } => Some(column),
            Self::TooLong | Self::NotClosed => None,
        }
    }
}

/// Appends the physical lines of one record to `row`, without the line break at
/// its end, and gives the line where it begins. Lines without anything are
/// skipped.
pub(super) fn record<R: Read>(
    lines: &mut Lines<R>,
    separators: &[u8],
    row: &mut Vec<u8>,
) -> Result<Option<(u64, Option<Broken>)>, ImportError> {
    loop {
        row.clear();
        let mut quotes = Quotes::Before;
        let begins = lines.number() + 1;
        loop {
            let from = row.len();
            match lines.append(row)? {
                Line::End if from == 0 => return Ok(None),
                Line::End => return Ok(Some((begins, Some(Broken::NotClosed)))),
                Line::TooLong => return Ok(Some((begins, Some(Broken::TooLong)))),
                Line::Whole => {}
            }
            for byte in row.get(from..).unwrap_or_default() {
                quotes = quotes.then(*byte, separators);
            }
            if quotes != Quotes::Within {
                break;
            }
        }
        if row.last() == Some(&b'\n') {
            row.pop();
        }
        if row.last() == Some(&b'\r') {
            row.pop();
        }
        if !row.trim_ascii().is_empty() {
            return Ok(Some((begins, None)));
        }
    }
}

/// The cells of one record, without their guards.
pub(super) fn cells(row: &[u8], separator: u8) -> Result<Vec<String>, Broken> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        // Line breaks were dealt with: one that is left belongs to a cell.
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(row.len().max(1))
        .from_reader(row);
    let mut record = csv::ByteRecord::new();
    // A record in memory that may have any number of cells is always read.
    reader.read_byte_record(&mut record).unwrap_or_default();
    record
        .iter()
        .enumerate()
        .map(|(index, cell)| match std::str::from_utf8(cell) {
            Ok(text) => Ok(unguard(text).to_owned()),
            Err(_) => Err(Broken::NotUtf8 { column: index + 1 }),
        })
        .collect()
}

/// Whether a line break belongs to a cell: the rule of the `csv` crate, byte by
/// byte. Its own reader does not say in which physical line a record begins
/// where blank lines or CRLF come before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    /// At the beginning of a cell.
    Before,
    /// In a cell without quotes, or after its quotes.
    Without,
    Within,
    /// After a quote within: the end, or the first of two.
    Perhaps,
}

impl Quotes {
    fn then(self, byte: u8, separators: &[u8]) -> Self {
        match (self, byte) {
            (Self::Before, b'"') | (Self::Perhaps, b'"') => Self::Within,
            (Self::Within, b'"') => Self::Perhaps,
            (Self::Within, _) => Self::Within,
            (_, b'\n') => Self::Before,
            (_, byte) if separators.contains(&byte) => Self::Before,
            _ => Self::Without,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8], separator: u8) -> Vec<(u64, Result<Vec<String>, Broken>)> {
        let mut lines = Lines::new(text);
        let mut row = Vec::new();
        let mut all = Vec::new();
        while let Some((line, broken)) = record(&mut lines, &[separator], &mut row).unwrap() {
            let read = match broken {
                Some(broken) => Err(broken),
                None => cells(&row, separator),
            };
            all.push((line, read));
        }
        all
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Result<Vec<String>, Broken>) {
        (
            line,
            Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()),
        )
    }

    #[test]
    fn a_record_begins_where_its_first_line_is() {
        let text = b"a,b\r\n\r\n\"two\r\nlines, \"\"quoted\"\"\",'=1\r\n5\" disk,x\r\nlast,";
        assert_eq!(
            read(text, b','),
            [
                row(1, &["a", "b"]),
                row(3, &["two\r\nlines, \"quoted\"", "=1"]),
                row(5, &["5\" disk", "x"]),
                row(6, &["last", ""]),
            ]
        );
        assert_eq!(read(b"a,b;c,d", b';'), [row(1, &["a,b", "c,d"])]);
    }

    #[test]
    fn what_is_broken_is_told_with_its_line() {
        assert_eq!(
            read(b"a\nb,\"c\nd\n", b','),
            [row(1, &["a"]), (2, Err(Broken::NotClosed))]
        );
        assert_eq!(
            read(b"a,\xff\n", b','),
            [(1, Err(Broken::NotUtf8 { column: 2 }))]
        );
    }

    fn something(cells: &[String]) -> bool {
        cells.len() > 1 || !cells.concat().trim().is_empty()
    }

    proptest! {
        #[test]
        fn the_records_are_those_of_the_csv_crate(text in "[a\" ,\n]{0,40}") {
            let ours: Vec<Vec<String>> = read(text.as_bytes(), b',')
                .into_iter()
                .filter_map(|(_, cells)| cells.ok())
                .filter(|cells| something(cells))
                .collect();
            let mut theirs: Vec<Vec<String>> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes())
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
                .filter(|cells| something(cells))
                .collect();
            // It takes a quote that is not closed for closed by the end.
            theirs.truncate(ours.len());
            prop_assert_eq!(ours, theirs);
        }
    }
}
