//! The two creates under a journal: run, taken up again, given up.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;

use super::error::{JournalFailed, SharedReferralError, Standing};
use super::event::{Event, EventKind, Observer};
use super::journal::{Journal, JournalError};
use super::operation::{Operation, OperationId, Record, Witness};
use super::plan::SharedReferralPlan;
use super::recovery::Recovery;
use super::session::{Plan, Session};
use super::source::{NoPlans, PlanSource};
use super::steps;
use super::turns::Turns;
use crate::client::ReferralsClient;
use crate::clock::Clock;
use crate::generated::client::types::Referral;
use crate::scalar::{EngagementId, ReferralId, Timestamp};

/// How soon the service is asked for its time again that did not tell it.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// Both halves of a shared referral.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SharedReferral {
    /// The operation that made it.
    pub operation: OperationId,
    /// What ties both together.
    pub engagement_id: EngagementId,
    /// The partner's own referral.
    pub own_id: ReferralId,
    /// The referral for Microsoft.
    pub connected_id: ReferralId,
    /// Who said that the own referral is there.
    pub own_by: Witness,
    /// Who said that the connected referral is there.
    pub connected_by: Witness,
    /// The own referral as the service gave it in this run; none where an
    /// earlier run made it: [`ReferralsClient::get`] reads it.
    pub own: Option<Referral>,
    /// The connected referral, likewise.
    pub connected: Option<Referral>,
    /// A create was sent again although an earlier one may have been carried
    /// out ([`WhenNotFound::Resend`](super::WhenNotFound::Resend)), and the
    /// earlier one was not found: if lists do not show everything, there is a
    /// twin.
    pub twin_possible: bool,
}

/// Creates shared referrals under a journal, so that neither a crash nor a lost
/// answer loses or doubles a deal. Cheap to clone; clones share everything.
///
/// ```no_run
/// # use partner_referrals::{ReferralsClient, shared_referral::*};
/// # async fn run(client: ReferralsClient, plan: SharedReferralPlan) -> Result<(), Box<dyn std::error::Error>> {
/// let journal = FileJournal::open("deals.journal")?;
/// let deals = SharedReferrals::new(client, journal);
/// let shared = deals.create(&plan.with_key("opportunity-4711")).await?;
/// println!("{} and {}", shared.own_id, shared.connected_id);
/// # Ok(()) }
/// ```
///
/// # Expected flow
/// The plan is checked; all its problems come at once. Its key becomes the
/// operation. "Sending the own referral" is made durable, the own referral is
/// created, its `engagementId` is made durable together with "sending the
/// connected referral", the connected referral is created with it, and its id
/// is made durable. Where an answer is lost, the service is searched before
/// anything is sent again ([`Recovery`]). After a crash, the same call with the
/// same plan, or [`resume`](Self::resume), goes on from there.
///
/// # Guarantees
/// - No create is sent that is not in the journal first.
/// - A create whose outcome is open is never sent again without a search, and
///   by default not after one that found nothing either.
/// - An `engagementId` that was seen is in the journal, or in the error.
/// - The same call twice, also at once and from several tasks, does what it
///   does once. The same key with another content is refused.
/// - Nothing is closed but by [`abandon`](Self::abandon).
///
/// # Assumptions
/// - The journal keeps what it says it keeps ([`Journal`]).
/// - Lists show what was created, in the end. For the own referral they can be
///   searched by `updatedDateTime` (docs 2019 to 2025; no example shows the
///   comparison: where it is refused, the newest referrals are read instead),
///   for the connected one by `engagementId` (the same).
/// - The body of the second create was never published; see
///   [`SharedReferralPlan`].
///
/// # Caveats
/// - Whether a partner can list Microsoft's half is not documented. Where it
///   cannot, a lost answer to the second create ends as
///   [`Ambiguous`](SharedReferralError::Ambiguous), and somebody has to look.
/// - `request-id` is the same for all attempts of a create. The vendor's page
///   says that the service knows a repeated request by it, and lists it as a
///   header of answers only (2019): it is sent and not relied on.
/// - Two processes need a journal that both can write to; with a
///   [`FileJournal`](super::FileJournal) the second cannot begin.
/// - Within a process, one `SharedReferrals` for a journal, and clones of it:
///   its clones wait for each other's turn at an operation. Two of them are two
///   processes: what one has under way the other takes for what a crash left.
///
/// # Errors
/// [`SharedReferralError`] says for each failure what is on the service and
/// what to do.
#[derive(Clone)]
pub struct SharedReferrals(pub(super) Arc<Engine>);

#[derive(Clone)]
pub(super) struct Engine {
    pub(super) client: ReferralsClient,
    clock: Arc<dyn Clock>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) plans: Arc<dyn PlanSource>,
    pub(super) recovery: Recovery,
    turns: Arc<Turns>,
    /// When the service was last asked for its time, by both clocks.
    asked: Arc<Mutex<Option<(Duration, SystemTime)>>>,
    observer: Observer,
}

impl SharedReferrals {
    /// Shared referrals of a client, under a journal.
    pub fn new(client: ReferralsClient, journal: impl Journal + 'static) -> Self {
        Self(Arc::new(Engine {
            clock: client.clock(),
            client,
            journal: Arc::new(journal),
            plans: Arc::new(NoPlans),
            recovery: Recovery::default(),
            turns: Arc::default(),
            asked: Arc::default(),
            observer: Observer::default(),
        }))
    }

    /// Where [`resume`](Self::resume) finds the plans of operations of which
    /// something is still to be created.
    #[must_use]
    pub fn plans(self, source: impl PlanSource + 'static) -> Self {
        self.with(|engine| engine.plans = Arc::new(source))
    }

    /// How a create whose answer was lost is searched for. The one returned
    /// shares journal and turns with this one.
    #[must_use]
    pub fn recovery(self, recovery: Recovery) -> Self {
        self.with(|engine| engine.recovery = recovery)
    }

    /// Is told what happens, for a progress bar or a log; called from the task
    /// that runs the operation.
    #[must_use]
    pub fn on_event(self, observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.with(|engine| engine.observer = Observer::new(observe))
    }

    fn with(self, change: impl FnOnce(&mut Engine)) -> Self {
        let mut engine = Engine::clone(&self.0);
        change(&mut engine);
        Self(Arc::new(engine))
    }

    /// Creates a shared referral, or goes on with one that an earlier call
    /// began.
    ///
    /// # Errors
    /// [`SharedReferralError`]: [`InvalidPlan`](SharedReferralError::InvalidPlan),
    /// [`OtherContent`](SharedReferralError::OtherContent),
    /// [`CreateFailed`](SharedReferralError::CreateFailed),
    /// [`LookUpFailed`](SharedReferralError::LookUpFailed),
    /// [`Ambiguous`](SharedReferralError::Ambiguous),
    /// [`DuplicateFound`](SharedReferralError::DuplicateFound),
    /// [`Abandoned`](SharedReferralError::Abandoned) and
    /// [`Journal`](SharedReferralError::Journal).
    pub async fn create(
        &self,
        plan: &SharedReferralPlan,
    ) -> Result<SharedReferral, SharedReferralError> {
        let id = plan.operation_id();
        steps::check(plan)?;
        let _turn = self.0.turns.wait(id).await;
        let mut records = self.0.load(id).await?;
        let saved = records.len();
        if records.is_empty() {
            self.0.learn_the_time().await;
            records.push(steps::begin(plan, self.0.now()));
        }
        let session = Session::new(&self.0, id, records, saved, Plan::Given(plan))?;
        if session.operation.content() != plan.fingerprint() {
            let begun = (&session.operation).into();
            return Err(SharedReferralError::OtherContent(begun));
        }
        session.finish().await
    }

    /// Goes on with an operation of the journal: looks what is there, and
    /// creates what is missing where [`plans`](Self::plans) knows its plan. One
    /// that is complete is returned as it is.
    ///
    /// # Errors
    /// [`SharedReferralError`]: those of [`create`](Self::create) but
    /// [`InvalidPlan`](SharedReferralError::InvalidPlan), and besides
    /// [`PlanMissing`](SharedReferralError::PlanMissing) and
    /// [`Unknown`](SharedReferralError::Unknown).
    pub async fn resume(
        &self,
        operation: &OperationId,
    ) -> Result<SharedReferral, SharedReferralError> {
        let id = *operation;
        let _turn = self.0.turns.wait(id).await;
        let records = self.0.load(id).await?;
        if records.is_empty() {
            return Err(SharedReferralError::Unknown(id));
        }
        let saved = records.len();
        let session = Session::new(&self.0, id, records, saved, Plan::Asked)?;
        session.finish().await
    }

    /// What the journal knows of an operation; none for one that it does not
    /// know.
    ///
    /// # Errors
    /// [`JournalError`].
    pub async fn operation(&self, id: &OperationId) -> Result<Option<Operation>, JournalError> {
        let records = self.0.journal.load(*id).await?;
        if records.is_empty() {
            return Ok(None);
        }
        let read = Operation::from_records(*id, &records);
        read.map(Some).map_err(steps::damaged)
    }

    /// The operations that are not finished, oldest first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub async fn open(&self) -> Result<Vec<OperationId>, JournalError> {
        self.0.journal.list_open().await
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.0
    }
}

impl Engine {
    pub(super) async fn load(&self, id: OperationId) -> Result<Vec<Record>, SharedReferralError> {
        self.journal.load(id).await.map_err(|source| {
            SharedReferralError::Journal(JournalFailed {
                standing: Box::new(Standing::new(id)),
                in_doubt: None,
                source,
            })
        })
    }

    pub(super) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(super) fn tell(&self, operation: OperationId, kind: EventKind) {
        self.observer.tell(operation, kind);
    }

    pub(super) async fn sleep(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    pub(super) fn now(&self) -> Timestamp {
        steps::now(&self.client)
    }

    pub(super) fn since(&self, at: Timestamp) -> Timestamp {
        steps::since(&self.client, &self.recovery, at)
    }

    /// Whether no answer of the service has told the time yet.
    pub(super) fn is_blind(&self) -> bool {
        steps::blind(&self.client)
    }

    /// Makes the time at the service known, where it is not.
    pub(super) async fn learn_the_time(&self) {
        if !self.is_blind() {
            return;
        }
        // Many may begin at once; one asks, and where it is not told the others
        // do not ask the same again.
        let mut asked = self.asked.lock().await;
        let now = (self.clock.elapsed(), self.clock.now());
        let lately = asked.is_some_and(|(elapsed, of_day)| {
            let passed = now.1.duration_since(of_day).unwrap_or(Duration::MAX);
            now.0.saturating_sub(elapsed).max(passed) < ASK_AGAIN
        });
        if !lately {
            steps::learn_the_time(&self.client).await;
            *asked = Some(now);
        }
    }
}

impl ReferralsClient {
    /// Shared referrals of this client, under a journal; see
    /// [`SharedReferrals`].
    pub fn shared_referrals(&self, journal: impl Journal + 'static) -> SharedReferrals {
        SharedReferrals::new(self.clone(), journal)
    }
}

impl fmt::Debug for SharedReferrals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedReferrals")
            .field("recovery", &self.0.recovery)
            .field("observer", &self.0.observer)
            .finish_non_exhaustive()
    }
}
