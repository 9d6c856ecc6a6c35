//! Following a deal: closing it by name, showing it to sellers, waiting.

use std::sync::Arc;
use std::time::Duration;

use partner_referrals::clock::{Clock as _, ManualClock};
use partner_referrals::lifecycle::{ClosingReason, ErrorReason, Status};
use partner_referrals::sandbox::{Fault, FaultBody, FaultPlan, FaultRule, Sandbox};
use partner_referrals::types::Referral;
use partner_referrals::{DealType, ErrorKind, ReferralsClient, Waited};
use serde_json::{Value, json};

use crate::support::{builder, client, published, sandbox, writes};

async fn arrived(sandbox: &Sandbox, client: &ReferralsClient) -> Referral {
    let made = sandbox.insert(json!({
        "status": "New", "substatus": "Received", "direction": "Incoming", "type": "Independent",
        "consent": {"consentToShareReferralWithMicrosoftSellers": false},
    }));
    let id = made["id"].as_str().unwrap().parse().unwrap();
    client.get(&id).await.unwrap()
}

fn last(sandbox: &Sandbox) -> Vec<(String, Value)> {
    let sent = writes(sandbox).pop().unwrap().json().unwrap();
    let operations = sent.as_array().unwrap().iter();
    operations
        .map(|one| {
            (
                one["path"].as_str().unwrap().to_owned(),
                one["value"].clone(),
            )
        })
        .collect()
}

fn turn(status: &str, substatus: &str, reason: Option<&str>) -> Vec<(String, Value)> {
    let mut turn = vec![
        ("/status".to_owned(), json!(status)),
        ("/substatus".to_owned(), json!(substatus)),
    ];
    turn.extend(reason.map(|reason| ("/statusReason".to_owned(), json!(reason))));
    turn
}

#[tokio::test]
async fn a_referral_is_accepted_declined_won_and_lost_by_name() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let referral = arrived(&sandbox, &client).await;
    let accepted = client
        .accept(&referral)
        .await
        .unwrap()
        .into_referral()
        .unwrap();
    assert_eq!(last(&sandbox), turn("Active", "Accepted", None));
    client.win(&accepted).await.unwrap();
    assert_eq!(last(&sandbox), turn("Closed", "Won", None));

    let referral = arrived(&sandbox, &client).await;
    client
        .decline(&referral, ClosingReason::CustomerDidntRespond)
        .await
        .unwrap();
    assert_eq!(
        last(&sandbox),
        turn("Closed", "Declined", Some("Customer didn't respond"))
    );

    let referral = arrived(&sandbox, &client).await;
    client.lose(&referral, "a text of our own").await.unwrap();
    assert_eq!(
        last(&sandbox),
        turn("Closed", "Lost", Some("a text of our own"))
    );
}

#[tokio::test]
async fn closing_as_error_is_sent_as_the_portal_has_it_and_only_while_it_is_open() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let referral = arrived(&sandbox, &client).await;
    // The stand-in keeps to the table, which does not have it.
    let refused = client
        .close_as_error(&referral, ErrorReason::TestReferral)
        .await;
    assert_eq!(refused.unwrap_err().status(), Some(400));
    assert_eq!(
        last(&sandbox),
        turn("Closed", "Error", Some("Test referral"))
    );
    let mut unknown = referral;
    unknown.status = "Paused".into();
    let error = client.close_as_error(&unknown, "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(writes(&sandbox).len(), 1);
}

#[tokio::test]
async fn a_private_deal_is_shown_to_sellers_once_and_stays_so() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let private = arrived(&sandbox, &client).await;
    assert_eq!(DealType::of(&private), Some(DealType::Private));
    let shown = client.show_to_microsoft_sellers(&private.id).await.unwrap();
    assert_eq!(
        last(&sandbox),
        [(
            "/consent/consentToShareReferralWithMicrosoftSellers".to_owned(),
            json!(true)
        )]
    );
    assert!(writes(&sandbox)[0].header("if-match").is_some());
    let led = shown.into_referral().unwrap();
    assert_eq!(DealType::of(&led), Some(DealType::PartnerLed));
    let again = client.show_to_microsoft_sellers(&private.id).await.unwrap();
    assert!(!again.is_changed());
    assert_eq!(writes(&sandbox).len(), 1);

    // One that says nothing of consent.
    let made = sandbox.insert(json!({"status": "Active", "substatus": "Accepted"}));
    let id = made["id"].as_str().unwrap().parse().unwrap();
    client.show_to_microsoft_sellers(&id).await.unwrap();
    assert_eq!(
        last(&sandbox),
        [(
            "/consent".to_owned(),
            json!({"consentToShareReferralWithMicrosoftSellers": true})
        )]
    );
}

#[tokio::test]
async fn a_wait_looks_with_growing_pauses_and_ends_with_what_it_saw_last() {
    let sandbox = sandbox().await;
    let clock = Arc::new(ManualClock::default());
    let client = builder(&sandbox).clock(Arc::clone(&clock)).build().unwrap();
    let referral = client.create(&published()).await.unwrap();
    let (began, asked) = (clock.elapsed(), sandbox.requests_so_far());
    let never = client.wait_until(&referral.id, |_| false, Duration::from_secs(100));
    let Waited::TimeOver(seen) = never.await.unwrap() else {
        panic!("a condition that never holds was met");
    };
    assert_eq!(seen.id, referral.id);
    assert_eq!(clock.elapsed() - began, Duration::from_secs(100));
    // After 0, 1, 3, 7, 15, 31, 63 and 100 seconds.
    assert_eq!(sandbox.requests_so_far() - asked, 8);

    let mut looks = 0;
    let met = client.wait_until(
        &referral.id,
        |one| {
            looks += 1;
            looks == 3 && one.status == Status::Active
        },
        Duration::from_secs(100),
    );
    assert!(matches!(met.await.unwrap(), Waited::Met(_)));
    assert_eq!(looks, 3);
}

#[tokio::test]
async fn a_wait_keeps_the_pause_that_the_service_asks_for_and_ends_with_any_other_error() {
    let sandbox = sandbox().await;
    let clock = Arc::new(ManualClock::default());
    let client = builder(&sandbox).clock(Arc::clone(&clock)).build().unwrap();
    let referral = client.create(&published()).await.unwrap();
    let busy = Fault::Status {
        status: 429,
        body: FaultBody::Empty,
        headers: vec![("retry-after".to_owned(), "400".to_owned())],
    };
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(busy).first(1)));
    let began = clock.elapsed();
    let met = client.wait_until(&referral.id, |_| true, Duration::from_secs(3600));
    assert!(matches!(met.await.unwrap(), Waited::Met(_)));
    let waited = clock.elapsed() - began;
    assert!(waited >= Duration::from_secs(400), "{waited:?}");

    let asked = sandbox.requests_so_far();
    let missing = "00000000-0000-0000-0000-000000000000".parse().unwrap();
    let error = client
        .wait_until(&missing, |_| true, Duration::from_secs(100))
        .await;
    assert!(error.unwrap_err().is_not_found());
    assert_eq!(sandbox.requests_so_far(), asked + 1);
}

#[tokio::test]
async fn a_wait_whose_last_look_is_throttled_ends_with_what_it_saw_before() {
    let sandbox = sandbox().await;
    let clock = Arc::new(ManualClock::default());
    let client = builder(&sandbox).clock(Arc::clone(&clock)).build().unwrap();
    let referral = client.create(&published()).await.unwrap();
    let busy = || Fault::Status {
        status: 429,
        body: FaultBody::Empty,
        headers: vec![("retry-after".to_owned(), "400".to_owned())],
    };
    let second = FaultRule::new(busy()).method("GET").nth(2);
    sandbox.set_faults(FaultPlan::new().rule(second));
    let patience = Duration::from_secs(100);
    let over = client.wait_until(&referral.id, |_| false, patience).await;
    let Waited::TimeOver(seen) = over.unwrap() else {
        panic!("a condition that never holds was met");
    };
    assert_eq!(seen.id, referral.id);

    // Never seen: the error says so.
    clock.sleep(Duration::from_secs(3600)).await;
    sandbox.set_faults(FaultPlan::new().rule(FaultRule::new(busy()).method("GET")));
    let never = client.wait_until(&referral.id, |_| true, patience).await;
    let error = never.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline, "{error}");
}
