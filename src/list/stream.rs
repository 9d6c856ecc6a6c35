//! The streams of a list: its referrals one by one, or its pages.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::BoxStream;

use super::{Continuation, Page};
use crate::error::Error;
use crate::generated::client::types::Referral;

/// The referrals of a list; see
/// [`ReferralsClient::referrals`](crate::ReferralsClient::referrals).
#[must_use = "a stream does nothing until it is polled"]
pub struct Referrals<T = Referral>(BoxStream<'static, Result<T, Error>>);

impl<T> Referrals<T> {
    pub(crate) fn new(stream: impl Stream<Item = Result<T, Error>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }
}

impl<T> Stream for Referrals<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Referrals<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Referrals")
    }
}

/// The pages of a list; see
/// [`ReferralsClient::pages`](crate::ReferralsClient::pages).
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T = Referral>(BoxStream<'static, Result<Page<T>, Error>>);

impl<T> Pages<T> {
    pub(crate) fn new(stream: impl Stream<Item = Result<Page<T>, Error>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

/// The pages that a list has come by, so that one which leads back to an
/// earlier one is noticed. Hashes, because a link is near a kilobyte long.
#[derive(Debug, Default)]
pub(crate) struct Trail(HashSet<u64>);

impl Trail {
    /// Notes a page; false where the list has come by it before.
    pub(crate) fn step(&mut self, next: &Continuation) -> bool {
        let mut hasher = DefaultHasher::new();
        next.hash(&mut hasher);
        self.0.insert(hasher.finish())
    }
}
