//! Access tokens for a user who signed in once.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

use super::entra::{Entra, invalid};
use super::{
    CachedToken, CredentialError, CredentialErrorKind, EntraApp, FetchFuture, FreshToken,
    RefreshToken, TokenSource, TokenStore,
};

/// The refresh-token grant of OAuth 2.0 at Microsoft Entra.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use partner_referrals::ReferralsClient;
/// use partner_referrals::credential::{EntraApp, FileStore, RefreshTokenCredential};
///
/// let app = EntraApp::new("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555");
/// let credential = RefreshTokenCredential::new(app, FileStore::new("refresh-token.json"))?;
/// let client = ReferralsClient::new(credential.cached())?;
/// # let _ = client; Ok(()) }
/// ```
///
/// # Expected flow
/// A fetch loads the refresh token from the store, exchanges it, and saves the
/// one that came back; only then is the access token handed out.
///
/// # Guarantees
/// - One exchange at a time, however often this credential is cloned.
/// - An exchange that was begun is finished, and its refresh token saved, even
///   when the caller is dropped.
/// - Where the save fails, the new refresh token stays in memory, the access
///   token is handed out, and a warning is traced. The next fetch saves it
///   before anything else, unless somebody stored another one meanwhile.
/// - One request has 30 s, 10 s of them for the connection; 64 KiB of an answer
///   are read; redirects are not followed; nothing is resent.
///
/// # Assumptions
/// A tokio runtime is running.
///
/// # Caveats
/// - Where a save fails and the program ends before the next one, the store
///   holds the older refresh token. Microsoft Entra does not revoke it when it
///   is used, but expects it to be discarded (Entra docs, 2025): it works until
///   it expires by itself. Watch for the warning.
/// - An exchange outlives its caller, but not the runtime: a program that ends
///   in the middle of one can lose the new refresh token.
/// - Processes that share a store do not wait for each other; they use what was
///   stored last.
/// - Only a new sign-in helps after the user changed the password, after an
///   administrator revoked the sessions, or when MFA is asked for.
///
/// # Errors
/// By [`kind`](CredentialError::kind): `SignInRequired` where the store is empty
/// or its token has ended, `MfaRequired`, `ConsentMissing`, `WrongAudience`,
/// `ClientRejected`, `Blocked`, `Throttled`, `Unavailable`, `Store`, `Invalid`.
#[derive(Clone)]
pub struct RefreshTokenCredential {
    inner: Arc<Inner>,
}

struct Inner {
    entra: Entra,
    store: Box<dyn TokenStore>,
    /// Held through an exchange.
    unsaved: Mutex<Option<Unsaved>>,
}

/// A refresh token that the store does not have yet.
struct Unsaved {
    token: RefreshToken,
    /// What the store held when it was got.
    instead_of: Option<RefreshToken>,
}

impl RefreshTokenCredential {
    /// A credential of this app, for the user whose refresh token is in the
    /// store. Nothing is sent or read yet.
    ///
    /// # Errors
    /// [`CredentialErrorKind::Invalid`] for a tenant, client id or authority
    /// that cannot be one.
    pub fn new(app: EntraApp, store: impl TokenStore + 'static) -> Result<Self, CredentialError> {
        Ok(Self::from_parts(Entra::new(app)?, Box::new(store)))
    }

    pub(super) fn from_parts(entra: Entra, store: Box<dyn TokenStore>) -> Self {
        Self {
            inner: Arc::new(Inner {
                entra,
                store,
                unsaved: Mutex::default(),
            }),
        }
    }

    /// As what a client takes: caches the access token and renews it in time.
    pub fn cached(self) -> CachedToken<Self> {
        CachedToken::new(self)
    }
}

impl TokenSource for RefreshTokenCredential {
    fn fetch(&self) -> FetchFuture<'_> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let runtime = tokio::runtime::Handle::try_current()
                .map_err(|_| invalid("a refresh token needs a running tokio runtime"))?;
            // As a task of its own: a caller who goes away must not take the
            // new refresh token along.
            match runtime.spawn(async move { inner.exchange().await }).await {
                Ok(result) => result,
                Err(_) => Err(CredentialError::of(
                    CredentialErrorKind::Unavailable,
                    "the runtime ended before the access token was there",
                )),
            }
        })
    }
}

impl Inner {
    async fn exchange(&self) -> Result<FreshToken, CredentialError> {
        let mut unsaved = self.unsaved.lock().await;
        let (token, stored) = self.current(&mut unsaved).await?;
        let tokens = self.entra.refresh(&token).await?;
        if let Some(new) = tokens.refresh
            && !new.same(&token)
        {
            if let Err(error) = self.store.save(&new).await {
                warn(&error);
                *unsaved = Some(Unsaved {
                    token: new,
                    instead_of: stored,
                });
            } else {
                *unsaved = None;
            }
        }
        Ok(tokens.access)
    }

    /// The refresh token to use, and the one in the store.
    async fn current(
        &self,
        unsaved: &mut MutexGuard<'_, Option<Unsaved>>,
    ) -> Result<(RefreshToken, Option<RefreshToken>), CredentialError> {
        let stored = match (self.store.load().await, unsaved.as_ref()) {
            (Ok(stored), _) => stored,
            // A store that cannot be read does not matter while the newest
            // token is here.
            (Err(error), Some(ours)) => {
                warn(&error);
                return Ok((ours.token.clone(), ours.instead_of.clone()));
            }
            (Err(error), None) => return Err(of_store(error)),
        };
        if let Some(ours) = unsaved.take() {
            let untouched = match (&stored, &ours.instead_of) {
                (Some(stored), Some(before)) => stored.same(before),
                (None, None) => true,
                _ => false,
            };
            if untouched {
                let token = ours.token.clone();
                return Ok(match self.store.save(&token).await {
                    Ok(()) => (token.clone(), Some(token)),
                    Err(error) => {
                        warn(&error);
                        **unsaved = Some(ours);
                        (token, stored)
                    }
                });
            }
        }
        match stored {
            Some(token) => Ok((token.clone(), Some(token))),
            None => Err(CredentialError::of(
                CredentialErrorKind::SignInRequired,
                "no access token: the store holds no refresh token; sign in first",
            )),
        }
    }
}

fn warn(error: &CredentialError) {
    // The text of the error is the store's, which is not known to be free of
    // names.
    tracing::warn!(
        kind = ?error.kind(),
        "the new refresh token could not be stored and is kept in memory; \
         it is lost if the program ends now"
    );
}

/// What a store of the caller's own may have left unsaid.
fn of_store(error: CredentialError) -> CredentialError {
    if error.kind() == CredentialErrorKind::Other {
        error.with_kind(CredentialErrorKind::Store)
    } else {
        error
    }
}

pub(super) async fn save_first(
    store: &dyn TokenStore,
    token: &RefreshToken,
) -> Result<(), CredentialError> {
    store.save(token).await.map_err(of_store)
}

impl fmt::Debug for RefreshTokenCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokenCredential")
            .field("app", &self.inner.entra)
            .finish_non_exhaustive()
    }
}
