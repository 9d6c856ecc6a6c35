//! What a log does hold: the span of each call, and the event of each retry.

use std::time::Duration;

use partner_referrals::{Error, Outcome, ReferralId, RetryPolicy};

use super::*;
use crate::support::{builder, once, published};

const COLLECTION: &str = "/v1.0/engagements/referrals";
const ONE: &str = "/v1.0/engagements/referrals/{id}";

/// The only span since `start`.
fn only(log: &Recorder) -> Fields {
    let spans = log.spans();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    spans[0].clone()
}

fn hold(span: &Fields, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(
            span.get(*name).map(String::as_str),
            Some(*value),
            "{name} of {span:?}"
        );
    }
}

#[tokio::test]
async fn every_operation_has_one_span_with_its_route_and_not_its_address() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().unwrap();
    let first = client.create(&published()).await.unwrap();
    let patch = Patch::new().replace("/details/notes", "x");

    let (log, _guard) = Recorder::start();
    let created = client.create(&published()).await.unwrap();
    client.get(&created.id).await.unwrap();
    client.list(&ListOptions::new()).await.unwrap();
    client.patch(&first.id, &patch).await.unwrap();
    client.put(&created).await.unwrap();
    let created = client.get(&created.id).await.unwrap();
    client
        .transition(&created, Transition::won())
        .await
        .unwrap();

    let spans = log.spans();
    let expected = [
        ("create_referral", "POST", COLLECTION),
        ("get_referral", "GET", ONE),
        ("list_referrals", "GET", COLLECTION),
        ("patch_referral", "PATCH", ONE),
        ("replace_referral", "PUT", ONE),
        ("get_referral", "GET", ONE),
        ("patch_referral", "PATCH", ONE),
    ];
    assert_eq!(spans.len(), expected.len(), "{spans:#?}");
    let sent = &sandbox.requests()[1..];
    assert_eq!(sent.len(), spans.len());
    for ((span, (operation, method, route)), sent) in spans.iter().zip(expected).zip(sent) {
        let status = sent.status.unwrap().to_string();
        hold(
            span,
            &[
                ("operation", operation),
                ("method", method),
                ("route", route),
                (
                    "client_request_id",
                    sent.header("client-request-id").unwrap(),
                ),
                ("status", &status),
                ("attempts", "1"),
                ("outcome", "Done"),
                ("duration_ms", "0"),
            ],
        );
        // The service's own id of the request, not the one that was sent.
        let answered: uuid::Uuid = span["request_id"].parse().unwrap();
        assert_ne!(answered.to_string(), sent.header("request-id").unwrap());
        assert_eq!(span.len(), 9, "{span:?}");
    }
    for id in [first.id.as_str(), created.id.as_str()] {
        assert!(!log.text().contains(id));
    }
    assert!(log.retries().is_empty());
}

#[tokio::test]
async fn each_retry_has_its_event_and_the_span_tells_of_them_all() {
    let sandbox = sandbox().await;
    let fault = Fault::status(503, FaultBody::Html);
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(fault).first(2)));
    let client = builder(&sandbox).build().unwrap();
    let (log, _guard) = Recorder::start();
    client.list(&ListOptions::new()).await.unwrap();
    // Waits of the test's clock: half way from 0.1 s to 0.5 s, then to 1 s.
    hold(
        &only(&log),
        &[
            ("status", "200"),
            ("attempts", "3"),
            ("outcome", "Done"),
            ("duration_ms", "850"),
        ],
    );
    let retries = log.retries();
    assert_eq!(retries.len(), 2);
    for (event, (attempt, wait)) in retries.iter().zip([("1", "300"), ("2", "550")]) {
        hold(
            event,
            &[
                ("operation", "list_referrals"),
                ("attempt", attempt),
                ("status", "503"),
                ("outcome", "Unknown"),
                ("wait_ms", wait),
            ],
        );
    }
}

/// The span of a failure says what its error says.
fn agree(span: &Fields, error: &Error) {
    let outcome = format!("{:?}", error.outcome());
    let attempts = error.attempts().to_string();
    hold(
        span,
        &[
            (
                "client_request_id",
                &error.client_request_id().unwrap().to_string(),
            ),
            ("request_id", error.request_id().unwrap()),
            ("attempts", &attempts),
            ("outcome", &outcome),
        ],
    );
    let status = error.status().map(|status| status.to_string());
    assert_eq!(span.get("status"), status.as_ref(), "{error}");
}

#[tokio::test]
async fn the_span_of_a_failure_agrees_with_its_error() {
    for (fault, outcome, retries) in [
        (Fault::status(503, FaultBody::Empty), Outcome::Unknown, 0),
        (Fault::status(403, FaultBody::Json), Outcome::Rejected, 0),
        (Fault::CutAfterWrite, Outcome::Unknown, 0),
        (Fault::CutBody, Outcome::Done, 0),
        (Fault::Throttle { retry_after: None }, Outcome::Rejected, 3),
    ] {
        let sandbox = sandbox().await;
        sandbox.set_faults(always(fault));
        let client = builder(&sandbox).build().unwrap();
        let (log, _guard) = Recorder::start();
        let error = client.create(&published()).await.unwrap_err();
        assert_eq!(error.outcome(), outcome, "{error}");
        agree(&only(&log), &error);
        assert_eq!(log.retries().len(), retries, "{error}");
    }
}

#[tokio::test]
async fn a_call_that_was_never_sent_has_a_span_with_no_attempt_and_no_status() {
    let sandbox = sandbox().await;
    sandbox.set_faults(always(Fault::Throttle {
        retry_after: Some(100),
    }));
    let client = builder(&sandbox)
        .retry(RetryPolicy::never())
        .deadline(Duration::from_secs(60))
        .build()
        .unwrap();
    client.create(&published()).await.unwrap_err();
    let (log, _guard) = Recorder::start();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    let span = only(&log);
    agree(&span, &error);
    hold(&span, &[("attempts", "0")]);
    assert!(!span.contains_key("status"));
}

#[tokio::test]
async fn a_referral_that_is_not_there_leaves_its_id_out_of_the_log() {
    const MISSING: &str = "00000000-0000-0000-0000-000000000001";
    let sandbox = sandbox().await;
    let client = once(&sandbox);
    let (log, _guard) = Recorder::start();
    let id = ReferralId::new(MISSING).unwrap();
    let error = client.get(&id).await.unwrap_err();
    assert!(error.to_string().contains(MISSING), "the error is about it");
    hold(
        &only(&log),
        &[("route", ONE), ("status", "404"), ("outcome", "Rejected")],
    );
    assert!(!log.text().contains(MISSING));
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_its_doubt_in_the_log() {
    let sandbox = sandbox().await;
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(Fault::DelayAfterWrite(
        std::time::Duration::from_secs(30),
    ))));
    let client = builder(&sandbox).build().unwrap();
    let (log, _guard) = Recorder::start();
    let new = published();
    let create = Box::pin(client.create(&new));
    let arrived = Box::pin(async {
        while sandbox.referrals().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    // The create is dropped as soon as the service has carried it out.
    assert!(matches!(
        futures::future::select(create, arrived).await,
        futures::future::Either::Right(_)
    ));
    let span = only(&log);
    hold(
        &span,
        &[
            ("attempts", "1"),
            ("outcome", "Unknown"),
            ("cancelled", "true"),
        ],
    );
    let sent = &sandbox.requests()[0];
    assert_eq!(Some(span["request_id"].as_str()), sent.header("request-id"));
}
