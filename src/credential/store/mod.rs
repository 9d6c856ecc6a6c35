//! Where the refresh token is kept between runs.

mod file;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};

pub use file::FileStore;

use super::{CredentialError, CredentialErrorKind};

/// What [`TokenStore::load`] returns.
pub type LoadFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Option<RefreshToken>, CredentialError>> + Send + 'a>>;

/// What [`TokenStore::save`] returns.
pub type SaveFuture<'a> = Pin<Box<dyn Future<Output = Result<(), CredentialError>> + Send + 'a>>;

/// Keeps the refresh token: in memory, in a file, or in a vault of your own.
///
/// # Expected flow
/// [`load`](Self::load) before each renewal, so that a token which another
/// process stored is used; [`save`](Self::save) whenever the service gives a
/// new one.
///
/// # Assumptions
/// - `save` replaces as a whole: who loads sees the old token or the new one.
/// - Once `save` is done, the token outlives the program.
///
/// # Errors
/// Make them with [`CredentialError::new`] and
/// [`CredentialErrorKind::Store`]; the message must not hold the token.
pub trait TokenStore: Send + Sync {
    /// The token that was saved last; `None` when nobody has signed in yet.
    fn load(&self) -> LoadFuture<'_>;

    /// Replaces the token.
    fn save<'a>(&'a self, token: &'a RefreshToken) -> SaveFuture<'a>;
}

impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    fn load(&self) -> LoadFuture<'_> {
        (**self).load()
    }

    fn save<'a>(&'a self, token: &'a RefreshToken) -> SaveFuture<'a> {
        (**self).save(token)
    }
}

/// A refresh token: worth as much as a password, valid for months. Printed by
/// nothing, wiped from memory when dropped.
#[derive(Clone)]
pub struct RefreshToken(SecretString);

impl RefreshToken {
    /// Takes a refresh token as the token endpoint gave it.
    ///
    /// # Errors
    /// [`CredentialError`] for a text that OAuth 2.0 does not allow: an empty
    /// one, or one with blanks, line breaks or characters outside ASCII.
    pub fn new(token: impl Into<String>) -> Result<Self, CredentialError> {
        let token = SecretString::from(token.into());
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialError::of(
                CredentialErrorKind::Invalid,
                "the refresh token is empty or holds a blank, a line break, or a character outside ASCII",
            ));
        }
        Ok(Self(token))
    }

    /// The token itself, for a store of your own.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn same(&self, other: &Self) -> bool {
        super::same(&self.0, &other.0)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(<hidden>)")
    }
}

/// Keeps the refresh token for as long as the program runs. Clones share it.
///
/// ```
/// use partner_referrals::credential::{MemoryStore, RefreshToken};
///
/// # fn main() -> Result<(), partner_referrals::CredentialError> {
/// let store = MemoryStore::new(RefreshToken::new("0.AXEA-from-a-sign-in")?);
/// # let _ = store; Ok(()) }
/// ```
///
/// # Caveats
/// The tokens that the service gives in exchange end with the program. The one
/// from the start works on until it expires by itself: Microsoft Entra does not
/// revoke a refresh token when it is used (Entra docs, 2025).
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Option<RefreshToken>>>);

impl MemoryStore {
    /// A store that holds this token; [`MemoryStore::default`] holds none.
    pub fn new(token: RefreshToken) -> Self {
        Self(Arc::new(Mutex::new(Some(token))))
    }
}

impl TokenStore for MemoryStore {
    fn load(&self) -> LoadFuture<'_> {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(token.clone())))
    }

    fn save<'a>(&'a self, token: &'a RefreshToken) -> SaveFuture<'a> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Box::pin(std::future::ready(Ok(())))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore(<hidden>)")
    }
}
