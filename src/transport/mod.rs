//! What happens to every request and answer: token, ids, limits, tracing.
//!
//! progenitor calls [`ClientHooks`](progenitor_client::ClientHooks) around each
//! request; `hooks` implements them. What one call knows of itself travels in a
//! task-local [`Call`], because the generated functions have no place for it.

mod call;
mod hooks;
pub(crate) mod http;
mod limit;

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::credential::TokenProvider;

pub(crate) use call::{Call, Head};
pub(crate) use limit::{BodyTooLarge, read_bounded};

/// What the hooks share over all calls of one client.
#[derive(Clone)]
pub struct Inner(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) tokens: Arc<dyn TokenProvider>,
    /// The only place that gets the token.
    pub(crate) base: Url,
    pub(crate) caller_id: Option<::http::HeaderValue>,
    pub(crate) limits: Limits,
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
            .finish_non_exhaustive()
    }
}
