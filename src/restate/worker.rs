//! What carries the operations out.

use std::fmt;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use restate_sdk::prelude::{Endpoint, ServiceOptions};
use restate_sdk::service::IntoServiceDefinition as _;

use super::object::{Object, Parts};
use super::serve;
use super::tokens::Tokens;
use crate::client::ReferralsClient;
use crate::shared_referral::Recovery;

/// How long a permission to send a create is good by default.
const LEASE: Duration = Duration::from_secs(10);

/// How long after a call has ended by its deadline what it sent may still come
/// to the service and show in its lists, by default.
const LANDING: Duration = Duration::from_secs(30);

/// Longer than any step: a step that is stuck is given up after it.
const STUCK: Duration = Duration::from_secs(3600);

/// Carries out shared referrals as Restate tells it to: the virtual object
/// `SharedReferral`, keyed by the operation, with the handlers `create`,
/// `adopt`, `abandon` and `progress`.
///
/// ```no_run
/// # async fn run(client: partner_referrals::ReferralsClient) -> Result<(), Box<dyn std::error::Error>> {
/// use partner_referrals::restate::{Worker, listen};
///
/// let listener = listen("127.0.0.1:9080".parse()?)?;
/// let stopped = std::future::pending();
/// Worker::new(client).serve(listener, stopped).await?;
/// # Ok(()) }
/// ```
///
/// # Expected flow
/// Start one or more workers, of the same settings, behind one address; register
/// that address with Restate once (`restate deployments register`); call with
/// [`RestateClient`](super::RestateClient). A worker may be killed at any time:
/// Restate has another one go on.
///
/// # Guarantees
/// Those of [`SharedReferrals`](crate::shared_referral::SharedReferrals), with
/// the state of the object in place of the journal. A step that Restate runs
/// again sends nothing: the permission to send is used up, over, or of another
/// process, and the create is then searched for.
///
/// # Assumptions
/// - A process does not stand still between the check of its permission and the
///   sending, for longer than [`landing`](Self::landing): nothing could hold a
///   request back that is sent after such a pause.
/// - What was sent is carried out and shows in lists within `landing`. Only
///   [`WhenNotFound::Resend`](crate::shared_referral::WhenNotFound::Resend)
///   rests on it; by default nothing is sent again.
#[derive(Clone)]
#[must_use]
pub struct Worker {
    client: ReferralsClient,
    recovery: Recovery,
    lease: Duration,
    landing: Option<Duration>,
}

impl Worker {
    /// A worker that calls the service by this client.
    pub fn new(client: ReferralsClient) -> Self {
        Self {
            client,
            recovery: Recovery::default(),
            lease: LEASE,
            landing: None,
        }
    }

    /// How a create whose outcome is open is searched for.
    pub fn recovery(mut self, recovery: Recovery) -> Self {
        self.recovery = recovery;
        self
    }

    /// How long the permission to send a create is good: 10 s by default. It is
    /// issued by one step and used by the next, which Restate begins at once; one
    /// that comes too late sends nothing, and the create is searched for.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// The longest time from the moment at which a permission is used until
    /// lists show what was made with it: by default the deadline of the client's
    /// calls, within which it may send again, and 30 s. No create is sent again
    /// before a search that was made when lease and landing were over.
    pub fn landing(mut self, landing: Duration) -> Self {
        self.landing = Some(landing);
        self
    }

    /// Serves Restate on a listener, such as that of [`listen`](super::listen),
    /// over HTTP/2 without TLS, until `stopped` is ready. Then it takes nothing
    /// new, and ends when the steps under way have, or the deadline of the
    /// client's calls is over.
    ///
    /// # Errors
    /// [`std::io::Error`] where the listener cannot be used. Whatever ends a
    /// connection is no error: Restate connects again.
    ///
    /// # Caveats
    /// Whoever reaches the port can have deals created: only Restate should.
    pub async fn serve(
        self,
        listener: TcpListener,
        stopped: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let deadline = self.client.deadline();
        let landing = self.landing.unwrap_or(deadline.saturating_add(LANDING));
        let parts = Parts {
            tokens: Tokens::new(self.lease, self.client.clock()),
            settle: self.lease.saturating_add(landing),
            client: self.client,
            recovery: self.recovery,
        };
        let object = Object(Arc::new(parts)).into_service_definition();
        let endpoint = Endpoint::builder().bind(object.options(options())).build();
        serve::serve(listener, endpoint, stopped, deadline).await
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("recovery", &self.recovery)
            .field("lease", &self.lease)
            .field("landing", &self.landing)
            .finish_non_exhaustive()
    }
}

fn options() -> ServiceOptions {
    ServiceOptions::new()
        .abort_timeout(STUCK)
        // Plans are in the journal of an invocation: kept as short as helps
        // whoever looks after a failure.
        .journal_retention(Duration::from_secs(3600))
        .retry_policy_initial_interval(Duration::from_millis(100))
        .retry_policy_exponentiation_factor(2.0)
        .retry_policy_max_interval(Duration::from_secs(10))
        // More than a week without a worker; then an operator decides. The other
        // choice would end the operation with its outcome open.
        .retry_policy_max_attempts(100_000)
        .retry_policy_pause_on_max_attempts()
}
