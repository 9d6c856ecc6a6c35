//! Changes: patch, transition, put.

use partner_referrals::clock::ManualClock;
use partner_referrals::lifecycle::{Status, Substatus, Transition};
use partner_referrals::sandbox::{Fault, Sandbox};
use partner_referrals::types::{NewMember, Referral};
use partner_referrals::{Amount, ErrorKind, Outcome, Patch, Patched, ReferralsClient, StaticToken};
use serde_json::json;

use crate::fault_server::{Act, FaultServer, answer};
use crate::support::{always, once, published, sandbox, writes};

async fn created() -> (Sandbox, ReferralsClient, Referral) {
    let sandbox = sandbox().await;
    let client = once(&sandbox);
    let referral = client.create(&published()).await.unwrap();
    (sandbox, client, referral)
}

#[tokio::test]
async fn a_patch_sends_its_operations_and_its_etag_with_the_quotes() {
    let (sandbox, client, referral) = created().await;
    let etag = referral.e_tag.clone().unwrap();
    let patch = Patch::new()
        .replace("/details/currency", "EUR")
        .add(
            "/team/-",
            NewMember::new("Ada", "Lovelace", "555", "ada@contoso.com"),
        )
        .if_match(etag.clone());
    let Patched::NoContent { etag: new } = client.patch(&referral.id, &patch).await.unwrap() else {
        panic!("a referral came back unasked");
    };
    let sent = &writes(&sandbox)[1];
    assert_eq!(sent.method, "PATCH");
    assert_eq!(
        sent.path,
        format!("/v1.0/engagements/referrals/{}", referral.id)
    );
    assert_eq!(sent.header("if-match"), Some(etag.as_str()));
    assert!(etag.as_str().starts_with('"') && etag.as_str().ends_with('"'));
    assert_eq!(sent.header("prefer"), None);
    assert_eq!(
        sent.json().unwrap(),
        json!([
            {"op": "replace", "path": "/details/currency", "value": "EUR"},
            {"op": "add", "path": "/team/-", "value": {
                "firstName": "Ada", "lastName": "Lovelace", "phoneNumber": "555", "email": "ada@contoso.com"
            }},
        ])
    );
    let stored = sandbox.referral(referral.id.as_str()).unwrap();
    assert_eq!(stored["team"].as_array().unwrap().len(), 2);
    assert_eq!(new.map(|etag| json!(etag)), Some(stored["eTag"].clone()));
}

#[tokio::test]
async fn a_patch_that_asks_for_the_referral_gets_it() {
    let (sandbox, client, referral) = created().await;
    let patch = Patch::new()
        .replace("/details/notes", "new")
        .return_referral();
    let patched = client.patch(&referral.id, &patch).await.unwrap();
    assert_eq!(
        writes(&sandbox)[1].header("prefer"),
        Some("return=representation")
    );
    assert_eq!(writes(&sandbox)[1].header("if-match"), None);
    let changed = patched.into_referral().unwrap();
    assert_eq!(changed.details.unwrap().notes.as_deref(), Some("new"));
    assert_ne!(changed.e_tag, referral.e_tag);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_is_not_sent() {
    let (sandbox, client, referral) = created().await;
    let error = client.patch(&referral.id, &Patch::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn an_exact_amount_is_patched_and_read_back() {
    let (sandbox, client, referral) = created().await;
    let amount: Amount = "1234567.80".parse().unwrap();
    let patch = Patch::new()
        .replace("/details/dealValue", amount)
        .return_referral();
    let changed = client.patch(&referral.id, &patch).await.unwrap();
    let details = changed.into_referral().unwrap().details.unwrap();
    assert_eq!(details.deal_value, Some(amount));

    // Digit for digit on the wire, also where a float would round.
    let amount: Amount = "9007199254740993.01".parse().unwrap();
    let patch = Patch::new().replace("/details/dealValue", amount);
    client.patch(&referral.id, &patch).await.unwrap();
    let sent = writes(&sandbox).pop().unwrap();
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    assert!(body.contains(r#""value":9007199254740993.01"#), "{body}");
}

#[tokio::test]
async fn a_transition_is_checked_and_sent_with_the_etag_of_the_same_snapshot() {
    let (sandbox, client, referral) = created().await;
    let lost = Transition::lost("Customer chose another vendor");
    let closed = client.transition(&referral, lost).await.unwrap();
    let sent = &writes(&sandbox)[1];
    assert_eq!(
        sent.header("if-match"),
        referral.e_tag.as_ref().map(partner_referrals::ETag::as_str)
    );
    assert_eq!(
        sent.json().unwrap(),
        json!([
            {"op": "replace", "path": "/status", "value": "Closed"},
            {"op": "replace", "path": "/substatus", "value": "Lost"},
            {"op": "replace", "path": "/statusReason", "value": "Customer chose another vendor"},
        ])
    );
    let closed = closed.into_referral().unwrap();
    assert_eq!(
        (closed.status, closed.substatus),
        (Status::Closed, Substatus::Lost)
    );
}

#[tokio::test]
async fn a_transition_that_the_table_forbids_is_not_sent() {
    let (sandbox, client, mut referral) = created().await;
    let error = client
        .transition(&referral, (Status::New, Substatus::Pending))
        .await
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(
        error.to_string().contains("it may become Active, Closed"),
        "{error}"
    );

    referral.status = "Paused".into();
    let error = client
        .transition(&referral, Transition::won())
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no rule is known for the status Paused"),
        "{error}"
    );

    referral.e_tag = None;
    referral.status = Status::Active;
    let error = client
        .transition(&referral, Transition::won())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("read it with `get` first"),
        "{error}"
    );
    assert_eq!(sandbox.requests().len(), 1, "only the create was sent");
}

#[tokio::test]
async fn an_unchecked_transition_leaves_the_judgement_to_the_service() {
    let (sandbox, client, referral) = created().await;
    let as_error = Transition::to(Status::Closed, Substatus::Error).unchecked();
    let error = client.transition(&referral, as_error).await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert_eq!(writes(&sandbox).len(), 2);
}

#[tokio::test]
async fn somebody_elses_change_makes_a_transition_fail_with_412() {
    let (sandbox, client, referral) = created().await;
    sandbox.edit(referral.id.as_str(), |stored| {
        stored["details"]["notes"] = json!("theirs");
    });
    let error = client
        .transition(&referral, Transition::won())
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed());
    assert_eq!(
        sandbox.referral(referral.id.as_str()).unwrap()["status"],
        "Active"
    );
}

#[tokio::test]
async fn a_write_with_if_match_may_be_sent_again_and_one_without_may_not() {
    let (sandbox, client, referral) = created().await;
    sandbox.set_faults(always(Fault::CutBeforeWrite));
    let plain = Patch::new().add("/team/-", json!({}));
    let error = client.patch(&referral.id, &plain).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(!error.is_retryable());
    let guarded = plain.if_match(referral.e_tag.clone().unwrap());
    let error = client.patch(&referral.id, &guarded).await.unwrap_err();
    assert!(error.is_retryable());
    let error = client.put(&referral).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.is_retryable(), "a put always carries If-Match");
}

#[tokio::test]
async fn a_patch_whose_answer_is_cut_is_done() {
    let (sandbox, client, referral) = created().await;
    sandbox.set_faults(always(Fault::CutBody));
    let patch = Patch::new()
        .replace("/details/notes", "x")
        .return_referral();
    let error = client.patch(&referral.id, &patch).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert_eq!(error.outcome(), Outcome::Done);
    assert_eq!(error.status(), Some(200));
}

#[tokio::test]
async fn a_put_sends_the_whole_referral_without_links_and_keeps_unknown_members() {
    let (sandbox, client, referral) = created().await;
    sandbox.edit(referral.id.as_str(), |stored| {
        stored["futureMember"] = json!({"kept": true});
        stored["details"]["futureDetail"] = json!([1, 2]);
    });
    let mut referral = client.get(&referral.id).await.unwrap();
    assert!(referral.links.is_some() && referral.odata_context.is_some());
    referral.external_reference_id = Some("CRM-1".to_owned());
    let replaced = client.put(&referral).await.unwrap();

    let sent = writes(&sandbox).pop().unwrap();
    assert_eq!(sent.method, "PUT");
    assert_eq!(
        sent.header("if-match"),
        referral.e_tag.as_ref().map(partner_referrals::ETag::as_str)
    );
    let body = sent.json().unwrap();
    assert_eq!(body.get("links"), None);
    assert_eq!(body.get("@odata.context"), None);
    assert_eq!(body["id"], json!(referral.id));
    assert_eq!(body["eTag"], json!(referral.e_tag));
    assert_eq!(body["futureMember"], json!({"kept": true}));
    assert_eq!(body["details"]["futureDetail"], json!([1, 2]));
    assert_eq!(replaced.external_reference_id.as_deref(), Some("CRM-1"));
    assert_eq!(replaced.extra["futureMember"], json!({"kept": true}));
}

#[tokio::test]
async fn a_referral_without_an_etag_in_its_body_has_that_of_the_header() {
    let example = include_str!("../../openapi/examples/create_referral.response.200.json");
    let mut body: serde_json::Value = serde_json::from_str(example).unwrap();
    body["eTag"] = serde_json::Value::Null;
    let body = body.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("etag", "\"of the header\""),
    ];
    let answer = Act::Answer(answer("200 OK", &headers, body));
    let server = FaultServer::start([answer]).await;
    let client = ReferralsClient::builder(StaticToken::new("token").unwrap())
        .base_url(server.url())
        .allow_insecure_loopback()
        .clock(ManualClock::default())
        .build()
        .unwrap();
    let id = "4111fffc-f9ee-4d53-bba6-569135228642".parse().unwrap();
    let read = client.get(&id).await.unwrap();
    assert_eq!(read.e_tag.unwrap().as_str(), "\"of the header\"");
    let edit = |one: &mut Referral| one.sales_stage = Some("another".to_owned());
    let updated = client.update(&id, edit).await.unwrap();
    let patch = server.requests().pop().unwrap();
    assert_eq!(patch.method, "PATCH");
    assert_eq!(patch.values("if-match"), ["\"of the header\""]);
    assert!(updated.into_referral().unwrap().e_tag.is_some());
}
