//! Where the bearer token comes from.
//!
//! The service takes tokens of an app *and* a user only (docs 2020 to 2025),
//! for the audience `https://api.partner.microsoft.com`. So the way is: a user
//! signs in once ([`DeviceCodeCredential`]), with multi-factor authentication
//! where the tenant wants it; the refresh token that comes of it is kept in a
//! [`TokenStore`]; from then on [`RefreshTokenCredential`] gets access tokens
//! without anybody being there.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use partner_referrals::ReferralsClient;
//! use partner_referrals::credential::{EntraApp, FileStore, RefreshTokenCredential};
//!
//! let app = EntraApp::new("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555");
//! let credential = RefreshTokenCredential::new(app, FileStore::new("refresh-token.json"))?;
//! let client = ReferralsClient::new(credential.cached())?;
//! # let _ = client; Ok(()) }
//! ```

mod aadsts;
#[cfg(feature = "azure")]
mod azure;
mod cached;
mod device_code;
mod entra;
mod error;
mod refresh_token;
mod source;
mod static_token;
mod store;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "azure")]
pub use azure::AzureCredential;
pub use cached::CachedToken;
pub use device_code::{DeviceCodeCredential, DeviceCodePrompt};
pub use entra::{EntraApp, TokenEndpoint};
pub use error::{CredentialError, CredentialErrorKind};
pub use refresh_token::RefreshTokenCredential;
pub use source::{FetchFuture, FreshToken, TokenSource};
pub use static_token::StaticToken;
pub use store::{FileStore, LoadFuture, MemoryStore, RefreshToken, SaveFuture, TokenStore};

/// The audience of the tokens that the service takes. Not that of the other
/// Partner Center APIs, `https://api.partnercenter.microsoft.com`.
pub const AUDIENCE: &str = "https://api.partner.microsoft.com";

/// [`AUDIENCE`] as a scope of the v2 endpoint.
pub const SCOPE: &str = "https://api.partner.microsoft.com/.default";

/// What [`TokenProvider::token`] returns.
pub type TokenFuture<'a> =
    Pin<Box<dyn Future<Output = Result<AccessToken, CredentialError>> + Send + 'a>>;

/// Gives the client a bearer token for each call.
///
/// # Expected flow
/// [`token`](Self::token) is called before each attempt of a call. The first 401
/// of a call tells [`rejected`](Self::rejected) which token was refused and asks
/// for another; the same one is not tried again.
///
/// # Guarantees
/// The token goes to the configured origin only, never to an address that the
/// service gave, and is never printed.
///
/// # Assumptions
/// The implementation caches: a token lives for an hour, a call for a second.
/// [`CachedToken`] makes one of anything that can get a token. Its future may be
/// dropped: the deadline of a call ends the wait for a token, too.
pub trait TokenProvider: Send + Sync {
    /// A token that is valid now.
    fn token(&self) -> TokenFuture<'_>;

    /// The service answered 401 to this token: do not give it again.
    fn rejected(&self, token: &AccessToken) {
        let _ = token;
    }
}

/// So that several clients can share one provider, and with it one token.
impl<T: TokenProvider + ?Sized> TokenProvider for Arc<T> {
    fn token(&self) -> TokenFuture<'_> {
        (**self).token()
    }

    fn rejected(&self, token: &AccessToken) {
        (**self).rejected(token);
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
        let token = SecretString::from(token.into());
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialError::of(
                CredentialErrorKind::Invalid,
                "the access token is empty or holds characters that no header can carry; \
                 pass the bare token, without `Bearer` and without a line break",
            ));
        }
        Ok(Self(token))
    }

    pub(crate) fn header(&self) -> Option<http::HeaderValue> {
        let mut value =
            http::HeaderValue::try_from(format!("Bearer {}", self.0.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether both are the same token.
    pub(crate) fn same(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(<hidden>)")
    }
}

/// Compares without stopping at the first difference.
fn same(one: &SecretString, other: &SecretString) -> bool {
    let (one, other) = (one.expose_secret(), other.expose_secret());
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0, |difference, (one, other)| difference | (one ^ other))
            == 0
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
        let fresh = FreshToken::new(token, std::time::Duration::from_secs(1));
        assert!(!format!("{fresh:?}").contains("canary"));
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_without_being_shown() {
        for bad in ["", "canary with blank", "canary\n"] {
            let error = AccessToken::new(bad).unwrap_err();
            assert!(!error.to_string().contains("canary"));
        }
    }

    #[test]
    fn the_same_token_is_known_again() {
        let token = |text: &str| AccessToken::new(text).unwrap();
        assert!(token("abc").same(&token("abc")));
        assert!(!token("abc").same(&token("abd")));
        assert!(!token("abc").same(&token("abcd")));
    }
}
