//! The app's registration at Microsoft Entra, and requests to its token
//! endpoint.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::{
    AUDIENCE, AccessToken, CredentialError, CredentialErrorKind, FreshToken, RefreshToken, SCOPE,
    aadsts,
};

const AUTHORITY: &str = "https://login.microsoftonline.com";
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Far above any answer with a token.
const LIMIT: usize = 64 * 1024;
/// What is assumed of a token of which the answer does not say it (RFC 6749
/// only recommends `expires_in`).
const UNTOLD_LIFETIME: Duration = Duration::from_secs(300);

/// Which of the two token endpoints of Microsoft Entra is used, and how the API
/// is named to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenEndpoint {
    /// `/oauth2/token` with `resource=https://api.partner.microsoft.com`: the
    /// default, because it is the only form that is documented for this API
    /// (docs 2024).
    #[default]
    V1Resource,
    /// `/oauth2/v2.0/token` with
    /// `scope=https://api.partner.microsoft.com/.default offline_access`: what
    /// Microsoft Entra advises for all APIs; not documented for this one, so
    /// whether it is taken is not known.
    V2Scope,
}

/// An app that is registered at Microsoft Entra, and where it signs in.
///
/// ```
/// use partner_referrals::credential::{EntraApp, TokenEndpoint};
///
/// let app = EntraApp::new("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")
///     .client_secret("the value of the secret")
///     .endpoint(TokenEndpoint::V2Scope);
/// ```
///
/// # Assumptions
/// The app has the delegated permission of `Microsoft Partner`, with consent
/// (docs 2025).
///
/// # Errors
/// Nothing is checked here; the credential that is made of it checks.
#[derive(Clone)]
#[must_use]
pub struct EntraApp {
    tenant: String,
    client_id: String,
    client_secret: Option<SecretString>,
    endpoint: TokenEndpoint,
    authority: String,
    insecure_loopback: bool,
}

impl EntraApp {
    /// An app by its tenant (id or domain) and client id, as a public client.
    ///
    /// The tenant has no default because the sources differ: the sample of 2024
    /// uses `common`, the set-up of 2025 registers a single-tenant app, which
    /// `common` does not serve. The app's own tenant always works.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            client_id: client_id.into(),
            client_secret: None,
            endpoint: TokenEndpoint::default(),
            authority: AUTHORITY.to_owned(),
            insecure_loopback: false,
        }
    }

    /// The secret of a confidential client (its value, not its id).
    pub fn client_secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// Which token endpoint; [`TokenEndpoint::V1Resource`] by default.
    pub fn endpoint(mut self, endpoint: TokenEndpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Where Microsoft Entra is: `https://login.microsoftonline.com` by default.
    pub fn authority(mut self, url: impl Into<String>) -> Self {
        self.authority = url.into();
        self
    }

    /// Allows `http` to `localhost`, `127.0.0.0/8` and `::1`, for a stand-in on
    /// this machine. Without it only `https` is accepted.
    pub fn allow_insecure_loopback(mut self) -> Self {
        self.insecure_loopback = true;
        self
    }

    /// The address of a path below the tenant.
    fn address(&self, path: &str) -> Result<Url, CredentialError> {
        let segment = |text: &str| {
            !text.is_empty()
                && text.len() <= 255
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
                && !text.bytes().all(|byte| byte == b'.')
        };
        if !segment(&self.tenant) {
            return Err(invalid("the tenant is neither an id nor a domain"));
        }
        if !segment(&self.client_id) {
            return Err(invalid("the client id is not the id of an app"));
        }
        if let Some(secret) = &self.client_secret
            && secret.expose_secret().is_empty()
        {
            return Err(invalid(
                "the client secret is empty; leave it out for a public client",
            ));
        }
        let mut url =
            Url::parse(&self.authority).map_err(|_| invalid("the authority is not a URL"))?;
        let loopback = crate::transport::http::on_this_machine(&url)
            .ok_or_else(|| invalid("the authority names no host"))?;
        let extra = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        if extra || !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "the authority is more than scheme and host; the tenant is set apart from it",
            ));
        }
        match url.scheme() {
            "https" => {}
            "http" if loopback && self.insecure_loopback => {}
            "http" if loopback => {
                return Err(invalid(
                    "http to this machine needs `allow_insecure_loopback()`",
                ));
            }
            _ => return Err(invalid("secrets go over https only")),
        }
        url.set_path(&format!("/{}/{path}", self.tenant));
        Ok(url)
    }
}

impl fmt::Debug for EntraApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraApp")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("confidential", &self.client_secret.is_some())
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// The token endpoint of an app.
#[derive(Clone)]
pub(super) struct Entra {
    app: EntraApp,
    http: Client,
    token: Url,
    device_code: Url,
}

impl Entra {
    pub(super) fn new(app: EntraApp) -> Result<Self, CredentialError> {
        let (token, device_code) = match app.endpoint {
            TokenEndpoint::V1Resource => ("oauth2/token", "oauth2/devicecode"),
            TokenEndpoint::V2Scope => ("oauth2/v2.0/token", "oauth2/v2.0/devicecode"),
        };
        let (token, mut device_code) = (app.address(token)?, app.address(device_code)?);
        if app.endpoint == TokenEndpoint::V1Resource {
            device_code.set_query(Some("api-version=1.0"));
        }
        let http = crate::transport::http::builder(&token)
            .map_err(|error| invalid(format!("the HTTP client cannot be set up: {error}")))?
            .user_agent(concat!(
                env!("CARGO_PKG_NAME"),
                "/",
                env!("CARGO_PKG_VERSION")
            ))
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| invalid("the HTTP client cannot be set up").with_source(error))?;
        Ok(Self {
            app,
            http,
            token,
            device_code,
        })
    }

    pub(super) fn endpoint(&self) -> TokenEndpoint {
        self.app.endpoint
    }

    /// The refresh-token grant, and what it gives.
    pub(super) async fn refresh(&self, token: &RefreshToken) -> Result<Tokens, CredentialError> {
        self.grant(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose_secret()),
        ])
        .await
    }

    /// A grant at the token endpoint.
    pub(super) async fn grant(&self, pairs: &[(&str, &str)]) -> Result<Tokens, CredentialError> {
        let secret = self.app.client_secret.as_ref();
        let secret = secret.map(|secret| ("client_secret", secret.expose_secret()));
        let pairs: Vec<_> = pairs.iter().copied().chain(secret).collect();
        let body = self.post(&self.token, &pairs).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| unusable())?;
        answer.tokens()
    }

    /// Asks for a device code. The secret of a confidential client is for the
    /// token endpoint alone.
    pub(super) async fn device_code<T: for<'de> Deserialize<'de>>(
        &self,
    ) -> Result<T, CredentialError> {
        let body = self.post(&self.device_code, &[]).await?;
        serde_json::from_slice(&body).map_err(|_| unusable())
    }

    async fn post(
        &self,
        url: &Url,
        pairs: &[(&str, &str)],
    ) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
        let audience = match self.app.endpoint {
            TokenEndpoint::V1Resource => ("resource", AUDIENCE.to_owned()),
            TokenEndpoint::V2Scope => ("scope", format!("{SCOPE} offline_access")),
        };
        // Large enough not to grow: growing leaves copies behind.
        let mut form = Zeroizing::new(String::with_capacity(16 * 1024));
        url::form_urlencoded::Serializer::new(&mut *form)
            .extend_pairs(pairs)
            .append_pair("client_id", &self.app.client_id)
            .append_pair(audience.0, &audience.1)
            .finish();
        let response = self
            .http
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(Bytes::from_owner(form))
            .send()
            .await
            .map_err(unavailable)?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let body = read(response).await;
        if status.as_u16() == 200 {
            return body;
        }
        // A refusal counts even where its body was cut or too large.
        let body = body.unwrap_or_default();
        Err(aadsts::explain(status.as_u16(), &body, retry_after))
    }
}

impl fmt::Debug for Entra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.app.fmt(f)
    }
}

/// What a grant gives.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) access: FreshToken,
    pub(super) refresh: Option<RefreshToken>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    token_type: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
}

impl Answer {
    fn tokens(self) -> Result<Tokens, CredentialError> {
        let bearer = |kind: &String| kind.eq_ignore_ascii_case("bearer");
        if !self.token_type.as_ref().is_none_or(bearer) {
            return Err(invalid(
                "the token endpoint gave a token that is no bearer token",
            ));
        }
        let text = |secret: SecretString| secret.expose_secret().to_owned();
        let access = AccessToken::new(text(self.access_token)).map_err(|_| unusable())?;
        let refresh = self
            .refresh_token
            .map(|token| RefreshToken::new(text(token)));
        Ok(Tokens {
            access: FreshToken::new(access, self.expires_in.unwrap_or(UNTOLD_LIFETIME)),
            refresh: refresh.transpose().map_err(|_| unusable())?,
        })
    }
}

/// Seconds as a number, or as a string, which is how the v1 endpoint writes
/// them. What is neither counts as not told.
pub(super) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    let seconds = match &value {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    };
    Ok(seconds.map(Duration::from_secs))
}

async fn read(mut response: Response) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    let mut body = Zeroizing::new(Vec::with_capacity(LIMIT));
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        if body.len() + chunk.len() > LIMIT {
            return Err(invalid(
                "the answer of the token endpoint is too large; does a proxy stand between?",
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn unavailable(error: reqwest::Error) -> CredentialError {
    let what = if error.is_timeout() {
        "did not answer in time"
    } else if error.is_connect() {
        "could not be reached"
    } else {
        "was cut off"
    };
    CredentialError::of(
        CredentialErrorKind::Unavailable,
        format!("no access token: the token endpoint {what}; check the network, try again later"),
    )
    .with_source(error.without_url())
}

/// serde's errors quote what they cannot read: a token, perhaps.
pub(super) fn unusable() -> CredentialError {
    invalid(
        "the answer of the token endpoint is not what OAuth 2.0 says; does a proxy stand between?",
    )
}

pub(super) fn invalid(message: impl Into<String>) -> CredentialError {
    CredentialError::of(CredentialErrorKind::Invalid, message)
}

#[cfg(test)]
#[path = "entra_tests.rs"]
mod tests;
