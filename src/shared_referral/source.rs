//! Where plans come from when an operation is taken up again.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;

use super::operation::Operation;
use super::plan::SharedReferralPlan;

/// What [`PlanSource::plan`] returns.
pub type PlanFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Option<SharedReferralPlan>, PlanSourceError>> + Send + 'a>>;

/// Why a source could not say; kept as the source of the error.
pub type PlanSourceError = Box<dyn StdError + Send + Sync>;

/// Finds the plan of an operation, usually in the CRM, by its key
/// ([`Operation::marker`]): the journal holds no content. Asked only where
/// something has to be created.
///
/// A closure `Fn(&Operation) -> Option<SharedReferralPlan>` is one.
pub trait PlanSource: Send + Sync {
    /// The plan as it was when the operation began; a plan with another content
    /// is refused.
    fn plan<'a>(&'a self, operation: &'a Operation) -> PlanFuture<'a>;
}

impl<F> PlanSource for F
where
    F: Fn(&Operation) -> Option<SharedReferralPlan> + Send + Sync,
{
    fn plan<'a>(&'a self, operation: &'a Operation) -> PlanFuture<'a> {
        Box::pin(std::future::ready(Ok(self(operation))))
    }
}

/// Knows no plan: what is there is found, and nothing is created.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NoPlans;

impl PlanSource for NoPlans {
    fn plan<'a>(&'a self, _: &'a Operation) -> PlanFuture<'a> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl PlanSource for HashMap<super::OperationId, SharedReferralPlan> {
    fn plan<'a>(&'a self, operation: &'a Operation) -> PlanFuture<'a> {
        let plan = self.get(&operation.id()).cloned();
        Box::pin(std::future::ready(Ok(plan)))
    }
}
