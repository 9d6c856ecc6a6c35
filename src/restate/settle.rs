//! What the caller decided, done so that Restate may run any step again: which
//! referral is the one, and that a deal is given up.

use std::sync::Arc;

use restate_sdk::prelude::{
    ContextReadState as _, ContextSideEffects as _, ContextWriteState as _, HandlerError,
    HandlerResult, Json, ObjectContext, RunFuture as _,
};

use super::drive::{Looked, end, fold, looked};
use super::failure::{Failure, FailureCode};
use super::object::{Choice, Parts, Progress, RECORDS};
use crate::lifecycle::Transition;
use crate::scalar::Timestamp;
use crate::shared_referral::{
    Half, Operation, OperationId, Record, SharedReferralError, Stage, Witness, settle, steps,
};

pub(super) struct Settle<'a, 'ctx> {
    parts: &'a Arc<Parts>,
    ctx: &'a ObjectContext<'ctx>,
    records: Vec<Record>,
    operation: Operation,
}

impl<'a, 'ctx> Settle<'a, 'ctx> {
    /// Takes up an operation that was begun.
    pub(super) async fn take_up(
        parts: &'a Arc<Parts>,
        ctx: &'a ObjectContext<'ctx>,
        id: OperationId,
    ) -> HandlerResult<Self> {
        let Some(Json(records)) = ctx.get::<Json<Vec<Record>>>(RECORDS).await? else {
            return Err(end(&SharedReferralError::Unknown(id)));
        };
        let operation = fold(id, &records)?;
        Ok(Self {
            parts,
            ctx,
            records,
            operation,
        })
    }

    pub(super) async fn adopt(mut self, choice: Choice) -> HandlerResult<Progress> {
        let (parts, operation) = (Arc::clone(self.parts), self.operation.clone());
        let adopt = move || async move { Ok(Json(chosen(&parts, &operation, choice).await)) };
        let Json(chosen) = self.ctx.run(adopt).name("adopt").await?;
        self.note(chosen.map_err(failed)?)?;
        Ok(Progress::from(&self.operation))
    }

    pub(super) async fn abandon(mut self, transition: Transition) -> HandlerResult<Progress> {
        if self.operation.stage() != Stage::Abandoned {
            self.look_around().await?;
            if self.operation.stage() == Stage::Complete {
                return Err(end(&settle::complete(&self.operation)));
            }
            let at = self.now().await?;
            self.note(Record::Abandoned { at })?;
        }
        if self.operation.is_open() {
            let (parts, operation) = (Arc::clone(self.parts), self.operation.clone());
            let close = move || async move {
                let closed = settle::close(&parts.client, &operation, transition).await;
                let at = steps::now(&parts.client);
                Ok(Json(
                    closed.map(|()| at).map_err(|error| Failure::from(&error)),
                ))
            };
            let Json(closed) = self.ctx.run(close).name("close").await?;
            let at = closed.map_err(failed)?;
            self.note(Record::Closed { at })?;
        }
        Ok(Progress::from(&self.operation))
    }

    /// Searches once for whatever may be there.
    async fn look_around(&mut self) -> HandlerResult<()> {
        for half in [Half::Own, Half::Connected] {
            if !self.operation.in_doubt(half) {
                continue;
            }
            let (parts, operation) = (Arc::clone(self.parts), self.operation.clone());
            let look = move || async move { Ok(Json(looked(&parts, &operation, half).await)) };
            let name = format!("look {half}");
            let Json(looked) = self.ctx.run(look).name(name).await?;
            match looked {
                Looked::Found(record) => self.note(record)?,
                // Nothing certain is there: the caller's word counts.
                Looked::Stop(failure) if failure.code == FailureCode::Ambiguous => {}
                Looked::Stop(failure) | Looked::Again(failure) => return Err(failed(failure)),
                Looked::NotFound | Looked::NothingNew | Looked::Alone => {}
            }
        }
        Ok(())
    }

    async fn now(&self) -> HandlerResult<Timestamp> {
        let parts = Arc::clone(self.parts);
        let now = move || async move { Ok(Json(steps::now(&parts.client))) };
        let Json(now) = self.ctx.run(now).name("now").await?;
        Ok(now)
    }

    fn note(&mut self, record: Record) -> HandlerResult<()> {
        self.records.push(record);
        self.operation = fold(self.operation.id(), &self.records)?;
        self.ctx.set(RECORDS, Json(self.records.clone()));
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

fn failed(failure: Failure) -> HandlerError {
    failure.into_terminal().into()
}
