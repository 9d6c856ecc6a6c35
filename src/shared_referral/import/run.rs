//! From the rows of a file to their results.

use std::error::Error as StdError;
use std::io::{Read, Seek};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use tokio::sync::mpsc;

use super::error::ImportError;
use super::lines::Fingerprint;
use super::problem::Problem;
use super::reader::Row;
use super::report::Report;
use super::results::{ResultKind, RowResult};
use super::{Import, SharedReferralPlan};
use crate::shared_referral::{
    Many, OperationId, PlanOutcome, SharedReferral, SharedReferralError, SharedReferrals, Standing,
    Witness,
};

/// Rows that wait for a place, besides those that run.
const READ_AHEAD: usize = 4;

type FoundRow = Result<(Row, Result<SharedReferralPlan, Vec<Problem>>), ImportError>;

/// The results of the rows of a file, in the order in which they come to their
/// end; made by [`SharedReferrals::create_rows`].
#[must_use = "a stream does nothing until it is polled"]
pub struct RowResults(BoxStream<'static, Result<(Row, RowResult), ImportError>>);

impl Stream for RowResults {
    type Item = Result<(Row, RowResult), ImportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl std::fmt::Debug for RowResults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowResults")
    }
}

impl SharedReferrals {
    /// Creates the deals of a file that was checked, as
    /// [`create_many`](Self::create_many) does, and gives what a
    /// [`ResultWriter`](super::ResultWriter) writes beside each row. The file is
    /// read on a thread for blocking work.
    ///
    /// ```no_run
    /// # use futures::StreamExt as _;
    /// # use partner_referrals::shared_referral::{*, import::*};
    /// # async fn run(deals: SharedReferrals) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut import = Import::open("deals.csv", Format::Csv)?;
    /// let report = import.check()?;
    /// if !report.is_ok() {
    ///     return Err(report.to_string().into());
    /// }
    /// let mut results = ResultWriter::new(std::fs::File::create("results.csv")?, &report)?;
    /// let mut rows = deals.create_rows(import, &report, Many::new());
    /// while let Some(row) = rows.next().await {
    ///     let (row, result) = row?;
    ///     results.write(&row, &result)?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Guarantees
    /// Run again with the same file, or with its results, and the same journal,
    /// it completes what is left; rows that are finished cost no request. Rows
    /// with problems are [`Invalid`](ResultKind::Invalid), and nothing of them
    /// is sent. After [`Many::until`] the rows that are left are
    /// [`Skipped`](ResultKind::Skipped): each row of the file has its result.
    ///
    /// # Errors
    /// [`ImportError`] where the file cannot be read or was changed since the
    /// check. It is the last item: what is under way comes to its end first.
    pub fn create_rows<R>(&self, import: Import<R>, report: &Report, many: Many) -> RowResults
    where
        R: Read + Seek + Send + 'static,
    {
        let (rows, at_once) = many.all(read(import, report.checked()));
        let deals = self.clone();
        let results = rows.map(move |(row, runs)| {
            let deals = deals.clone();
            async move {
                let (row, plan) = row?;
                let result = match plan {
                    Ok(plan) if runs => RowResult::from(&deals.create(&plan).await),
                    Ok(plan) => skipped(&deals, plan.operation_id()).await,
                    Err(problems) => RowResult::invalid(&problems),
                };
                Ok((row, result))
            }
        });
        RowResults(Box::pin(error_last(results.buffer_unordered(at_once))))
    }
}

/// What is known of a row that is not run: the ids of an earlier run must not
/// be lost with its results.
async fn skipped(deals: &SharedReferrals, id: OperationId) -> RowResult {
    let known = deals.operation(&id).await.ok().flatten();
    let result = RowResult::new(ResultKind::Skipped).with_operation(id.to_string());
    match known {
        Some(operation) => result.standing(&Standing::from(&operation)),
        None => result,
    }
}

/// Keeps an error back until all that is under way has come to its end: who
/// stops at it drops nothing that was sent.
fn error_last<T: Send + 'static>(
    results: impl Stream<Item = Result<T, ImportError>> + Send + 'static,
) -> impl Stream<Item = Result<T, ImportError>> + Send + 'static {
    let state = (Box::pin(results), None);
    stream::unfold(state, |(mut results, mut held)| async move {
        while let Some(result) = results.next().await {
            match result {
                Ok(row) => return Some((Ok(row), (results, held))),
                Err(error) => held = held.or(Some(error)),
            }
        }
        let error = held?;
        Some((Err(error), (results, None)))
    })
}

/// The rows as a stream; the thread that reads them ends with it.
fn read<R>(
    mut import: Import<R>,
    checked: Result<Fingerprint, ImportError>,
) -> impl Stream<Item = FoundRow> + Send
where
    R: Read + Seek + Send + 'static,
{
    let (to, from) = mpsc::channel(READ_AHEAD);
    let start = move || {
        tokio::task::spawn_blocking(move || {
            match checked.and_then(|checked| import.rows_of(checked)) {
                Ok(rows) => {
                    for row in rows {
                        if to.blocking_send(row).is_err() {
                            return;
                        }
                    }
                }
                // Nobody is there to be told: nobody wants to know.
                Err(error) => drop(to.blocking_send(Err(error))),
            }
        });
    };
    // Not before it is asked for: there may be no runtime yet.
    stream::once(async move {
        start();
        stream::unfold(from, |mut from| async move {
            from.recv().await.map(|row| (row, from))
        })
    })
    .flatten()
}

impl From<&Result<SharedReferral, SharedReferralError>> for RowResult {
    fn from(result: &Result<SharedReferral, SharedReferralError>) -> Self {
        match result {
            Ok(shared) => {
                let answered = [shared.own_by, shared.connected_by] == [Witness::Answer; 2];
                let mut result = Self::new(match answered {
                    true => ResultKind::Created,
                    false => ResultKind::Adopted,
                })
                .with_operation(shared.operation.to_string())
                .with_engagement(shared.engagement_id.to_string())
                .with_own(shared.own_id.to_string())
                .with_connected(shared.connected_id.to_string());
                if shared.twin_possible {
                    result = result.with_error(
                        "a create was sent twice, and the first was not found: \
                         look for a twin in Partner Center",
                    );
                }
                result
            }
            Err(error) => {
                let result = Self::new(match error {
                    SharedReferralError::Ambiguous(_) | SharedReferralError::LookUpFailed(_) => {
                        ResultKind::Ambiguous
                    }
                    SharedReferralError::Journal(failed) if failed.in_doubt().is_some() => {
                        ResultKind::Ambiguous
                    }
                    SharedReferralError::DuplicateFound(_) => ResultKind::Duplicate,
                    SharedReferralError::InvalidPlan(_) => ResultKind::Invalid,
                    _ => ResultKind::Failed,
                })
                .with_operation(error.operation().to_string())
                .with_error(chain(error));
                match error.standing() {
                    Some(standing) => result.standing(standing),
                    None => result,
                }
            }
        }
    }
}

impl RowResult {
    /// With the ids that are known.
    fn standing(mut self, standing: &Standing) -> Self {
        let text = |id: &dyn std::fmt::Display| id.to_string();
        self.engagement = standing.engagement.as_ref().map(|id| text(id));
        self.own = standing.own.as_ref().map(|id| text(id));
        self.connected = standing.connected.as_ref().map(|id| text(id));
        self
    }
}

impl<T> From<&PlanOutcome<T>> for RowResult {
    fn from(outcome: &PlanOutcome<T>) -> Self {
        Self::from(&outcome.result)
    }
}

/// An error and what lies under it, on one line.
fn chain(error: &SharedReferralError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str("; because of: ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_comes_after_all_that_is_under_way() {
        let slow = |ready: bool| async move {
            if ready {
                return Err(ImportError::Changed);
            }
            tokio::task::yield_now().await;
            Ok(7)
        };
        let results = stream::iter([true, false, false]).map(slow);
        let all: Vec<_> = error_last(results.buffer_unordered(3)).collect().await;
        assert!(
            matches!(all[..], [Ok(7), Ok(7), Err(ImportError::Changed)]),
            "{all:?}"
        );
    }
}
