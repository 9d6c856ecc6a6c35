//! Calls of the object, through Restate's ingress.

use std::fmt;
use std::time::Duration;

use reqwest::Response;
use serde::{Deserialize, Serialize};
use url::Url;

use super::failure::{ConnectionFailed, Failure, RestateError};
use super::object::{Choice, Created, Progress};
use crate::lifecycle::Transition;
use crate::scalar::ReferralId;
use crate::shared_referral::{Half, OperationId, SharedReferral, SharedReferralPlan};
use crate::transport::http;

/// Has shared referrals created by the [`Worker`](super::Worker)s of a Restate
/// cluster. Cheap to clone; clones share connections.
///
/// ```no_run
/// # use partner_referrals::shared_referral::SharedReferralPlan;
/// # async fn run(plan: SharedReferralPlan) -> Result<(), Box<dyn std::error::Error>> {
/// use partner_referrals::restate::RestateClient;
///
/// let restate = RestateClient::new("http://127.0.0.1:8080")?;
/// let shared = restate.create(&plan.with_key("opportunity-4711")).await?;
/// println!("{} and {}", shared.own_id, shared.connected_id);
/// # Ok(()) }
/// ```
///
/// # Guarantees
/// The same call twice, also at once and from several machines, does what it
/// does once: the object of an operation runs one call after the other. The same
/// key with another content is refused.
///
/// # Caveats
/// The plan goes through Restate and is stored there, customer and contacts
/// included: see [the module](super).
#[derive(Clone)]
pub struct RestateClient {
    ingress: Url,
    http: reqwest::Client,
}

/// What Restate answers where a handler ended with an error.
#[derive(Deserialize)]
struct Ended {
    message: String,
}

impl RestateClient {
    /// A client of the ingress at this address, such as
    /// `http://127.0.0.1:8080`. Over plain http the plan goes in the clear.
    ///
    /// # Errors
    /// [`RestateError::Address`].
    pub fn new(ingress: &str) -> Result<Self, RestateError> {
        let mut ingress = Url::parse(ingress).map_err(|_| RestateError::Address)?;
        let secure = ingress.scheme() == "https" && cfg!(feature = "rustls");
        if !(secure || ingress.scheme() == "http") || !ingress.has_host() {
            return Err(RestateError::Address);
        }
        if !ingress.path().ends_with('/') {
            ingress.set_path(&format!("{}/", ingress.path()));
        }
        let http = http::builder(&ingress)
            .map_err(|_| RestateError::Address)?
            .connect_timeout(Duration::from_secs(10))
            // A create may take minutes, and its connection is silent.
            .tcp_keepalive(Duration::from_secs(15))
            .build()
            .map_err(|_| RestateError::Address)?;
        Ok(Self { ingress, http })
    }

    /// Creates a shared referral, or goes on with one that an earlier call
    /// began, and waits for the ids. The referrals themselves stay with the
    /// worker: `own` and `connected` of the result are none.
    ///
    /// # Errors
    /// [`RestateError`]. [`failure`](RestateError::failure) has the ids of what
    /// is there. After any other error, and when the future was dropped, the
    /// operation may go on without its caller.
    pub async fn create(&self, plan: &SharedReferralPlan) -> Result<SharedReferral, RestateError> {
        let answer = self.call(plan.operation_id(), "create", Some(plan)).await?;
        let created: Created = read(answer).await?;
        Ok(created.into())
    }

    /// Hands a shared referral over without waiting for it;
    /// [`progress`](Self::progress) tells how far it is.
    ///
    /// # Errors
    /// [`RestateError`]; without one, Restate has it.
    pub async fn submit(&self, plan: &SharedReferralPlan) -> Result<OperationId, RestateError> {
        let id = plan.operation_id();
        self.call(id, "create/send", Some(plan)).await?;
        Ok(id)
    }

    /// Takes a referral that the caller found as the own or connected one of an
    /// operation, as
    /// [`SharedReferrals::adopt`](crate::shared_referral::SharedReferrals::adopt)
    /// does. Waits its turn where the operation runs.
    ///
    /// # Errors
    /// [`RestateError`]; of its failures
    /// [`NotFitting`](super::FailureCode::NotFitting),
    /// [`LookUpFailed`](super::FailureCode::LookUpFailed) and
    /// [`Unknown`](super::FailureCode::Unknown).
    pub async fn adopt(
        &self,
        operation: &OperationId,
        half: Half,
        referral: &ReferralId,
    ) -> Result<Progress, RestateError> {
        let referral = referral.clone();
        let choice = Choice { half, referral };
        read(self.call(*operation, "adopt", Some(&choice)).await?).await
    }

    /// Gives an operation up and closes its own referral, as
    /// [`SharedReferrals::abandon`](crate::shared_referral::SharedReferrals::abandon)
    /// does: **Microsoft's sellers see it, and it cannot be undone.** Waits its
    /// turn where the operation runs.
    ///
    /// # Errors
    /// [`RestateError`]; of its failures
    /// [`Complete`](super::FailureCode::Complete),
    /// [`LookUpFailed`](super::FailureCode::LookUpFailed),
    /// [`CloseFailed`](super::FailureCode::CloseFailed), after which the same call
    /// goes on, and [`Unknown`](super::FailureCode::Unknown).
    pub async fn abandon(
        &self,
        operation: &OperationId,
        transition: Transition,
    ) -> Result<Progress, RestateError> {
        read(self.call(*operation, "abandon", Some(&transition)).await?).await
    }

    /// How far an operation is, also while it runs; none for one that was never
    /// begun.
    ///
    /// # Errors
    /// [`RestateError`].
    pub async fn progress(
        &self,
        operation: &OperationId,
    ) -> Result<Option<Progress>, RestateError> {
        read(self.call(*operation, "progress", None::<&()>).await?).await
    }

    async fn call<T: Serialize + Sync>(
        &self,
        operation: OperationId,
        handler: &str,
        input: Option<&T>,
    ) -> Result<Response, RestateError> {
        let path = format!("SharedReferral/{operation}/{handler}");
        let url = self
            .ingress
            .join(&path)
            .map_err(|_| RestateError::Address)?;
        let mut request = self.http.post(url);
        if let Some(input) = input {
            request = request.json(input);
        }
        let answer = request.send().await.map_err(connection)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.bytes().await.map_err(connection)?;
        let failure = serde_json::from_slice::<Ended>(&text)
            .ok()
            .and_then(|ended| serde_json::from_str::<Failure>(&ended.message).ok());
        Err(match failure {
            Some(failure) => RestateError::Failed(Box::new(failure)),
            None => RestateError::Answer(status.as_u16()),
        })
    }
}

async fn read<T: serde::de::DeserializeOwned>(answer: Response) -> Result<T, RestateError> {
    let status = answer.status().as_u16();
    let text = answer.bytes().await.map_err(connection)?;
    serde_json::from_slice(&text).map_err(|_| RestateError::Answer(status))
}

fn connection(error: reqwest::Error) -> RestateError {
    // The address may hold a user's secret.
    RestateError::Connection(ConnectionFailed(Box::new(error.without_url())))
}

impl fmt::Debug for RestateClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestateClient").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_http_address_is_taken_and_its_path_is_kept() {
        for wrong in ["", "restate:8080", "127.0.0.1:8080", "unix:/run/restate"] {
            let error = RestateClient::new(wrong).unwrap_err();
            assert!(matches!(error, RestateError::Address), "{wrong}");
        }
        for (given, kept) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://restate/a/b", "http://restate/a/b/"),
        ] {
            let client = RestateClient::new(given).unwrap();
            assert_eq!(client.ingress.as_str(), kept);
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told_without_its_address() {
        // Bound and not listened on: nobody else can take it meanwhile.
        let nobody = tokio::net::TcpSocket::new_v4().unwrap();
        nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = nobody.local_addr().unwrap();
        let client = RestateClient::new(&format!("http://user:secret@{address}")).unwrap();
        let id = OperationId::of_key("k");
        let error = client.progress(&id).await.unwrap_err();
        assert!(matches!(error, RestateError::Connection(_)), "{error}");
        for text in [error.to_string(), format!("{error:?} {client:?}")] {
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
