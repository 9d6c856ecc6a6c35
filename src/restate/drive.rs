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
    ContextReadState as _, ContextSideEffects as _, ContextTimers as _, ContextWriteState as _,
    HandlerResult, Json, ObjectContext, RunFuture as _,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::failure::Failure;
use super::object::{Created, Parts, RECORDS};
use crate::error::Error;
use crate::scalar::Timestamp;
use crate::shared_referral::{
    Half, Next, Operation, OperationId, Record, Run, SharedReferralError, SharedReferralPlan,
    Verdict, Witness, next, settled, steps,
};

/// How often a search is made that fails for a reason that may pass, with waits
/// from a second to a minute: some three minutes, besides what the client does.
const SEARCHES: u32 = 8;

pub(super) struct Drive<'a, 'ctx> {
    parts: &'a Arc<Parts>,
    ctx: &'a ObjectContext<'ctx>,
    plan: SharedReferralPlan,
    records: Vec<Record>,
    operation: Operation,
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

/// What came of a search.
#[derive(Serialize, Deserialize)]
pub(super) enum Looked {
    NotFound,
    NothingNew,
    Alone,
    Found(Record),
    /// It ends the operation for now.
    Stop(Failure),
    /// It may end otherwise when it is made again.
    Again(Failure),
}

impl<'a, 'ctx> Drive<'a, 'ctx> {
    /// Begins the operation of a plan, or goes on with it.
    pub(super) async fn take_up(
        parts: &'a Arc<Parts>,
        ctx: &'a ObjectContext<'ctx>,
        plan: SharedReferralPlan,
    ) -> HandlerResult<Self> {
        let known = ctx.get::<Json<Vec<Record>>>(RECORDS).await?;
        let fresh = known.is_none();
        let records = match known {
            Some(Json(records)) => records,
            None => {
                let (parts, plan) = (Arc::clone(parts), plan.clone());
                let begin = move || async move {
                    steps::learn_the_time(&parts.client).await;
                    Ok(Json(steps::begin(&plan, steps::now(&parts.client))))
                };
                let Json(begun) = ctx.run(begin).name("begin").await?;
                let records = vec![begun];
                ctx.set(RECORDS, Json(records.clone()));
                records
            }
        };
        let operation = fold(plan.operation_id(), &records)?;
        if !steps::is_plan_of(&plan, &operation) {
            return Err(end(&SharedReferralError::OtherContent((&operation).into())));
        }
        Ok(Self {
            parts,
            ctx,
            plan,
            records,
            operation,
            run: Run::new(fresh),
            slept: Duration::ZERO,
            doubt: None,
        })
    }

    /// Runs until both referrals are there, or something is in the way.
    pub(super) async fn finish(mut self) -> HandlerResult<Created> {
        loop {
            let moment = self.moment().await?;
            match next(&self.operation, &self.run, &self.parts.recovery, moment.at) {
                Next::Create(half) => match self.unsettled(half) {
                    Some(left) => {
                        self.sleep(left).await?;
                        self.look(half, moment.at).await?;
                    }
                    None => self.create(half, moment).await?,
                },
                Next::Look(half) => self.look(half, moment.at).await?,
                Next::Wait(_, left) => self.sleep(left).await?,
                Next::NotFound(half) => {
                    let error = steps::ambiguous(&self.operation, half, Vec::new(), None);
                    return Err(self.ambiguous(&error));
                }
                Next::Abandoned => {
                    let standing = (&self.operation).into();
                    return Err(end(&SharedReferralError::Abandoned(standing)));
                }
                Next::Finished => return self.created(),
            }
        }
    }

    async fn moment(&self) -> HandlerResult<Moment> {
        let parts = Arc::clone(self.parts);
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
        let Json(moment) = self.ctx.run(moment).name("moment").await?;
        Ok(moment)
    }

    /// What is left to wait before a create is sent again whose outcome is open:
    /// measured by Restate's timers, because the processes that took part may
    /// not agree on the time.
    fn unsettled(&self, half: Half) -> Option<Duration> {
        if !self.operation.in_doubt(half) {
            return None;
        }
        let left = self.parts.settle.checked_sub(self.slept)?;
        (!left.is_zero()).then_some(left)
    }

    async fn sleep(&mut self, time: Duration) -> HandlerResult<()> {
        self.ctx.sleep(time).await?;
        self.slept = self.slept.saturating_add(time);
        Ok(())
    }

    async fn create(&mut self, half: Half, moment: Moment) -> HandlerResult<()> {
        let body = steps::body(&self.plan, &self.operation, half);
        let request_id = self.operation.request_id(half).unwrap_or(moment.id);
        self.run.creating(half);
        self.slept = Duration::ZERO;
        self.note(Record::Sending {
            half,
            at: moment.at,
            since: moment.since,
            request_id,
            blind: moment.blind,
        })?;

        let tokens = self.parts.tokens.clone();
        let attempt = move || async move { Ok(Json(tokens.issue())) };
        let name = format!("attempt {half}");
        let Json(token) = self.ctx.run(attempt).name(name).await?;

        let (parts, operation) = (Arc::clone(self.parts), self.operation.clone());
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
        let Json(sent) = self.ctx.run(send).name(name).await?;
        // Nothing can hang on an engagement that has just been made.
        let made = matches!(sent.record, Record::Created { .. });
        self.run.fresh |= half == Half::Own && made;
        self.note(sent.record)?;
        self.doubt = sent.doubt;
        match sent.failure {
            Some(failure) => Err(failure.into_terminal().into()),
            None => Ok(()),
        }
    }

    /// Searches for what a create made, and notes what was found.
    async fn look(&mut self, half: Half, now: Timestamp) -> HandlerResult<()> {
        for search in 1_u32.. {
            let (parts, operation) = (Arc::clone(self.parts), self.operation.clone());
            let look = move || async move { Ok(Json(looked(&parts, &operation, half).await)) };
            let name = format!("look {half}");
            let Json(looked) = self.ctx.run(look).name(name).await?;
            match looked {
                Looked::NotFound | Looked::NothingNew => {
                    self.run.looked(half, now);
                    break;
                }
                Looked::Alone => {
                    self.run.looked(half, now);
                    if settled(&self.operation, half, &self.run, &self.parts.recovery, now) {
                        self.note(Record::NoTwin { half, at: now })?;
                    }
                    break;
                }
                Looked::Found(record) => {
                    self.note(record)?;
                    self.run.found();
                    break;
                }
                Looked::Again(_) if search < SEARCHES => {
                    let pause = Duration::from_secs(1 << search.saturating_sub(1).min(6));
                    self.sleep(pause.min(Duration::from_secs(60))).await?;
                }
                Looked::Stop(failure) | Looked::Again(failure) => {
                    let failure = failure.after(self.doubt.as_deref());
                    return Err(failure.into_terminal().into());
                }
            }
        }
        Ok(())
    }

    fn ambiguous(&self, error: &SharedReferralError) -> restate_sdk::prelude::HandlerError {
        let failure = Failure::from(error).after(self.doubt.as_deref());
        failure.into_terminal().into()
    }

    fn note(&mut self, record: Record) -> HandlerResult<()> {
        self.records.push(record);
        self.operation = fold(self.plan.operation_id(), &self.records)?;
        self.ctx.set(RECORDS, Json(self.records.clone()));
        Ok(())
    }

    fn created(&self) -> HandlerResult<Created> {
        match steps::finished(&self.operation) {
            Some(shared) => Ok(Created::from(shared)),
            // `next` does not say "finished" then.
            None => Err(end(&SharedReferralError::Unknown(self.operation.id()))),
        }
    }
}

pub(super) fn fold(id: OperationId, records: &[Record]) -> HandlerResult<Operation> {
    steps::fold(id, records).map_err(|error| end(&error))
}

pub(super) fn end(error: &SharedReferralError) -> restate_sdk::prelude::HandlerError {
    Failure::from(error).into_terminal().into()
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

pub(super) async fn looked(parts: &Parts, operation: &Operation, half: Half) -> Looked {
    let error = match steps::search(&parts.client, &parts.recovery, operation, half).await {
        Ok(Verdict::NotFound) => return Looked::NotFound,
        Ok(Verdict::NothingNew) => return Looked::NothingNew,
        Ok(Verdict::Alone) => return Looked::Alone,
        Ok(Verdict::Found(one)) => {
            let at = steps::now(&parts.client);
            return Looked::Found(steps::created(half, at, &one, Witness::Search));
        }
        Ok(Verdict::Several(found)) => steps::duplicate(operation, half, found),
        Ok(Verdict::Unclear(found)) => steps::ambiguous(operation, half, found, None),
        Err(error) if error.is_retryable() => {
            let error = steps::look_up_failed(operation, half, error);
            return Looked::Again(Failure::from(&error));
        }
        Err(error) => steps::look_up_failed(operation, half, error),
    };
    Looked::Stop(Failure::from(&error))
}
