//! What happens to every request and answer: token, ids, limits, tracing.
//!
//! progenitor calls [`ClientHooks`](progenitor_client::ClientHooks) around each
//! request; `hooks` implements them. What one call knows of itself travels in a
//! task-local [`Call`], because the generated functions have no place for it.

mod call;
mod gate;
mod hooks;
pub(crate) mod http;
mod limit;
mod read;
pub(crate) mod retry;
mod run;
mod server_time;
mod translate;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::clock::Clock;
use crate::credential::TokenProvider;
use retry::{Backoff, Budget, RetryPolicy};

pub(crate) use call::{Call, Ids};
pub(crate) use gate::Gate;
pub(crate) use read::read;
pub(crate) use server_time::ServerTime;
pub(crate) use translate::{place_of, unreadable};

/// What all calls of one client share.
#[derive(Clone)]
pub struct Inner(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) tokens: Arc<dyn TokenProvider>,
    /// The only place that gets the token.
    pub(crate) base: Url,
    /// For every request.
    pub(crate) headers: ::http::HeaderMap,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<call::Ids>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) policy: RetryPolicy,
    pub(crate) backoff: Backoff,
    pub(crate) budget: Budget,
    pub(crate) gate: Gate,
    pub(crate) server_time: ServerTime,
}

/// The largest bodies that are read, in bytes, after decompression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) success: usize,
    pub(crate) error: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            success: 16 * 1024 * 1024,
            error: 256 * 1024,
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("base", &self.0.base.as_str())
            .field("limits", &self.0.limits)
            .field("attempt_timeout", &self.0.attempt_timeout)
            .field("deadline", &self.0.deadline)
            .field("policy", &self.0.policy)
            .finish_non_exhaustive()
    }
}
