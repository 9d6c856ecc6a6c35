//! What a token endpoint may answer instead of a token, and what is shown of it.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use partner_referrals::clock::ManualClock;
use partner_referrals::credential::{
    CredentialError, CredentialErrorKind as Kind, RefreshTokenCredential, TokenProvider as _,
    TokenSource as _,
};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};

use super::server::{Reply, TokenServer};
use super::{flaky, store, tokens};

const TRACE: &str = "0000aaaa-11bb-cccc-dd22-eeeeee333333";
const CORRELATION: &str = "aaaa0000-bb11-2222-33cc-444444dddddd";

fn refusal(error: &str, code: u32) -> Value {
    json!({
        "error": error,
        "error_description": format!(
            "AADSTS{code}: User 'canary@contoso.com' of 'Canary Ltd' must do something.\r\n\
             Trace ID: {TRACE}\r\nCorrelation ID: {CORRELATION}\r\nTimestamp: 2026-01-01 02:02:12Z"
        ),
        "error_codes": [code],
        "timestamp": "2026-01-01 02:02:12Z",
        "trace_id": TRACE,
        "correlation_id": CORRELATION,
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    })
}

async fn failing(reply: Reply) -> CredentialError {
    let server = TokenServer::start([reply]).await;
    let app = server.app().client_secret("canary-secret");
    let credential = RefreshTokenCredential::new(app, store("canary-refresh")).unwrap();
    let error = credential.fetch().await.unwrap_err();
    assert_eq!(server.asked().len(), 1, "nothing is resent");
    clean(&format!("{error} {error:?} {credential:?}"));
    error
}

#[track_caller]
fn clean(shown: &str) {
    assert!(!shown.to_lowercase().contains("canary"), "{shown}");
}

#[tokio::test]
async fn a_refusal_says_its_code_its_meaning_and_what_to_do() {
    for (error, code, kind, says) in [
        (
            "invalid_grant",
            700_082,
            Kind::SignInRequired,
            "sign in again",
        ),
        ("invalid_grant", 50_173, Kind::SignInRequired, "revoked"),
        (
            "invalid_grant",
            70_043,
            Kind::SignInRequired,
            "sign-in frequency",
        ),
        ("invalid_grant", 50_076, Kind::MfaRequired, "multi-factor"),
        (
            "interaction_required",
            50_079,
            Kind::MfaRequired,
            "multi-factor",
        ),
        (
            "interaction_required",
            50_158,
            Kind::MfaRequired,
            "multi-factor",
        ),
        (
            "invalid_grant",
            65_001,
            Kind::ConsentMissing,
            "grant consent",
        ),
        (
            "invalid_resource",
            500_011,
            Kind::WrongAudience,
            "Microsoft Partner",
        ),
        (
            "invalid_resource",
            50_001,
            Kind::WrongAudience,
            "Microsoft Partner",
        ),
        ("invalid_scope", 70_011, Kind::WrongAudience, "scope"),
        (
            "invalid_client",
            7_000_215,
            Kind::ClientRejected,
            "its value, not its id",
        ),
        (
            "invalid_client",
            7_000_222,
            Kind::ClientRejected,
            "new secret",
        ),
        (
            "unauthorized_client",
            700_016,
            Kind::ClientRejected,
            "client id",
        ),
        ("invalid_request", 90_002, Kind::ClientRejected, "tenant"),
        ("access_denied", 53_003, Kind::Blocked, "Conditional Access"),
    ] {
        let error = failing(Reply::Json(400, refusal(error, code))).await;
        assert_eq!(error.kind(), kind, "{code}");
        assert_eq!(error.code(), Some(format!("AADSTS{code}")));
        assert_eq!(error.trace_id().unwrap().to_string(), TRACE);
        assert_eq!(error.correlation_id().unwrap().to_string(), CORRELATION);
        assert_eq!(error.status(), Some(400));
        assert!(!error.is_retryable());
        let line = error.to_string();
        for part in [says, &format!("AADSTS{code}"), TRACE, CORRELATION] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains('\n'));
    }
}

fn raw(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Raw(format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    ))
}

#[tokio::test]
async fn trouble_of_the_endpoint_or_the_network_may_pass() {
    let html = "<html>canary</html>";
    let cut_body = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"access_token\":\"canary";
    for (reply, status) in [
        (
            raw(
                "503 Service Unavailable",
                "Content-Type: text/html\r\n",
                html,
            ),
            Some(503),
        ),
        (raw("502 Bad Gateway", "", ""), Some(502)),
        (
            Reply::Json(500, json!({"error": "server_error"})),
            Some(500),
        ),
        (Reply::Cut, None),
        (Reply::Raw(cut_body.to_owned()), None),
    ] {
        let error = failing(reply).await;
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert_eq!(error.status(), status);
        assert!(error.is_retryable());
    }
    let error = failing(raw("429 Too Many Requests", "Retry-After: 17\r\n", html)).await;
    assert_eq!(error.kind(), Kind::Throttled);
    assert_eq!(error.retry_after().unwrap().as_secs(), 17);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn an_answer_that_is_none_is_not_taken_for_one() {
    let huge = format!(r#"{{"access_token":"{}"}}"#, "canary".repeat(20_000));
    for reply in [
        raw(
            "200 OK",
            "Content-Type: text/html\r\n",
            "<html>canary</html>",
        ),
        raw("200 OK", "", r#"{"access_token":["canary"]}"#),
        raw("200 OK", "", r#"{"refresh_token":"canary"}"#),
        raw("200 OK", "", r#"{"access_token":"canary canary"}"#),
        raw(
            "200 OK",
            "",
            r#"{"access_token":"canary","refresh_token":""}"#,
        ),
        raw(
            "200 OK",
            "",
            r#"{"access_token":"canary","token_type":"pop"}"#,
        ),
        raw("204 No Content", "", ""),
        raw("200 OK", "", &huge),
        raw(
            "307 Temporary Redirect",
            "Location: http://127.0.0.1:1/canary\r\n",
            "",
        ),
        raw("400 Bad Request", "", &huge),
    ] {
        let error = failing(reply).await;
        assert_eq!(error.kind(), Kind::Invalid, "{error}");
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn a_machine_without_the_endpoint_says_so() {
    let nobody = crate::fault_server::Reserved::new();
    let app = partner_referrals::credential::EntraApp::new("canary.example.com", "id")
        .authority(nobody.url())
        .allow_insecure_loopback();
    let credential = RefreshTokenCredential::new(app, store("canary")).unwrap();
    let error = credential.fetch().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(
        error.to_string().contains("could not be reached"),
        "{error}"
    );
    clean(&format!("{error} {error:?}"));
}

/// Writes down every event and span of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn no_log_holds_a_token_a_secret_or_a_name() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = TokenServer::start([
        Reply::Json(200, tokens("canary-access", "canary-second")),
        Reply::Json(400, refusal("invalid_grant", 700_082)),
    ])
    .await;
    let app = server.app().client_secret("canary-secret");
    let credential = RefreshTokenCredential::new(app, flaky(1)).unwrap();
    let clock = ManualClock::default();
    let cached = credential.cached().with_clock(Arc::new(clock.clone()));
    let token = cached.token().await.unwrap();
    clock.advance(Duration::from_secs(60));
    cached.rejected(&token);
    cached.token().await.unwrap_err();
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("could not be stored"), "{log}");
    clean(&log);
    clean(&format!("{cached:?} {token:?}"));
}
