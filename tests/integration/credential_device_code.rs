//! The first sign-in.

use std::sync::Arc;
use std::time::Duration;

use partner_referrals::clock::ManualClock;
use partner_referrals::credential::{
    CredentialError, CredentialErrorKind, DeviceCodeCredential, EntraApp, MemoryStore,
    RefreshTokenCredential, TokenEndpoint, TokenSource as _,
};
use serde_json::{Value, json};

use super::server::{Asked, Reply, TokenServer};
use super::{flaky, stored, tokens};

/// RFC 8628, as the v2 endpoint writes it.
fn prompt() -> Value {
    json!({
        "user_code": "CANARY-CODE", "device_code": "canary-device",
        "verification_uri": "https://microsoft.com/devicelogin",
        "expires_in": 900, "interval": 5,
        "message": "To sign in, open https://microsoft.com/devicelogin\u{1b}[2J and enter CANARY-CODE."
    })
}

fn not_yet(error: &str) -> Reply {
    let description = "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending.";
    let body = json!({"error": error, "error_description": description, "error_codes": [70016]});
    Reply::Json(400, body)
}

struct Run {
    result: Result<RefreshTokenCredential, CredentialError>,
    asked: Vec<Asked>,
    slept: Vec<u64>,
    store: MemoryStore,
}

async fn sign_in(endpoint: TokenEndpoint, replies: Vec<Reply>) -> Run {
    let server = TokenServer::start(replies).await;
    let (store, clock) = (MemoryStore::default(), ManualClock::default());
    let app: EntraApp = server.app().endpoint(endpoint);
    let sign_in = DeviceCodeCredential::new(app, store.clone())
        .unwrap()
        .with_clock(Arc::new(clock.clone()));
    let prompt = sign_in.start().await.unwrap();
    assert_eq!(prompt.user_code(), "CANARY-CODE");
    assert_eq!(
        prompt.verification_uri().as_str(),
        "https://microsoft.com/devicelogin"
    );
    assert_eq!(prompt.expires_in(), Duration::from_secs(900));
    assert!(prompt.message().contains("CANARY-CODE"));
    assert!(
        !prompt.message().contains('\u{1b}'),
        "nothing to steer a terminal with"
    );
    let shown = format!("{prompt:?} {sign_in:?}").to_lowercase();
    assert!(!shown.contains("canary"), "{shown}");
    let result = sign_in.finish(prompt).await;
    if let Err(error) = &result {
        let shown = format!("{error} {error:?}").to_lowercase();
        assert!(!shown.contains("canary"), "{shown}");
    }
    Run {
        result,
        asked: server.asked(),
        slept: clock.slept().iter().map(Duration::as_secs).collect(),
        store,
    }
}

#[tokio::test]
async fn it_waits_for_the_user_slows_down_when_told_and_keeps_the_refresh_token() {
    let run = sign_in(
        TokenEndpoint::V2Scope,
        vec![
            Reply::Json(200, prompt()),
            not_yet("authorization_pending"),
            not_yet("slow_down"),
            Reply::Cut,
            not_yet("authorization_pending"),
            Reply::Json(200, tokens("access", "first")),
            Reply::Json(200, tokens("access", "second")),
        ],
    )
    .await;
    assert_eq!(run.slept, [5, 5, 10, 15, 15]);
    assert_eq!(stored(&run.store).await.unwrap(), "first");
    let start = &run.asked[0];
    assert_eq!(
        start.line,
        "POST /contoso.onmicrosoft.com/oauth2/v2.0/devicecode HTTP/1.1"
    );
    assert_eq!(start.fields(), ["client_id", "scope"]);
    let poll = &run.asked[5];
    assert_eq!(
        poll.line,
        "POST /contoso.onmicrosoft.com/oauth2/v2.0/token HTTP/1.1"
    );
    assert_eq!(
        poll.field("grant_type"),
        Some("urn:ietf:params:oauth:grant-type:device_code")
    );
    assert_eq!(poll.field("device_code"), Some("canary-device"));

    let credential = run.result.unwrap();
    credential.fetch().await.unwrap();
    assert_eq!(stored(&run.store).await.unwrap(), "second");
}

#[tokio::test]
async fn the_v1_endpoint_has_its_own_words() {
    let v1 = json!({
        "user_code": "CANARY-CODE", "device_code": "canary-device",
        "verification_url": "https://microsoft.com/devicelogin",
        "expires_in": "900", "interval": "5"
    });
    let replies = vec![
        Reply::Json(200, v1),
        Reply::Json(200, tokens("access", "first")),
    ];
    let run = sign_in(TokenEndpoint::V1Resource, replies).await;
    run.result.unwrap();
    assert_eq!(
        run.asked[0].line,
        "POST /contoso.onmicrosoft.com/oauth2/devicecode?api-version=1.0 HTTP/1.1"
    );
    assert_eq!(run.asked[0].fields(), ["client_id", "resource"]);
    assert_eq!(
        run.asked[1].line,
        "POST /contoso.onmicrosoft.com/oauth2/token HTTP/1.1"
    );
    assert_eq!(
        run.asked[1].fields(),
        ["client_id", "code", "grant_type", "resource"]
    );
    assert_eq!(run.asked[1].field("code"), Some("canary-device"));
    assert_eq!(run.asked[1].field("grant_type"), Some("device_code"));
}

#[tokio::test]
async fn a_user_who_declines_or_is_too_slow_has_to_start_again() {
    for error in [
        "authorization_declined",
        "access_denied",
        "expired_token",
        "code_expired",
    ] {
        let replies = vec![Reply::Json(200, prompt()), not_yet(error)];
        let run = sign_in(TokenEndpoint::V2Scope, replies).await;
        let error = run.result.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::SignInRequired, "{error}");
        assert_eq!(stored(&run.store).await, None);
    }
    let unknown = vec![Reply::Json(200, prompt()), not_yet("bad_verification_code")];
    let error = sign_in(TokenEndpoint::V2Scope, unknown)
        .await
        .result
        .unwrap_err();
    assert_eq!(error.kind(), CredentialErrorKind::Invalid);
}

#[tokio::test]
async fn it_stops_when_the_code_has_expired() {
    let mut replies = vec![Reply::Json(200, prompt())];
    replies.extend((0..400).map(|_| not_yet("authorization_pending")));
    let run = sign_in(TokenEndpoint::V1Resource, replies).await;
    assert_eq!(
        run.result.unwrap_err().kind(),
        CredentialErrorKind::SignInRequired
    );
    assert_eq!(run.slept.iter().sum::<u64>(), 895);
}

#[tokio::test]
async fn trouble_to_the_end_is_what_the_error_says() {
    let mut replies = vec![Reply::Json(200, prompt())];
    replies.extend((0..100).map(|_| Reply::Json(503, json!({}))));
    let run = sign_in(TokenEndpoint::V1Resource, replies).await;
    assert_eq!(
        run.result.unwrap_err().kind(),
        CredentialErrorKind::Unavailable
    );
    assert!(run.asked.len() < 25, "{}", run.asked.len());
}

#[tokio::test]
async fn a_page_that_is_not_https_is_not_shown() {
    let mut bad = prompt();
    bad["verification_uri"] = "http://microsoft.com/devicelogin".into();
    let server = TokenServer::start([Reply::Json(200, bad)]).await;
    let sign_in = DeviceCodeCredential::new(server.app(), MemoryStore::default()).unwrap();
    let error = sign_in.start().await.unwrap_err();
    assert_eq!(error.kind(), CredentialErrorKind::Invalid);
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_kept_is_an_error() {
    let server = TokenServer::start([
        Reply::Json(200, prompt()),
        Reply::Json(200, tokens("access", "first")),
    ])
    .await;
    let sign_in = DeviceCodeCredential::new(server.app(), flaky(1))
        .unwrap()
        .with_clock(Arc::new(ManualClock::default()));
    let prompt = sign_in.start().await.unwrap();
    let error = sign_in.finish(prompt).await.unwrap_err();
    assert_eq!(error.kind(), CredentialErrorKind::Store);
}
