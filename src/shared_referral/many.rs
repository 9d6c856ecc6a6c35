//! Many shared referrals at once.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::stream::{BoxStream, Stream, StreamExt as _};

use super::error::SharedReferralError;
use super::journal::JournalError;
use super::operation::OperationId;
use super::plan::SharedReferralPlan;
use super::run::{SharedReferral, SharedReferrals};

/// How many operations run at once, and until when new ones begin.
#[must_use]
pub struct Many {
    concurrency: usize,
    until: Option<BoxFuture<'static, ()>>,
}

impl Default for Many {
    fn default() -> Self {
        Self {
            concurrency: 8,
            until: None,
        }
    }
}

impl Many {
    /// Eight at once, until all have run.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many run at once; at least 1. The requests under way are capped by
    /// the client too
    /// ([`max_in_flight`](crate::ClientBuilder::max_in_flight)).
    pub fn concurrency(mut self, operations: usize) -> Self {
        self.concurrency = operations.max(1);
        self
    }

    /// Begins no new operation once `signal` is ready, such as Ctrl-C; those
    /// under way run to their end.
    pub fn until(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(signal));
        self
    }

    /// The items, each with whether it came before the signal, and how many run
    /// at once: for those who have something to say of the ones that do not run.
    #[cfg(feature = "import")]
    pub(super) fn all<I: Send + 'static>(
        self,
        items: impl Stream<Item = I> + Send + 'static,
    ) -> (impl Stream<Item = (I, bool)> + Send + 'static, usize) {
        let concurrency = self.concurrency;
        let state = (Box::pin(items), self.until, true);
        let items = futures::stream::unfold(state, |(mut items, mut until, mut runs)| async move {
            let item = items.next().await?;
            // Asked when there is something to run: the item may be long in coming.
            if let Some(signal) = &mut until {
                let ready = futures::poll!(signal).is_ready();
                if ready {
                    (until, runs) = (None, false);
                }
            }
            Some(((item, runs), (items, until, runs)))
        });
        (items, concurrency)
    }

    /// Runs the items, so many at once.
    pub(super) fn run<I, T, F>(
        self,
        items: impl Stream<Item = I> + Send + 'static,
        each: impl FnMut(I) -> F + Send + 'static,
    ) -> impl Stream<Item = T> + Send + 'static
    where
        I: Send + 'static,
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let until = self
            .until
            .unwrap_or_else(|| Box::pin(std::future::pending()));
        items
            .take_until(until)
            .map(each)
            .buffer_unordered(self.concurrency)
    }
}

impl fmt::Debug for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many")
            .field("concurrency", &self.concurrency)
            .field("until", &self.until.is_some())
            .finish()
    }
}

/// What came of one of many.
#[derive(Debug)]
#[non_exhaustive]
pub struct PlanOutcome<T = ()> {
    /// What the caller gave with the plan, such as the number of its row.
    pub tag: T,
    /// The operation.
    pub operation: OperationId,
    /// Its result.
    pub result: Result<SharedReferral, SharedReferralError>,
}

/// The outcomes of many, in the order in which they come to their end.
#[must_use = "a stream does nothing until it is polled"]
pub struct Outcomes<T = ()>(BoxStream<'static, PlanOutcome<T>>);

impl<T> Stream for Outcomes<T> {
    type Item = PlanOutcome<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Outcomes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outcomes")
    }
}

impl SharedReferrals {
    /// Creates many shared referrals, each as [`create`](Self::create) does.
    ///
    /// ```no_run
    /// # use futures::StreamExt as _;
    /// # use partner_referrals::shared_referral::*;
    /// # async fn run(deals: SharedReferrals, plans: Vec<SharedReferralPlan>) {
    /// let numbered = futures::stream::iter(plans.into_iter().enumerate());
    /// let mut outcomes = deals.create_many(numbered, Many::new().concurrency(4));
    /// while let Some(outcome) = outcomes.next().await {
    ///     match outcome.result {
    ///         Ok(shared) => println!("{}: {}", outcome.tag, shared.own_id),
    ///         Err(error) => eprintln!("{}: {error}", outcome.tag),
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// # Guarantees
    /// - A plan is taken from the stream when there is room for it, and dropped
    ///   with its outcome: memory does not grow with their number. A
    ///   [`FileJournal`](super::FileJournal) keeps about 40 bytes for each that
    ///   is finished.
    /// - One that fails stops no other.
    /// - After a crash, or when the stream is dropped, the same call with the
    ///   same plans goes on: what is finished costs no request.
    /// - The same key twice in one call is one operation: the second outcome is
    ///   that of the first, or
    ///   [`OtherContent`](SharedReferralError::OtherContent).
    ///
    /// # Caveats
    /// The operations run while the stream is polled. A caller that does
    /// something slow between two outcomes holds up those under way, also until
    /// they run into their time-outs: it does that on a task of its own.
    pub fn create_many<T, S>(&self, plans: S, many: Many) -> Outcomes<T>
    where
        S: Stream<Item = (T, SharedReferralPlan)> + Send + 'static,
        T: Send + 'static,
    {
        let deals = self.clone();
        Outcomes(Box::pin(many.run(plans, move |(tag, plan)| {
            let deals = deals.clone();
            async move {
                PlanOutcome {
                    tag,
                    operation: plan.operation_id(),
                    result: deals.create(&plan).await,
                }
            }
        })))
    }

    /// Goes on with every operation that is not finished, as
    /// [`resume`](Self::resume) does.
    ///
    /// # Errors
    /// [`JournalError`] where they cannot be listed.
    pub async fn resume_open(&self, many: Many) -> Result<Outcomes, JournalError> {
        let open = self.open().await?;
        let deals = self.clone();
        let each = move |operation| {
            let deals = deals.clone();
            async move {
                PlanOutcome {
                    tag: (),
                    operation,
                    result: deals.resume(&operation).await,
                }
            }
        };
        Ok(Outcomes(Box::pin(
            many.run(futures::stream::iter(open), each),
        )))
    }
}
