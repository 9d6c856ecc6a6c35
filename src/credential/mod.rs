//! Where the bearer token comes from.
//!
//! The service takes tokens of an app *and* a user only (docs 2020 to 2025),
//! for the audience `https://api.partner.microsoft.com`.

mod static_token;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use secrecy::{ExposeSecret, SecretString};

pub use static_token::StaticToken;

/// What [`TokenProvider::token`] returns.
pub type TokenFuture<'a> =
    Pin<Box<dyn Future<Output = Result<AccessToken, CredentialError>> + Send + 'a>>;

/// Gives the client a bearer token for each call.
///
/// # Expected flow
/// [`token`](Self::token) is called once for every call of an operation, before
/// the request is built. A 401 calls [`rejected`](Self::rejected) with the
/// token that was refused.
///
/// # Guarantees
/// The token goes to the configured origin only, never to an address that the
/// service gave, and is never printed.
///
/// # Assumptions
/// The implementation caches: a token lives for an hour, a call for a second.
pub trait TokenProvider: Send + Sync {
    /// A token that is valid now.
    fn token(&self) -> TokenFuture<'_>;

    /// The service answered 401 to this token: do not give it again.
    fn rejected(&self, token: &AccessToken) {
        let _ = token;
    }
}

/// A bearer token. Printed by nothing, wiped from memory when dropped.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Takes a token as it stands behind `Bearer`.
    ///
    /// # Errors
    /// [`CredentialError`] for a text that no header can carry, an empty one
    /// included.
    pub fn new(token: impl Into<String>) -> Result<Self, CredentialError> {
        let token = token.into();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialError::new(
                "the access token is empty or holds characters that no header can carry; \
                 pass the bare token, without `Bearer` and without a line break",
            ));
        }
        Ok(Self(token.into()))
    }

    pub(crate) fn header(&self) -> Option<http::HeaderValue> {
        let mut value =
            http::HeaderValue::try_from(format!("Bearer {}", self.0.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(<hidden>)")
    }
}

/// No token could be had. Nothing was sent to the referral service.
#[derive(Debug)]
pub struct CredentialError {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl CredentialError {
    /// An error with a message for the person who reads it; the message must
    /// not hold the token.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// The same error, with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let token = AccessToken::new("secret-canary").unwrap();
        assert!(!format!("{token:?}").contains("canary"));
        assert!(!format!("{:?}", token.header()).contains("canary"));
        let provider = StaticToken::new("secret-canary").unwrap();
        assert!(!format!("{provider:?}").contains("canary"));
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_without_being_shown() {
        for bad in ["", "canary with blank", "canary\n"] {
            let error = AccessToken::new(bad).unwrap_err();
            assert!(!error.to_string().contains("canary"));
        }
    }
}
