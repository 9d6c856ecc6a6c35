//! One `create` of one operation: decides as the journaled run does, and acts so
//! that Restate may run any step again.
//!
//! Whatever differs from one execution to the next (times, ids, answers) comes
//! out of a `run`, so that a replay decides the same. The order of what is
//! durable is what keeps a deal from being doubled:
//!
//! 1. the record `Sending`, by `set`;
//! 2. a token, by a `run` whose acknowledgement covers the `set`;
//! 3. the result of the send, by a `run` that uses the token up. Run again, it
//!    has no token: then the outcome is open, and is searched for.

use std::sync::Arc;
use std::time::Duration;

use restate_sdk::prelude::{
    ContextSideEffects as _, ContextTimers as _, HandlerError, HandlerResult, Json, ObjectContext,
    RunFuture as _,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::failure::Failure;
use super::held::{Held, Looked, end, failed};
use super::object::{Created, Parts};
use crate::error::Error;
use crate::scalar::Timestamp;
use crate::shared_referral::{
    Half, Next, Operation, Record, Run, SharedReferralError, SharedReferralPlan, next, settled,
    steps,
};

/// How often a search is made that fails for a reason that may pass, with waits
/// from a second to a minute: some three minutes, besides what the client does.
const SEARCHES: u32 = 8;

pub(super) struct Drive<'a, 'ctx> {
    held: Held<'a, 'ctx>,
    plan: SharedReferralPlan,
    run: Run,
    /// How long was waited since the last create of the half that is at work.
    slept: Duration,
    /// How the last create failed, where its outcome is open.
    doubt: Option<String>,
}

/// What the world says when something is to be decided.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Moment {
    at: Timestamp,
    since: Timestamp,
    #[serde(default)]
    blind: bool,
    id: Uuid,
}

/// What came of a send.
#[derive(Serialize, Deserialize)]
struct Sent {
    record: Record,
    /// Why the create did nothing.
    failure: Option<Failure>,
    /// Why its outcome is open.
    doubt: Option<String>,
}

impl<'a, 'ctx> Drive<'a, 'ctx> {
    /// Begins the operation of a plan, or goes on with it.
    pub(super) async fn take_up(
        parts: &'a Arc<Parts>,
        ctx: &'a ObjectContext<'ctx>,
        plan: SharedReferralPlan,
    ) -> HandlerResult<Self> {
        let id = plan.operation_id();
        let known = Held::take_up(parts, ctx, id).await?;
        let fresh = known.is_none();
        let held = match known {
            Some(held) => held,
            None => {
                let (theirs, plan) = (Arc::clone(parts), plan.clone());
                let begin = move || async move {
                    steps::learn_the_time(&theirs.client).await;
                    Ok(Json(steps::begin(&plan, steps::now(&theirs.client))))
                };
                let Json(begun) = ctx.run(begin).name("begin").await?;
                Held::begin(parts, ctx, id, begun)?
            }
        };
        if !steps::is_plan_of(&plan, &held.operation) {
            let standing = (&held.operation).into();
            return Err(end(&SharedReferralError::OtherContent(standing)));
        }
        Ok(Self {
            held,
            plan,
            run: Run::new(fresh),
            slept: Duration::ZERO,
            doubt: None,
        })
    }

    /// Runs until both referrals are there, or something is in the way.
    pub(super) async fn finish(mut self) -> HandlerResult<Created> {
        loop {
            let moment = self.moment().await?;
            match next(
                &self.held.operation,
                &self.run,
                &self.held.parts.recovery,
                moment.at,
            ) {
                Next::Create(half) => match self.unsettled(half) {
                    Some(left) => {
                        self.sleep(left).await?;
                        // The time after the sleep.
                        let now = self.held.now().await?;
                        self.look(half, now).await?;
                    }
                    None => self.create(half, moment).await?,
                },
                Next::Look(half) => self.look(half, moment.at).await?,
                Next::Wait(_, left) => self.sleep(left).await?,
                Next::NotFound(half) => {
                    let error = steps::ambiguous(&self.held.operation, half, Vec::new(), None);
                    return Err(self.ambiguous(&error));
                }
                Next::Abandoned => {
                    let standing = (&self.held.operation).into();
                    return Err(end(&SharedReferralError::Abandoned(standing)));
                }
                Next::Finished => return self.created(),
            }
        }
    }

    async fn moment(&self) -> HandlerResult<Moment> {
        let parts = Arc::clone(self.held.parts);
        let moment = move || async move {
            // A doubt's age must not rest on the clocks of two machines.
            steps::learn_the_time(&parts.client).await;
            let at = steps::now(&parts.client);
            Ok(Json(Moment {
                at,
                since: steps::since(&parts.client, &parts.recovery, at),
                blind: steps::blind(&parts.client),
                id: parts.client.new_id(),
            }))
        };
        let Json(moment) = self.held.ctx.run(moment).name("moment").await?;
        Ok(moment)
    }

    /// What is left to wait before a create is sent again whose outcome is open:
    /// measured by Restate's timers, because the processes that took part may
    /// not agree on the time.
    fn unsettled(&self, half: Half) -> Option<Duration> {
        if !self.held.operation.in_doubt(half) {
            return None;
        }
        let left = self.held.parts.settle.checked_sub(self.slept)?;
        (!left.is_zero()).then_some(left)
    }

    async fn sleep(&mut self, time: Duration) -> HandlerResult<()> {
        self.held.ctx.sleep(time).await?;
        self.slept = self.slept.saturating_add(time);
        Ok(())
    }

    async fn create(&mut self, half: Half, moment: Moment) -> HandlerResult<()> {
        let body = steps::body(&self.plan, &self.held.operation, half);
        let request_id = self.held.operation.request_id(half).unwrap_or(moment.id);
        self.run.creating(half);
        self.slept = Duration::ZERO;
        self.held.note(Record::Sending {
            half,
            at: moment.at,
            since: moment.since,
            request_id,
            blind: moment.blind,
        })?;

        let tokens = self.held.parts.tokens.clone();
        let attempt = move || async move { Ok(Json(tokens.issue())) };
        let name = format!("attempt {half}");
        let Json(token) = self.held.ctx.run(attempt).name(name).await?;

        let (parts, operation) = self.held.taken_along();
        // Never an error: it would make Restate run it again.
        let send = move || async move {
            if !parts.tokens.spend(&token) {
                let at = steps::now(&parts.client);
                return Ok(Json(open(half, at, "it may have been sent already")));
            }
            let result = parts.client.create_as(&body, request_id).await;
            let at = steps::now(&parts.client);
            Ok(Json(answered(&operation, half, at, result)))
        };
        let name = format!("send {half}");
        // Where the invocation is cancelled, the create may have been sent all the
        // same: that it was begun stands in the records.
        let Json(sent) = self.held.ctx.run(send).name(name).await?;
        // Nothing can hang on an engagement that has just been made.
        let made = matches!(sent.record, Record::Created { .. });
        self.run.fresh |= half == Half::Own && made;
        self.held.note(sent.record)?;
        self.doubt = sent.doubt;
        match sent.failure {
            Some(failure) => Err(failed(failure)),
            None => Ok(()),
        }
    }

    /// Searches for what a create made, and notes what was found.
    async fn look(&mut self, half: Half, now: Timestamp) -> HandlerResult<()> {
        for search in 1_u32.. {
            match self.held.look(half).await? {
                Looked::NotFound | Looked::NothingNew => {
                    self.run.looked(half, now);
                    break;
                }
                Looked::Alone => {
                    self.run.looked(half, now);
                    if settled(
                        &self.held.operation,
                        half,
                        &self.run,
                        &self.held.parts.recovery,
                        now,
                    ) {
                        self.held.note(Record::NoTwin { half, at: now })?;
                    }
                    break;
                }
                Looked::Found(record) => {
                    self.held.note(record)?;
                    self.doubt = None;
                    self.run.found();
                    break;
                }
                Looked::Again(_) if search < SEARCHES => {
                    let pause = Duration::from_secs(1 << search.saturating_sub(1).min(6));
                    self.sleep(pause.min(Duration::from_secs(60))).await?;
                }
                Looked::Stop(failure) | Looked::Again(failure) => {
                    let failure = failure.after(self.doubt.as_deref());
                    return Err(failed(failure));
                }
            }
        }
        Ok(())
    }

    fn ambiguous(&self, error: &SharedReferralError) -> HandlerError {
        failed(Failure::from(error).after(self.doubt.as_deref()))
    }

    fn created(&self) -> HandlerResult<Created> {
        match steps::finished(&self.held.operation) {
            Some(shared) => Ok(Created::from(shared)),
            // `next` does not say "finished" then.
            None => Err(end(&SharedReferralError::Unknown(self.held.operation.id()))),
        }
    }
}

/// The create may have been carried out.
fn open(half: Half, at: Timestamp, why: &str) -> Sent {
    Sent {
        record: Record::Unanswered {
            half,
            at,
            carried_out: false,
            referral: None,
        },
        failure: None,
        doubt: Some(why.to_owned()),
    }
}

fn answered(
    operation: &Operation,
    half: Half,
    at: Timestamp,
    result: Result<crate::types::Referral, Error>,
) -> Sent {
    let record = steps::sent(half, at, &result);
    let (failure, doubt) = match (result.err(), &record) {
        (Some(error), Record::NotDone { .. }) => {
            let error = steps::create_failed(operation, half, error);
            (Some(Failure::from(&error)), None)
        }
        (error, _) => (None, error.map(|error| error.to_string())),
    };
    Sent {
        record,
        failure,
        doubt,
    }
}
