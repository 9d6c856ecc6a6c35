//! Creating a referral: what goes over the wire, and what comes back.

use partner_referrals::lifecycle::{Status, Substatus};
use partner_referrals::sandbox::Sandbox;
use partner_referrals::types::{
    NewAddress, NewConsent, NewCustomerProfile, NewReferral, NewReferralDetails, ReferralType,
};
use partner_referrals::{Amount, ErrorKind, Outcome, Timestamp};
use serde_json::{Value, json};

use crate::support::{PUBLISHED, builder, client, once, published, sandbox, writes};

#[tokio::test]
async fn the_published_request_is_sent_as_it_was_published() {
    let sandbox = sandbox().await;
    let created = client(&sandbox).create(&published()).await.unwrap();
    assert_eq!(
        (created.status, created.substatus),
        (Status::Active, Substatus::Accepted)
    );

    let sent = writes(&sandbox);
    assert_eq!(sent.len(), 1);
    let sent = &sent[0];
    assert_eq!(sent.method, "POST");
    assert_eq!(sent.path, "/v1.0/engagements/referrals");
    assert_eq!(sent.query, None);
    let published: Value = serde_json::from_str(PUBLISHED).unwrap();
    assert_eq!(sent.json().unwrap(), published);
}

#[tokio::test]
async fn a_request_carries_token_ids_and_names_and_no_stray_header() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox)
        .user_agent("my-crm/1.2")
        .caller_id("crm-7")
        .base_url(format!("{}/", sandbox.base_url()))
        .build()
        .unwrap();
    client.create(&published()).await.unwrap();
    client.create(&published()).await.unwrap();

    let sent = writes(&sandbox);
    let bearer = format!("Bearer {}", sandbox.token());
    for request in &sent {
        assert_eq!(request.header("authorization"), Some(bearer.as_str()));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("x-caller-id"), Some("crm-7"));
        let agent = request.header("user-agent").unwrap();
        assert!(
            agent.starts_with("my-crm/1.2 partner-referrals/"),
            "{agent}"
        );
        assert_eq!(request.header("api-version"), None);
        assert_eq!(request.path, "/v1.0/engagements/referrals");
    }
    let ids: Vec<uuid::Uuid> = sent
        .iter()
        .map(|request| {
            request
                .header("client-request-id")
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert_ne!(ids[0], ids[1], "a new call has a new id");
}

#[tokio::test]
async fn ten_lines_create_a_deal() {
    let sandbox = sandbox().await;
    let customer = NewCustomerProfile::new(
        "Contoso",
        NewAddress::new("One Microsoft Way", "Redmond", "US"),
    );
    let details = NewReferralDetails::new()
        .with_deal_value("50000.10".parse::<Amount>().unwrap())
        .with_currency("USD");
    let deal = NewReferral::new(
        ReferralType::Independent,
        customer,
        NewConsent::new(true, true),
        details,
    )
    .with_name("Supply chain");
    let created = client(&sandbox).create(&deal).await.unwrap();
    assert_eq!(created.name.as_deref(), Some("Supply chain"));

    let body = String::from_utf8(writes(&sandbox)[0].body.to_vec()).unwrap();
    assert!(
        body.contains(r#""dealValue":50000.10"#),
        "exact on the wire: {body}"
    );
}

#[tokio::test]
async fn both_success_statuses_are_a_success() {
    for status in [200, 201] {
        let sandbox = Sandbox::builder()
            .create_status(status)
            .start()
            .await
            .unwrap();
        let created = client(&sandbox).create(&published()).await.unwrap();
        assert_eq!(
            sandbox.referral(created.id.as_str()).unwrap()["id"],
            json!(created.id)
        );
    }
}

#[tokio::test]
async fn a_pair_that_the_table_does_not_allow_is_not_sent() {
    let sandbox = sandbox().await;
    let deal = published()
        .with_status(Status::New)
        .with_substatus(Substatus::Accepted);
    let error = client(&sandbox).create(&deal).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(error.transition_error().is_some());
    assert_eq!(
        error.to_string(),
        "create_referral: refused before it was sent: New may not have the substatus Accepted; \
         it may have Pending, Received; not sent, nothing changed; next: correct the request"
    );
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_request_without_what_the_service_requires_cannot_be_read() {
    for member in ["type", "customerProfile", "consent", "details"] {
        let mut request: Value = serde_json::from_str(PUBLISHED).unwrap();
        request.as_object_mut().unwrap().remove(member);
        let error = serde_json::from_value::<NewReferral>(request).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{member}`"));
    }
}

#[tokio::test]
async fn members_and_values_that_this_version_does_not_know_reach_the_service() {
    let sandbox = sandbox().await;
    let deal = published()
        .with_member("solutionPlayFY27", json!({"id": "x"}))
        .with_qualification("AgentQualified");
    let created = client(&sandbox).create(&deal).await.unwrap();
    let sent = writes(&sandbox)[0].json().unwrap();
    assert_eq!(sent["solutionPlayFY27"]["id"], "x");
    assert_eq!(sent["qualification"], "AgentQualified");
    assert_eq!(created.extra["solutionPlayFY27"]["id"], "x");
}

#[tokio::test]
async fn times_are_utc_with_the_fractions_of_the_service() {
    let sandbox = sandbox().await;
    let created = client(&sandbox).create(&published()).await.unwrap();
    let stored = sandbox.referral(created.id.as_str()).unwrap();
    assert_eq!(json!(created.created_date_time), stored["createdDateTime"]);
    let closing: Timestamp = "2018-11-14T00:00:00Z".parse().unwrap();
    let details = created.details.unwrap();
    assert_eq!(details.closing_date_time, Some(closing));
}

#[tokio::test]
async fn a_status_that_nobody_knows_is_refused_unless_the_caller_says_otherwise() {
    let sandbox = sandbox().await;
    let client = once(&sandbox);
    let error = client
        .create(&published().with_status("Paused").with_substatus("Resting"))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no rule is known for the status Paused"),
        "{error}"
    );
    let mut alone = published().with_status("Paused");
    alone.substatus = None;
    assert!(
        client
            .create(&alone)
            .await
            .unwrap_err()
            .transition_error()
            .is_some()
    );
    assert!(sandbox.requests().is_empty());

    let error = client.create_unchecked(&alone).await.unwrap_err();
    assert_eq!(error.status(), Some(400), "the service judges: {error}");
    assert_eq!(writes(&sandbox)[0].json().unwrap()["status"], "Paused");
}
