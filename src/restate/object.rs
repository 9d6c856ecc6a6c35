//! The virtual object `SharedReferral`: one for each operation, of which Restate
//! runs one `create` at a time.

use std::sync::Arc;
use std::time::Duration;

use restate_sdk::prelude::{
    ContextReadState as _, HandlerResult, Json, ObjectContext, SharedObjectContext, TerminalError,
};
use serde::{Deserialize, Serialize};

use super::drive::Drive;
use super::failure::Failure;
use super::held::fold;
use super::settle::Settle;
use super::tokens::Tokens;
use crate::client::ReferralsClient;
use crate::lifecycle::Transition;
use crate::scalar::{EngagementId, ReferralId};
use crate::shared_referral::{
    Half, Operation, OperationId, Record, Recovery, SharedReferral, SharedReferralPlan, Stage,
    Standing, Witness, steps,
};

/// The state: the records of the operation, as a journal would hold them.
pub(super) const RECORDS: &str = "records";

/// What a worker has at hand.
pub(super) struct Parts {
    pub(super) client: ReferralsClient,
    pub(super) recovery: Recovery,
    pub(super) tokens: Tokens,
    /// How long after a token was issued a create that was sent with it may
    /// still change what a search finds.
    pub(super) settle: Duration,
}

/// The result of `create`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) operation: OperationId,
    pub(super) engagement_id: EngagementId,
    pub(super) own_id: ReferralId,
    pub(super) connected_id: ReferralId,
    pub(super) own_by: Witness,
    pub(super) connected_by: Witness,
    pub(super) twin_possible: bool,
}

impl From<SharedReferral> for Created {
    fn from(shared: SharedReferral) -> Self {
        Self {
            operation: shared.operation,
            engagement_id: shared.engagement_id,
            own_id: shared.own_id,
            connected_id: shared.connected_id,
            own_by: shared.own_by,
            connected_by: shared.connected_by,
            twin_possible: shared.twin_possible,
        }
    }
}

impl From<Created> for SharedReferral {
    fn from(created: Created) -> Self {
        Self {
            operation: created.operation,
            engagement_id: created.engagement_id,
            own_id: created.own_id,
            connected_id: created.connected_id,
            own_by: created.own_by,
            connected_by: created.connected_by,
            own: None,
            connected: None,
            twin_possible: created.twin_possible,
        }
    }
}

/// How far an operation is that Restate drives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Progress {
    /// How far it has come.
    pub stage: Stage,
    /// What is known to be on the service.
    pub standing: Standing,
}

impl From<&Operation> for Progress {
    fn from(operation: &Operation) -> Self {
        Self {
            stage: operation.stage(),
            standing: operation.into(),
        }
    }
}

/// Which referral is the one, by the caller's word.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    pub(super) half: Half,
    pub(super) referral: ReferralId,
}

/// What Restate calls.
pub(super) struct Object(pub(super) Arc<Parts>);

#[restate_sdk::object(name = "SharedReferral", client_visibility = "pub(super)")]
impl Object {
    /// Creates both referrals, or goes on where an earlier call ended.
    #[handler]
    async fn create(
        &self,
        ctx: ObjectContext<'_>,
        plan: Json<SharedReferralPlan>,
    ) -> HandlerResult<Json<Created>> {
        let id = operation(ctx.key())?;
        let plan = plan.into_inner();
        if plan.operation_id() != id {
            return Err(Failure::misplaced().into_terminal().into());
        }
        steps::check(&plan).map_err(|error| Failure::from(&error).into_terminal())?;
        let drive = Drive::take_up(&self.0, &ctx, plan).await?;
        Ok(Json(drive.finish().await?))
    }

    /// Takes the referral that the caller found as one of the two.
    #[handler]
    async fn adopt(
        &self,
        ctx: ObjectContext<'_>,
        choice: Json<Choice>,
    ) -> HandlerResult<Json<Progress>> {
        let id = operation(ctx.key())?;
        let settle = Settle::take_up(&self.0, &ctx, id).await?;
        Ok(Json(settle.adopt(choice.into_inner()).await?))
    }

    /// Gives the operation up, and closes what is there of it.
    #[handler]
    async fn abandon(
        &self,
        ctx: ObjectContext<'_>,
        transition: Json<Transition>,
    ) -> HandlerResult<Json<Progress>> {
        let id = operation(ctx.key())?;
        let settle = Settle::take_up(&self.0, &ctx, id).await?;
        Ok(Json(settle.abandon(transition.into_inner()).await?))
    }

    /// How far it is; answers while another call runs.
    #[handler]
    async fn progress(
        &self,
        ctx: SharedObjectContext<'_>,
    ) -> HandlerResult<Json<Option<Progress>>> {
        let id = operation(ctx.key())?;
        let Some(Json(records)) = ctx.get::<Json<Vec<Record>>>(RECORDS).await? else {
            return Ok(Json(None));
        };
        Ok(Json(Some(Progress::from(&fold(id, &records)?))))
    }
}

fn operation(key: &str) -> Result<OperationId, TerminalError> {
    key.parse()
        .map_err(|_| TerminalError::new_with_code(400, "the key is not the id of an operation"))
}
