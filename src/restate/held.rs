//! An operation as the state of its object holds it, and what every handler does
//! with it: note what came, look for what may be there, ask for the time.

use std::sync::Arc;

use restate_sdk::prelude::{
    ContextReadState as _, ContextSideEffects as _, ContextWriteState as _, HandlerError,
    HandlerResult, Json, ObjectContext, RunFuture as _,
};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::object::{Parts, RECORDS};
use crate::scalar::Timestamp;
use crate::shared_referral::{
    Half, Operation, OperationId, Record, SharedReferralError, Verdict, Witness, steps,
};

pub(super) struct Held<'a, 'ctx> {
    pub(super) parts: &'a Arc<Parts>,
    pub(super) ctx: &'a ObjectContext<'ctx>,
    pub(super) operation: Operation,
    records: Vec<Record>,
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

impl<'a, 'ctx> Held<'a, 'ctx> {
    /// What is known of an operation, if it was begun.
    pub(super) async fn take_up(
        parts: &'a Arc<Parts>,
        ctx: &'a ObjectContext<'ctx>,
        id: OperationId,
    ) -> HandlerResult<Option<Self>> {
        let Some(Json(records)) = ctx.get::<Json<Vec<Record>>>(RECORDS).await? else {
            return Ok(None);
        };
        let operation = fold(id, &records)?;
        Ok(Some(Self {
            parts,
            ctx,
            operation,
            records,
        }))
    }

    /// Writes down that an operation begins.
    pub(super) fn begin(
        parts: &'a Arc<Parts>,
        ctx: &'a ObjectContext<'ctx>,
        id: OperationId,
        begun: Record,
    ) -> HandlerResult<Self> {
        let records = vec![begun];
        let operation = fold(id, &records)?;
        ctx.set(RECORDS, Json(records.clone()));
        Ok(Self {
            parts,
            ctx,
            operation,
            records,
        })
    }

    /// Both, for a step that outlives this borrow.
    pub(super) fn taken_along(&self) -> (Arc<Parts>, Operation) {
        (Arc::clone(self.parts), self.operation.clone())
    }

    pub(super) fn note(&mut self, record: Record) -> HandlerResult<()> {
        self.records.push(record);
        self.operation = fold(self.operation.id(), &self.records)?;
        self.ctx.set(RECORDS, Json(self.records.clone()));
        Ok(())
    }

    pub(super) async fn now(&self) -> HandlerResult<Timestamp> {
        let parts = Arc::clone(self.parts);
        let now = move || async move { Ok(Json(steps::now(&parts.client))) };
        let Json(now) = self.ctx.run(now).name("now").await?;
        Ok(now)
    }

    /// Searches once for what a create may have made. What is found is for the
    /// caller to note.
    pub(super) async fn look(&self, half: Half) -> HandlerResult<Looked> {
        let (parts, operation) = self.taken_along();
        let look = move || async move { Ok(Json(looked(&parts, &operation, half).await)) };
        let name = format!("look {half}");
        let Json(looked) = self.ctx.run(look).name(name).await?;
        Ok(looked)
    }
}

/// What the records of an operation say.
pub(super) fn fold(id: OperationId, records: &[Record]) -> HandlerResult<Operation> {
    steps::fold(id, records).map_err(|error| end(&error))
}

/// The end of a call, which Restate does not make again.
pub(super) fn end(error: &SharedReferralError) -> HandlerError {
    failed(Failure::from(error))
}

/// As [`end`], where the failure came out of a step.
pub(super) fn failed(failure: Failure) -> HandlerError {
    failure.into_terminal().into()
}

async fn looked(parts: &Parts, operation: &Operation, half: Half) -> Looked {
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
