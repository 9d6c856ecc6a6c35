//! How a client is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST,
    IF_MATCH, IF_NONE_MATCH, TRANSFER_ENCODING, USER_AGENT,
};
use ::http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;
use uuid::Uuid;

use crate::client::ReferralsClient;
use crate::clock::{Clock, SystemClock};
use crate::credential::TokenProvider;
use crate::generated::client::Client;
use crate::generated::wire;
use crate::transport::retry::{Backoff, Budget, Random, RetryPolicy, system_random};
use crate::transport::{Gate, Ids, Inner, Limits, ServerTime, Shared, http};

/// Why a client could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The base URL is not one.
    #[error("the base URL cannot be used: {0}")]
    BaseUrl(&'static str),
    /// A header cannot be sent, or is the client's own.
    #[error(
        "the header `{0}` cannot be set: it holds what no header can carry, or it is the client's own"
    )]
    Header(String),
    /// The base URL is https, but the crate was built without TLS.
    #[error("https needs the feature `rustls`, which this build leaves out")]
    NoTls,
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
    attempt_timeout: Duration,
    deadline: Duration,
    connect_timeout: Duration,
    retry: RetryPolicy,
    max_in_flight: usize,
    clock: Arc<dyn Clock>,
    random: Random,
    ids: Arc<Ids>,
    user_agent: Option<String>,
    headers: Vec<(String, String)>,
    limits: Limits,
}

impl ClientBuilder {
    pub(crate) fn new(tokens: Arc<dyn TokenProvider>) -> Self {
        Self {
            tokens,
            base_url: wire::SERVER.to_owned(),
            insecure_loopback: false,
            attempt_timeout: Duration::from_secs(60),
            deadline: Duration::from_secs(300),
            connect_timeout: Duration::from_secs(10),
            retry: RetryPolicy::default(),
            max_in_flight: 16,
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(system_random),
            ids: Arc::new(Uuid::new_v4),
            user_agent: None,
            headers: Vec::new(),
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

    /// The longest time for one attempt, its answer included; 60 s by default,
    /// and never more than is left until the deadline. A create that runs into
    /// it may have been carried out: the error says
    /// [`Outcome::Unknown`](crate::Outcome::Unknown).
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// The longest time for one call, from its beginning to its end: all
    /// attempts, the waits between them, and a pause that the service asked
    /// for, and the wait for a token; 5 minutes by default. No attempt begins
    /// with less than 10 s left (or a quarter of the deadline, where that is
    /// less): it could only end in doubt.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// When a request is sent again; see [`RetryPolicy`] for the numbers.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many requests of the client and its clones may be under way; 16 by
    /// default, at least 1. The others wait for their turn, at most until their
    /// deadline.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// The clock for waits and deadlines; the machine's by default.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where the ids of calls come from (`client-request-id`, `request-id`);
    /// random by default. No id may come twice.
    pub fn ids(mut self, ids: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// Where the shares of a wait are drawn from: numbers from 0 to 1; random
    /// by default.
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
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
    pub fn caller_id(self, id: impl Into<String>) -> Self {
        self.header(wire::header::X_CALLER_ID, id)
    }

    /// A header for every request, such as `X-Locale` or `MS-Contract-Version`:
    /// the vendor's pages disagree about which the service wants, and real
    /// users get by without any. Those that an operation or the client itself
    /// sets, such as `If-Match`, are refused when the client is built.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
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
        let agent = HeaderValue::try_from(agent)
            .map_err(|_| ConfigError::Header(USER_AGENT.to_string()))?;
        let headers = headers(&self.headers)?;
        let http = http::builder(&base)
            .map_err(ConfigError::Http)?
            .user_agent(agent)
            .timeout(self.attempt_timeout)
            .connect_timeout(self.connect_timeout);
        let http = http
            .build()
            .map_err(|error| ConfigError::Http(error.without_url().to_string()))?;
        let inner = Inner(Arc::new(Shared {
            tokens: self.tokens,
            base: base.clone(),
            headers,
            limits: self.limits,
            clock: self.clock,
            ids: self.ids,
            attempt_timeout: self.attempt_timeout,
            deadline: self.deadline,
            backoff: Backoff::new(&self.retry, self.random),
            budget: Budget::new(self.retry.budget),
            policy: self.retry,
            gate: Gate::new(self.max_in_flight),
            server_time: ServerTime::default(),
        }));
        Ok(ReferralsClient::from_parts(Client::new_with_client(
            base.as_str().trim_end_matches('/'),
            http,
            inner,
        )))
    }

    fn checked_base(&self) -> Result<Url, ConfigError> {
        let base = Url::parse(&self.base_url).map_err(|_| ConfigError::BaseUrl("it is no URL"))?;
        let loopback =
            http::on_this_machine(&base).ok_or(ConfigError::BaseUrl("it names no host"))?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(ConfigError::BaseUrl("it holds a user name or password"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(ConfigError::BaseUrl("it holds a query or fragment"));
        }
        match base.scheme() {
            "https" if cfg!(feature = "rustls") => Ok(base),
            "https" => Err(ConfigError::NoTls),
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
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .field("connect_timeout", &self.connect_timeout)
            .field("retry", &self.retry)
            .field("max_in_flight", &self.max_in_flight)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, ConfigError> {
    // What an operation or the transport sets: an `If-Match` for every request
    // would take the check out of all of them.
    let ours = [
        ACCEPT,
        ACCEPT_ENCODING,
        AUTHORIZATION,
        CONNECTION,
        CONTENT_LENGTH,
        CONTENT_TYPE,
        HOST,
        IF_MATCH,
        IF_NONE_MATCH,
        TRANSFER_ENCODING,
        USER_AGENT,
        HeaderName::from_static(wire::header::PREFER),
        HeaderName::from_static(wire::header::REQUEST_ID),
        HeaderName::from_static(wire::header::CLIENT_REQUEST_ID),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let refused = || ConfigError::Header(name.clone());
        let header = HeaderName::try_from(name.as_str()).map_err(|_| refused())?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|_| refused())?;
        if ours.contains(&header) {
            return Err(refused());
        }
        headers.insert(header, value);
    }
    Ok(headers)
}
