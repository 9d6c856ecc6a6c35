//! How a client is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use url::{Host, Url};

use crate::client::ReferralsClient;
use crate::credential::TokenProvider;
use crate::generated::client::Client;
use crate::generated::wire;
use crate::transport::{Inner, Limits, Shared, http};

/// Why a client could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The base URL is not one.
    #[error("the base URL cannot be used: {0}")]
    BaseUrl(&'static str),
    /// The user agent or caller id holds what no header can carry.
    #[error("`{0}` holds characters that no header can carry")]
    Header(&'static str),
    /// TLS or the HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(String),
}

/// Sets up a [`ReferralsClient`]; see [`ReferralsClient::builder`].
#[must_use]
pub struct ClientBuilder {
    tokens: Arc<dyn TokenProvider>,
    base_url: String,
    insecure_loopback: bool,
    timeout: Duration,
    connect_timeout: Duration,
    user_agent: Option<String>,
    caller_id: Option<String>,
    limits: Limits,
}

impl ClientBuilder {
    pub(crate) fn new(tokens: Arc<dyn TokenProvider>) -> Self {
        Self {
            tokens,
            base_url: wire::SERVER.to_owned(),
            insecure_loopback: false,
            timeout: Duration::from_secs(100),
            connect_timeout: Duration::from_secs(10),
            user_agent: None,
            caller_id: None,
            limits: Limits::default(),
        }
    }

    /// Where the service is; `https://api.partner.microsoft.com` by default.
    /// A slash at the end makes no difference; a path in front of `/v1.0` is
    /// kept.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Allows `http` to `localhost`, `127.0.0.0/8` and `::1`, for a stand-in on
    /// this machine. Without it only `https` is accepted.
    pub fn allow_insecure_loopback(mut self) -> Self {
        self.insecure_loopback = true;
        self
    }

    /// The longest time for one request, its answer included; 100 s by
    /// default. A create that runs into it may have been done: the error says
    /// [`Outcome::Unknown`](crate::Outcome::Unknown).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest time for making a connection; 10 s by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The name of your program, put in front of this library's in
    /// `User-Agent`: `my-crm/1.2 partner-referrals/0.1.0`.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// The id that the service may log for your program (`X-Caller-Id`); not
    /// sent by default.
    pub fn caller_id(mut self, id: impl Into<String>) -> Self {
        self.caller_id = Some(id.into());
        self
    }

    /// The largest body of a success that is read, in bytes after
    /// decompression; 16 MiB by default.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.limits.success = bytes;
        self
    }

    /// The largest body of a failure that is read, in bytes after
    /// decompression; 256 KiB by default.
    pub fn max_error_bytes(mut self, bytes: usize) -> Self {
        self.limits.error = bytes;
        self
    }

    /// Builds the client; nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`] for a base URL that is not `https` (or loopback, where
    /// that was allowed), and for names that no header can carry.
    pub fn build(self) -> Result<ReferralsClient, ConfigError> {
        let base = self.checked_base()?;
        let ours = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        let agent = match &self.user_agent {
            Some(name) => format!("{name} {ours}"),
            None => ours.to_owned(),
        };
        let agent = HeaderValue::try_from(agent).map_err(|_| ConfigError::Header("user agent"))?;
        let caller_id = self
            .caller_id
            .map(HeaderValue::try_from)
            .transpose()
            .map_err(|_| ConfigError::Header("caller id"))?;
        let http = http::builder()
            .map_err(ConfigError::Http)?
            .user_agent(agent)
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout);
        let http = http
            .build()
            .map_err(|error| ConfigError::Http(error.without_url().to_string()))?;
        let inner = Inner(Arc::new(Shared {
            tokens: self.tokens,
            base: base.clone(),
            caller_id,
            limits: self.limits,
        }));
        Ok(ReferralsClient::from_parts(Client::new_with_client(
            base.as_str().trim_end_matches('/'),
            http,
            inner,
        )))
    }

    fn checked_base(&self) -> Result<Url, ConfigError> {
        let base = Url::parse(&self.base_url).map_err(|_| ConfigError::BaseUrl("it is no URL"))?;
        let loopback = match base.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(ConfigError::BaseUrl("it names no host")),
        };
        if !base.username().is_empty() || base.password().is_some() {
            return Err(ConfigError::BaseUrl("it holds a user name or password"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(ConfigError::BaseUrl("it holds a query or fragment"));
        }
        match base.scheme() {
            "https" => Ok(base),
            "http" if loopback && self.insecure_loopback => Ok(base),
            "http" if loopback => Err(ConfigError::BaseUrl(
                "http to this machine needs `allow_insecure_loopback()`",
            )),
            _ => Err(ConfigError::BaseUrl("the token goes over https only")),
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
