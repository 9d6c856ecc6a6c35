//! Refresh-token grant and token stores, over real HTTP to this machine.

#[path = "credential_device_code.rs"]
mod device_code;
#[path = "credential_errors.rs"]
mod errors;
#[path = "credential_file.rs"]
mod file;
#[path = "credential_server.rs"]
mod server;

use std::sync::{Arc, Mutex};

use partner_referrals::credential::{
    CredentialError, CredentialErrorKind, LoadFuture, MemoryStore, RefreshToken,
    RefreshTokenCredential, SaveFuture, TokenEndpoint, TokenProvider, TokenSource, TokenStore,
};
use partner_referrals::sandbox::Sandbox;
use partner_referrals::{AccessToken, ListOptions, ReferralsClient};
use serde_json::{Value, json};
use tokio::sync::Notify;

use server::{Reply, TokenServer};

/// The shape of the v1 endpoint, where numbers are strings (docs 2024).
fn tokens(access: &str, refresh: &str) -> Value {
    json!({
        "token_type": "Bearer", "scope": "user_impersonation", "expires_in": "3600",
        "ext_expires_in": "3600", "resource": "https://api.partner.microsoft.com",
        "access_token": access, "refresh_token": refresh, "id_token": "e30.e30."
    })
}

fn refresh(text: &str) -> RefreshToken {
    RefreshToken::new(text).unwrap()
}

fn store(text: &str) -> MemoryStore {
    MemoryStore::new(refresh(text))
}

async fn stored(store: &impl TokenStore) -> Option<String> {
    let token = store.load().await.unwrap()?;
    Some(token.expose_secret().to_owned())
}

/// What would be sent as the bearer of a request.
async fn bearer(token: AccessToken) -> String {
    struct Given(AccessToken);
    impl TokenProvider for Given {
        fn token(&self) -> partner_referrals::credential::TokenFuture<'_> {
            Box::pin(std::future::ready(Ok(self.0.clone())))
        }
    }
    let sandbox = Sandbox::builder().start().await.unwrap();
    let client = ReferralsClient::builder(Given(token))
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .build()
        .unwrap();
    client.list(&ListOptions::default()).await.unwrap();
    let request = sandbox.requests().remove(0);
    request.header("authorization").unwrap().to_owned()
}

#[tokio::test]
async fn the_v1_grant_names_the_resource() {
    let server = TokenServer::start([Reply::Json(200, tokens("access", "new"))]).await;
    let credential = RefreshTokenCredential::new(server.app(), store("a+b/c=&d")).unwrap();
    let fresh = credential.fetch().await.unwrap();
    assert_eq!(fresh.lifetime.as_secs(), 3600);
    assert_eq!(bearer(fresh.token).await, "Bearer access");

    let asked = &server.asked()[0];
    assert_eq!(
        asked.line,
        "POST /contoso.onmicrosoft.com/oauth2/token HTTP/1.1"
    );
    assert!(
        asked
            .headers
            .contains("content-type: application/x-www-form-urlencoded")
    );
    assert!(asked.headers.contains("accept: application/json"));
    assert_eq!(
        asked.fields(),
        ["client_id", "grant_type", "refresh_token", "resource"]
    );
    assert_eq!(asked.field("grant_type"), Some("refresh_token"));
    assert_eq!(asked.field("refresh_token"), Some("a+b/c=&d"));
    assert_eq!(asked.field("client_id"), Some("1111-client"));
    assert_eq!(
        asked.field("resource"),
        Some("https://api.partner.microsoft.com")
    );
}

#[tokio::test]
async fn the_v2_grant_names_the_scope_and_a_confidential_client_its_secret() {
    let server = TokenServer::start([Reply::Json(
        200,
        json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "access"}),
    )])
    .await;
    let app = server
        .app()
        .endpoint(TokenEndpoint::V2Scope)
        .client_secret("s~e+c");
    let credential = RefreshTokenCredential::new(app, store("old")).unwrap();
    let fresh = credential.fetch().await.unwrap();
    assert_eq!(fresh.lifetime.as_secs(), 3599);

    let asked = &server.asked()[0];
    assert_eq!(
        asked.line,
        "POST /contoso.onmicrosoft.com/oauth2/v2.0/token HTTP/1.1"
    );
    assert_eq!(
        asked.fields(),
        [
            "client_id",
            "client_secret",
            "grant_type",
            "refresh_token",
            "scope"
        ]
    );
    assert_eq!(asked.field("client_secret"), Some("s~e+c"));
    assert_eq!(
        asked.field("scope"),
        Some("https://api.partner.microsoft.com/.default offline_access")
    );
}

#[tokio::test]
async fn the_rotated_refresh_token_is_saved_and_used_next() {
    let no_new_one = json!({"access_token": "a2", "expires_in": 3600});
    let server = TokenServer::start([
        Reply::Json(200, tokens("a1", "second")),
        Reply::Json(200, no_new_one),
        Reply::Json(200, tokens("a3", "third")),
    ])
    .await;
    let store = store("first");
    let credential = RefreshTokenCredential::new(server.app(), store.clone()).unwrap();
    credential.fetch().await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), "second");
    credential.fetch().await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), "second");
    // Another process, or a new sign-in.
    store.save(&refresh("theirs")).await.unwrap();
    credential.fetch().await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), "third");
    let used: Vec<_> = server.asked();
    let used: Vec<_> = used
        .iter()
        .map(|asked| asked.field("refresh_token"))
        .collect();
    assert_eq!(used, [Some("first"), Some("second"), Some("theirs")]);
}

#[tokio::test]
async fn an_empty_store_asks_for_a_sign_in_and_sends_nothing() {
    let server = TokenServer::start([]).await;
    let credential = RefreshTokenCredential::new(server.app(), MemoryStore::default()).unwrap();
    let error = credential.fetch().await.unwrap_err();
    assert_eq!(error.kind(), CredentialErrorKind::SignInRequired);
    assert!(server.asked().is_empty());
}

/// Fails to save as often as it is told to.
#[derive(Clone)]
struct Flaky {
    inner: MemoryStore,
    failures: Arc<Mutex<u32>>,
}

impl TokenStore for Flaky {
    fn load(&self) -> LoadFuture<'_> {
        self.inner.load()
    }

    fn save<'a>(&'a self, token: &'a RefreshToken) -> SaveFuture<'a> {
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            let error = CredentialError::new("the vault of canary@contoso.com is sealed");
            return Box::pin(std::future::ready(Err(error)));
        }
        self.inner.save(token)
    }
}

fn flaky(failures: u32) -> Flaky {
    Flaky {
        inner: store("first"),
        failures: Arc::new(Mutex::new(failures)),
    }
}

#[tokio::test]
async fn a_refresh_token_that_could_not_be_saved_is_used_and_saved_later() {
    let server = TokenServer::start([
        Reply::Json(200, tokens("a1", "second")),
        // The save before this one fails too.
        Reply::Json(200, json!({"access_token": "a2"})),
        Reply::Json(503, json!({})),
    ])
    .await;
    let store = flaky(2);
    let credential = RefreshTokenCredential::new(server.app(), store.clone()).unwrap();
    credential.fetch().await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), "first");
    credential.fetch().await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), "first");
    // Saved before anything is sent, so a failing exchange makes no difference.
    credential.fetch().await.unwrap_err();
    assert_eq!(stored(&store).await.unwrap(), "second");
    let used: Vec<_> = server.asked();
    let used: Vec<_> = used
        .iter()
        .map(|asked| asked.field("refresh_token"))
        .collect();
    assert_eq!(used, [Some("first"), Some("second"), Some("second")]);
}

#[tokio::test]
async fn a_late_save_does_not_overwrite_a_new_sign_in() {
    let server = TokenServer::start([
        Reply::Json(200, tokens("a1", "second")),
        Reply::Json(200, json!({"access_token": "a2"})),
    ])
    .await;
    let store = flaky(1);
    let credential = RefreshTokenCredential::new(server.app(), store.clone()).unwrap();
    credential.fetch().await.unwrap();
    store.inner.save(&refresh("signed-in")).await.unwrap();
    credential.fetch().await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), "signed-in");
    assert_eq!(server.asked()[1].field("refresh_token"), Some("signed-in"));
}

#[tokio::test]
async fn the_new_refresh_token_is_saved_when_the_caller_is_gone() {
    let go = Arc::new(Notify::new());
    let server = TokenServer::start([
        Reply::Held(Arc::clone(&go), tokens("a1", "second")),
        Reply::Json(200, tokens("a2", "third")),
    ])
    .await;
    let store = store("first");
    let credential = RefreshTokenCredential::new(server.app(), store.clone()).unwrap();
    let tokens = Arc::new(credential.cached());
    let caller = tokio::spawn({
        let tokens = Arc::clone(&tokens);
        async move { tokens.token().await }
    });
    while server.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    go.notify_one();
    // Waits for the exchange that goes on, and builds on what it gave.
    tokens.token().await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), "third");
    assert_eq!(server.asked()[1].field("refresh_token"), Some("second"));
}

#[tokio::test]
async fn a_client_lists_with_the_token_of_a_refresh() {
    let server = TokenServer::start([Reply::Json(200, tokens("fresh", "second"))]).await;
    let sandbox = Sandbox::builder().token("fresh").start().await.unwrap();
    let credential = RefreshTokenCredential::new(server.app(), store("first")).unwrap();
    let client = ReferralsClient::builder(credential.cached())
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .build()
        .unwrap();
    client.list(&ListOptions::default()).await.unwrap();
    client.list(&ListOptions::default()).await.unwrap();
    assert_eq!(server.asked().len(), 1);
    assert_eq!(sandbox.requests().len(), 2);
}
