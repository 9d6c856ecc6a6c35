//! Reading the file when it is opened, and what a crash left at its end.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};

use super::index::{Index, Place};
use super::line::{Entry, Unreadable};
use crate::shared_referral::journal::error::{JournalError, JournalErrorKind};

/// The first line of every journal, so that no other file is taken for one.
pub(super) const HEADER: &[u8] =
    b"{\"journal\":\"partner-referrals shared referrals\",\"version\":1}\n";

/// Longer than any line: the history of one operation with hundreds of
/// thousands of attempts.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The file as it was found.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) index: Index,
    /// The end of the last whole line.
    pub(super) length: u64,
    /// The number of the last write.
    pub(super) commit: u64,
    /// What stands behind `length` and has to go.
    pub(super) torn: u64,
    /// The last write is not there as a whole, though each of its lines that is
    /// there is.
    pub(super) cut: bool,
}

/// Reads the file.
///
/// A broken line is the mark of a crash where it belongs to the last write:
/// nobody was told that this write is durable. Anywhere else it is damage.
pub(super) fn scan(file: &mut File) -> Result<Scanned, JournalError> {
    let all = file.seek(SeekFrom::End(0)).map_err(read_error)?;
    file.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let mut lines = Lines::of(file);
    let mut scanned = Scanned {
        index: Index::default(),
        length: 0,
        commit: 0,
        torn: 0,
        cut: false,
    };
    match lines.next().map_err(read_error)? {
        None => return Ok(scanned),
        Some(line) if line == HEADER => scanned.length = HEADER.len() as u64,
        // The crash came while the file was made.
        Some(line) if HEADER.starts_with(line) => {
            scanned.torn = all;
            return Ok(scanned);
        }
        Some(_) => return Err(damaged(1, "it is no journal, or one of a later version")),
    }

    // The write that the next line belongs to, were it whole.
    let mut expected = 1;
    let mut broken: Option<(u64, usize)> = None;
    let mut number = 1;
    while let Some(line) = lines.next().map_err(read_error)? {
        number += 1;
        let length = line.len() as u64;
        let entry = match line.strip_suffix(b"\n").map(Entry::from_line) {
            Some(Ok(entry)) => Some(entry),
            Some(Err(Unreadable::Unknown)) => {
                return Err(damaged(number, "a later version wrote it"));
            }
            Some(Err(Unreadable::Torn)) | None => None,
        };
        match (entry, broken) {
            (Some(entry), Some((commit, at))) if entry.commit > commit => {
                return Err(damaged(at, "it was changed after it was written"));
            }
            // Of the write that was torn.
            (_, Some(_)) => {}
            (None, None) => broken = Some((expected, number)),
            (Some(entry), None) => {
                scanned.commit = entry.commit;
                let last = entry.part == entry.parts;
                expected = entry.commit + u64::from(last);
                scanned.cut = !last;
                let place = Place {
                    offset: scanned.length,
                    length: u32::try_from(length).unwrap_or(u32::MAX),
                };
                scanned
                    .index
                    .add(entry, place)
                    .map_err(|_| damaged(number, "it does not follow from the lines before"))?;
                scanned.length += length;
            }
        }
    }
    scanned.torn = all - scanned.length;
    Ok(scanned)
}

/// The lines of a file, none longer than any line can be.
struct Lines<'f> {
    reader: BufReader<&'f mut File>,
    line: Vec<u8>,
}

impl<'f> Lines<'f> {
    fn of(file: &'f mut File) -> Self {
        Self {
            reader: BufReader::new(file),
            line: Vec::new(),
        }
    }

    /// The next line with its end, where it has one.
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        self.reader
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', &mut self.line)?;
        Ok(Some(self.line.as_slice()).filter(|line| !line.is_empty()))
    }
}

fn read_error(error: io::Error) -> JournalError {
    JournalError::io("read", error)
}

fn damaged(line: usize, why: &str) -> JournalError {
    JournalError::new(
        JournalErrorKind::Damaged,
        format!(
            "line {line} of the journal cannot be understood: {why}; next: keep the file, and \
             look the deals of its operations up in Partner Center before anything is sent again"
        ),
    )
}
