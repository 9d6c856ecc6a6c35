//! Credentials of the Azure SDK.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;

use super::{
    AccessToken, CachedToken, CredentialError, CredentialErrorKind, FetchFuture, FreshToken, SCOPE,
    TokenSource, aadsts,
};
use crate::clock::{Clock, SystemClock};

/// Any credential of the Azure SDK, asked for the scope
/// `https://api.partner.microsoft.com/.default`.
///
/// ```no_run
/// # async fn run(sdk: std::sync::Arc<dyn azure_core::credentials::TokenCredential>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use partner_referrals::ReferralsClient;
/// use partner_referrals::credential::AzureCredential;
///
/// let client = ReferralsClient::new(AzureCredential::new(sdk).cached())?;
/// # let _ = client; Ok(()) }
/// ```
///
/// # Assumptions
/// The credential stands for an app *and* a user, as that of the Azure command
/// line does: the service takes no token of an app alone (docs 2020 to 2025), so
/// client secrets, certificates and managed identities get a 401 or 403. That
/// the service takes tokens of the scope form is not documented.
///
/// # Guarantees
/// Of an error of the SDK only its kind, its status and its `AADSTS` code are
/// kept: its text quotes the answer, which names the user.
///
/// # Caveats
/// Such credentials cache. After a 401 they may give the same token again; then
/// the call ends with that 401.
///
/// # Errors
/// As with [`RefreshTokenCredential`](super::RefreshTokenCredential), as far as
/// the code can be told; else `Unavailable` or `Other`.
#[derive(Clone)]
pub struct AzureCredential {
    credential: Arc<dyn TokenCredential>,
    clock: Arc<dyn Clock>,
}

impl AzureCredential {
    /// Takes a credential of the Azure SDK.
    pub fn new(credential: Arc<dyn TokenCredential>) -> Self {
        Self {
            credential,
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// Another clock, for tests: how long a token lives is told as a time of
    /// day.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// As what a client takes: caches the access token and renews it in time.
    pub fn cached(self) -> CachedToken<Self> {
        let clock = Arc::clone(&self.clock);
        CachedToken::new(self).with_clock(clock)
    }

    async fn get(&self) -> Result<FreshToken, CredentialError> {
        let asked = self.clock.now();
        let given = self
            .credential
            .get_token(&[SCOPE], None)
            .await
            .map_err(|error| translate(&error))?;
        let seconds = u64::try_from(given.expires_on.unix_timestamp()).unwrap_or_default();
        let ends = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let lifetime = ends.duration_since(asked).unwrap_or_default();
        let token = AccessToken::new(given.token.secret())?;
        Ok(FreshToken::new(token, lifetime))
    }
}

impl TokenSource for AzureCredential {
    fn fetch(&self) -> FetchFuture<'_> {
        Box::pin(self.get())
    }
}

/// Reads the code out of the texts, and leaves them behind.
fn translate(error: &azure_core::Error) -> CredentialError {
    let mut text = String::new();
    let mut next: Option<&dyn StdError> = Some(error);
    while let Some(error) = next {
        // Writing to a string does not fail.
        let _ = write!(text, "{error} ");
        next = error.source();
    }
    let status = match error.kind() {
        ErrorKind::HttpResponse { status, .. } => Some(u16::from(*status)),
        _ => None,
    };
    let explained = aadsts::explain_text(&text, status);
    match error.kind() {
        ErrorKind::Io | ErrorKind::Connection if explained.code().is_none() => CredentialError::of(
            CredentialErrorKind::Unavailable,
            "no access token: the credential could not reach its service; \
             check the network, try again later",
        ),
        _ => explained,
    }
}

impl fmt::Debug for AzureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureCredential").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use azure_core::credentials::TokenRequestOptions;
    use azure_core::time::OffsetDateTime;

    use super::*;
    use crate::clock::ManualClock;
    use crate::credential::TokenProvider as _;

    type Given = Result<i64, (ErrorKind, &'static str)>;

    /// A token that ends at this time of day, or an error.
    #[derive(Debug)]
    struct Sdk(fn() -> Given);

    type Answer<'a> = std::pin::Pin<
        Box<
            dyn Future<Output = azure_core::Result<azure_core::credentials::AccessToken>>
                + Send
                + 'a,
        >,
    >;

    impl TokenCredential for Sdk {
        fn get_token<'a, 'b, 'c, 'd, 'e>(
            &'a self,
            scopes: &'b [&'c str],
            _: Option<TokenRequestOptions<'d>>,
        ) -> Answer<'e>
        where
            'a: 'e,
            'b: 'e,
            'c: 'e,
            'd: 'e,
            Self: 'e,
        {
            assert_eq!(scopes, ["https://api.partner.microsoft.com/.default"]);
            let given =
                (self.0)().map_err(|(kind, text)| azure_core::Error::with_message(kind, text));
            Box::pin(std::future::ready(given.map(|seconds| {
                let ends = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
                azure_core::credentials::AccessToken::new("canary", ends)
            })))
        }
    }

    fn credential(given: fn() -> Given) -> AzureCredential {
        AzureCredential::new(Arc::new(Sdk(given))).with_clock(Arc::new(ManualClock::default()))
    }

    #[tokio::test]
    async fn the_time_of_day_becomes_a_lifetime() {
        // The manual clock begins at 1_767_225_600.
        let fresh = credential(|| Ok(1_767_225_600 + 3600))
            .fetch()
            .await
            .unwrap();
        assert_eq!(fresh.lifetime, Duration::from_secs(3600));
        let fresh = credential(|| Ok(1_767_225_600 - 1)).fetch().await.unwrap();
        assert_eq!(fresh.lifetime, Duration::ZERO);
        let tokens = credential(|| Ok(1_767_225_600 + 3600)).cached();
        tokens.token().await.unwrap();
        assert!(!format!("{tokens:?} {:?} {fresh:?}", tokens.source()).contains("canary"));
    }

    #[tokio::test]
    async fn of_an_error_only_its_code_is_kept() {
        let error = credential(|| {
            Err((
                ErrorKind::Credential,
                "AADSTS65001: user canary@contoso.com ..",
            ))
        });
        let error = error.fetch().await.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::ConsentMissing);
        assert_eq!(error.code().unwrap(), "AADSTS65001");
        assert!(!format!("{error} {error:?}").contains("canary"));
        let cut = credential(|| Err((ErrorKind::Io, "canary")))
            .fetch()
            .await
            .unwrap_err();
        assert!(cut.is_retryable());
        let other = credential(|| Err((ErrorKind::Other, "canary")))
            .fetch()
            .await
            .unwrap_err();
        assert_eq!(other.kind(), CredentialErrorKind::Other);
        assert!(!format!("{cut} {cut:?} {other} {other:?}").contains("canary"));
    }
}
