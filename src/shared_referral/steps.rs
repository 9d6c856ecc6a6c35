//! What the steps of an operation mean, apart from who drives them and where
//! their records are kept.
//!
//! The journaled run and the durable engine both call these, so neither can
//! read an answer or a search in another way than the other.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::{
    Ambiguous, CreateFailed, DuplicateFound, InvalidPlan, JournalFailed, LookUpFailed,
    SharedReferralError, Standing,
};
use super::journal::{JournalError, JournalErrorKind};
use super::look::{self, Sighting, Window};
use super::operation::{InvalidHistory, Made, Operation, OperationId, Record, Witness};
use super::plan::SharedReferralPlan;
use super::problem::Half;
use super::recovery::{BLIND, Recovery};
use super::run::SharedReferral;
use super::traits;
use crate::client::ReferralsClient;
use crate::error::{Error, Outcome};
use crate::generated::client::types::{NewReferral, Referral};
use crate::generated::enums::Status;
use crate::list::ListOptions;
use crate::scalar::{ReferralId, Timestamp};

/// What a search says of a half.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is not there, as far as the service shows.
    NotFound,
    /// What was known already, and nothing besides.
    Alone,
    /// What was known already; whether there is more was not to be seen.
    NothingNew,
    /// It is there.
    Found(Box<Referral>),
    /// It is there more than once.
    Several(Vec<ReferralId>),
    /// Nothing certain: some that may be it.
    Unclear(Vec<ReferralId>),
}

/// The time at the service, as far as an answer of it was seen.
pub(crate) fn now(client: &ReferralsClient) -> Timestamp {
    client.service_time()
}

/// Whether no answer of the service has told the time yet.
pub(crate) fn blind(client: &ReferralsClient) -> bool {
    client.server_time().is_none()
}

/// From when on a search for a create sent at `at` must look.
pub(crate) fn since(client: &ReferralsClient, recovery: &Recovery, at: Timestamp) -> Timestamp {
    let skew = match blind(client) {
        false => recovery.skew,
        true => recovery.skew.max(BLIND),
    };
    before(at, skew)
}

/// The same for an operation of which nothing was sent, as far as its journal
/// knows.
fn since_begun(client: &ReferralsClient, recovery: &Recovery, begun: Timestamp) -> Timestamp {
    let since = since(client, recovery, begun);
    before(since, recovery.look_back.unwrap_or_default())
}

fn before(at: Timestamp, time: Duration) -> Timestamp {
    let time = TimeDelta::from_std(time).ok();
    let earlier = time.and_then(|time| at.utc().checked_sub_signed(time));
    earlier.unwrap_or(DateTime::<Utc>::MIN_UTC).into()
}

/// Before the first create, one small read tells the service's clock: a search
/// for what is created now must not rest on this machine's.
pub(crate) async fn learn_the_time(client: &ReferralsClient) {
    if blind(client) {
        // Where it fails, the create will tell why.
        let _ = client.list(&ListOptions::new().top(1)).await;
    }
}

/// Finds all that is wrong with a plan, before anything is written or sent.
pub(crate) fn check(plan: &SharedReferralPlan) -> Result<(), SharedReferralError> {
    let problems = plan.problems();
    if problems.is_empty() {
        return Ok(());
    }
    Err(SharedReferralError::InvalidPlan(InvalidPlan {
        operation: plan.operation_id(),
        problems,
    }))
}

/// Reads records that are known to belong together.
pub(crate) fn fold(id: OperationId, records: &[Record]) -> Result<Operation, SharedReferralError> {
    Operation::from_records(id, records).map_err(|error| {
        SharedReferralError::Journal(JournalFailed {
            standing: Box::new(Standing::new(id)),
            in_doubt: None,
            source: damaged(error),
        })
    })
}

/// What a journal keeps of an operation makes no sense.
pub(super) fn damaged(error: InvalidHistory) -> JournalError {
    let message = "the records of the operation do not follow from one another; \
                   next: look its deal up in Partner Center before anything is sent again";
    JournalError::new(JournalErrorKind::Damaged, message).with_source(error)
}

/// The first record of an operation.
pub(crate) fn begin(plan: &SharedReferralPlan, at: Timestamp) -> Record {
    let own = plan.own_to_send();
    Record::Begun {
        at,
        marker: own.external_reference_id.clone().unwrap_or_default(),
        content: plan.fingerprint(),
        traits: traits::of_plan(plan.operation_id(), &own),
    }
}

/// Whether the plan is the one that the operation was begun with.
pub(crate) fn is_plan_of(plan: &SharedReferralPlan, operation: &Operation) -> bool {
    plan.operation_id() == operation.id() && plan.fingerprint() == operation.content()
}

/// What is sent to create a half.
pub(crate) fn body(plan: &SharedReferralPlan, operation: &Operation, half: Half) -> NewReferral {
    match (half, operation.engagement_id()) {
        (Half::Connected, Some(engagement)) => plan.connected_for(engagement),
        _ => plan.own_to_send(),
    }
}

/// What is noted of a create that was answered, or not.
pub(crate) fn sent(half: Half, at: Timestamp, result: &Result<Referral, Error>) -> Record {
    match result {
        Ok(referral) => created(half, at, referral, Witness::Answer),
        Err(error) => match error.outcome() {
            Outcome::NotSent | Outcome::Rejected => Record::NotDone { half, at },
            outcome => Record::Unanswered {
                half,
                at,
                carried_out: outcome == Outcome::Done,
                referral: error.referral_id().and_then(|id| ReferralId::new(id).ok()),
            },
        },
    }
}

/// What is noted of a referral that is there.
pub(crate) fn created(half: Half, at: Timestamp, referral: &Referral, by: Witness) -> Record {
    Record::Created {
        half,
        at,
        referral: referral.id.clone(),
        engagement: referral.engagement_id.clone(),
        by,
    }
}

/// Searches for what a create of this half may have made.
///
/// # Errors
/// Where the search fails and nothing is known of the half. Of one that is known
/// to be there, only that it has no twin is not proven then.
pub(crate) async fn search(
    client: &ReferralsClient,
    recovery: &Recovery,
    operation: &Operation,
    half: Half,
) -> Result<Verdict, Error> {
    let state = operation.half(half);
    let known = state.made.as_ref();
    // Of what was never sent, a list that was not read to its end hides nothing.
    let sent = state.doubts > 0 || recovery.look_back.is_some();
    match (look_for(client, recovery, operation, half).await, known) {
        (Ok(Sighting::Unclear(candidates)), None)
            if half == Half::Own && !sent && candidates.is_empty() =>
        {
            Ok(Verdict::NotFound)
        }
        (Ok(Sighting::One(one)), None) if half == Half::Own && one.status == Status::Closed => {
            // Nothing can be shared of it: somebody has to look.
            Ok(Verdict::Unclear(vec![one.id]))
        }
        (Ok(sighting), known) => Ok(judge(sighting, known)),
        (Err(_), Some(_)) => Ok(Verdict::NothingNew),
        (Err(error), None) => Err(error),
    }
}

fn judge(sighting: Sighting, known: Option<&Made>) -> Verdict {
    match (sighting, known) {
        (Sighting::Nothing, _) => Verdict::NotFound,
        (Sighting::One(one), None) => Verdict::Found(one),
        (Sighting::One(one), Some(known)) if one.id == known.referral => Verdict::Alone,
        (Sighting::One(one), Some(known)) => Verdict::Several(vec![known.referral.clone(), one.id]),
        (Sighting::Several(found), _) => Verdict::Several(found),
        (Sighting::Unclear(_), Some(_)) => Verdict::NothingNew,
        (Sighting::Unclear(candidates), None) => Verdict::Unclear(candidates),
    }
}

async fn look_for(
    client: &ReferralsClient,
    recovery: &Recovery,
    operation: &Operation,
    half: Half,
) -> Result<Sighting, Error> {
    match (half, operation.engagement_id()) {
        (Half::Connected, Some(engagement)) => {
            look::for_connected(client, operation, engagement, recovery).await
        }
        _ => {
            let state = operation.half(Half::Own);
            let begun = || since_begun(client, recovery, operation.begun_at());
            let window = Window {
                since: state.since.unwrap_or_else(begun),
                until: state.last_sent.filter(|_| !state.blind).and_then(|sent| {
                    let horizon = TimeDelta::from_std(recovery.horizon).ok()?;
                    Some(sent.checked_add_signed(horizon)?.into())
                }),
            };
            look::for_own(client, operation, window, recovery).await
        }
    }
}

/// What both creates came to; none where one of them is missing.
pub(crate) fn finished(operation: &Operation) -> Option<SharedReferral> {
    let made = |half| operation.half(half).made.clone();
    let (own, connected) = (made(Half::Own)?, made(Half::Connected)?);
    Some(SharedReferral {
        operation: operation.id(),
        engagement_id: own.engagement,
        own_id: own.referral,
        connected_id: connected.referral,
        own_by: own.by,
        connected_by: connected.by,
        own: None,
        connected: None,
        twin_possible: operation.twin_possible(),
    })
}

pub(crate) fn create_failed(
    operation: &Operation,
    half: Half,
    source: Error,
) -> SharedReferralError {
    SharedReferralError::CreateFailed(CreateFailed {
        standing: operation.into(),
        half,
        source,
    })
}

pub(crate) fn look_up_failed(
    operation: &Operation,
    half: Half,
    source: Error,
) -> SharedReferralError {
    SharedReferralError::LookUpFailed(LookUpFailed {
        standing: operation.into(),
        half,
        source,
    })
}

pub(crate) fn ambiguous(
    operation: &Operation,
    half: Half,
    mut candidates: Vec<ReferralId>,
    source: Option<Error>,
) -> SharedReferralError {
    // The service itself named it, though it does not let it be read.
    if let Some(hint) = &operation.half(half).hint
        && !candidates.contains(hint)
    {
        candidates.push(hint.clone());
    }
    SharedReferralError::Ambiguous(Ambiguous {
        standing: operation.into(),
        half,
        candidates,
        source,
    })
}

pub(crate) fn duplicate(
    operation: &Operation,
    half: Half,
    referrals: Vec<ReferralId>,
) -> SharedReferralError {
    SharedReferralError::DuplicateFound(DuplicateFound {
        standing: operation.into(),
        half,
        referrals,
    })
}
