//! Where a new token is got, when the cached one will not do.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::{AccessToken, CredentialError};

/// What [`TokenSource::fetch`] returns.
pub type FetchFuture<'a> =
    Pin<Box<dyn Future<Output = Result<FreshToken, CredentialError>> + Send + 'a>>;

/// Gets a new token; [`CachedToken`](super::CachedToken) decides when.
///
/// ```
/// use std::time::Duration;
/// use partner_referrals::credential::{
///     AccessToken, CachedToken, FetchFuture, FreshToken, TokenSource,
/// };
///
/// struct Vault;
///
/// impl TokenSource for Vault {
///     fn fetch(&self) -> FetchFuture<'_> {
///         Box::pin(async {
///             let token = AccessToken::new("from-the-vault")?;
///             Ok(FreshToken::new(token, Duration::from_secs(3600)))
///         })
///     }
/// }
///
/// let tokens = CachedToken::new(Vault); // a TokenProvider
/// ```
///
/// # Assumptions
/// - It asks for a new token at each call and caches none: after a 401, a token
///   from a cache of its own would be refused again.
/// - It has a time limit of its own.
/// - It may be dropped before it is ready, when the caller goes away; the next
///   caller fetches again.
pub trait TokenSource: Send + Sync {
    /// Asks for a new token.
    fn fetch(&self) -> FetchFuture<'_>;
}

impl<T: TokenSource + ?Sized> TokenSource for Arc<T> {
    fn fetch(&self) -> FetchFuture<'_> {
        (**self).fetch()
    }
}

/// A token that was just got, and how long it lives from now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FreshToken {
    /// The token.
    pub token: AccessToken,
    /// How long it is valid, counted from the moment it was asked for.
    pub lifetime: Duration,
}

impl FreshToken {
    /// A token and its lifetime.
    pub fn new(token: AccessToken, lifetime: Duration) -> Self {
        Self { token, lifetime }
    }
}
