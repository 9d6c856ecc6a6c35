//! What happens to operations while they run, for progress bars and logs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::operation::{OperationId, Witness};
use super::problem::Half;
use crate::scalar::ReferralId;

/// Something that happened to an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The operation.
    pub operation: OperationId,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A new operation: nothing of it is on the service.
    Begun,
    /// An operation that an earlier run, or an earlier call, left.
    TakenUp,
    /// A create is written down and about to be sent.
    Sending(Half),
    /// The create did nothing.
    NotDone(Half),
    /// The answer to the create is lost; it will be searched for.
    InDoubt(Half),
    /// The search is made again after this time.
    Waiting(Half, Duration),
    /// A search found nothing.
    NotFound(Half),
    /// The referral is there.
    Created(Half, ReferralId, Witness),
    /// Both referrals are there.
    Finished,
    /// The run ended with an error; what is known is in the journal, or where that
    /// failed in the error.
    Stopped,
}

pub(super) type Observe = dyn Fn(&Event) + Send + Sync;

/// Who wants to know.
#[derive(Clone, Default)]
pub(super) struct Observer(Option<Arc<Observe>>);

impl Observer {
    pub(super) fn new(observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(observe)))
    }

    pub(super) fn tell(&self, operation: OperationId, kind: EventKind) {
        tracing::debug!(%operation, event = ?kind, "shared referral");
        if let Some(observe) = &self.0 {
            observe(&Event { operation, kind });
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observer({})", self.0.is_some())
    }
}
