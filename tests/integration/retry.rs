//! What is sent again, how often, after how long, and with which ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use partner_referrals::clock::ManualClock;
use partner_referrals::credential::{AccessToken, CredentialError, TokenFuture, TokenProvider};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::{
    Advice, ErrorKind, ListOptions, Outcome, Patch, ReferralsClient, RetryPolicy, StaticToken,
};

use crate::support::{always, builder, published, sandbox};

const SECOND: Duration = Duration::from_secs(1);

/// A sandbox whose first `count` requests meet `fault`, a client with the
/// default policy, and its clock.
async fn first(count: u64, fault: Fault) -> (Sandbox, ReferralsClient, ManualClock) {
    let sandbox = sandbox().await;
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(fault).first(count)));
    let clock = ManualClock::default();
    let client = builder(&sandbox)
        .clock(clock.clone())
        .random(|| 1.0)
        .build()
        .unwrap();
    (sandbox, client, clock)
}

#[tokio::test]
async fn a_throttled_create_is_sent_again_after_the_wait_that_was_asked_for() {
    let fault = Fault::Throttle {
        retry_after: Some(7),
    };
    let (sandbox, client, clock) = first(2, fault).await;
    client.create(&published()).await.unwrap();
    assert_eq!(clock.slept(), [7 * SECOND, 7 * SECOND]);
    assert_eq!(sandbox.requests().len(), 3);
    assert_eq!(sandbox.referrals().len(), 1);
}

#[tokio::test]
async fn a_create_is_never_sent_again_after_a_doubtful_outcome() {
    for fault in [
        Fault::CutBeforeWrite,
        Fault::CutAfterWrite,
        Fault::CutBody,
        Fault::Garbage,
        Fault::HtmlAfterWrite,
        Fault::status(500, FaultBody::Empty),
        Fault::status(503, FaultBody::Html),
        Fault::status_after_write(504, FaultBody::Json),
    ] {
        let (sandbox, client, clock) = first(1, fault).await;
        let error = client.create(&published()).await.unwrap_err();
        assert!(
            matches!(error.outcome(), Outcome::Unknown | Outcome::Done),
            "{error}"
        );
        assert_eq!(sandbox.requests().len(), 1);
        assert!(clock.slept().is_empty());
    }
}

#[tokio::test]
async fn a_read_is_sent_again_with_growing_waits_and_the_same_ids() {
    let (sandbox, client, clock) = first(3, Fault::status(503, FaultBody::Html)).await;
    client.list(&ListOptions::new()).await.unwrap();
    let half = SECOND / 2;
    assert_eq!(clock.slept(), [half, 2 * half, 4 * half]);
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 4);
    for name in ["client-request-id", "request-id"] {
        let ids: Vec<_> = requests
            .iter()
            .map(|request| request.header(name).unwrap())
            .collect();
        assert!(
            ids.windows(2).all(|pair| pair[0] == pair[1]),
            "{name}: {ids:?}"
        );
    }
    client.list(&ListOptions::new()).await.unwrap();
    let next = sandbox.requests().pop().unwrap();
    assert_ne!(next.header("request-id"), requests[0].header("request-id"));
    assert_ne!(
        next.header("client-request-id"),
        requests[0].header("client-request-id")
    );
}

#[tokio::test]
async fn a_read_whose_body_is_cut_is_sent_again_and_one_that_cannot_be_read_is_not() {
    let (sandbox, client, _) = first(1, Fault::CutBody).await;
    client.list(&ListOptions::new()).await.unwrap();
    assert_eq!(sandbox.requests().len(), 2);

    let (sandbox, client, _) = first(1, Fault::HtmlAfterWrite).await;
    let error = client.list(&ListOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(!error.is_retryable());
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn the_attempts_are_counted_and_end() {
    let (sandbox, client, _) = first(100, Fault::status(500, FaultBody::Json)).await;
    let error = client.list(&ListOptions::new()).await.unwrap_err();
    assert_eq!(error.attempts(), 4);
    assert!(error.to_string().contains("attempt 4"), "{error}");
    assert_eq!(sandbox.requests().len(), 4);
}

#[tokio::test]
async fn a_wait_past_the_deadline_ends_the_call_at_once_with_the_services_error() {
    let sandbox = sandbox().await;
    sandbox.set_faults(always(Fault::Throttle {
        retry_after: Some(61),
    }));
    let clock = ManualClock::default();
    let client = builder(&sandbox)
        .clock(clock.clone())
        .deadline(60 * SECOND)
        .build()
        .unwrap();
    let error = client.list(&ListOptions::new()).await.unwrap_err();
    assert_eq!(error.status(), Some(429));
    assert_eq!(error.retry_after(), Some(61 * SECOND));
    assert!(error.to_string().contains("past the deadline"), "{error}");
    assert!(clock.slept().is_empty());

    // Nor is an attempt begun with next to no time left for it.
    sandbox.set_faults(always(Fault::Throttle {
        retry_after: Some(59),
    }));
    let client = builder(&sandbox)
        .clock(ManualClock::default())
        .deadline(60 * SECOND)
        .build()
        .unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_throttled_client_holds_all_its_calls_and_its_clones() {
    let fault = Fault::Throttle {
        retry_after: Some(100),
    };
    let sandbox = sandbox().await;
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(fault).first(1)));
    let clock = ManualClock::default();
    let client = builder(&sandbox)
        .clock(clock.clone())
        .deadline(60 * SECOND)
        .build()
        .unwrap();
    client.list(&ListOptions::new()).await.unwrap_err();

    let error = client.clone().create(&published()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(error.is_throttled() && error.is_retryable());
    assert_eq!(error.retry_after(), Some(100 * SECOND));
    assert_eq!(sandbox.requests().len(), 1, "the second call was not sent");

    clock.advance(100 * SECOND);
    client.create(&published()).await.unwrap();
}

#[tokio::test]
async fn a_spent_budget_returns_failures_at_once() {
    let sandbox = sandbox().await;
    sandbox.set_faults(always(Fault::status(503, FaultBody::Empty)));
    let client = builder(&sandbox)
        .retry(RetryPolicy::new().budget(10))
        .build()
        .unwrap();
    let error = client.list(&ListOptions::new()).await.unwrap_err();
    assert_eq!(sandbox.requests().len(), 3, "two retries at 5 each");
    assert!(error.to_string().contains("budget"), "{error}");
    client.list(&ListOptions::new()).await.unwrap_err();
    assert_eq!(sandbox.requests().len(), 4);
}

#[tokio::test]
async fn a_rule_of_the_callers_own_can_forbid_but_not_cause_a_retry() {
    let sandbox = sandbox().await;
    sandbox.set_faults(always(Fault::status(503, FaultBody::Empty)));
    let policy = RetryPolicy::new().rule(|error| {
        assert_eq!(error.status(), Some(503));
        Advice::Forbid
    });
    let client = builder(&sandbox).retry(policy).build().unwrap();
    client.list(&ListOptions::new()).await.unwrap_err();
    assert_eq!(sandbox.requests().len(), 1);

    let client = builder(&sandbox)
        .retry(RetryPolicy::new().rule(|_| Advice::Default))
        .build()
        .unwrap();
    client.create(&published()).await.unwrap_err();
    assert_eq!(sandbox.requests().len(), 2, "a create stays forbidden");
}

#[tokio::test]
async fn a_guarded_write_is_sent_again_and_a_412_after_a_lost_answer_stays_doubtful() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().unwrap();
    let referral = client.create(&published()).await.unwrap();
    sandbox.set_faults(
        FaultPlan::new().rule(FaultRule::new(Fault::CutAfterWrite).method("PATCH").nth(1)),
    );
    let patch = Patch::new()
        .replace("/details/notes", "mine")
        .if_match(referral.e_tag.clone().unwrap());
    let error = client.patch(&referral.id, &patch).await.unwrap_err();
    assert_eq!(error.status(), Some(412));
    assert_eq!(error.attempts(), 2);
    assert_eq!(
        error.outcome(),
        Outcome::Unknown,
        "the first attempt did it: {error}"
    );
    assert!(
        error.to_string().contains("an earlier attempt may have"),
        "{error}"
    );
    assert!(
        error.to_string().contains("look the referral up"),
        "{error}"
    );
    let stored = sandbox.referral(referral.id.as_str()).unwrap();
    assert_eq!(stored["details"]["notes"], "mine");

    // Without If-Match it is sent once.
    sandbox.set_faults(
        FaultPlan::new().rule(FaultRule::new(Fault::CutAfterWrite).method("PATCH").nth(1)),
    );
    let before = sandbox.requests().len();
    let patch = Patch::new().replace("/details/notes", "again");
    client.patch(&referral.id, &patch).await.unwrap_err();
    assert_eq!(sandbox.requests().len(), before + 1);
}

/// Gives the old token until it is told that it was refused.
#[derive(Clone, Default)]
struct Renewing {
    rejected: Arc<AtomicUsize>,
}

impl TokenProvider for Renewing {
    fn token(&self) -> TokenFuture<'_> {
        let token = if self.rejected.load(Ordering::SeqCst) == 0 {
            "old"
        } else {
            "fresh"
        };
        Box::pin(async move { AccessToken::new(token) })
    }

    fn rejected(&self, _: &AccessToken) {
        self.rejected.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_401_drops_the_token_and_tries_once_more_also_for_a_create() {
    let sandbox = Sandbox::builder().token("fresh").start().await.unwrap();
    let tokens = Renewing::default();
    let client = ReferralsClient::builder(tokens.clone())
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    client.create(&published()).await.unwrap();
    assert_eq!(tokens.rejected.load(Ordering::SeqCst), 1);
    let sent: Vec<_> = sandbox
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(sent, ["Bearer old", "Bearer fresh"]);
    assert_eq!(sandbox.referrals().len(), 1);
}

#[tokio::test]
async fn a_second_401_and_a_token_that_cannot_be_renewed_are_the_end() {
    let sandbox = Sandbox::builder().token("another").start().await.unwrap();
    let make = |builder: partner_referrals::ClientBuilder| {
        builder
            .base_url(sandbox.base_url())
            .allow_insecure_loopback()
            .build()
            .unwrap()
    };
    let renewing = make(ReferralsClient::builder(Renewing::default()));
    let error = renewing.create(&published()).await.unwrap_err();
    assert!(error.is_unauthenticated());
    assert_eq!(sandbox.requests().len(), 2);

    let fixed = make(ReferralsClient::builder(StaticToken::new("t").unwrap()));
    fixed.create(&published()).await.unwrap_err();
    assert_eq!(
        sandbox.requests().len(),
        3,
        "the same token is not tried twice"
    );
}

/// Gives one token, and then none any more.
struct Revoked {
    token: &'static str,
    why: &'static str,
    asked: AtomicUsize,
}

impl Revoked {
    fn after(token: &'static str, why: &'static str) -> Self {
        let asked = AtomicUsize::new(0);
        Self { token, why, asked }
    }
}

impl TokenProvider for Revoked {
    fn token(&self) -> TokenFuture<'_> {
        let first = self.asked.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            if first {
                AccessToken::new(self.token)
            } else {
                Err(CredentialError::new(self.why))
            }
        })
    }
}

#[tokio::test]
async fn a_token_that_fails_between_attempts_does_not_hide_that_the_first_is_doubtful() {
    let sandbox = sandbox().await;
    let created = builder(&sandbox)
        .build()
        .unwrap()
        .create(&published())
        .await
        .unwrap();
    sandbox.set_faults(always(Fault::CutAfterWrite));
    let client = ReferralsClient::builder(Revoked::after("t", "gone"))
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .clock(ManualClock::default())
        .build()
        .unwrap();
    let patch = Patch::new()
        .replace("/details/notes", "x")
        .if_match(created.e_tag.unwrap());
    let error = client.patch(&created.id, &patch).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let sandbox = sandbox().await;
    sandbox.set_faults(always(Fault::Delay(Duration::from_millis(50))));
    let client = ReferralsClient::builder(StaticToken::new(sandbox.token()).unwrap())
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .max_in_flight(2)
        .build()
        .unwrap();
    let watch = async {
        let mut most = 0;
        for _ in 0..100 {
            let open = sandbox
                .requests()
                .iter()
                .filter(|one| one.status.is_none())
                .count();
            most = most.max(open);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        most
    };
    let options = ListOptions::new();
    let calls = futures::future::join_all((0..8).map(|_| client.list(&options)));
    let (most, answers) = futures::future::join(watch, calls).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(most, 2);
}

#[tokio::test]
async fn an_attempt_gets_no_more_time_than_is_left_until_the_deadline() {
    let sandbox = sandbox().await;
    sandbox.set_faults(always(Fault::Delay(60 * SECOND)));
    let client = ReferralsClient::builder(StaticToken::new(sandbox.token()).unwrap())
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .attempt_timeout(60 * SECOND)
        .deadline(Duration::from_millis(150))
        .build()
        .unwrap();
    let start = std::time::Instant::now();
    let error = client.list(&ListOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        start.elapsed() < 30 * SECOND,
        "the attempt ran on past the deadline"
    );
}

#[tokio::test]
async fn a_429_without_a_wait_pauses_the_client_even_where_it_is_not_sent_again() {
    let sandbox = sandbox().await;
    let fault = Fault::Throttle { retry_after: None };
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(fault).first(1)));
    let clock = ManualClock::default();
    let client = builder(&sandbox)
        .clock(clock.clone())
        .random(|| 1.0)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    client.list(&ListOptions::new()).await.unwrap_err();
    assert!(clock.slept().is_empty());
    client.list(&ListOptions::new()).await.unwrap();
    assert_eq!(clock.slept(), [SECOND / 2]);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_says_why() {
    let sandbox = Sandbox::builder().token("fresh").start().await.unwrap();
    let client = ReferralsClient::builder(Revoked::after("old", "AADSTS50173: sign in again"))
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .build()
        .unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    let why = error.credential_error().unwrap();
    assert!(why.to_string().contains("AADSTS50173"));
    assert!(
        error.to_string().contains("no token could be had"),
        "{error}"
    );
}

#[tokio::test]
async fn a_sign_in_that_fails_for_a_moment_is_tried_again() {
    use partner_referrals::CredentialErrorKind;

    struct Flaky(AtomicUsize);
    impl TokenProvider for Flaky {
        fn token(&self) -> TokenFuture<'_> {
            let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                if first {
                    let error = CredentialError::new("down");
                    return Err(error.with_kind(CredentialErrorKind::Unavailable));
                }
                AccessToken::new("t")
            })
        }
    }
    let sandbox = sandbox().await;
    let client = ReferralsClient::builder(Flaky(AtomicUsize::new(0)))
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .clock(ManualClock::default())
        .build()
        .unwrap();
    client.create(&published()).await.unwrap();
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn a_sign_in_that_hangs_ends_with_the_deadline_and_holds_up_nobody() {
    struct Hanging;
    impl TokenProvider for Hanging {
        fn token(&self) -> TokenFuture<'_> {
            Box::pin(std::future::pending())
        }
    }
    let sandbox = sandbox().await;
    let client = ReferralsClient::builder(Hanging)
        .base_url(sandbox.base_url())
        .allow_insecure_loopback()
        .deadline(Duration::from_millis(50))
        .build()
        .unwrap();
    let error = client.create(&published()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_header_that_an_operation_sets_cannot_be_set_for_all() {
    let build = |name: &str| {
        ReferralsClient::builder(StaticToken::new("t").unwrap())
            .header(name, "*")
            .build()
    };
    for name in [
        "If-Match",
        "authorization",
        "Prefer",
        "request-id",
        "client-request-id",
        "Content-Type",
        "bad name",
    ] {
        assert!(build(name).is_err(), "{name}");
    }
    // The service itself cannot be called without TLS.
    assert_eq!(build("X-Locale").is_ok(), cfg!(feature = "rustls"));
}

#[tokio::test]
async fn the_ids_of_a_call_come_from_where_the_caller_says() {
    let sandbox = sandbox().await;
    let next = AtomicUsize::new(1);
    let client = builder(&sandbox)
        .ids(move || uuid::Uuid::from_u128(next.fetch_add(1, Ordering::SeqCst) as u128))
        .build()
        .unwrap();
    client.list(&ListOptions::new()).await.unwrap();
    let sent = &sandbox.requests()[0];
    let id = |low: u128| uuid::Uuid::from_u128(low).to_string();
    assert_eq!(sent.header("client-request-id"), Some(id(1).as_str()));
    assert_eq!(sent.header("request-id"), Some(id(2).as_str()));
}
