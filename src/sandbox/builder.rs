//! What a test or the command decides before the sandbox starts.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpListener;

use super::page::COLLECTION;
use super::service::{Clock, Service, Settings};
use super::{FaultPlan, Sandbox, routes, server};

/// The bearer that [`Sandbox::token`] gives out if no other was set.
const ANY_TOKEN: &str = "sandbox-token";

/// Settings of a [`Sandbox`]; see [`Sandbox::builder`].
#[must_use]
pub struct SandboxBuilder {
    settings: Settings,
    clock: Clock,
    seed: Option<u64>,
    faults: FaultPlan,
    truthful_next_links: bool,
    port: u16,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            clock: Arc::new(Utc::now),
            seed: None,
            faults: FaultPlan::new(),
            truthful_next_links: false,
            port: 0,
        }
    }
}

impl SandboxBuilder {
    /// Takes only this bearer token; without, any that is not empty.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.settings.token = Some(token.into());
        self
    }

    /// How many referrals a list page holds at most: 100 by default, which is
    /// what the service's documentation of 2019 says. 0 counts as 1.
    pub fn page_size(mut self, referrals: usize) -> Self {
        self.settings.page_size = referrals.max(1);
        self
    }

    /// The status of a successful create: 201 by default, 200 for the other
    /// reading of the sources. A status that HTTP does not know leaves 201.
    pub fn create_status(mut self, status: u16) -> Self {
        self.settings.create_status = StatusCode::from_u16(status).unwrap_or(StatusCode::CREATED);
        self
    }

    /// Makes ids and eTags repeatable; random by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// What time it is; the system's by default.
    pub fn clock(mut self, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// What goes wrong from the start; nothing by default.
    pub fn faults(mut self, faults: FaultPlan) -> Self {
        self.faults = faults;
        self
    }

    /// Refuses filters that no page of the documentation shows: other
    /// comparisons than `eq`, `or`, `not`, and paths that are not named as
    /// something to filter by. Off by default.
    pub fn documented_filters_only(mut self, only: bool) -> Self {
        self.settings.documented_filters_only = only;
        self
    }

    /// Refuses values that no list of the documentation has, such as a new
    /// qualification. Off by default: the service of tomorrow has some.
    pub fn documented_values_only(mut self, only: bool) -> Self {
        self.settings.documented_values_only = only;
        self
    }

    /// Gives next links that lead to the sandbox. By default they are as the
    /// documentation prints them: plain http, another host, a path that does
    /// not exist.
    pub fn truthful_next_links(mut self, truthful: bool) -> Self {
        self.truthful_next_links = truthful;
        self
    }

    /// How long, by the sandbox's clock, until lists show a created referral;
    /// no time by default. A read by id finds it at once.
    pub fn visibility_delay(mut self, delay: Duration) -> Self {
        self.settings.visibility_delay = TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX);
        self
    }

    /// Whether lists show Microsoft's half of a shared deal to the partner;
    /// they do by default, and no source says it of the service.
    pub fn engagement_lists_microsofts_half(mut self, lists: bool) -> Self {
        self.settings.lists_microsofts_half = lists;
        self
    }

    /// The port on 127.0.0.1; any free one by default.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts the sandbox on the current tokio runtime, which needs its I/O and
    /// time drivers.
    ///
    /// # Errors
    ///
    /// If the port cannot be listened on.
    pub async fn start(self) -> io::Result<Sandbox> {
        // Loopback and nothing else: the sandbox holds made-up customers behind
        // a token that anybody can read in a test.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let mut settings = self.settings;
        if self.truthful_next_links {
            settings.next_link_base = format!("{base_url}{COLLECTION}");
        }
        let token = settings
            .token
            .clone()
            .unwrap_or_else(|| ANY_TOKEN.to_owned());
        let service = Arc::new(Service::new(settings, self.clock, self.seed, self.faults));
        let router = routes::router(Arc::clone(&service));
        let task = tokio::spawn(server::accept(listener, Arc::clone(&service), router));
        Ok(Sandbox {
            service,
            base_url,
            token,
            task: Some(task),
        })
    }
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxBuilder")
            .field("port", &self.port)
            .field("page_size", &self.settings.page_size)
            .field("create_status", &self.settings.create_status)
            .field("seed", &self.seed)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
