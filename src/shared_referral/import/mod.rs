//! Many shared deals from a file: all rows are checked before anything is sent,
//! and the results are written beside them.
//!
//! ```
//! use partner_referrals::shared_referral::import::{
//!     Format, Import, ResultKind, ResultWriter, RowResult,
//! };
//!
//! let mut import = Import::open("examples/data/deals.csv", Format::Csv)?;
//! let report = import.check()?;
//! assert!(report.is_ok(), "{report}");
//!
//! let mut results = ResultWriter::new(Vec::new(), &report)?;
//! for deal in import.rows(&report)? {
//!     let (row, plan) = deal?;
//!     let result = match plan {
//!         // `SharedReferrals::create_rows` does all of this and runs the plan.
//!         Ok(_plan) => RowResult::new(ResultKind::Skipped),
//!         Err(problems) => RowResult::invalid(&problems),
//!     };
//!     results.write(&row, &result)?;
//! }
//! # Ok::<(), partner_referrals::shared_referral::import::ImportError>(())
//! ```
//!
//! # Expected flow
//! [`Import::check`] reads the whole file and gives a [`Report`] with every
//! problem of every row: the cells that do not have their form, all that
//! [`SharedReferralPlan::problems`] says, told of the column it comes from, and
//! CRM ids that two rows share. Somebody mends the file. Then [`Import::rows`]
//! reads it again and gives a plan for each row, and a [`ResultWriter`] writes
//! what came of each. The results file can be the next input: its own columns
//! are known again and left alone.
//!
//! # Formats
//! [`Format::Csv`] has the columns of Partner Center's bulk upload for co-sell
//! opportunities (<https://learn.microsoft.com/partner-center/bulk-operations>,
//! as of 2021-02-03 and 2023-08-24), in any order. UTF-8, with or without a
//! byte order mark; `,`, `;` or a tab between the cells, as the heading line
//! shows; CRLF or LF; texts with line breaks between quotes. Case, spaces and
//! punctuation of a heading do not matter. Spaces around a cell are cut off.
//!
#![doc = include_str!("columns.md")]
//!
//! - The CRM id is optional in the form, and required here: it becomes
//!   `externalReferenceId`, by which a deal is found again when a run is
//!   continued.
//! - A row that names an engagement or a referral is a problem: this import
//!   only creates. So is one without help from Microsoft: that deal is not
//!   shared, and [`ReferralsClient::create`](crate::ReferralsClient::create)
//!   creates it.
//! - `New` with `Accepted`, which the page names for a new deal, is sent as
//!   `Active` with `Accepted`, with a notice: the API's table knows `Accepted`
//!   with `Active` only.
//! - The intent to buy in the marketplace: `Have not decided` is sent as
//!   `HaveNotDecided`, the only value seen on the wire (2024). Yes and No are
//!   left out, with a notice.
//! - The consent answers both `consentToToShareInfoWithOthers` and
//!   `consentToContact`. The qualification is `SalesQualified`, the target the
//!   first solution, each solution of the type `Name`.
//! - Where the cells are not separated by commas, a number such as `12.563` is
//!   a problem, because it may mean thousands there.
//! - `Customer Size` is not in the form; it is read where a file has it. Other
//!   columns are kept in the results, and told once as a [`Notice`].
//!
//! [`Format::JsonLines`] has one deal on each line; blank lines are skipped:
//!
//! ```json
//! {"referral": {"type": "Shared", "..": ".."}, "help": "ProofOfConceptOrDemo", "notesToMicrosoft": "..", "key": "CRM-1"}
//! ```
//!
//! `referral` is the body of the create ([`NewReferral`](crate::types::NewReferral)),
//! `help` an [`AssistanceRequestCode`](crate::types::AssistanceRequestCode) by
//! its name, `key` sets the `externalReferenceId`, where the referral does not
//! have it already.
//!
//! # Guarantees
//! - Nothing here sends anything.
//! - The check goes on after a problem, and gives all of them, up to 10,000 and
//!   the number of the rest. The problems of a row do not depend on other rows,
//!   but for a CRM id that was there before.
//! - [`Import::rows`] gives a plan only where the check of that row finds
//!   nothing, and says if the file was changed in between.
//! - Memory does not grow with the file, but for 24 bytes or so per CRM id. A
//!   row longer than 1 MiB is a problem.
//! - Problems, errors and `Debug` name lines, headings and rules, never what a
//!   cell holds. Headings are shown only where at least one of them is known.
//!
//! # Assumptions
//! That the page's cells mean what the members of the API mean which have their
//! names. Doubtful are the texts of devices (`CLA Number` and the three after
//! it): whether the API takes the form's words is not known.
//!
//! # Caveats
//! - A file whose end was cut off at the end of a row looks whole.
//! - A column `Result` of an earlier run is not read: whether a deal is there
//!   already is found by its CRM id, not from the file.
//! - The page of 2021 was seen in translation; its headings are those of 2023,
//!   but for `Declined/Lost reason`, which is not read. The template itself was
//!   not seen, and the page says that old ones are refused by the portal. The
//!   portal's limit of 1,000 rows does not hold here; those of 50 solutions and
//!   50 team members do.
//!
//! # Errors
//! [`ImportError`] for what stops the reading or the writing; [`Problem`] for
//! what is wrong with the content.

mod cells;
mod columns;
mod deal;
mod draft;
mod error;
mod guard;
mod heading;
mod json;
mod json_error;
mod lines;
mod problem;
mod reader;
mod records;
mod report;
mod results;
mod run;

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

pub use error::ImportError;
use lines::{Fingerprint, Lines};
pub use problem::{Cause, Notice, Problem};
use reader::Reader;
pub use reader::Row;
use report::Findings;
pub use report::Report;
pub use results::{ResultKind, ResultWriter, RowResult};
pub use run::RowResults;

use super::SharedReferralPlan;

/// How the deals are written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// CSV with the columns of Partner Center's bulk upload.
    Csv,
    /// One JSON object on each line.
    JsonLines,
}

/// A file of shared deals; see the [module](self).
///
/// ```
/// use std::io::Cursor;
/// use partner_referrals::shared_referral::import::{Format, Import};
///
/// let line = r#"{"help": "ProofOfConceptOrDemo", "key": 17}"#;
/// let report = Import::new(Cursor::new(line), Format::JsonLines).check()?;
/// let told: Vec<String> = report.problems().iter().map(ToString::to_string).collect();
/// assert_eq!(told, ["line 1 (/referral): is missing", "line 1 (/key): must be a string"]);
/// # Ok::<(), partner_referrals::shared_referral::import::ImportError>(())
/// ```
pub struct Import<R> {
    from: R,
    format: Format,
}

impl Import<File> {
    /// Opens a file, which stays open: one that is put in its place is not
    /// read.
    ///
    /// # Errors
    /// [`ImportError::Read`].
    pub fn open(path: impl AsRef<Path>, format: Format) -> Result<Self, ImportError> {
        let file = File::open(path).map_err(ImportError::Read)?;
        Ok(Self::new(file, format))
    }
}

impl<R: Read + Seek> Import<R> {
    /// Reads from a file, or from bytes in a [`Cursor`](std::io::Cursor),
    /// always from its beginning.
    pub fn new(from: R, format: Format) -> Self {
        Self { from, format }
    }

    /// Reads the whole file and gives every problem of every row.
    ///
    /// # Errors
    /// [`ImportError::Read`], [`ImportError::NotUtf8`].
    pub fn check(&mut self) -> Result<Report, ImportError> {
        self.rewind()?;
        let (mut reader, problems, notices) = Reader::new(&mut self.from, self.format)?;
        let mut findings = Findings::new(problems, notices);
        while let Some(found) = reader.next()? {
            findings.row(found, reader.layout());
        }
        let fingerprint = reader.lines().fingerprint();
        Ok(findings.report(reader.into_layout(), fingerprint))
    }

    /// Reads the file again, which was checked, and gives its rows.
    ///
    /// # Guarantees
    /// The file is compared with the one that was checked before the first row
    /// is given, and once more after the last.
    ///
    /// # Errors
    /// [`ImportError::Changed`], [`ImportError::Headings`] where the report has
    /// problems of the heading line, [`ImportError::Read`].
    pub fn rows(&mut self, report: &Report) -> Result<Rows<'_, R>, ImportError> {
        self.rows_of(report.checked()?)
    }

    /// The rows of the file with this fingerprint.
    fn rows_of(&mut self, checked: Fingerprint) -> Result<Rows<'_, R>, ImportError> {
        self.rewind()?;
        if Lines::new(&mut self.from).fingerprint_of_all()? != checked {
            return Err(ImportError::Changed);
        }
        self.rewind()?;
        let (reader, _, _) = Reader::new(&mut self.from, self.format)?;
        Ok(Rows {
            reader: Some(reader),
            checked,
        })
    }

    fn rewind(&mut self) -> Result<(), ImportError> {
        self.from.rewind().map_err(ImportError::Read)
    }
}

impl<R> fmt::Debug for Import<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// The rows of a file, each with its plan or its problems. Made by
/// [`Import::rows`]. After an error there are no more.
pub struct Rows<'a, R> {
    reader: Option<Reader<&'a mut R>>,
    checked: Fingerprint,
}

impl<R: Read> Iterator for Rows<'_, R> {
    type Item = Result<(Row, Result<SharedReferralPlan, Vec<Problem>>), ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.as_mut()?.next() {
            Ok(Some(found)) => Some(Ok((found.row, found.plan))),
            Ok(None) => {
                let reader = self.reader.take()?;
                (reader.lines().fingerprint() != self.checked).then_some(Err(ImportError::Changed))
            }
            Err(error) => {
                self.reader = None;
                Some(Err(error))
            }
        }
    }
}

impl<R> fmt::Debug for Rows<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
