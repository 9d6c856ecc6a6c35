//! Physical lines: numbered, of bounded length, with a fingerprint of all that
//! was read.

use std::hash::{DefaultHasher, Hasher};
use std::io::{BufRead, BufReader, Read};

use super::error::ImportError;

/// A row longer than this is a problem and is not kept: a quote that is never
/// closed must not pull a whole file into memory.
pub(super) const LONGEST_ROW: usize = 1 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Tells one content of a file from another: its length and a hash. Made
/// against a file that was edited or cut between check and run, not against
/// somebody who tries to find a collision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    length: u64,
    hash: u64,
}

/// What came of reading one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It was appended, with its line feed.
    Whole,
    /// It did not fit; its end was skipped.
    TooLong,
    /// There is none.
    End,
}

/// Reads lines, which end with a line feed.
pub(super) struct Lines<R> {
    from: BufReader<R>,
    hasher: DefaultHasher,
    length: u64,
    number: u64,
    bom: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from: BufReader::new(from),
            hasher: DefaultHasher::new(),
            length: 0,
            number: 0,
            bom: false,
        }
    }

    /// The 1-based number of the line that was read last.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the file begins with a byte order mark.
    pub(super) fn bom(&self) -> bool {
        self.bom
    }

    /// Appends the next line to `row`, which stays within the longest row.
    pub(super) fn append(&mut self, row: &mut Vec<u8>) -> Result<Line, ImportError> {
        let from = row.len();
        let mut read = Line::End;
        loop {
            let buffer = match self.from.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(ImportError::Read(error)),
            };
            if buffer.is_empty() {
                break;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = &buffer[..end.map_or(buffer.len(), |at| at + 1)];
            self.hasher.write(taken);
            if read == Line::End {
                read = Line::Whole;
            }
            if row.len() + taken.len() > LONGEST_ROW {
                read = Line::TooLong;
            } else if read == Line::Whole {
                row.extend_from_slice(taken);
            }
            let count = taken.len();
            self.length += count as u64;
            self.from.consume(count);
            if end.is_some() {
                break;
            }
        }
        if read != Line::End {
            self.number += 1;
        }
        if self.number == 1 && from == 0 && read == Line::Whole {
            if row.starts_with(b"\xff\xfe") || row.starts_with(b"\xfe\xff") {
                return Err(ImportError::NotUtf8);
            }
            if row.starts_with(BOM) {
                row.drain(..BOM.len());
                self.bom = true;
            }
        }
        Ok(read)
    }

    /// Of all that was read so far.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            length: self.length,
            hash: self.hasher.finish(),
        }
    }

    /// Of the whole file: what is left is read and not kept.
    pub(super) fn fingerprint_of_all(&mut self) -> Result<Fingerprint, ImportError> {
        let mut row = Vec::new();
        while self.append(&mut row)? != Line::End {
            row.clear();
        }
        Ok(self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_and_the_byte_order_mark_is_taken_off() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfone\r\ntwo\n\nlast"[..]);
        let mut all = Vec::new();
        loop {
            let mut row = Vec::new();
            if lines.append(&mut row).unwrap() == Line::End {
                break;
            }
            all.push((lines.number(), String::from_utf8(row).unwrap()));
        }
        assert!(lines.bom());
        let expected = [(1, "one\r\n"), (2, "two\n"), (3, "\n"), (4, "last")];
        assert_eq!(all, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn a_line_too_long_is_skipped_and_the_next_one_is_read() {
        let text = format!("{}\nnext\n", "x".repeat(LONGEST_ROW + 1));
        let mut lines = Lines::new(text.as_bytes());
        let mut row = Vec::new();
        assert_eq!(lines.append(&mut row).unwrap(), Line::TooLong);
        assert!(row.len() <= LONGEST_ROW);
        row.clear();
        assert_eq!(lines.append(&mut row).unwrap(), Line::Whole);
        assert_eq!((lines.number(), row.as_slice()), (2, &b"next\n"[..]));
    }

    #[test]
    fn a_fingerprint_tells_contents_apart_and_utf_16_is_refused() {
        let of = |text: &[u8]| Lines::new(text).fingerprint_of_all().unwrap();
        assert_eq!(of(b"a\nb\n"), of(b"a\nb\n"));
        assert_ne!(of(b"a\nb\n"), of(b"a\nc\n"));
        assert_ne!(of(b"a\nb\n"), of(b"a\nb"));
        let mut row = Vec::new();
        let utf16 = Lines::new(&b"\xff\xfea\0"[..]).append(&mut row);
        assert!(matches!(utf16, Err(ImportError::NotUtf8)));
    }
}
