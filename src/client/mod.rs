//! The client: every operation of the service, with what a document cannot say.

mod closing;
mod engagement;
mod lists;
mod order;
mod register;
mod settle;
mod sync;
mod transition;
mod updates;
mod wait;
mod walk;

pub use sync::SyncRun;
pub use wait::Waited;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::BytesMut;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use http::HeaderMap;
use progenitor_client::{ByteStream, Error as Generated, ResponseValue};
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::{ClientBuilder, ConfigError};
use crate::credential::TokenProvider;
use crate::error::{Error, Operation};
#[cfg(doc)]
use crate::error::{ErrorKind, Outcome};
use crate::generated::client::Client;
use crate::generated::client::types::{NewReferral, Referral};
use crate::generated::enums::Preference;
use crate::generated::wire::header;
use crate::lifecycle::{self, State};
use crate::scalar::{ETag, ReferralId, Timestamp};
use crate::transport::Call;
use crate::update::{Patch, Patched};

/// A client of the Referrals API. Cheap to clone; clones share connections.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use partner_referrals::{ReferralId, ReferralsClient, StaticToken};
///
/// let client = ReferralsClient::new(StaticToken::new(std::env::var("TOKEN")?)?)?;
/// let id = ReferralId::new("4111fffc-f9ee-4d53-bba6-569135228642")?;
/// let referral = client.get(&id).await?;
/// println!("{}/{}", referral.status, referral.substatus);
/// # Ok(()) }
/// ```
///
/// # Guarantees
/// A request is sent again only where that can double nothing
/// ([`RetryPolicy`](crate::RetryPolicy)). Every error says whether the service
/// acted ([`Error::outcome`]). The token goes to the configured origin only;
/// redirects are not followed.
#[derive(Clone)]
pub struct ReferralsClient {
    generated: Client,
}

impl ReferralsClient {
    /// A client of the service with default settings.
    ///
    /// # Errors
    /// [`ConfigError`] where TLS cannot be set up.
    pub fn new(tokens: impl TokenProvider + 'static) -> Result<Self, ConfigError> {
        Self::builder(tokens).build()
    }

    /// Sets up a client; the token provider is what every client needs.
    pub fn builder(tokens: impl TokenProvider + 'static) -> ClientBuilder {
        ClientBuilder::new(Arc::new(tokens))
    }

    pub(crate) fn from_parts(generated: Client) -> Self {
        Self { generated }
    }

    /// The generated client: every parameter of the document, progenitor's
    /// errors. Token, ids and body limits are as with this one; retries, the
    /// deadline, the pause after 429, the cap on requests under way, checks of
    /// statuses, outcomes and redacted errors are not; a 401 is not told to the
    /// token provider. Its signatures follow the document
    /// and may change with it in any release.
    pub fn raw(&self) -> &Client {
        &self.generated
    }

    /// Creates a referral and returns it as the service made it: a deal of your
    /// own usually comes back as `Active`/`Accepted`, whatever was sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] where status and substatus do not belong
    /// together, before anything is sent ([`Error::transition_error`]). [`Outcome::Unknown`] and
    /// [`Outcome::Done`] mean that the referral may be, or is, there: look it
    /// up before you send it again, because the service has no idempotency key.
    pub async fn create(&self, referral: &NewReferral) -> Result<Referral, Error> {
        check_initial(referral)
            .map_err(|refusal| Error::refused(Operation::CreateReferral, refusal))?;
        self.create_unchecked(referral).await
    }

    /// Creates a referral without looking at its status: for a status or
    /// substatus that this version does not know, or a pair that the table does
    /// not have, such as the `New`/`Accepted` of the portal's upload form.
    ///
    /// # Errors
    /// As [`create`](Self::create), but for the check.
    pub async fn create_unchecked(&self, referral: &NewReferral) -> Result<Referral, Error> {
        self.create_by(self.begin(Operation::CreateReferral), referral)
            .await
    }

    /// Creates a referral under the `request-id` of an earlier attempt, or of
    /// one that was written down first. Its status was checked with its plan.
    pub(crate) async fn create_as(
        &self,
        referral: &NewReferral,
        request_id: Uuid,
    ) -> Result<Referral, Error> {
        let call = self.begin(Operation::CreateReferral);
        self.create_by(call.with_request_id(request_id), referral)
            .await
    }

    async fn create_by(&self, call: Call, referral: &NewReferral) -> Result<Referral, Error> {
        self.call(call, || self.generated.create_referral(referral))
            .await
            .map(answered)
            .map_err(Error::salvage_id)
    }

    /// Reads a referral.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is none, or the user may not see it.
    pub async fn get(&self, id: &ReferralId) -> Result<Referral, Error> {
        let call = self.begin(Operation::GetReferral);
        self.call(call, || self.generated.get_referral(id))
            .await
            .map(answered)
            .map_err(|error| error.about(id.as_str()))
    }

    /// Changes a referral by JSON Patch.
    ///
    /// # Errors
    /// [`Error::is_precondition_failed`] where [`Patch::if_match`] was given
    /// and the referral has changed since.
    pub async fn patch(&self, id: &ReferralId, patch: &Patch) -> Result<Patched, Error> {
        let operation = Operation::PatchReferral;
        if let Some(problem) = patch.problem() {
            return Err(Error::invalid(operation, problem).about(id.as_str()));
        }
        let prefer = patch
            .return_referral
            .then_some(&Preference::ReturnRepresentation);
        let etag = patch.if_match.as_ref();
        let call = self.begin(operation).repeatable(etag.is_some());
        let request = || async {
            let answer = self
                .generated
                .patch_referral(id, etag, prefer, &patch.operations)
                .await?;
            patched(answer).await
        };
        self.call(call, request)
            .await
            .map_err(|error| error.about(id.as_str()))
    }

    /// Replaces a referral as a whole. Obsolete at the service since 2020-09:
    /// use [`patch`](Self::patch).
    ///
    /// `links` is left out, as the service demands.
    ///
    /// # Caveats
    /// Members that were null, or an empty text where a number or a time
    /// belongs, are sent as missing. Whether the service clears what is missing
    /// is not documented. Members that this library does not model are sent with
    /// the values that they were read with, but their numbers have passed through
    /// a float: digits beyond the sixteenth or so change. [`patch`](Self::patch)
    /// and [`update`](Self::update) touch nothing but what they name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] where the referral has no eTag;
    /// [`Error::is_precondition_failed`] where it has changed since.
    pub async fn put(&self, referral: &Referral) -> Result<Referral, Error> {
        let operation = Operation::ReplaceReferral;
        let id = referral.id.as_str();
        let etag = version(operation, referral)?;
        let mut body = referral.clone();
        body.links = None;
        body.odata_context = None;
        let call = self.begin(operation).repeatable(true);
        let request = || self.generated.replace_referral(&referral.id, etag, &body);
        self.call(call, request)
            .await
            .map(answered)
            .map_err(|error| error.about(id))
    }

    /// A new id, from where the client takes those of its calls.
    pub(crate) fn new_id(&self) -> Uuid {
        (self.generated.inner.0.ids)()
    }

    /// The clock of the client's waits and deadlines.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.generated.inner.0.clock)
    }

    /// What time it is at the service, by the `Date` of its last answer; none
    /// before the first.
    pub(crate) fn server_time(&self) -> Option<SystemTime> {
        let shared = &*self.generated.inner.0;
        shared.server_time.now(&*shared.clock)
    }

    /// The same; by this machine's clock before the first answer.
    pub(crate) fn service_time(&self) -> Timestamp {
        let now = self.server_time().unwrap_or_else(|| self.clock().now());
        DateTime::<Utc>::from(now).into()
    }

    /// The longest that one call can take.
    #[cfg(feature = "restate")]
    pub(crate) fn deadline(&self) -> std::time::Duration {
        self.generated.inner.0.deadline
    }

    fn begin(&self, operation: Operation) -> Call {
        Call::new(operation, &*self.generated.inner.0.ids)
    }

    async fn call<T, F>(&self, call: Call, request: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Generated<()>>>,
    {
        self.generated.inner.call(&Arc::new(call), request).await
    }
}

/// The address alone: headers that were set may name somebody.
impl fmt::Debug for ReferralsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferralsClient")
            .field("base_url", &self.generated.baseurl)
            .finish_non_exhaustive()
    }
}

/// A new referral may leave status and substatus out; what it gives must be of
/// the table.
fn check_initial(referral: &NewReferral) -> Result<(), lifecycle::TransitionError> {
    match (&referral.status, &referral.substatus) {
        (Some(status), Some(substatus)) => {
            lifecycle::check_pair(&State::new(status.clone(), substatus.clone()))
        }
        (Some(status), None) => lifecycle::check_status(status),
        (None, _) => Ok(()),
    }
}

/// The eTag of a referral that was read.
fn version(operation: Operation, referral: &Referral) -> Result<&ETag, Error> {
    referral.e_tag.as_ref().ok_or_else(|| {
        Error::invalid(
            operation,
            "the referral has no eTag (items of a list may lack it): read it with `get` first",
        )
        .about(referral.id.as_str())
    })
}

/// The eTag in the headers of an answer.
fn etag(headers: &HeaderMap) -> Option<ETag> {
    let etag = headers.get(header::E_TAG)?;
    ETag::from_header(etag.to_str().ok()?)
}

/// A referral whose body may have no eTag, with that of its headers.
fn with_etag(mut referral: Referral, etag: Option<ETag>) -> Referral {
    referral.e_tag = referral.e_tag.or(etag);
    referral
}

fn answered(answer: ResponseValue<Referral>) -> Referral {
    let etag = etag(answer.headers());
    with_etag(answer.into_inner(), etag)
}

/// The answer to a patch: a referral, or nothing.
async fn patched(answer: ResponseValue<ByteStream>) -> Result<Patched, Generated<()>> {
    let etag = etag(answer.headers());
    let mut stream = answer.into_inner_stream();
    let mut body = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(Generated::ResponseBodyError)?);
    }
    if body.is_empty() {
        return Ok(Patched::NoContent { etag });
    }
    serde_json::from_slice(&body)
        .map(|referral| Patched::Referral(Box::new(with_etag(referral, etag))))
        .map_err(|error| Generated::InvalidResponsePayload(body.freeze(), error))
}
