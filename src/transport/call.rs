//! One call of an operation, as the hooks and the errors see it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::credential::AccessToken;
use crate::generated::wire::Operation;

tokio::task_local! {
    static CURRENT: Arc<Call>;
}

/// Makes the ids of calls.
pub(crate) type Ids = dyn Fn() -> Uuid + Send + Sync;

/// One call: what it is, and what was seen of it.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    /// The request changes nothing when it is sent twice.
    pub(crate) repeatable: bool,
    /// New for every call, the same for all attempts of it.
    pub(crate) client_request_id: Uuid,
    /// The same. Documented as the key by which the service knows a repeated
    /// request, in a place that makes it doubtful: sent, never relied on.
    pub(crate) request_id: Uuid,
    /// The query of a page that the service named, to be sent byte for byte.
    pub(crate) raw_query: Option<String>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    attempts: u32,
    armed: Option<(AccessToken, Duration)>,
    head: Option<Head>,
}

/// Status and headers of the last answer.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// When it came, by the client's clock.
    pub(crate) at: SystemTime,
}

impl Call {
    pub(crate) fn new(operation: Operation, ids: &Ids) -> Self {
        Self {
            operation,
            repeatable: operation.method() == "GET",
            client_request_id: ids(),
            request_id: ids(),
            raw_query: None,
            seen: Mutex::default(),
        }
    }

    /// The call carries `If-Match`: sent twice, it changes once.
    pub(crate) fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable |= repeatable;
        self
    }

    /// Sends this as the id of the request, which an earlier call had.
    pub(crate) fn with_request_id(mut self, id: Uuid) -> Self {
        self.request_id = id;
        self
    }

    pub(crate) fn with_raw_query(mut self, query: &str) -> Self {
        self.raw_query = Some(query.to_owned());
        self
    }

    /// Runs one attempt of this call.
    pub(crate) async fn run<F: Future>(self: &Arc<Self>, attempt: F) -> F::Output {
        CURRENT.scope(Arc::clone(self), attempt).await
    }

    /// The call that the current task is in; none when the generated client is
    /// used directly.
    pub(crate) fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Gives the next attempt its token and its time.
    pub(crate) fn arm(&self, token: AccessToken, timeout: Duration) {
        self.seen().armed = Some((token, timeout));
    }

    pub(crate) fn armed(&self) -> Option<(AccessToken, Duration)> {
        self.seen().armed.clone()
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
