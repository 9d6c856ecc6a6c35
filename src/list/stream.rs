//! The stream of a list's referrals.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::BoxStream;

use super::Continuation;
use crate::error::Error;
use crate::generated::client::types::Referral;

/// The referrals of a list, fetched page after page as they are asked for; see
/// [`ReferralsClient::referrals`](crate::ReferralsClient::referrals).
#[must_use = "a stream does nothing until it is polled"]
pub struct Referrals(BoxStream<'static, Result<Referral, Error>>);

impl Referrals {
    pub(crate) fn new(
        stream: impl Stream<Item = Result<Referral, Error>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(stream))
    }
}

impl Stream for Referrals {
    type Item = Result<Referral, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Referrals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Referrals")
    }
}

/// The pages that a list has come by, so that one which leads back to an
/// earlier one is noticed. Hashes, because a link is near a kilobyte long.
#[derive(Debug, Default)]
pub(crate) struct Trail(HashSet<u64>);

impl Trail {
    /// Notes a page.
    pub(crate) fn step(&mut self, next: &Continuation) {
        self.0.insert(hash(next));
    }

    /// Whether the list has come by this page.
    pub(crate) fn has(&self, next: &Continuation) -> bool {
        self.0.contains(&hash(next))
    }
}

fn hash(next: &Continuation) -> u64 {
    let mut hasher = DefaultHasher::new();
    next.hash(&mut hasher);
    hasher.finish()
}
