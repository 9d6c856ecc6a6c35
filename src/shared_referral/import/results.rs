//! The results of a run, beside the rows that they belong to.

use std::fmt;
use std::io::{self, Write};

use super::error::ImportError;
use super::guard::guard;
use super::problem::Problem;
use super::reader::Row;
use super::report::Report;

/// The columns that are added, in this order. Together they are known again
/// when the file is read as input.
pub(super) const RESULT_HEADINGS: [&str; 6] = [
    "Result",
    "Operation ID",
    "Engagement ID",
    "Referral ID",
    "Connected referral ID",
    "Error",
];

/// Those of a JSON line, which has no cells of its own to stand beside.
const JSON_HEADINGS: [&str; 2] = ["Line", "CRM ID"];

/// What came of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResultKind {
    /// Both referrals were created.
    Created,
    /// They were there already, and are taken as the result.
    Adopted,
    /// Nothing, or only the own referral, is there; see the error.
    Failed,
    /// Whether a referral is there is not known.
    Ambiguous,
    /// The service has more than one referral for the deal.
    Duplicate,
    /// This run ended before and sent nothing for it.
    Skipped,
    /// Nothing was sent: the row has problems.
    Invalid,
}

impl ResultKind {
    /// As it stands in the results file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Adopted => "Adopted",
            Self::Failed => "Failed",
            Self::Ambiguous => "Ambiguous",
            Self::Duplicate => "Duplicate",
            Self::Skipped => "Skipped",
            Self::Invalid => "Invalid",
        }
    }
}

impl fmt::Display for ResultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What came of one row, as it is written beside it.
///
/// ```
/// use partner_referrals::shared_referral::import::{ResultKind, RowResult};
///
/// let result = RowResult::new(ResultKind::Failed)
///     .with_engagement("cd2a1b6e-33ad-4e5c-bd0b-4a5b7f3a2a10")
///     .with_error("step 2 of 2, the connected referral, failed (Rejected)");
/// assert_eq!(result.kind.as_str(), "Failed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct RowResult {
    /// What came of it.
    pub kind: ResultKind,
    /// The id of the operation, by which the run can be continued.
    pub operation: Option<String>,
    /// The engagement that ties the two referrals together.
    pub engagement: Option<String>,
    /// The own referral.
    pub own: Option<String>,
    /// The connected referral, which was created for Microsoft.
    pub connected: Option<String>,
    /// What failed and what to do; no names, notes or addresses.
    pub error: Option<String>,
}

impl RowResult {
    /// A result without ids.
    pub fn new(kind: ResultKind) -> Self {
        Self {
            kind,
            operation: None,
            engagement: None,
            own: None,
            connected: None,
            error: None,
        }
    }

    /// [`Invalid`](ResultKind::Invalid), with the problems of the row as its
    /// error, and semicolons between them.
    pub fn invalid(problems: &[Problem]) -> Self {
        let all: Vec<String> = problems.iter().map(Problem::to_string).collect();
        Self::new(ResultKind::Invalid).with_error(all.join("; "))
    }

    /// Sets [`operation`](Self::operation).
    pub fn with_operation(mut self, id: impl Into<String>) -> Self {
        self.operation = Some(id.into());
        self
    }

    /// Sets [`engagement`](Self::engagement).
    pub fn with_engagement(mut self, id: impl Into<String>) -> Self {
        self.engagement = Some(id.into());
        self
    }

    /// Sets [`own`](Self::own).
    pub fn with_own(mut self, id: impl Into<String>) -> Self {
        self.own = Some(id.into());
        self
    }

    /// Sets [`connected`](Self::connected).
    pub fn with_connected(mut self, id: impl Into<String>) -> Self {
        self.connected = Some(id.into());
        self
    }

    /// Sets [`error`](Self::error).
    pub fn with_error(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }

    fn cells(&self) -> [&str; RESULT_HEADINGS.len()] {
        [
            self.kind.as_str(),
            self.operation.as_deref().unwrap_or_default(),
            self.engagement.as_deref().unwrap_or_default(),
            self.own.as_deref().unwrap_or_default(),
            self.connected.as_deref().unwrap_or_default(),
            self.error.as_deref().unwrap_or_default(),
        ]
    }
}

/// Writes the results: the columns of the input as they were, then `Result`,
/// `Operation ID`, `Engagement ID`, `Referral ID`, `Connected referral ID` and
/// `Error`. Of JSON lines, `Line` and `CRM ID` stand in place of the input's.
///
/// # Guarantees
/// Each row goes to the writer in one piece and is flushed, so that a run that
/// is killed leaves whole rows. No cell begins with what a spreadsheet takes
/// for a formula: such a text gets a leading `'`, which the import takes off
/// again, so the file can be checked and run as input. The separator and the
/// byte order mark are those of the input; line breaks are CRLF.
///
/// # Caveats
/// Columns that an earlier run added are replaced. Cells beyond the heading
/// line, and those of a row that cannot be read, are not written; such a row has
/// a problem. Flushed is not synced: after a loss of power the last rows may be
/// missing. The guard holds for the separator of the file: a program that is
/// told to split at another one makes other cells of it.
pub struct ResultWriter<W> {
    to: W,
    separator: u8,
    /// Which cells of a row are written; `None` for JSON lines.
    kept: Option<Vec<usize>>,
}

impl<W: Write> ResultWriter<W> {
    /// Writes the heading line.
    ///
    /// # Errors
    /// [`ImportError::Write`].
    pub fn new(to: W, report: &Report) -> Result<Self, ImportError> {
        let mut writer = Self {
            to,
            separator: b',',
            kept: None,
        };
        let Some(layout) = &report.layout else {
            writer.line(JSON_HEADINGS.into_iter().chain(RESULT_HEADINGS), "")?;
            return Ok(writer);
        };
        writer.separator = layout.separator;
        let kept: Vec<usize> = (0..layout.headings.len())
            .filter(|index| {
                !layout
                    .earlier
                    .as_ref()
                    .is_some_and(|own| own.contains(index))
            })
            .collect();
        let headings = kept.iter().filter_map(|index| layout.headings.get(*index));
        let headings = headings.map(String::as_str).chain(RESULT_HEADINGS);
        writer.line(headings, if layout.bom { "\u{feff}" } else { "" })?;
        writer.kept = Some(kept);
        Ok(writer)
    }

    /// Writes one row and what came of it.
    ///
    /// # Errors
    /// [`ImportError::Write`].
    pub fn write(&mut self, row: &Row, result: &RowResult) -> Result<(), ImportError> {
        let results = result.cells();
        match self.kept.take() {
            Some(kept) => {
                let cells = kept
                    .iter()
                    .map(|index| row.cells.get(*index).map_or("", String::as_str));
                let written = self.line(cells.chain(results), "");
                self.kept = Some(kept);
                written
            }
            None => {
                let line = row.line.to_string();
                let key = row.key().unwrap_or_default();
                self.line([line.as_str(), key].into_iter().chain(results), "")
            }
        }
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.to
    }

    fn line<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a str>,
        before: &str,
    ) -> Result<(), ImportError> {
        let mut row = before.as_bytes().to_vec();
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.separator)
            .terminator(csv::Terminator::CRLF)
            .from_writer(&mut row);
        let cells: Vec<_> = cells.map(guard).collect();
        writer
            .write_record(cells.iter().map(|cell| cell.as_bytes()))
            .and_then(|()| writer.flush().map_err(csv::Error::from))
            .map_err(|error| ImportError::Write(io::Error::from(error)))?;
        drop(writer);
        self.to.write_all(&row).map_err(ImportError::Write)?;
        self.to.flush().map_err(ImportError::Write)
    }
}

impl<W> fmt::Debug for ResultWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultWriter").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "results_tests.rs"]
mod tests;
