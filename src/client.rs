//! The client: every operation of the service, with what a document cannot say.

use std::future::Future;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt};
use progenitor_client::{Error as Generated, ResponseValue};

use crate::config::{ClientBuilder, ConfigError};
use crate::credential::TokenProvider;
use crate::error::translate::{broken_body, translate, unreadable_json};
use crate::error::{Error, ErrorKind, Operation, Outcome};
use crate::generated::client::Client;
use crate::generated::client::types::{NewReferral, Referral};
use crate::generated::enums::Preference;
use crate::lifecycle::{self, State, Transition};
use crate::list::{Continuation, ListOptions, Page};
use crate::scalar::{ETag, ReferralId};
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
/// One call sends one request; nothing is resent. Every error says whether the
/// service acted ([`Error::outcome`]). The token goes to the configured origin
/// only; redirects are not followed.
#[derive(Clone, Debug)]
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
    /// errors. Token, ids and limits are as with this one; checks of statuses,
    /// outcomes and redacted errors are not. Its signatures follow the document
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
        let operation = Operation::CreateReferral;
        check_initial(referral).map_err(|refusal| Error::refused(operation, refusal))?;
        self.call(operation, None, self.generated.create_referral(referral))
            .await
            .map(ResponseValue::into_inner)
    }

    /// Reads a referral.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is none, or the user may not see it.
    pub async fn get(&self, id: &ReferralId) -> Result<Referral, Error> {
        self.call(
            Operation::GetReferral,
            None,
            self.generated.get_referral(id),
        )
        .await
        .map(ResponseValue::into_inner)
        .map_err(|error| error.about(id.as_str()))
    }

    /// Reads the first page of a list.
    ///
    /// # Errors
    /// [`Error`]; a page of which one referral cannot be read fails as a whole.
    pub async fn list(&self, options: &ListOptions) -> Result<Page, Error> {
        let request = self.generated.list_referrals(
            options.count,
            options.expand.as_deref(),
            options.filter.as_deref(),
            options.order_by.as_deref(),
            options.select.as_deref(),
            options.skip,
            None,
            options.top,
        );
        self.page(None, request).await
    }

    /// Reads the page that another page named as its next.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_next(&self, next: &Continuation) -> Result<Page, Error> {
        let request = self
            .generated
            .list_referrals(None, None, None, None, None, None, None, None);
        self.page(Some(next.query().to_owned()), request).await
    }

    /// All referrals of a list, page after page as they are asked for.
    ///
    /// # Errors
    /// The stream ends after the first error. A page that names itself as its
    /// next is an error, not an endless list.
    pub fn referrals(
        &self,
        options: ListOptions,
    ) -> impl Stream<Item = Result<Referral, Error>> + Send + '_ {
        enum Step {
            First(ListOptions),
            Next(Continuation),
            Done,
        }
        futures::stream::try_unfold(Step::First(options), move |step| async move {
            let (page, came_from) = match step {
                Step::First(options) => (self.list(&options).await?, None),
                Step::Next(next) => (self.list_next(&next).await?, Some(next)),
                Step::Done => return Ok(None),
            };
            let step = match page.next {
                None => Step::Done,
                Some(next) if Some(&next) == came_from.as_ref() => {
                    return Err(Error::new(
                        Operation::ListReferrals,
                        ErrorKind::Unreadable,
                        Outcome::Done,
                    )
                    .with(|parts| {
                        parts.detail = Some("the page names itself as its next".to_owned());
                    }));
                }
                Some(next) => Step::Next(next),
            };
            let items = futures::stream::iter(page.referrals).map(Ok::<_, Error>);
            Ok(Some((items, step)))
        })
        .try_flatten()
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
        let repeatable = patch.if_match.is_some();
        self.patch_bytes(id, patch, prefer).await.map_err(|error| {
            error
                .about(id.as_str())
                .with(|parts| parts.repeatable = repeatable)
        })
    }

    async fn patch_bytes(
        &self,
        id: &ReferralId,
        patch: &Patch,
        prefer: Option<&Preference>,
    ) -> Result<Patched, Error> {
        let call = self.begin(Operation::PatchReferral, None).await?;
        let request =
            self.generated
                .patch_referral(id, patch.if_match.as_ref(), prefer, &patch.operations);
        let answer = match call.run(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(&call, error).await),
        };
        let etag = answer
            .headers()
            .get(http::header::ETAG)
            .and_then(|etag| ETag::from_header(etag.to_str().ok()?));
        let body = match read(answer).await {
            Ok(body) => body,
            Err(error) => return Err(broken_body(&call, error)),
        };
        if body.is_empty() {
            return Ok(Patched::NoContent { etag });
        }
        match serde_json::from_slice(&body) {
            Ok(referral) => Ok(Patched::Referral(Box::new(referral))),
            Err(error) => Err(unreadable_json(&call, body, &error)),
        }
    }

    /// Replaces a referral as a whole. Obsolete at the service since 2020-09:
    /// use [`patch`](Self::patch).
    ///
    /// `links` is left out, as the service demands; members that this library
    /// does not model are sent as they were read.
    ///
    /// # Caveats
    /// Members that were null are sent as missing. Whether the service clears
    /// what is missing is not documented.
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
        let request = self.generated.replace_referral(&referral.id, etag, &body);
        self.call(operation, None, request)
            .await
            .map(ResponseValue::into_inner)
            .map_err(|error| error.about(id).with(|parts| parts.repeatable = true))
    }

    /// Changes the status of a referral.
    ///
    /// The change is checked against the very referral whose eTag is sent as
    /// `If-Match`, so the check cannot be stale: if somebody was faster, the
    /// service answers 412.
    ///
    /// ```no_run
    /// # async fn run(client: partner_referrals::ReferralsClient, id: partner_referrals::ReferralId)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use partner_referrals::lifecycle::Transition;
    ///
    /// let referral = client.get(&id).await?;
    /// client.transition(&referral, Transition::won()).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] where the table does not allow the change
    /// ([`Error::transition_error`] lists what it allows) or the referral has no
    /// eTag; nothing is sent then. [`Error::is_precondition_failed`] where the referral has
    /// changed since it was read.
    pub async fn transition(
        &self,
        referral: &Referral,
        transition: impl Into<Transition>,
    ) -> Result<Patched, Error> {
        let operation = Operation::PatchReferral;
        let transition = transition.into();
        transition
            .check_from(&State::from(referral))
            .map_err(|refusal| Error::refused(operation, refusal).about(referral.id.as_str()))?;
        let etag = version(operation, referral)?.clone();
        let patch = Patch::of_transition(&transition)
            .if_match(etag)
            .return_referral();
        self.patch(&referral.id, &patch).await
    }

    async fn page(
        &self,
        raw_query: Option<String>,
        request: impl Future<
            Output = Result<
                ResponseValue<crate::generated::client::types::ReferralList>,
                Generated<()>,
            >,
        >,
    ) -> Result<Page, Error> {
        let operation = Operation::ListReferrals;
        let list = self.call(operation, raw_query, request).await?.into_inner();
        Page::from_list(list).map_err(|detail| {
            Error::new(operation, ErrorKind::Unreadable, Outcome::Done)
                .with(|parts| parts.detail = Some(detail.to_owned()))
        })
    }

    async fn call<T>(
        &self,
        operation: Operation,
        raw_query: Option<String>,
        request: impl Future<Output = Result<T, Generated<()>>>,
    ) -> Result<T, Error> {
        let call = self.begin(operation, raw_query).await?;
        match call.run(request).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.failed(&call, error).await),
        }
    }

    async fn begin(
        &self,
        operation: Operation,
        raw_query: Option<String>,
    ) -> Result<Arc<Call>, Error> {
        let token = self
            .generated
            .inner
            .0
            .tokens
            .token()
            .await
            .map_err(|error| {
                Error::new(operation, ErrorKind::Credential, Outcome::NotSent).caused_by(error)
            })?;
        Ok(Arc::new(Call::new(operation, token, raw_query)))
    }

    async fn failed(&self, call: &Call, error: Generated<()>) -> Error {
        let error = translate(call, error).await;
        if error.status() == Some(401) {
            self.generated.inner.0.tokens.rejected(&call.token);
        }
        error
    }
}

/// A new referral may leave the status out; what it gives must be a pair of
/// the table.
fn check_initial(referral: &NewReferral) -> Result<(), lifecycle::TransitionError> {
    match (&referral.status, &referral.substatus) {
        (Some(status), Some(substatus)) => {
            lifecycle::check_pair(&State::new(status.clone(), substatus.clone()))
        }
        _ => Ok(()),
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

async fn read(
    answer: ResponseValue<progenitor_client::ByteStream>,
) -> Result<Bytes, reqwest::Error> {
    let mut stream = answer.into_inner_stream();
    let mut body = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk?);
    }
    Ok(body.freeze())
}
