//! Everything that goes wrong: one request is sent, and the error says what it
//! means and what to do.

use std::time::Duration;

use partner_referrals::sandbox::{Fault, FaultBody, Sandbox};
use partner_referrals::{
    ConfigError, ETag, Error, ErrorKind, Operation, Outcome, Patch, ReferralId, ReferralsClient,
    RetryPolicy, StaticToken,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{always, builder, client, faulty, published, sandbox};

const MISSING: &str = "00000000-0000-0000-0000-000000000000";

/// Creates against a sandbox with `fault`; returns the error, how many requests
/// the sandbox saw, and how many referrals it holds.
async fn create_with(fault: Fault) -> (Error, usize, usize) {
    let (sandbox, client) = faulty(fault).await;
    let error = client.create(&published()).await.unwrap_err();
    (error, sandbox.requests().len(), sandbox.referrals().len())
}

/// A server that answers the first request with `answer`, as it is.
async fn answering(answer: &'static [u8]) -> (String, tokio::task::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = tokio::spawn(async move {
        let mut connections = 0;
        // The first may take its time on a machine that is busy.
        let mut patience = Duration::from_secs(60);
        while let Ok(Ok((mut stream, _))) = tokio::time::timeout(patience, listener.accept()).await
        {
            connections += 1;
            patience = Duration::from_millis(500);
            let mut request = [0; 65536];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
        connections
    });
    (url, seen)
}

fn client_at(url: &str) -> ReferralsClient {
    ReferralsClient::builder(StaticToken::new("t").unwrap())
        .base_url(url)
        .allow_insecure_loopback()
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_unreachable_host_means_not_sent() {
    let nobody = crate::fault_server::Reserved::new();
    let error = client_at(&nobody.url())
        .create(&published())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(error.is_retryable(), "nothing was sent: {error}");
    assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn without_a_valid_token_the_service_refuses_and_says_so() {
    let sandbox = Sandbox::builder().token("fresh").start().await.unwrap();
    let client = ReferralsClient::builder(StaticToken::new("stale").unwrap())
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .build()
        .unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_eq!(error.service_code(), Some("unauthenticated"));
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert!(error.is_unauthenticated());
    assert!(
        error.to_string().contains("next: get a new token"),
        "{error}"
    );
    assert_eq!(sandbox.requests().len(), 1);
    assert!(sandbox.referrals().is_empty());
}

#[tokio::test]
async fn a_forbidden_user_is_told_which_role_is_needed() {
    let (error, requests, referrals) =
        create_with(Fault::status(403, FaultBody::PartnerCenter)).await;
    assert!(error.is_forbidden());
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert!(!error.is_retryable());
    assert!(
        error.service_code().is_some(),
        "the second error body is read"
    );
    assert!(error.to_string().contains("Referrals admin"), "{error}");
    assert_eq!((requests, referrals), (1, 0));
}

#[tokio::test]
async fn a_referral_that_is_not_there_is_not_found_by_its_id() {
    let sandbox = sandbox().await;
    let id = ReferralId::new(MISSING).unwrap();
    let error = client(&sandbox).get(&id).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.operation(), Operation::GetReferral);
    assert_eq!(error.service_code(), Some("itemNotFound"));
    assert_eq!(error.referral_id(), Some(MISSING));
    let request_id = error.request_id().unwrap();
    let client_request_id = error.client_request_id().unwrap().to_string();
    let text = error.to_string();
    for part in [
        "get_referral: HTTP 404",
        MISSING,
        request_id,
        &client_request_id,
        "attempt 1",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let sent = &sandbox.requests()[0];
    assert_eq!(
        sent.header("client-request-id"),
        Some(client_request_id.as_str())
    );
}

#[tokio::test]
async fn a_stale_etag_is_a_precondition_failed() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let created = client.create(&published()).await.unwrap();
    let patch = Patch::new()
        .replace("/details/notes", "x")
        .if_match(ETag::new("\"0000\"").unwrap());
    let error = client.patch(&created.id, &patch).await.unwrap_err();
    assert_eq!(error.status(), Some(412));
    assert!(error.is_precondition_failed());
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert!(error.to_string().contains("quotes included"), "{error}");
    assert_eq!(sandbox.requests().len(), 2);
}

#[tokio::test]
async fn a_throttled_call_says_how_long_to_wait_and_is_not_resent() {
    let (error, requests, referrals) = create_with(Fault::Throttle {
        retry_after: Some(57),
    })
    .await;
    assert!(error.is_throttled());
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(57)));
    assert!(
        error.service_message().unwrap().contains("57 seconds"),
        "the third error body"
    );
    assert!(error.is_retryable());
    assert!(error.to_string().contains("retry after 57 s"), "{error}");
    assert_eq!((requests, referrals), (1, 0));
}

#[tokio::test]
async fn an_html_503_and_an_empty_500_keep_their_status_and_leave_a_create_unknown() {
    for (status, body, shown) in [
        (503, FaultBody::Html, "text/html"),
        (500, FaultBody::Empty, "HTTP 500;"),
        (504, FaultBody::Json, "HTTP 504 "),
    ] {
        let (error, requests, _) = create_with(Fault::status(status, body)).await;
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.kind(), ErrorKind::Status);
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(!error.is_retryable(), "a create may not be sent twice");
        let text = error.to_string();
        assert!(text.contains(shown), "{shown} in {text}");
        assert!(text.contains("look the referral up"), "{text}");
        assert!(!text.contains('<'), "no HTML in {text}");
        assert_eq!(requests, 1);
    }
}

#[tokio::test]
async fn a_created_referral_whose_answer_is_cut_is_done_not_failed() {
    let (error, requests, referrals) = create_with(Fault::CutBody).await;
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert_eq!(error.outcome(), Outcome::Done);
    assert_eq!(error.status(), Some(201));
    assert!(
        error.request_id().is_some(),
        "the ids survive a body that does not"
    );
    assert!(!error.is_retryable());
    assert!(
        error.to_string().contains("do not send this again"),
        "{error}"
    );
    assert_eq!((requests, referrals), (1, 1));
}

#[tokio::test]
async fn a_success_that_is_not_json_is_done_and_shows_no_body() {
    for fault in [Fault::Garbage, Fault::HtmlAfterWrite] {
        let (error, requests, referrals) = create_with(fault).await;
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert_eq!(error.outcome(), Outcome::Done);
        let body = String::from_utf8_lossy(error.body().unwrap()).into_owned();
        assert!(!error.to_string().contains(&body), "{error}");
        assert_eq!((requests, referrals), (1, 1));
    }
}

#[tokio::test]
async fn a_connection_that_ends_leaves_a_create_unknown_before_and_after_the_write() {
    for (fault, created) in [(Fault::CutBeforeWrite, 0), (Fault::CutAfterWrite, 1)] {
        let (error, requests, referrals) = create_with(fault).await;
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(!error.is_retryable());
        assert_eq!((requests, referrals), (1, created));
    }
}

#[tokio::test]
async fn time_over_leaves_a_create_unknown() {
    let sandbox = sandbox().await;
    sandbox.set_faults(always(Fault::DelayAfterWrite(Duration::from_secs(30))));
    let client = builder(&sandbox)
        .attempt_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(
        (sandbox.requests().len(), sandbox.referrals().len()),
        (1, 1)
    );
}

#[tokio::test]
async fn a_read_may_be_sent_again_where_a_create_may_not() {
    let (_sandbox, client) = faulty(Fault::CutBeforeWrite).await;
    let id = ReferralId::new(MISSING).unwrap();
    let error = client.get(&id).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (url, seen) = answering(
        b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let error = client_at(&url).create(&published()).await.unwrap_err();
    assert_eq!(error.status(), Some(307));
    // It may come after the request was carried out, as a 303 does.
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(!error.is_retryable());
    assert_eq!(seen.await.unwrap(), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_http_leaves_a_create_unknown() {
    let (url, seen) = answering(b"\x00\x01\x02 nonsense\r\n\r\n").await;
    let error = client_at(&url).create(&published()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(seen.await.unwrap(), 1);
}

#[tokio::test]
async fn bodies_are_read_up_to_their_limits() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox)
        .max_response_bytes(100)
        .max_error_bytes(40)
        .build()
        .unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Done);
    assert!(error.to_string().contains("larger than"), "{error}");

    sandbox.set_faults(always(Fault::status(
        500,
        FaultBody::Text("x".repeat(1000)),
    )));
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(
        error.status(),
        Some(500),
        "the status survives a body that is too large"
    );
    assert!(error.body().is_none_or(|body| body.len() <= 40));
}

#[tokio::test]
async fn a_service_that_is_not_https_gets_no_token() {
    let build = |url: &str| {
        ReferralsClient::builder(StaticToken::new("t").unwrap())
            .base_url(url)
            .build()
    };
    for url in [
        "http://api.partner.microsoft.com",
        "http://127.0.0.1:8080",
        "http://localhost",
        "ftp://api.partner.microsoft.com",
        "https://user:password@api.partner.microsoft.com",
        "https://api.partner.microsoft.com/?a=b",
        "not a url",
    ] {
        let error = build(url).unwrap_err();
        assert!(matches!(error, ConfigError::BaseUrl(_)), "{url}: {error}");
    }
    let secure = build("https://api.partner.microsoft.com/");
    assert_eq!(secure.is_ok(), cfg!(feature = "rustls"));
    let elsewhere = ReferralsClient::builder(StaticToken::new("t").unwrap())
        .base_url("http://127.0.0.1.example.com")
        .allow_insecure_loopback()
        .build();
    assert!(elsewhere.is_err(), "only this machine is loopback");
}

#[tokio::test]
async fn a_token_that_cannot_be_had_means_not_sent_and_keeps_its_cause() {
    use partner_referrals::credential::{CredentialError, TokenFuture, TokenProvider};

    struct Failing;
    impl TokenProvider for Failing {
        fn token(&self) -> TokenFuture<'_> {
            Box::pin(async { Err(CredentialError::new("AADSTS50076: MFA required")) })
        }
    }
    let sandbox = sandbox().await;
    let client = ReferralsClient::builder(Failing)
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .build()
        .unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert_eq!(error.outcome(), Outcome::NotSent);
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "AADSTS50076: MFA required");
    assert!(
        !error.to_string().contains("AADSTS"),
        "the source is not repeated"
    );
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_code_says_as_much_as_a_status() {
    for code in ["preconditionFailed", "resourceModified"] {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"stale"}}}}"#);
        let (error, _, _) = create_with(Fault::status(409, FaultBody::Text(body))).await;
        assert!(error.is_precondition_failed(), "{error}");
    }
    let body = r#"{"error":{"code":"itemNotFound","message":"gone"}}"#.to_owned();
    let (error, _, _) = create_with(Fault::status(410, FaultBody::Text(body))).await;
    assert!(error.is_not_found() && !error.is_precondition_failed());
}

#[tokio::test]
async fn a_created_referral_that_cannot_be_read_still_gives_its_id() {
    let (url, _) = answering(
        b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 32\r\n\r\n{\"id\":\"4111fffc\",\"status\":[1,2]}",
    )
    .await;
    let error = client_at(&url).create(&published()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Done);
    assert_eq!(error.referral_id(), Some("4111fffc"));
    assert!(error.to_string().contains("referral 4111fffc"), "{error}");
}
