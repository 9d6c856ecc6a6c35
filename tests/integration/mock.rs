//! The generated httpmock helpers against the client.

use httpmock::MockServer;
use partner_referrals::mock::MockServerExt as _;
use partner_referrals::types::{ErrorBody, NewReferral, Preference, Referral};
use partner_referrals::{Outcome, Patch, ReferralsClient, StaticToken};

fn client(server: &MockServer) -> ReferralsClient {
    ReferralsClient::builder(StaticToken::new("t").unwrap())
        .base_url(server.base_url())
        .allow_insecure_loopback()
        .build()
        .unwrap()
}

fn referral() -> Referral {
    serde_json::from_str(include_str!(
        "../../openapi/examples/create_referral.response.200.json"
    ))
    .unwrap()
}

#[tokio::test]
async fn a_create_is_matched_by_its_body_and_answered() {
    let server = MockServer::start_async().await;
    let new: NewReferral = serde_json::from_str(include_str!(
        "../../openapi/examples/create_referral.request.json"
    ))
    .unwrap();
    let mock = server.create_referral(|when, then| {
        when.body(&new);
        then.created(&referral());
    });
    assert_eq!(client(&server).create(&new).await.unwrap(), referral());
    mock.assert();
}

#[tokio::test]
async fn documented_errors_can_be_mocked_and_keep_their_code() {
    let server = MockServer::start_async().await;
    let body: ErrorBody = serde_json::from_str(include_str!(
        "../../openapi/examples/ErrorBody.precondition_failed.json"
    ))
    .unwrap();
    let referral = referral();
    let mock = server.patch_referral(|when, then| {
        when.id(&referral.id)
            .if_match(referral.e_tag.as_ref().unwrap())
            .prefer(&Preference::ReturnRepresentation);
        then.precondition_failed(&body.into());
    });
    let patch = Patch::new()
        .replace("/details/notes", "x")
        .if_match(referral.e_tag.clone().unwrap())
        .return_referral();
    let error = client(&server)
        .patch(&referral.id, &patch)
        .await
        .unwrap_err();
    mock.assert();
    assert!(error.is_precondition_failed());
    assert_eq!(error.outcome(), Outcome::Rejected);
}
