//! The first sign-in, on a machine that may have no browser.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::entra::{Entra, Tokens, invalid, seconds, unusable};
use super::refresh_token::save_first;
use super::{
    CredentialError, CredentialErrorKind, EntraApp, RefreshTokenCredential, TokenEndpoint,
    TokenStore,
};
use crate::clock::{Clock, SystemClock};

/// What RFC 8628 says where the answer does not.
const INTERVAL: Duration = Duration::from_secs(5);
/// What `slow_down` adds (RFC 8628), and a lost request too.
const SLOWER: Duration = Duration::from_secs(5);
/// What Microsoft Entra gives when it says how long a code lives.
const UNTOLD_LIFETIME: Duration = Duration::from_secs(900);

/// A sign-in of a user by the device authorization grant (RFC 8628): the
/// program shows a code, the user enters it in a browser anywhere.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use partner_referrals::ReferralsClient;
/// use partner_referrals::credential::{DeviceCodeCredential, EntraApp, FileStore};
///
/// let app = EntraApp::new("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555");
/// let sign_in = DeviceCodeCredential::new(app, FileStore::new("refresh-token.json"))?;
/// let prompt = sign_in.start().await?;
/// eprintln!("{}", prompt.message());
/// let credential = sign_in.finish(prompt).await?;
/// let client = ReferralsClient::new(credential.cached())?;
/// # let _ = client; Ok(()) }
/// ```
///
/// # Expected flow
/// [`start`](Self::start), show the prompt, [`finish`](Self::finish). Later runs
/// of the program need only [`RefreshTokenCredential`] with the same store.
///
/// # Guarantees
/// - The refresh token is in the store before `finish` returns.
/// - It polls no faster than the service asks, slower after `slow_down` or a
///   lost request, and not beyond the life of the code.
///
/// # Assumptions
/// - The app allows public client flows.
/// - The form follows [`TokenEndpoint`]. That of v1 (`resource`, `code`) is what
///   Microsoft's older libraries send and is not documented any more; that of
///   v2 is, though not for this API. Refresh tokens are good for both.
///
/// # Caveats
/// - A tenant's policies may forbid this flow, because it is used for phishing:
///   show codes to the person who started the program only.
/// - Whoever drops `finish` while it waits has to start again.
///
/// # Errors
/// `SignInRequired` where the user declined or was too slow, else as with
/// [`RefreshTokenCredential`]. `Store` where the sign-in went well and its
/// refresh token could not be saved.
pub struct DeviceCodeCredential {
    entra: Entra,
    store: Box<dyn TokenStore>,
    clock: Arc<dyn Clock>,
}

/// What the user has to be told.
///
/// `Debug` hides the codes.
pub struct DeviceCodePrompt {
    verification_uri: Url,
    user_code: String,
    message: String,
    expires_in: Duration,
    device_code: SecretString,
    interval: Duration,
    /// By the clock of the credential.
    deadline: Duration,
}

#[derive(Deserialize)]
struct Answer {
    device_code: SecretString,
    user_code: String,
    /// RFC 8628; the v1 endpoint calls it `verification_url`.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "seconds")]
    interval: Option<Duration>,
    message: Option<String>,
}

impl DeviceCodeCredential {
    /// A sign-in of this app; the refresh token will go to the store. Nothing
    /// is sent yet.
    ///
    /// # Errors
    /// [`CredentialErrorKind::Invalid`] for a tenant, client id or authority
    /// that cannot be one.
    pub fn new(app: EntraApp, store: impl TokenStore + 'static) -> Result<Self, CredentialError> {
        Ok(Self {
            entra: Entra::new(app)?,
            store: Box::new(store),
            clock: Arc::new(SystemClock::default()),
        })
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Asks for a code to show to the user.
    ///
    /// # Errors
    /// See [`DeviceCodeCredential`].
    pub async fn start(&self) -> Result<DeviceCodePrompt, CredentialError> {
        let asked = self.clock.elapsed();
        let answer: Answer = self.entra.device_code().await?;
        let verification_uri = Url::parse(&answer.verification_uri).map_err(|_| unusable())?;
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_graphic());
        if verification_uri.scheme() != "https" || !plain(&answer.user_code) {
            return Err(invalid(
                "the token endpoint names a page that is not https, or a code that cannot be typed",
            ));
        }
        let message = answer.message.unwrap_or_else(|| {
            format!(
                "To sign in, open {verification_uri} and enter the code {}.",
                answer.user_code
            )
        });
        let expires_in = answer.expires_in.unwrap_or(UNTOLD_LIFETIME);
        Ok(DeviceCodePrompt {
            verification_uri,
            user_code: answer.user_code,
            // It goes to a terminal.
            message: message.chars().filter(|c| !c.is_control()).collect(),
            expires_in,
            device_code: answer.device_code,
            interval: answer
                .interval
                .unwrap_or(INTERVAL)
                .max(Duration::from_secs(1)),
            deadline: asked.saturating_add(expires_in),
        })
    }

    /// Waits until the user has signed in, saves the refresh token, and gives
    /// the credential that uses it.
    ///
    /// # Errors
    /// See [`DeviceCodeCredential`].
    pub async fn finish(
        self,
        prompt: DeviceCodePrompt,
    ) -> Result<RefreshTokenCredential, CredentialError> {
        let tokens = self.poll(&prompt).await?;
        let Some(refresh) = tokens.refresh else {
            return Err(invalid(
                "the sign-in gave no refresh token; allow `offline_access` for the app",
            ));
        };
        save_first(&*self.store, &refresh).await?;
        Ok(RefreshTokenCredential::from_parts(self.entra, self.store))
    }

    async fn poll(&self, prompt: &DeviceCodePrompt) -> Result<Tokens, CredentialError> {
        let code = prompt.device_code.expose_secret();
        let grant = match self.entra.endpoint() {
            TokenEndpoint::V1Resource => [("grant_type", "device_code"), ("code", code)],
            TokenEndpoint::V2Scope => [
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("device_code", code),
            ],
        };
        let mut interval = prompt.interval;
        let mut lost = None;
        loop {
            let left = prompt.deadline.saturating_sub(self.clock.elapsed());
            if left <= interval {
                return Err(lost.unwrap_or_else(|| {
                    CredentialError::of(
                        CredentialErrorKind::SignInRequired,
                        "the user did not sign in before the code expired; sign in again",
                    )
                }));
            }
            self.clock.sleep(interval).await;
            match self.entra.grant(&grant).await {
                Ok(tokens) => return Ok(tokens),
                Err(error) => match error.oauth() {
                    Some("authorization_pending") => lost = None,
                    Some("slow_down") => interval = interval.saturating_add(SLOWER),
                    _ if error.is_retryable() => {
                        let slower = SLOWER.max(error.retry_after().unwrap_or_default());
                        interval = interval.saturating_add(slower);
                        lost = Some(error);
                    }
                    _ => return Err(error),
                },
            }
        }
    }
}

impl DeviceCodePrompt {
    /// Where the user has to go.
    pub fn verification_uri(&self) -> &Url {
        &self.verification_uri
    }

    /// What the user has to enter there.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// How long the code is good, counted from [`DeviceCodeCredential::start`].
    pub fn expires_in(&self) -> Duration {
        self.expires_in
    }

    /// Both in one sentence, in the words of the service.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Debug for DeviceCodePrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodePrompt")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DeviceCodeCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodeCredential")
            .field("app", &self.entra)
            .finish_non_exhaustive()
    }
}
