//! What the caller decided, done so that Restate may run any step again: which
//! referral is the one, and that a deal is given up.

use std::sync::Arc;

use restate_sdk::prelude::{
    ContextSideEffects as _, HandlerResult, Json, ObjectContext, RunFuture as _,
};

use super::failure::{Failure, FailureCode};
use super::held::{Held, Looked, end, failed};
use super::object::{Choice, Parts, Progress};
use crate::lifecycle::Transition;
use crate::shared_referral::{
    Half, Operation, OperationId, Record, SharedReferralError, Stage, Witness, settle, steps,
};

pub(super) struct Settle<'a, 'ctx>(Held<'a, 'ctx>);

impl<'a, 'ctx> Settle<'a, 'ctx> {
    /// Takes up an operation that was begun.
    pub(super) async fn take_up(
        parts: &'a Arc<Parts>,
        ctx: &'a ObjectContext<'ctx>,
        id: OperationId,
    ) -> HandlerResult<Self> {
        match Held::take_up(parts, ctx, id).await? {
            Some(held) => Ok(Self(held)),
            None => Err(end(&SharedReferralError::Unknown(id))),
        }
    }

    pub(super) async fn adopt(mut self, choice: Choice) -> HandlerResult<Progress> {
        let (parts, operation) = self.0.taken_along();
        let adopt = move || async move { Ok(Json(chosen(&parts, &operation, choice).await)) };
        let Json(chosen) = self.0.ctx.run(adopt).name("adopt").await?;
        self.0.note(chosen.map_err(failed)?)?;
        Ok(Progress::from(&self.0.operation))
    }

    pub(super) async fn abandon(mut self, transition: Transition) -> HandlerResult<Progress> {
        if self.0.operation.stage() != Stage::Abandoned {
            self.look_around().await?;
            if self.0.operation.stage() == Stage::Complete {
                return Err(end(&settle::complete(&self.0.operation)));
            }
            let at = self.0.now().await?;
            self.0.note(Record::Abandoned { at })?;
        }
        if self.0.operation.is_open() {
            let (parts, operation) = self.0.taken_along();
            let close = move || async move {
                let closed = settle::close(&parts.client, &operation, transition).await;
                let at = steps::now(&parts.client);
                Ok(Json(
                    closed.map(|()| at).map_err(|error| Failure::from(&error)),
                ))
            };
            let Json(closed) = self.0.ctx.run(close).name("close").await?;
            let at = closed.map_err(failed)?;
            self.0.note(Record::Closed { at })?;
        }
        Ok(Progress::from(&self.0.operation))
    }

    /// Searches once for whatever may be there.
    async fn look_around(&mut self) -> HandlerResult<()> {
        for half in [Half::Own, Half::Connected] {
            if !self.0.operation.in_doubt(half) {
                continue;
            }
            match self.0.look(half).await? {
                Looked::Found(record) => self.0.note(record)?,
                // Nothing certain is there: the caller's word counts.
                Looked::Stop(failure) if failure.code == FailureCode::Ambiguous => {}
                Looked::Stop(failure) | Looked::Again(failure) => return Err(failed(failure)),
                Looked::NotFound | Looked::NothingNew | Looked::Alone => {}
            }
        }
        Ok(())
    }
}

async fn chosen(parts: &Parts, operation: &Operation, choice: Choice) -> Result<Record, Failure> {
    let Choice { half, referral } = choice;
    let read = settle::chosen(&parts.client, operation, half, &referral).await;
    let read = read.map_err(|error| Failure::from(&error))?;
    let at = steps::now(&parts.client);
    Ok(steps::created(half, at, &read, Witness::Caller))
}
