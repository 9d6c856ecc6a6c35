//! A token that somebody else got.

use super::{AccessToken, CredentialError, TokenFuture, TokenProvider};

/// One token for the whole life of the client.
///
/// For a script, or where another part of the program refreshes the token and
/// builds a new client. The service's tokens live for about an hour.
#[derive(Clone, Debug)]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// Takes the token as it stands behind `Bearer`.
    ///
    /// # Errors
    /// [`CredentialError`] for a text that no header can carry.
    pub fn new(token: impl Into<String>) -> Result<Self, CredentialError> {
        AccessToken::new(token).map(Self)
    }
}

impl TokenProvider for StaticToken {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}
