//! One call of an operation, as the hooks and the errors see it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::credential::AccessToken;
use crate::generated::wire::Operation;

tokio::task_local! {
    static CURRENT: Arc<Call>;
}

/// One call: what it is, and what was seen of it.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    /// New for every call, the same for all attempts of it.
    pub(crate) client_request_id: Uuid,
    pub(crate) token: AccessToken,
    /// The query of a page that the service named, to be sent byte for byte.
    pub(crate) raw_query: Option<String>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    attempts: u32,
    head: Option<Head>,
}

/// Status and headers of the last answer.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

impl Call {
    pub(crate) fn new(operation: Operation, token: AccessToken, raw_query: Option<String>) -> Self {
        Self {
            operation,
            client_request_id: Uuid::new_v4(),
            token,
            raw_query,
            seen: Mutex::default(),
        }
    }

    /// Runs `work` as this call.
    pub(crate) async fn run<F: Future>(self: &Arc<Self>, work: F) -> F::Output {
        CURRENT.scope(Arc::clone(self), work).await
    }

    /// The call that the current task is in; none when the generated client is
    /// used directly.
    pub(crate) fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Counts an attempt and returns its number, from 1.
    pub(crate) fn begin_attempt(&self) -> u32 {
        let mut seen = self.seen();
        seen.attempts += 1;
        seen.head = None;
        seen.attempts
    }

    pub(crate) fn answered(&self, head: Head) {
        self.seen().head = Some(head);
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.seen().attempts
    }

    pub(crate) fn head(&self) -> Option<Head> {
        self.seen().head.clone()
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
